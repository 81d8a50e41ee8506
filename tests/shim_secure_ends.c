// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: memory that a virtual machine of the DSP has is taken back however the
 * call ends, and where it is not, nobody else gets it. Part of the suite "shim".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "exporter.h"
#include "ktap.h"
#include "platform.h"
#include "shim_secure.h"
#include "sys.h"

static void unbind(struct dsp *dsp)
{
	CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/unbind", dsp->parent));
}

static void bind(struct dsp *dsp)
{
	CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/bind", dsp->parent));
	dsp_wait_node(dsp);
}

/* It comes back as the bank goes, before the exporter could do anything with it. */
static void check_gone(const char *line, void (*goes)(struct dsp *dsp),
		       void (*comes)(struct dsp *dsp))
{
	struct dsp *dsp = secure_dsp(line);
	struct session s = legacy_session(dsp);
	struct legacy_buffer own = legacy_alloc(s.fd, 4 * PAGE);
	int dmabuf = strstr(line, "direct") ? heap_dmabuf(PAGE) : pieces_new(2).fd;
	struct legacy_call *call = secure_call_new(dmabuf, PAGE);
	struct dsp_call seen;
	struct job *job;

	legacy_in(call, NULL, PAGE, own.fd);
	secure_last(call);
	memset(own.mem, 'o', own.size);
	job = legacy_call_seen(dsp, s.fd, call, &seen);
	CHECK(platform_get("assigned") >= 2);
	goes(dsp);
	CHECK_EQ(0, platform_get("assigned"));
	CHECK_EQ(0, platform_get("mistakes"));
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ('o', own.mem[own.size - 1]);
	legacy_free(&own);
	close(dmabuf);
	comes(dsp);
	free(call);
	platform_end(dsp);
}

TEST(secure_when_the_dsp_goes)
{
	check_gone(SECURE_DSP, dsp_down, dsp_up);
}

TEST(secure_when_the_driver_is_unbound)
{
	check_gone(SECURE_DSP, unbind, bind);
}

/* There is no bank from which it is unmapped, and the memory is quarantined besides. */
TEST(secure_when_a_dsp_without_iommu_goes)
{
	check_gone("cdsp banks=1 direct=1 vmids=2", dsp_down, dsp_up);
}

/* The call is the DSP's until it answers, and so is what it was given. */
TEST(secure_when_the_caller_is_killed)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_create(dsp, legacy_open_node(dsp, false));
	struct pieces pieces = pieces_new(4);
	struct legacy_call *call = secure_call_new(pieces.fd, PAGE);
	struct dsp_call seen, release;
	pid_t pid = client_ioctl(s.fd, FASTRPC_IOCTL_INVOKE, &call->req);

	close(s.fd);
	dsp_expect(dsp, &seen, TEST_HANDLE, METHOD);
	client_kill(pid);
	expect_release(dsp, &release, s.id);
	check_assigned(&pieces);
	dsp_reply(dsp, &seen, 0);
	dsp_reply(dsp, &release, 0);
	qda_wait(dsp, "sessions", 0);
	check_nothing_assigned(dsp);
	free(call);
	platform_end(dsp);
}

/* ---- what does not come back ---- */

/* Whether somebody is charged for each page: nobody is for one that was freed. */
static bool all_in_use(const uint64_t *pfns, unsigned int count)
{
	int fd = open("/proc/kpagecgroup", O_RDONLY | O_CLOEXEC);
	unsigned int used = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t cgroup;

		if (pread(fd, &cgroup, 8, pfns[i] * 8) != 8)
			FAIL("/proc/kpagecgroup: %m");
		used += cgroup != 0;
	}
	close(fd);
	ktap_note("%u of %u pages are in use", used, count);
	return used == count;
}

static unsigned int assigned_pfns(uint64_t *pfns, unsigned int max)
{
	struct platform_range ranges[SECURE_PAGES];
	unsigned int count = platform_ranges(ranges, SECURE_PAGES), pages = 0;

	for (unsigned int i = 0; i < count; i++)
		for (uint64_t done = 0; done < ranges[i].size && pages < max; done += PAGE)
			pfns[pages++] = (ranges[i].addr + done) / PAGE;
	return pages;
}

/* A buffer of ours, whose first piece is not given back, or is; then nobody has it any more. */
static bool own_buffer_is_kept(struct dsp *dsp, bool refuse)
{
	struct session s = legacy_session(dsp);
	long long objects = qda_get(dsp, "buffer_objects");
	struct legacy_buffer b = legacy_alloc(s.fd, SECURE_PAGES * PAGE);
	struct legacy_call *call = secure_call_new(b.fd, b.size);
	uint64_t pfns[SECURE_PAGES];
	struct dsp_call seen;
	struct job *job = legacy_call_seen(dsp, s.fd, call, &seen);

	CHECK_EQ(SECURE_PAGES, assigned_pfns(pfns, SECURE_PAGES));
	platform_set("refuse", refuse);
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(refuse, platform_get("assigned"));
	CHECK_EQ(0, qda_get(dsp, "assigned_pages"));
	/* It goes on as it was for those who have it. */
	CHECK(all_in_use(pfns, SECURE_PAGES));
	memset(b.mem, 'm', b.size);
	check_in_buffer(dsp, s.fd, b.fd, b.mem, 0, b.size / 2);
	legacy_free(&b);
	qda_wait(dsp, "buffer_objects", objects);
	free(call);
	return all_in_use(pfns, SECURE_PAGES);
}

TEST(secure_memory_that_is_not_given_back_is_never_freed)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);

	CHECK(!own_buffer_is_kept(dsp, false));
	CHECK_EQ(0, qda_get(dsp, "lost_pages"));
	CHECK(own_buffer_is_kept(dsp, true));
	CHECK_EQ(SECURE_PAGES, qda_get(dsp, "lost_pages"));
	dsp_finish(dsp);
	platform_off();
}

/* What was assigned before a piece was refused, and is then not given back. */
TEST(secure_memory_that_is_not_given_back_by_halves_is_lost)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_session(dsp);
	int dmabufs = dmabuf_count(), dmabuf = pieces_new(4).fd;

	platform_set("refuse_after", 2);
	platform_set("refuse", 2);
	CHECK_ERR(-EIO, secure_call(dsp, s.fd, dmabuf, PAGE));
	CHECK_EQ(1, platform_get("assigned"));
	CHECK_EQ(4, qda_get(dsp, "lost_pages"));
	CHECK_EQ(0, qda_get(dsp, "assigned_pages"));
	close(dmabuf);
	dsp_finish(dsp);
	platform_off();
	/* Another driver's buffer: it is never closed. */
	CHECK_EQ(dmabufs + 1, dmabuf_count());
}

/* The DSP is gone, and the firmware keeps its memory. */
TEST(secure_memory_of_a_dsp_without_iommu_that_is_not_given_back)
{
	struct dsp *dsp = secure_dsp("cdsp banks=1 direct=1 vmids=2");
	struct session s = legacy_session(dsp);
	struct legacy_buffer own = legacy_alloc(s.fd, 4 * PAGE);
	struct legacy_call *call = secure_call_new(own.fd, PAGE);
	struct dsp_call seen;
	struct job *job = legacy_call_seen(dsp, s.fd, call, &seen);

	CHECK_EQ(1, platform_get("assigned"));
	CHECK_EQ(own.size, platform_get("assigned_size"));
	platform_set("refuse", 1);
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(4, qda_get(dsp, "lost_pages"));
	legacy_free(&own);
	free(call);
	dsp_finish(dsp);
	platform_off();
}
