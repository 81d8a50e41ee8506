// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * How long and in which sessions the DSP sees a buffer; a part of the suite "memory".
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "memory.h"
#include "sys.h"

/* ---- mappings ---- */

static bool pages_are(struct dsp *dsp, long long pages)
{
	return vdsp_get(dsp, "pages_mapped") == pages;
}

TEST(a_buffer_is_mapped_once_in_a_session)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 5 * PAGE, 0);
	long long pages = vdsp_get(dsp, "pages_mapped");
	uint64_t addr;

	/* One that is not used is not mapped. */
	buffer_new(s.fd, 100 * PAGE, 0);
	addr = use(dsp, &s, &b);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(addr, use(dsp, &s, &b));
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	CHECK_EQ(pages + 5, vdsp_get(dsp, "pages_mapped"));
	CHECK(dsp_can_read(dsp, addr + b.size - 1));
	CHECK_EQ(0, vdsp_get(dsp, "faults"));
	buffers_finish(dsp);
}

TEST(closing_the_handle_unmaps)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 5 * PAGE, 0);
	long long objects = qda_get(dsp, "buffer_objects");
	long long pages = vdsp_get(dsp, "pages_mapped");
	uint64_t addr = use(dsp, &s, &b);

	buffer_close(&b);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	CHECK(pages_are(dsp, pages));
	CHECK(!dsp_can_read(dsp, addr));
	/* Not even while the application still has it. */
	CHECK_EQ(objects, qda_get(dsp, "buffer_objects"));
	buffers_finish(dsp);
}

TEST(handle_closed_during_a_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 2 * PAGE, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	uint64_t addr, len;

	inv_bo_out(c.inv, b.handle, 0, b.size);
	bo_call_start(dsp, &s, &c);
	addr = c.call.page[0].addr;
	buffer_close(&b);
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	memset(dsp_arg(dsp, &c.call, 0, &len), 0x33, b.size);
	CHECK_EQ(0x33, b.mem[b.size - 1]);
	bo_call_end(dsp, &c);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	CHECK(!dsp_can_read(dsp, addr));
	buffers_finish(dsp);
}

/* The same, and nobody in user space knows the memory any more. */
TEST(handle_and_mmap_closed_during_a_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	/* The process has some of its own. */
	long long objects = qda_get(dsp, "buffer_objects");
	struct buffer b = buffer_new(s.fd, 2 * PAGE, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	uint64_t len;

	inv_bo_out(c.inv, b.handle, 0, b.size);
	bo_call_start(dsp, &s, &c);
	buffer_close(&b);
	buffer_munmap(&b);
	memset(dsp_arg(dsp, &c.call, 0, &len), 0x33, PAGE);
	bo_call_end(dsp, &c);
	CHECK_EQ(objects, qda_get(dsp, "buffer_objects"));
	buffers_finish(dsp);
}

/* When the ioctl returns, not some time after it; the DSP's end of the call may be slower. */
TEST(a_call_that_returned_holds_no_buffer)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int round = 0; round < 300; round++) {
		struct buffer b = buffer_new(s.fd, 2 * PAGE, 0);
		struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };

		inv_bo_out(c.inv, b.handle, 0, b.size);
		bo_call_start(dsp, &s, &c);
		buffer_close(&b);
		buffer_munmap(&b);
		bo_call_end(dsp, &c);
		CHECK_EQ(0, qda_get(dsp, "mappings"));
	}
	buffers_finish(dsp);
}

/* Two calls at once: the first answer must not take the buffer from the second. */
TEST(two_calls_share_a_mapping)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 2 * PAGE, 0);
	struct bo_call c[2];
	uint64_t len;

	for (int i = 0; i < 2; i++) {
		c[i].inv = inv_new(TEST_HANDLE, 1);
		inv_bo_out(c[i].inv, b.handle, i * PAGE, PAGE);
		bo_call_start(dsp, &s, &c[i]);
	}
	buffer_close(&b);
	memset(dsp_arg(dsp, &c[0].call, 0, &len), 1, PAGE);
	bo_call_end(dsp, &c[0]);
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	memset(dsp_arg(dsp, &c[1].call, 0, &len), 2, PAGE);
	bo_call_end(dsp, &c[1]);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	CHECK_EQ(1, b.mem[0]);
	CHECK_EQ(2, b.mem[PAGE]);
	buffers_finish(dsp);
}

/* The same memory in another file of the same DSP, by a DMA-BUF. */
static uint32_t share(const struct buffer *b, int other)
{
	int dmabuf = dmabuf_export(b->fd, b->handle);
	uint32_t handle = dmabuf_import(other, dmabuf);

	close(dmabuf);
	return handle;
}

TEST(a_buffer_in_two_sessions_at_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s[2] = { session_new(dsp), session_new(dsp) };
	struct buffer b = buffer_new(s[0].fd, 2 * PAGE, 0);
	long long objects = qda_get(dsp, "buffer_objects");
	uint32_t handles[2] = { b.handle, share(&b, s[1].fd) };
	struct bo_call c[2];
	unsigned char *p[2];
	uint64_t len;

	for (int i = 0; i < 2; i++) {
		c[i].inv = inv_new(TEST_HANDLE, 1);
		inv_bo_out(c[i].inv, handles[i], 0, b.size);
		bo_call_start(dsp, &s[i], &c[i]);
		p[i] = dsp_arg(dsp, &c[i].call, 0, &len);
		CHECK_EQ(s[i].sid, dsp_sid(dsp, c[i].call.page[0].addr));
	}
	CHECK(s[0].sid != s[1].sid);
	CHECK_EQ(objects, qda_get(dsp, "buffer_objects"));
	CHECK_EQ(2, qda_get(dsp, "mappings"));
	p[0][1] = 11;
	CHECK_EQ(11, p[1][1]);
	p[1][PAGE] = 22;
	CHECK_EQ(22, b.mem[PAGE]);
	bo_call_end(dsp, &c[0]);
	/* One session's handle is not the other's business. */
	CHECK_OK(gem_close(s[0].fd, handles[0]));
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	p[1][3] = 33;
	bo_call_end(dsp, &c[1]);
	CHECK_EQ(33, b.mem[3]);
	buffers_finish(dsp);
}

/* ---- isolation ---- */

/* The buffer is so big that a part lies where the other session has nothing of its own. */
TEST(another_session_cannot_reach_a_buffer)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session owner = session_new(dsp), other = session_new(dsp);
	struct buffer b = buffer_new(owner.fd, 16 * MIB, 0);
	uint64_t addr = use(dsp, &owner, &b);

	CHECK_EQ(owner.sid, dsp_sid(dsp, addr));
	dsp_check_out_of_reach(dsp, addr, other.sid);
	CHECK(dsp_can_write(dsp, addr));
	CHECK_EQ('x', b.mem[0]);
	buffers_finish(dsp);
}

/* Neither can its own session, next to it. */
TEST(memory_beside_a_buffer_is_out_of_reach)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 16 * MIB, 0);
	uint64_t addr = use(dsp, &s, &b);

	dsp_check_out_of_reach(dsp, addr - 1, s.sid);
	buffers_finish(dsp);
}

/* A later session gets the bank while a DMA-BUF keeps the last one's buffer alive. */
TEST(the_next_session_of_a_bank_cannot_reach_a_buffer)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	int fd = accel_open(dsp->node), dmabuf;
	struct session s = session_create(dsp, fd), next;
	struct buffer b = buffer_new(fd, 16 * MIB, 0);
	uint64_t addr = use(dsp, &s, &b);
	struct dsp_call call;

	dmabuf = dmabuf_export(b.fd, b.handle);
	/* The mapping would keep the file open. */
	buffer_munmap(&b);
	close(fd);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	qda_wait(dsp, "sessions", 0);
	CHECK_EQ(dsp->pages_at_start, vdsp_get(dsp, "pages_mapped"));
	CHECK_EQ(1, qda_get(dsp, "buffer_objects"));
	next = session_new(dsp);
	CHECK_EQ(s.sid, next.sid);
	dsp_check_out_of_reach(dsp, addr, next.sid);
	close(dmabuf);
	buffers_finish(dsp);
}

/* ---- the image of a process ---- */

TEST(image_in_a_buffer)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = { .fd = dsp_open(dsp) };
	struct buffer b = buffer_new(s.fd, 5 * PAGE, 0);
	struct drm_qda_init_create create = UNSIGNED_PD;
	long long copied = qda_get(dsp, "copied_bytes");

	fill_pattern(b.mem, b.size, 1);
	create.handle = b.handle;
	create.filelen = 4 * PAGE + 123;
	create_with_image(dsp, s.fd, &create, b.mem);
	CHECK_EQ(copied, qda_get(dsp, "copied_bytes"));
	buffers_finish(dsp);
}

TEST(image_in_a_dma_buf)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = { .fd = dsp_open(dsp) };
	struct drm_qda_init_create create = UNSIGNED_PD;
	int dmabuf = heap_dmabuf(5 * PAGE);
	void *p = dmabuf_mmap(dmabuf, 5 * PAGE);

	fill_pattern(p, 5 * PAGE, 1);
	create.filefd = dmabuf;
	create.filelen = 4 * PAGE + 123;
	create_with_image(dsp, s.fd, &create, p);
	close(dmabuf);
	buffers_finish(dsp);
}

/* ---- ends ---- */

/* Makes a process, a buffer and a call that is not answered. */
static int client_in_a_call(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	int fd = accel_open(arg);
	struct buffer b;

	CHECK_OK(qda_create(fd, &create));
	b = buffer_new(fd, 2 * PAGE, 0);
	inv_bo_out(inv, b.handle, 0, b.size);
	return -qda_invoke(fd, &inv->req);
}

/* Killed: the DSP can use the buffer until it has answered. */
TEST(client_killed_during_a_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call create, call, release;
	uint64_t len;
	pid_t pid = client_start(client_in_a_call, dsp->node);

	expect_create(dsp, &create, &wire);
	dsp_reply(dsp, &create, 0);
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	client_kill(pid);
	expect_release(dsp, &release, wire.client_id);
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	memset(dsp_arg(dsp, &call, 0, &len), 1, 2 * PAGE);
	CHECK_EQ(2 * PAGE, len);
	dsp_reply(dsp, &call, FRPC_EBADSTATE);
	dsp_reply(dsp, &release, 0);
	buffers_finish(dsp);
}

/* The PD dies; the buffer and what is in it stay for the session's next process. */
TEST(buffer_survives_the_process)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), again;
	struct buffer b = buffer_new(s.fd, 2 * PAGE, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct dsp_call call;
	struct frpc_create wire;
	struct job *job;
	uint64_t len;

	inv_bo_out(c.inv, b.handle, 0, b.size);
	bo_call_start(dsp, &s, &c);
	memset(dsp_arg(dsp, &c.call, 0, &len), POISON, PAGE);
	dsp_notify(dsp, s.id, FRPC_PD_STATUS_EXCEPTION);
	dsp_reply(dsp, &c.call, FRPC_EBADSTATE);
	CHECK_ERR(-EPIPE, job_wait(c.job));
	CHECK_EQ(POISON, b.mem[PAGE - 1]);
	job = create_start(s.fd, &create);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	again = (struct session){ .fd = s.fd, .id = wire.client_id };
	check_range(dsp, &again, &b, 100, PAGE);
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

static void check_after_the_dsp(uint32_t flags, bool in_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 8 * PAGE, flags), never = buffer_new(s.fd, PAGE, flags);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	uint64_t len;

	memset(b.mem, POISON, b.size / 2);
	use(dsp, &s, &b);
	if (in_call) {
		inv_bo_out(c.inv, b.handle, 0, b.size);
		bo_call_start(dsp, &s, &c);
		CHECK(dsp_arg(dsp, &c.call, 0, &len));
	}
	dsp_down(dsp);
	if (in_call)
		CHECK_ERR(-EPIPE, job_wait(c.job));
	check_half_used(&b);
	/* Nor is a page missing that was never used before. */
	never.mem[0] = 1;
	dsp_finish(dsp);
	CHECK_EQ(7, b.mem[b.size - 1]);
	CHECK_EQ(1, never.mem[0]);
	buffer_munmap(&b);
	buffer_munmap(&never);
}

TEST(cached_mmap_outlives_the_dsp)
{
	check_after_the_dsp(0, false);
}

TEST(write_combined_mmap_outlives_the_dsp)
{
	check_after_the_dsp(QDA_GEM_WC, false);
}

TEST(mmap_outlives_the_dsp_with_a_call_in_flight)
{
	check_after_the_dsp(0, true);
}

/* ---- GEM_SYNC ---- */

TEST(sync_of_buffers_mapped_nowhere_and_in_two_sessions)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s[2] = { session_new(dsp), session_new(dsp) };
	struct buffer b = buffer_new(s[0].fd, 2 * PAGE, 0);
	struct buffer same = b;

	same.fd = s[1].fd;
	same.handle = share(&b, s[1].fd);
	for (int mapped = 0; mapped < 3; mapped++) {
		for (uint32_t flags = 1; flags < 8; flags++)
			if (flags != QDA_GEM_SYNC_END)
				CHECK_OK(gem_sync(b.fd, b.handle, flags));
		if (mapped == 0)
			use(dsp, &s[0], &b);
		if (mapped == 1)
			use(dsp, &s[1], &same);
	}
	CHECK_EQ(2, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}
