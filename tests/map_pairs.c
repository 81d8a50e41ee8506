// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the header says about the errors of persistent mappings and of the keys that they
 * are mapped under; a part of the suite uapi.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "remote_map.h"
#include "sys.h"

#define KEY 7

/* ---- REMOTE_MAP ---- */

/* Nothing reaches the DSP, nothing is told, nothing stays. */
static void refuse_map(struct dsp *dsp, int fd, int err, struct drm_qda_remote_map map)
{
	long long calls = vdsp_get(dsp, "calls"), maps = qda_get(dsp, "remote_maps");

	CHECK_ERR(err, qda_map(fd, &map));
	CHECK_EQ(0, map.vaddrout);
	CHECK_EQ(0, map.dsp_status);
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	CHECK_EQ(maps, qda_get(dsp, "remote_maps"));
}

#define REFUSE_MAP(err, ...)                                           \
	do {                                                           \
		struct drm_qda_remote_map map = map_of(&b, 0, 1, KEY); \
		__VA_ARGS__;                                           \
		refuse_map(dsp, b.fd, err, map);                       \
	} while (0)

#define REFUSE_HEAP(err, ...)                                      \
	do {                                                       \
		struct drm_qda_remote_map map = map_of_heap(PAGE); \
		__VA_ARGS__;                                       \
		refuse_map(dsp, b.fd, err, map);                   \
	} while (0)

TEST(remote_map_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 5 * PAGE, 0);

	REFUSE_MAP(-EINVAL, map.flags = 0);
	REFUSE_MAP(-EINVAL, map.flags = QDA_MAP_BO | QDA_MAP_HEAP);
	for (int bit = 2; bit < 32; bit++) {
		REFUSE_MAP(-EINVAL, map.flags |= 1u << bit);
		REFUSE_HEAP(-EINVAL, map.flags |= 1u << bit);
	}
	for (int bit = 0; bit < 32; bit++) {
		REFUSE_MAP(-EINVAL, map.attrs = 1u << bit);
		REFUSE_MAP(-EINVAL, map.pad = 1u << bit);
		REFUSE_HEAP(-EINVAL, map.attrs = 1u << bit);
		REFUSE_HEAP(-EINVAL, map.pad = 1u << bit);
	}
	REFUSE_MAP(-EINVAL, map.key = -1);
	REFUSE_MAP(-EINVAL, map.key = INT32_MIN);
	buffers_finish(dsp);
}

TEST(remote_map_einval_range)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 5 * PAGE, 0);
	uint64_t most = qda_limit(s.fd, QDA_LIMIT_BUFFER);

	REFUSE_MAP(-EINVAL, map.size = 0);
	REFUSE_MAP(-EINVAL, map.size = b.size + 1);
	REFUSE_MAP(-EINVAL, map.size = most + 1);
	REFUSE_MAP(-EINVAL, map.size = ~0ull);
	REFUSE_MAP(-EINVAL, map.size = 1ull << 32);
	REFUSE_MAP(-EINVAL, map.offset = PAGE; map.size = b.size - PAGE + 1);
	REFUSE_MAP(-EINVAL, map.offset = b.size);
	REFUSE_MAP(-EINVAL, map.offset = b.size + PAGE);
	REFUSE_MAP(-EINVAL, map.offset = 1ull << 32);
	REFUSE_MAP(-EINVAL, map.offset = 1ull << 63);
	/* The sum of both is small. */
	REFUSE_MAP(-EINVAL, map.offset = -(uint64_t)PAGE; map.size = PAGE + 1);
	for (int bit = 0; bit < 12; bit++)
		REFUSE_MAP(-EINVAL, map.offset = 1u << bit);
	buffers_finish(dsp);
}

TEST(remote_map_einval_heap)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	uint64_t most = qda_limit(s.fd, QDA_LIMIT_BUFFER);

	REFUSE_HEAP(-EINVAL, map.size = 0);
	REFUSE_HEAP(-EINVAL, map.size = most + 1);
	REFUSE_HEAP(-EINVAL, map.size = ~0ull);
	REFUSE_HEAP(-EINVAL, map.handle = b.handle);
	REFUSE_HEAP(-EINVAL, map.offset = PAGE);
	REFUSE_HEAP(-EINVAL, map.vaddrin = 1);
	REFUSE_HEAP(-EINVAL, map.key = 1);
	REFUSE_HEAP(-EINVAL, map.key = -1);
	buffers_finish(dsp);
}

TEST(remote_map_enoent)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), other = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0), theirs = buffer_new(other.fd, PAGE, 0);
	uint32_t handle = b.handle;

	CHECK_EQ(handle, theirs.handle);
	REFUSE_MAP(-ENOENT, map.handle = 0);
	REFUSE_MAP(-ENOENT, map.handle = handle + 1);
	REFUSE_MAP(-ENOENT, map.handle = ~0u);
	buffer_close(&b);
	REFUSE_MAP(-ENOENT, map.handle = handle);
	buffers_finish(dsp);
}

/* Whatever the range; and a key of another session or of the heap is none of this one. */
TEST(remote_map_eexist)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), other = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 5 * PAGE, 0), c = buffer_new(s.fd, PAGE, 0);
	struct buffer theirs = buffer_new(other.fd, PAGE, 0);
	struct drm_qda_remote_map heap = map_of_heap(PAGE);

	map_key(dsp, &s, &b, 0, PAGE, KEY);
	REFUSE_MAP(-EEXIST, (void)map);
	REFUSE_MAP(-EEXIST, map.offset = PAGE);
	REFUSE_MAP(-EEXIST, map.handle = c.handle);
	map_key(dsp, &other, &theirs, 0, PAGE, KEY);
	map_now(dsp, &s, &heap);
	map_key(dsp, &s, &c, 0, PAGE, 0);
	REFUSE_MAP(-EEXIST, map.key = 0);
	/* The same range under another key is nobody's business. */
	map_key(dsp, &s, &b, 0, PAGE, KEY + 1);
	buffers_finish(dsp);
}

/* It is taken while the DSP has not answered, too. */
TEST(remote_map_eexist_pending)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct pending_map first;

	map_begin(dsp, &s, map_of(&b, 0, PAGE, KEY), &first);
	REFUSE_MAP(-EEXIST, (void)map);
	map_end(dsp, &first);
	REFUSE_MAP(-EEXIST, (void)map);
	buffers_finish(dsp);
}

TEST(remote_map_edquot)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, MIB + 1, 0), fits = buffer_new(s.fd, MIB, 0);

	set_map_limit(1);
	REFUSE_MAP(-EDQUOT, (void)map);
	REFUSE_HEAP(-EDQUOT, map.size = MIB + 1);
	map_key(dsp, &s, &fits, 0, PAGE, KEY);
	/* What is mapped already costs nothing more. */
	map_key(dsp, &s, &fits, 0, MIB, KEY + 1);
	REFUSE_HEAP(-EDQUOT, map.size = 1);
	set_map_limit(0);
	map_key(dsp, &s, &b, 0, PAGE, KEY + 2);
	buffers_finish(dsp);
}

TEST(remote_map_enotconn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = { .fd = dsp_open(dsp) };
	struct buffer b = buffer_new(s.fd, PAGE, 0);

	REFUSE_MAP(-ENOTCONN, (void)map);
	REFUSE_HEAP(-ENOTCONN, (void)map);
	s = session_create(dsp, s.fd);
	session_release(dsp, &s);
	REFUSE_MAP(-ENOTCONN, (void)map);
	buffers_finish(dsp);
}

static void map_is_refused(struct dsp *dsp, struct session *s, struct drm_qda_remote_map map)
{
	struct pending_map p;

	map_begin(dsp, s, map, &p);
	reply_map(dsp, &p.call, FRPC_ENOMEMORY, REMOTE_VADDR);
	CHECK_ERR(-EREMOTEIO, job_wait(p.job));
	CHECK_EQ(FRPC_ENOMEMORY, p.map.dsp_status);
	CHECK_EQ(0, p.map.vaddrout);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
}

/* Nothing of it stays, the key can be used. */
TEST(remote_map_eremoteio)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);

	map_is_refused(dsp, &s, map_of(&b, 0, PAGE, KEY));
	map_is_refused(dsp, &s, map_of_heap(PAGE));
	buffer_close(&b);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	b = buffer_new(s.fd, PAGE, 0);
	map_key(dsp, &s, &b, 0, PAGE, KEY);
	buffers_finish(dsp);
}

static bool key_is_free(void *fd)
{
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	int ret = qda_munmap(*(int *)fd, &munmap);

	if (ret && ret != -EBUSY)
		FAIL("unmapping after a late answer: %d", ret);
	return !ret;
}

/* The memory stays until the answer comes, which says that it is mapped. */
TEST(remote_map_etimedout)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	double start = now_ms();
	struct pending_map p;

	dsp_answer_within(SHORT_MS);
	map_begin(dsp, &s, map_of(&b, 0, PAGE, KEY), &p);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(p.job, WAIT_MS));
	CHECK(now_ms() - start > SHORT_MS - 100);
	CHECK_EQ(0, p.map.vaddrout);
	CHECK_EQ(0, p.map.dsp_status);
	buffer_close(&b);
	CHECK(dsp_can_read(dsp, p.page.addr));
	CHECK_ERR(-EBUSY, qda_munmap(s.fd, &munmap));
	reply_map(dsp, &p.call, 0, REMOTE_VADDR + KEY);
	dsp_serve(dsp, NULL, NULL);
	if (!wait_for(key_is_free, &s.fd))
		FAIL("the late answer was not taken in");
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	CHECK(!dsp_can_read(dsp, p.page.addr));
	buffers_finish(dsp);
}

TEST(remote_map_eintr)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct buffer b = buffer_new(fd, PAGE, 0);
	struct drm_qda_remote_map map = map_of(&b, 0, PAGE, KEY);
	struct frpc_page page;
	struct dsp_call call;
	pid_t pid;

	ioctl_trace_start();
	pid = client_ioctl(fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);
	expect_map(dsp, &s, &map, &call, &page);
	client_kill(pid);
	CHECK_ERR(-EINTR, ioctl_trace_result(pid));
	ioctl_trace_end();
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	dsp_reply(dsp, &call, FRPC_ENOMEMORY);
	close(fd);
	buffers_finish(dsp);
}

TEST(remote_map_epipe)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct pending_map first;

	map_begin(dsp, &s, map_of(&b, 0, PAGE, KEY), &first);
	dsp_notify(dsp, s.id, FRPC_PD_STATUS_EXCEPTION);
	dsp_reply(dsp, &first.call, FRPC_EBADSTATE);
	CHECK_ERR(-EPIPE, job_wait(first.job));
	CHECK_EQ(0, first.map.dsp_status);
	CHECK_EQ(0, first.map.vaddrout);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	REFUSE_MAP(-EPIPE, (void)map);
	buffers_finish(dsp);
}

TEST(remote_map_epipe_dsp_gone)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct pending_map p;

	map_begin(dsp, &s, map_of(&b, 0, PAGE, KEY), &p);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(p.job));
	CHECK_EQ(0, p.map.dsp_status);
	CHECK_EQ(0, p.map.vaddrout);
	CHECK_ERR(-ENODEV, qda_map(s.fd, &p.map));
	buffers_finish(dsp);
}

/* ---- failing allocations ---- */

/*
 * Each allocation of MAP and of MUNMAP fails once, each time with a new buffer. Whatever comes
 * of it, what is mapped is what the DSP was asked for, and it can be undone.
 */
static void sweep(struct dsp *dsp, int fd, unsigned long cmd)
{
	unsigned int nomem = 0, nth;
	bool hit = true;

	for (nth = 1; hit; nth++) {
		struct buffer b = buffer_new(fd, 3 * PAGE, 0);
		struct drm_qda_remote_map map = map_of(&b, PAGE, PAGE, KEY);
		struct drm_qda_remote_munmap munmap = munmap_of(KEY);
		void *arg = cmd == DRM_IOCTL_QDA_REMOTE_MAP ? (void *)&map : (void *)&munmap;
		int ret;

		if (cmd == DRM_IOCTL_QDA_REMOTE_MUNMAP)
			CHECK_OK(qda_map(fd, &map));
		ret = fault_ioctl(fd, cmd, arg, nth, &hit);
		if (ret && ret != -ENOMEM && ret != -EFAULT)
			FAIL("failure %u: expected 0, -ENOMEM or -EFAULT, seen %d", nth, ret);
		nomem += ret == -ENOMEM;
		/* -EFAULT may be the copy to the user: then the DSP has done it. */
		if (ret != -EFAULT && (cmd == DRM_IOCTL_QDA_REMOTE_MAP) == !ret)
			CHECK_EQ(1, qda_get(dsp, "remote_maps"));
		if (qda_get(dsp, "remote_maps"))
			CHECK_OK(qda_munmap(fd, &munmap));
		buffer_close(&b);
		buffer_munmap(&b);
		CHECK_EQ(0, qda_get(dsp, "remote_maps"));
		CHECK_EQ(0, qda_get(dsp, "mappings"));
		CHECK(nth < 1000);
	}
	ktap_note("%u places can fail, %u gave -ENOMEM", nth - 2, nomem);
	if (cmd == DRM_IOCTL_QDA_REMOTE_MAP)
		CHECK(nomem > 0);
}

TEST(remote_map_enomem_leaves_nothing)
{
	struct session s;
	struct dsp *dsp;

	fault_setup();
	dsp = dsp_new("cdsp");
	s = session_new(dsp);
	dsp_serve(dsp, NULL, NULL);
	sweep(dsp, s.fd, DRM_IOCTL_QDA_REMOTE_MAP);
	buffers_finish(dsp);
}

TEST(remote_munmap_enomem_can_be_repeated)
{
	struct session s;
	struct dsp *dsp;

	fault_setup();
	dsp = dsp_new("cdsp");
	s = session_new(dsp);
	dsp_serve(dsp, NULL, NULL);
	sweep(dsp, s.fd, DRM_IOCTL_QDA_REMOTE_MUNMAP);
	buffers_finish(dsp);
}

/* ---- KEY arguments of REMOTE_INVOKE ---- */

/* As an input and as an output; nothing reaches the DSP. */
static void refuse_key(struct dsp *dsp, int fd, int err, uint32_t key, uint64_t offset,
		       uint64_t len)
{
	long long calls = vdsp_get(dsp, "calls");

	for (int out = 0; out < 2; out++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 2);

		if (out)
			inv_key_out(inv, key, offset, len);
		else
			inv_key_in(inv, key, offset, len);
		CHECK_ERR(err, qda_invoke(fd, &inv->req));
		CHECK_EQ(0, inv->req.dsp_status);
		free(inv);
	}
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
}

/* What counts is the range under the key, not the buffer that it is a part of. */
TEST(remote_invoke_einval_key_range)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 8 * PAGE, 0);
	uint64_t size = 3 * PAGE;

	map_key(dsp, &s, &b, PAGE, size - 10, KEY);
	refuse_key(dsp, s.fd, -EINVAL, KEY, 0, size + 1);
	refuse_key(dsp, s.fd, -EINVAL, KEY, 1, size);
	refuse_key(dsp, s.fd, -EINVAL, KEY, size, 1);
	refuse_key(dsp, s.fd, -EINVAL, KEY, size - 1, 2);
	refuse_key(dsp, s.fd, -EINVAL, KEY, size + 1, 0);
	refuse_key(dsp, s.fd, -EINVAL, KEY, 0, ~0ull);
	refuse_key(dsp, s.fd, -EINVAL, KEY, ~0ull, 1);
	/* The sum of both is small. */
	refuse_key(dsp, s.fd, -EINVAL, KEY, ~0ull, 2);
	refuse_key(dsp, s.fd, -EINVAL, KEY, -(uint64_t)PAGE, PAGE + 1);
	refuse_key(dsp, s.fd, -EINVAL, KEY, 1ull << 63, 1ull << 63);
	/* The wire has 32 bits for each. */
	refuse_key(dsp, s.fd, -EINVAL, KEY, 1ull << 32, 1);
	refuse_key(dsp, s.fd, -EINVAL, KEY, 0, 1ull << 32);
	refuse_key(dsp, s.fd, -EINVAL, KEY, 1ull << 32, 0);
	buffers_finish(dsp);
}

TEST(remote_invoke_enoent_key)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), other = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_remote_map heap = map_of_heap(PAGE);
	struct pending_map p;

	/* Not before the DSP has it. */
	map_begin(dsp, &s, map_of(&b, 0, PAGE, KEY), &p);
	refuse_key(dsp, s.fd, -ENOENT, KEY, 0, 1);
	map_end(dsp, &p);
	map_now(dsp, &s, &heap);
	refuse_key(dsp, s.fd, -ENOENT, KEY + 1, 0, 1);
	refuse_key(dsp, s.fd, -ENOENT, KEY + 1, 0, 0);
	refuse_key(dsp, s.fd, -ENOENT, 0, 0, 1);
	refuse_key(dsp, s.fd, -ENOENT, ~0u, 0, 1);
	refuse_key(dsp, s.fd, -ENOENT, 1u << 31 | KEY, 0, 1);
	refuse_key(dsp, other.fd, -ENOENT, KEY, 0, 1);
	unmap_key(dsp, &s, KEY, PAGE);
	refuse_key(dsp, s.fd, -ENOENT, KEY, 0, 1);
	buffers_finish(dsp);
}
