// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: memory that a virtual machine of the DSP has, too, because an argument
 * of a call says so; who has which page and for how long, as the firmware sees it. Part of the
 * suite "shim".
 */
#include "shim_secure.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "exporter.h"
#include "ktap.h"
#include "platform.h"
#include "sys.h"

#define ATTR_SECUREMAP 1
#define VM_LINUX       3
#define VM_LPASS       22

struct dsp *secure_dsp(const char *line)
{
	platform_on(true);
	return legacy_new(line);
}

struct legacy_call *secure_call_new(int dmabuf, size_t size)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);

	legacy_in(call, NULL, size, dmabuf);
	secure_last(call);
	return call;
}

void secure_last(struct legacy_call *call)
{
	unsigned int count = call->in + call->out + call->in_handles + call->out_handles;

	call->args[count - 1].attr = ATTR_SECUREMAP;
}

/* The test is the DSP, whose answer to a call that comes is success. */
int secure_call(struct dsp *dsp, int fd, int dmabuf, size_t size)
{
	struct legacy_call *call = secure_call_new(dmabuf, size);
	struct job *job = legacy_call_start(fd, call);
	struct dsp_call seen;
	int ret;

	while (!job_done(job))
		if (dsp_poll(dsp, &seen, 10))
			dsp_reply(dsp, &seen, 0);
	ret = job_wait(job);
	free(call);
	return ret;
}

struct pieces pieces_new(unsigned int pages)
{
	struct pieces pieces = { .pages = pages };

	pieces.fd = udmabuf_in_pieces(pages, &pieces.mem);
	return pieces;
}

static unsigned int count_holders(uint64_t pfn, const struct platform_range *ranges,
				  unsigned int count)
{
	unsigned int holders = 0;

	for (unsigned int i = 0; i < count; i++)
		holders += pfn * PAGE - ranges[i].addr < ranges[i].size;
	return holders;
}

/* Returns how many bytes are assigned. */
static uint64_t sum_up(const struct platform_range *ranges, unsigned int count)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < count; i++) {
		CHECK_EQ(1u << VM_LINUX | 1u << VM_LPASS, ranges[i].to);
		sum += ranges[i].size;
	}
	return sum;
}

void check_assigned(const struct pieces *pieces)
{
	struct platform_range ranges[SECURE_PAGES];
	unsigned int count = platform_ranges(ranges, SECURE_PAGES);
	uint64_t pfns[SECURE_PAGES];

	find_pages(pieces->mem, pfns, pieces->pages);
	for (unsigned int i = 0; i < pieces->pages; i++)
		CHECK_EQ(1, count_holders(pfns[i], ranges, count));
	CHECK_EQ(pieces->pages * PAGE, sum_up(ranges, count));
	CHECK_EQ(pieces->pages, count);
}

void check_nothing_assigned(struct dsp *dsp)
{
	CHECK_EQ(0, platform_get("assigned"));
	CHECK_EQ(0, platform_get("mistakes"));
	CHECK_EQ(0, qda_get(dsp, "assigned_pages"));
	CHECK_EQ(0, qda_get(dsp, "lost_pages"));
}

/* ---- what is assigned ---- */

/*
 * All of the buffer, of which the argument is a part. The address in the bank is the only one that
 * all of it has.
 */
TEST(secure_argument_is_assigned_page_by_page)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_session(dsp);
	struct pieces pieces = pieces_new(SECURE_PAGES);
	unsigned char *mem = dmabuf_mmap(pieces.fd, SECURE_PAGES * PAGE);
	struct legacy_call *call = secure_call_new(pieces.fd, 3 * PAGE);
	struct dsp_call seen;
	struct job *job;
	uint64_t len;

	fill_pattern(mem, SECURE_PAGES * PAGE, 8);
	job = legacy_call_seen(dsp, s.fd, call, &seen);
	check_assigned(&pieces);
	CHECK_EQ(SECURE_PAGES, qda_get(dsp, "assigned_pages"));
	CHECK_MEM(mem, dsp_arg(dsp, &seen, 0, &len), 3 * PAGE);
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	check_nothing_assigned(dsp);
	free(call);
	munmap(mem, SECURE_PAGES * PAGE);
	platform_end(dsp);
}

/* How many pieces that is nobody knows. */
TEST(secure_argument_in_a_buffer_of_the_driver)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_session(dsp);
	struct legacy_buffer b = legacy_alloc(s.fd, SECURE_PAGES * PAGE);
	struct legacy_call *call = secure_call_new(b.fd, 100);
	struct platform_range ranges[SECURE_PAGES];
	struct dsp_call seen;
	struct job *job = legacy_call_seen(dsp, s.fd, call, &seen);

	CHECK_EQ(b.size, sum_up(ranges, platform_ranges(ranges, SECURE_PAGES)));
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	check_nothing_assigned(dsp);
	legacy_free(&b);
	free(call);
	platform_end(dsp);
}

/* The virtual machine has nothing of the bank. Of an argument inside it is the same. */
TEST(secure_argument_in_one_piece_has_its_physical_address)
{
	struct dsp *dsp = secure_dsp("cdsp vmids=2 soc=kaanapali");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	int dmabuf = heap_dmabuf(PAGE);
	struct dsp_call seen;
	struct job *job;

	legacy_in(call, (void *)100, 50, dmabuf);
	secure_last(call);
	legacy_in(call, NULL, PAGE, dmabuf);
	legacy_handle_in(call, 0, PAGE, dmabuf);
	secure_last(call);
	job = legacy_call_seen(dsp, s.fd, call, &seen);
	CHECK_EQ(platform_get("assigned_at"), seen.page[0].addr);
	CHECK_EQ(PAGE, seen.page[0].size);
	CHECK_EQ(100, seen.arg[0].pv % PAGE);
	CHECK(dsp_can_read(dsp, seen.page[1].addr));
	CHECK_EQ(platform_get("assigned_at"), seen.page[2].addr);
	CHECK_EQ(1, platform_get("assigned"));
	seen.fdlist[0] = dmabuf;
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	qda_wait(dsp, "mappings", 0);
	check_nothing_assigned(dsp);
	free(call);
	platform_end(dsp);
}

TEST(secure_means_nothing_without_a_buffer)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);

	legacy_in(call, "0123456789", 10, -1);
	secure_last(call);
	legacy_in(call, NULL, 0, heap_dmabuf(PAGE));
	secure_last(call);
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(legacy_call_run(s.fd, call));
	CHECK_EQ(0, platform_get("assignments"));
	free(call);
	platform_end(dsp);
}

/* ---- for how long ---- */

static void mem_unmap(int fd, int dmabuf)
{
	struct fastrpc_mem_unmap unmap = { .fd = dmabuf };

	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap));
}

/* MEM_MAP itself assigns nothing, whatever its attributes say, as with the old driver. */
TEST(secure_lasts_as_long_as_the_mapping)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_session(dsp);
	struct pieces pieces = pieces_new(4);
	struct fastrpc_mem_map map = {
		.fd = pieces.fd,
		.length = 4 * PAGE,
		.attrs = ATTR_SECUREMAP,
	};
	struct legacy_call *call = secure_call_new(pieces.fd, PAGE);

	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(do_ioctl(s.fd, FASTRPC_IOCTL_MEM_MAP, &map));
	check_nothing_assigned(dsp);
	CHECK_OK(legacy_call_run(s.fd, call));
	check_assigned(&pieces);
	CHECK_OK(legacy_call_run(s.fd, call));
	CHECK_EQ(4, platform_get("assignments"));
	mem_unmap(s.fd, pieces.fd);
	check_nothing_assigned(dsp);
	free(call);
	platform_end(dsp);
}

TEST(secure_handle_is_assigned_until_the_dsp_is_done)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	struct pieces pieces = pieces_new(2);

	legacy_handle_in(call, 0, PAGE, pieces.fd);
	secure_last(call);
	for (int done = 0; done < 2; done++) {
		struct dsp_call seen;
		struct job *job = legacy_call_seen(dsp, s.fd, call, &seen);

		/* One for each of the calls. */
		seen.fdlist[0] = done ? pieces.fd : 0;
		seen.fdlist[1] = done ? pieces.fd : 0;
		dsp_reply(dsp, &seen, 0);
		CHECK_OK(job_wait(job));
		if (!done)
			check_assigned(&pieces);
	}
	qda_wait(dsp, "mappings", 0);
	check_nothing_assigned(dsp);
	free(call);
	platform_end(dsp);
}

/* One session wants it so and another does not care; two want it; they end in any order. */
TEST(secure_in_several_sessions_is_assigned_once)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s[2] = { legacy_session(dsp), legacy_session(dsp) };
	struct pieces pieces = pieces_new(4);
	struct legacy_call *plain = legacy_call_new(TEST_HANDLE, METHOD), *secure;
	struct dsp_call seen[3];
	struct job *job[3];

	legacy_in(plain, NULL, PAGE, pieces.fd);
	secure = secure_call_new(pieces.fd, PAGE);
	job[0] = legacy_call_seen(dsp, s[0].fd, plain, &seen[0]);
	check_nothing_assigned(dsp);
	for (int i = 1; i < 3; i++) {
		job[i] = legacy_call_seen(dsp, s[i - 1].fd, secure, &seen[i]);
		check_assigned(&pieces);
	}
	CHECK_EQ(4, platform_get("assignments"));
	dsp_reply(dsp, &seen[2], 0);
	CHECK_OK(job_wait(job[2]));
	check_assigned(&pieces);
	dsp_reply(dsp, &seen[1], 0);
	CHECK_OK(job_wait(job[1]));
	/* The session has it mapped still, in one mapping. */
	check_assigned(&pieces);
	dsp_reply(dsp, &seen[0], 0);
	CHECK_OK(job_wait(job[0]));
	check_nothing_assigned(dsp);
	free(plain);
	free(secure);
	platform_end(dsp);
}

/* Two threads whose calls are the first with the buffer: it must be the same one for both. */
TEST(secure_for_the_first_time_twice_at_once)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_session(dsp);

	dsp_serve(dsp, NULL, NULL);
	for (int i = 0; i < 20; i++) {
		struct pieces pieces = pieces_new(2);
		struct legacy_call *call = secure_call_new(pieces.fd, PAGE);
		struct job *a = legacy_call_start(s.fd, call), *b = legacy_call_start(s.fd, call);

		CHECK_OK(job_wait(a));
		CHECK_OK(job_wait(b));
		CHECK_EQ(0, platform_get("mistakes"));
		munmap(pieces.mem, 2 * PAGE);
		close(pieces.fd);
		free(call);
	}
	check_nothing_assigned(dsp);
	platform_end(dsp);
}

/* ---- when it cannot be ---- */

TEST(secure_refused_after_some_pieces_eio)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_session(dsp);
	struct pieces pieces = pieces_new(4);

	for (int i = 0; i < 4; i++) {
		platform_set("refuse_after", i);
		platform_set("refuse", 1);
		CHECK_ERR(-EIO, secure_call(dsp, s.fd, pieces.fd, PAGE));
		CHECK_EQ(0, platform_get("refuse"));
		check_nothing_assigned(dsp);
		CHECK_EQ(0, qda_get(dsp, "mappings"));
	}
	CHECK_EQ(1 + 2 + 3, platform_get("assignments"));
	CHECK_OK(secure_call(dsp, s.fd, pieces.fd, PAGE));
	platform_end(dsp);
}

/* The firmware does not assign a page twice, and then the buffer has none of it. */
TEST(secure_with_a_page_twice_eio)
{
	struct dsp *dsp = secure_dsp(SECURE_DSP);
	struct session s = legacy_session(dsp);

	CHECK_ERR(-EIO, secure_call(dsp, s.fd, udmabuf_of_one_page(3), PAGE));
	CHECK_EQ(0, platform_get("assigned"));
	CHECK_EQ(1, platform_get("mistakes"));
	CHECK_EQ(0, qda_get(dsp, "lost_pages"));
	dsp_finish(dsp);
	platform_off();
}

TEST(secure_without_a_virtual_machine_eopnotsupp)
{
	struct dsp *dsp = secure_dsp("cdsp");
	struct session s = legacy_session(dsp);

	CHECK_ERR(-EOPNOTSUPP, secure_call(dsp, s.fd, heap_dmabuf(PAGE), PAGE));
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	platform_end(dsp);
}

TEST(secure_without_firmware_eopnotsupp)
{
	struct dsp *dsp = legacy_new(SECURE_DSP);
	struct session s = legacy_session(dsp);

	CHECK_ERR(-EOPNOTSUPP, secure_call(dsp, s.fd, heap_dmabuf(PAGE), PAGE));
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	dsp_finish(dsp);
}
