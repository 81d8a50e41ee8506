// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the header says about the errors of undoing a persistent mapping; a part of the suite
 * uapi.
 */
#include <errno.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "remote_map.h"
#include "sys.h"

#define KEY 7

static void refuse_munmap(struct dsp *dsp, int fd, int err, struct drm_qda_remote_munmap munmap)
{
	long long calls = vdsp_get(dsp, "calls"), maps = qda_get(dsp, "remote_maps");

	CHECK_ERR(err, qda_munmap(fd, &munmap));
	CHECK_EQ(0, munmap.dsp_status);
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	CHECK_EQ(maps, qda_get(dsp, "remote_maps"));
}

#define REFUSE_MUNMAP(err, ...)                                       \
	do {                                                          \
		struct drm_qda_remote_munmap munmap = munmap_of(KEY); \
		__VA_ARGS__;                                          \
		refuse_munmap(dsp, s.fd, err, munmap);                \
	} while (0)

#define REFUSE_HEAP_MUNMAP(err, ...)                                                      \
	do {                                                                              \
		struct drm_qda_remote_munmap munmap = munmap_of_heap(REMOTE_VADDR, PAGE); \
		__VA_ARGS__;                                                              \
		refuse_munmap(dsp, s.fd, err, munmap);                                    \
	} while (0)

TEST(remote_munmap_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_remote_map heap = map_of_heap(PAGE);
	uint64_t most = qda_limit(s.fd, QDA_LIMIT_BUFFER);

	map_key(dsp, &s, &b, 0, PAGE, KEY);
	map_now(dsp, &s, &heap);
	REFUSE_MUNMAP(-EINVAL, munmap.flags = 0);
	REFUSE_MUNMAP(-EINVAL, munmap.flags = QDA_MAP_BO | QDA_MAP_HEAP);
	for (int bit = 2; bit < 32; bit++)
		REFUSE_MUNMAP(-EINVAL, munmap.flags |= 1u << bit);
	for (int bit = 0; bit < 32; bit++) {
		REFUSE_MUNMAP(-EINVAL, munmap.pad = 1u << bit);
		REFUSE_HEAP_MUNMAP(-EINVAL, munmap.pad = 1u << bit);
	}
	REFUSE_MUNMAP(-EINVAL, munmap.key = -1);
	REFUSE_MUNMAP(-EINVAL, munmap.vaddr = REMOTE_VADDR + KEY);
	REFUSE_MUNMAP(-EINVAL, munmap.size = PAGE);
	REFUSE_HEAP_MUNMAP(-EINVAL, munmap.key = KEY);
	REFUSE_HEAP_MUNMAP(-EINVAL, munmap.size = 0);
	REFUSE_HEAP_MUNMAP(-EINVAL, munmap.size = most + 1);
	REFUSE_HEAP_MUNMAP(-EINVAL, munmap.size = ~0ull);
	buffers_finish(dsp);
}

TEST(remote_munmap_enoent)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), other = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0), theirs = buffer_new(other.fd, PAGE, 0);
	struct drm_qda_remote_map heap = map_of_heap(2 * PAGE);

	REFUSE_MUNMAP(-ENOENT, (void)munmap);
	REFUSE_HEAP_MUNMAP(-ENOENT, (void)munmap);
	map_key(dsp, &s, &b, 0, PAGE, KEY);
	map_key(dsp, &other, &theirs, 0, PAGE, KEY + 1);
	map_now(dsp, &s, &heap);
	REFUSE_MUNMAP(-ENOENT, munmap.key = KEY + 1);
	/* It is not heap, and the heap is not under a key. */
	REFUSE_HEAP_MUNMAP(-ENOENT, munmap.vaddr = REMOTE_VADDR + KEY);
	REFUSE_MUNMAP(-ENOENT, munmap.key = 0);
	/* Heap pages go as they came. */
	REFUSE_HEAP_MUNMAP(-ENOENT, munmap.size = PAGE);
	REFUSE_HEAP_MUNMAP(-ENOENT, munmap.size = 3 * PAGE);
	REFUSE_HEAP_MUNMAP(-ENOENT, munmap.size = 2 * PAGE; munmap.vaddr += PAGE);
	unmap_key(dsp, &s, KEY, PAGE);
	REFUSE_MUNMAP(-ENOENT, (void)munmap);
	buffers_finish(dsp);
}

/* While the DSP maps and while it unmaps. */
TEST(remote_munmap_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct pending_map map;
	struct pending_munmap first;

	map_begin(dsp, &s, map_of(&b, 0, PAGE, KEY), &map);
	REFUSE_MUNMAP(-EBUSY, (void)munmap);
	map_end(dsp, &map);
	munmap_begin(dsp, &s, KEY, PAGE, &first);
	REFUSE_MUNMAP(-EBUSY, (void)munmap);
	munmap_end(dsp, &first);
	REFUSE_MUNMAP(-ENOENT, (void)munmap);
	buffers_finish(dsp);
}

TEST(remote_munmap_enotconn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = { .fd = dsp_open(dsp) };
	struct buffer b = buffer_new(s.fd, PAGE, 0);

	REFUSE_MUNMAP(-ENOTCONN, (void)munmap);
	REFUSE_HEAP_MUNMAP(-ENOTCONN, (void)munmap);
	s = session_create(dsp, s.fd);
	map_key(dsp, &s, &b, 0, PAGE, KEY);
	session_release(dsp, &s);
	REFUSE_MUNMAP(-ENOTCONN, (void)munmap);
	buffers_finish(dsp);
}

static void munmap_is_refused(struct dsp *dsp, struct session *s,
			      struct drm_qda_remote_munmap munmap, uint64_t vaddr)
{
	struct job *job = munmap_start(s->fd, &munmap);
	struct dsp_call call;

	expect_munmap(dsp, s, &munmap, vaddr, PAGE, &call);
	dsp_reply(dsp, &call, FRPC_EBADPARM);
	CHECK_ERR(-EREMOTEIO, job_wait(job));
	CHECK_EQ(FRPC_EBADPARM, munmap.dsp_status);
}

/* It is still mapped, and can be unmapped when the DSP is willing. */
TEST(remote_munmap_eremoteio)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_remote_map heap = map_of_heap(PAGE);
	struct drm_qda_remote_munmap munmap = munmap_of_heap(REMOTE_VADDR, 1);
	struct frpc_page page = map_key(dsp, &s, &b, 0, PAGE, KEY);
	struct dsp_call call;
	struct job *job;

	map_now(dsp, &s, &heap);
	buffer_close(&b);
	for (int i = 0; i < 3; i++) {
		munmap_is_refused(dsp, &s, munmap_of(KEY), REMOTE_VADDR + KEY);
		munmap_is_refused(dsp, &s, munmap, REMOTE_VADDR);
		CHECK(dsp_can_read(dsp, page.addr));
		CHECK_EQ(2, qda_get(dsp, "remote_maps"));
	}
	unmap_key(dsp, &s, KEY, PAGE);
	CHECK(!dsp_can_read(dsp, page.addr));
	job = munmap_start(s.fd, &munmap);
	expect_munmap(dsp, &s, &munmap, REMOTE_VADDR, PAGE, &call);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

/* The late answer unmaps. */
TEST(remote_munmap_etimedout)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct frpc_page page = map_key(dsp, &s, &b, 0, PAGE, KEY);
	double start = now_ms();
	struct pending_munmap slow;

	buffer_close(&b);
	dsp_answer_within(SHORT_MS);
	munmap_begin(dsp, &s, KEY, PAGE, &slow);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(slow.job, WAIT_MS));
	CHECK(now_ms() - start > SHORT_MS - 100);
	CHECK_EQ(0, slow.munmap.dsp_status);
	REFUSE_MUNMAP(-EBUSY, (void)munmap);
	CHECK(dsp_can_read(dsp, page.addr));
	dsp_reply(dsp, &slow.call, 0);
	qda_wait(dsp, "mappings", 0);
	REFUSE_MUNMAP(-ENOENT, (void)munmap);
	CHECK(!dsp_can_read(dsp, page.addr));
	buffers_finish(dsp);
}

TEST(remote_munmap_eintr)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct buffer b = buffer_new(fd, PAGE, 0);
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	struct dsp_call call;
	pid_t pid;

	map_key(dsp, &s, &b, 0, PAGE, KEY);
	ioctl_trace_start();
	pid = client_ioctl(fd, DRM_IOCTL_QDA_REMOTE_MUNMAP, &munmap);
	expect_munmap(dsp, &s, &munmap, REMOTE_VADDR + KEY, PAGE, &call);
	client_kill(pid);
	CHECK_ERR(-EINTR, ioctl_trace_result(pid));
	ioctl_trace_end();
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	dsp_reply(dsp, &call, FRPC_EBADPARM);
	close(fd);
	buffers_finish(dsp);
}

TEST(remote_munmap_epipe)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct pending_munmap first;

	map_key(dsp, &s, &b, 0, PAGE, KEY);
	munmap_begin(dsp, &s, KEY, PAGE, &first);
	dsp_notify(dsp, s.id, FRPC_PD_STATUS_EXCEPTION);
	dsp_reply(dsp, &first.call, FRPC_EBADSTATE);
	CHECK_ERR(-EPIPE, job_wait(first.job));
	CHECK_EQ(0, first.munmap.dsp_status);
	REFUSE_MUNMAP(-EPIPE, (void)munmap);
	buffers_finish(dsp);
}

TEST(remote_munmap_epipe_dsp_gone)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct pending_munmap p;

	map_key(dsp, &s, &b, 0, PAGE, KEY);
	munmap_begin(dsp, &s, KEY, PAGE, &p);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(p.job));
	CHECK_EQ(0, p.munmap.dsp_status);
	CHECK_ERR(-ENODEV, qda_munmap(s.fd, &p.munmap));
	buffers_finish(dsp);
}
