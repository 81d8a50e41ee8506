// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Memory that a process has for longer than a call. The DSP hears of it once, by the
 * application's key; it is there exactly until the DSP has said that it is gone or
 * the process is, whoever waits, is killed, closes or crashes meanwhile.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "remote_map.h"
#include "sys.h"

#define KEY 7

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(buffers_after_each);
}

/* ---- ranges and keys ---- */

/* The exchange itself compares every word with what was asked for. */
TEST(key_reaches_the_dsp_unchanged)
{
	static const int32_t keys[] = { 0, 1, 255, 4096, 0x12345678, 0x7ffffffe, 0x7fffffff };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		map_key(dsp, &s, &b, 0, PAGE, keys[i]);
	CHECK_EQ(ARRAY_SIZE(keys), qda_get(dsp, "remote_maps"));
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		unmap_key(dsp, &s, keys[i], PAGE);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	buffers_finish(dsp);
}

/* Both sides see what the other writes, at once and in the range only. */
static void check_range(struct dsp *dsp, struct session *s, struct buffer *b, uint64_t offset,
			uint64_t size)
{
	struct frpc_page page = map_key(dsp, s, b, offset, size, KEY);
	unsigned char *expected = malloc(b->size), *p = page_mem(dsp, &page);

	fill_pattern(expected, b->size, offset);
	memcpy(b->mem, expected, b->size);
	CHECK_MEM(expected + offset, p, page.size);
	fill_pattern(expected + offset, page.size, size);
	memcpy(p, expected + offset, page.size);
	CHECK_MEM(expected, b->mem, b->size);
	unmap_key(dsp, s, KEY, page.size);
	free(expected);
}

static void check_ranges(uint32_t flags)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 9 * PAGE, flags);
	long long copied = qda_get(dsp, "copied_bytes");
	uint64_t ranges[][2] = {
		{ 0, 1 },	 { 0, b.size },	 { 0, b.size - 1 },	  { PAGE, PAGE },
		{ 3 * PAGE, 1 }, { PAGE, 5000 }, { b.size - PAGE, PAGE }, { 2 * PAGE, 7 * PAGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		check_range(dsp, &s, &b, ranges[i][0], ranges[i][1]);
	CHECK_EQ(copied, qda_get(dsp, "copied_bytes"));
	buffers_finish(dsp);
}

TEST(ranges_of_a_cached_buffer)
{
	check_ranges(0);
}

TEST(ranges_of_a_write_combined_buffer)
{
	check_ranges(QDA_GEM_WC);
}

TEST(imported_buffer)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int dmabuf = heap_dmabuf(8 * PAGE);
	struct buffer b = { .fd = s.fd, .handle = dmabuf_import(s.fd, dmabuf), .size = 8 * PAGE };
	struct frpc_page page = map_key(dsp, &s, &b, 2 * PAGE, 3 * PAGE, KEY);

	b.mem = dmabuf_mmap(dmabuf, b.size);
	close(dmabuf);
	fill_pattern(b.mem, b.size, 1);
	CHECK_MEM(b.mem + 2 * PAGE, page_mem(dsp, &page), 3 * PAGE);
	buffer_close(&b);
	CHECK_EQ(1, qda_get(dsp, "attachments"));
	unmap_key(dsp, &s, KEY, 3 * PAGE);
	CHECK_EQ(0, qda_get(dsp, "attachments"));
	buffers_finish(dsp);
}

TEST(key_can_be_used_again_for_another_buffer)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int i = 0; i < 20; i++) {
		struct buffer b = buffer_new(s.fd, (1 + i % 3) * PAGE, 0);
		struct frpc_page page = map_key(dsp, &s, &b, 0, b.size, KEY);

		memset(b.mem, i, b.size);
		CHECK_EQ(i, *((unsigned char *)page_mem(dsp, &page) + b.size - 1));
		buffer_close(&b);
		buffer_munmap(&b);
		CHECK_EQ(i, *(unsigned char *)page_mem(dsp, &page));
		unmap_key(dsp, &s, KEY, page.size);
		CHECK(!dsp_can_read(dsp, page.addr));
		CHECK_EQ(0, qda_get(dsp, "mappings"));
	}
	buffers_finish(dsp);
}

/* Overlapping ranges of a buffer under several keys; each goes by itself. */
TEST(buffer_under_many_keys)
{
	enum { COUNT = 100 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 8 * PAGE, 0);
	struct frpc_page page = map_key(dsp, &s, &b, 0, 8 * PAGE, 0);

	for (int i = 1; i < COUNT; i++) {
		struct frpc_page part = map_key(dsp, &s, &b, i % 8 * PAGE, PAGE, i);

		CHECK_EQ(page.addr + i % 8 * PAGE, part.addr);
	}
	buffer_close(&b);
	CHECK_EQ(COUNT, qda_get(dsp, "remote_maps"));
	for (int i = 0; i < COUNT; i++) {
		CHECK(dsp_can_read(dsp, page.addr));
		unmap_key(dsp, &s, i, i ? PAGE : 8 * PAGE);
	}
	CHECK(!dsp_can_read(dsp, page.addr));
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

/* A handle keeps the memory mapped for the next call, a key keeps it without the handle. */
TEST(handle_and_key_hold_the_memory_independently)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct frpc_page page = map_key(dsp, &s, &b, 0, PAGE, KEY);

	unmap_key(dsp, &s, KEY, PAGE);
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	CHECK(dsp_can_read(dsp, page.addr));
	map_key(dsp, &s, &b, 0, PAGE, KEY);
	buffer_close(&b);
	CHECK(dsp_can_read(dsp, page.addr));
	unmap_key(dsp, &s, KEY, PAGE);
	CHECK(!dsp_can_read(dsp, page.addr));
	buffers_finish(dsp);
}

/* ---- pages for the heap ---- */

static void heap_unmap(struct dsp *dsp, struct session *s, uint64_t vaddr, uint64_t size)
{
	struct drm_qda_remote_munmap munmap = munmap_of_heap(vaddr, size);
	struct job *job = munmap_start(s->fd, &munmap);
	struct dsp_call call;

	expect_munmap(dsp, s, &munmap, vaddr, (size + PAGE - 1) / PAGE * PAGE, &call);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
}

/* They are zero each time, whole pages, and nobody's buffer. */
TEST(heap_pages)
{
	static const uint64_t sizes[] = { 1, PAGE, PAGE + 1, 100000, MIB };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	long long objects = qda_get(dsp, "buffer_objects");

	for (int i = 0; i < 20; i++) {
		uint64_t size = sizes[i % ARRAY_SIZE(sizes)], vaddr = ~(uint64_t)i;
		struct frpc_page page = map_heap(dsp, &s, size, vaddr);
		unsigned char *p = page_mem(dsp, &page);

		for (uint64_t at = 0; at < page.size; at++)
			if (p[at])
				FAIL("byte %llu of %llu is not zero", (unsigned long long)at,
				     (unsigned long long)page.size);
		memset(p, 'H', page.size);
		heap_unmap(dsp, &s, vaddr, size);
		CHECK(!dsp_can_read(dsp, page.addr));
		CHECK_EQ(objects, qda_get(dsp, "buffer_objects"));
	}
	buffers_finish(dsp);
}

/* Also if the DSP says that all are at the same place: then one after the other goes. */
TEST(heap_pages_at_the_same_address)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int i = 0; i < 3; i++)
		map_heap(dsp, &s, 2 * PAGE, 0);
	map_heap(dsp, &s, PAGE, 0);
	for (int left = 4; left > 1; left--) {
		CHECK_EQ(left, qda_get(dsp, "remote_maps"));
		heap_unmap(dsp, &s, 0, 2 * PAGE);
	}
	heap_unmap(dsp, &s, 0, PAGE);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

/* ---- other sessions ---- */

/* So big that a part of it lies where the other session has nothing. */
TEST(another_session_cannot_reach_a_mapping)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session owner = session_new(dsp), other = session_new(dsp);
	struct buffer b = buffer_new(owner.fd, 16 * MIB, 0);
	struct frpc_page page = map_key(dsp, &owner, &b, 0, b.size, KEY);
	struct frpc_page heap = map_heap(dsp, &owner, 8 * MIB, 0);

	dsp_check_out_of_reach(dsp, page.addr, other.sid);
	dsp_check_out_of_reach(dsp, heap.addr, other.sid);
	dsp_check_out_of_reach(dsp, heap.addr - 1, owner.sid);
	CHECK(dsp_can_write(dsp, page.addr));
	CHECK_EQ('x', b.mem[0]);
	unmap_key(dsp, &owner, KEY, b.size);
	buffer_close(&b);
	dsp_check_out_of_reach(dsp, page.addr, owner.sid);
	buffers_finish(dsp);
}

/* The same number means each session's own memory. */
TEST(same_key_in_two_sessions)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s[2] = { session_new(dsp), session_new(dsp) };
	struct buffer b[2];
	struct frpc_page page[2];

	for (int i = 0; i < 2; i++) {
		b[i] = buffer_new(s[i].fd, PAGE, 0);
		b[i].mem[0] = i + 1;
		page[i] = map_key(dsp, &s[i], &b[i], 0, PAGE, KEY);
	}
	for (int i = 0; i < 2; i++)
		CHECK_EQ(i + 1, *(unsigned char *)page_mem(dsp, &page[i]));
	unmap_key(dsp, &s[0], KEY, PAGE);
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	unmap_key(dsp, &s[1], KEY, PAGE);
	buffers_finish(dsp);
}

/* ---- KEY arguments ---- */

static void check_handle(const struct dsp_call *call, unsigned int i, uint32_t key, uint64_t offset,
			 uint64_t len, const struct frpc_page *page)
{
	struct frpc_dma_handle handle;
	const struct frpc_page *seen = &call->page[call->list[i].pgidx];

	memcpy(&handle, &call->arg[i], sizeof(handle));
	CHECK_EQ(key, handle.fd);
	CHECK_EQ(offset, handle.offset);
	CHECK_EQ(len, handle.len);
	CHECK_EQ(0, handle.pad);
	CHECK_EQ(len ? 1 : 0, call->list[i].num);
	CHECK_EQ(i, call->list[i].pgidx);
	/* Always all that is under the key. */
	CHECK_EQ(page->addr, seen->addr);
	CHECK_EQ(page->size, seen->size);
}

static void finish_call(struct dsp *dsp, struct dsp_call *call, struct job *job,
			struct invocation *inv)
{
	dsp_reply(dsp, call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, inv->req.dsp_status);
	free(inv);
}

TEST(key_arguments_at_every_edge)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 8 * PAGE, 0);
	struct frpc_page page = map_key(dsp, &s, &b, 2 * PAGE, 3 * PAGE - 1, KEY);
	uint64_t size = 3 * PAGE;
	uint64_t ranges[][2] = { { 0, 0 },	  { 0, 1 },	   { 0, size },
				 { 1, size - 1 }, { size - 1, 1 }, { 0, size - 1 },
				 { size, 0 },	  { PAGE, PAGE },  { PAGE - 1, 2 } };

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 3);
		struct dsp_call call;
		struct job *job;

		inv_key_in(inv, KEY, ranges[i][0], ranges[i][1]);
		inv_key_out(inv, KEY, ranges[i][0], ranges[i][1]);
		job = invoke_start(s.fd, &inv->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 3);
		CHECK_EQ(0x03000011, call.msg.sc);
		check_handle(&call, 0, KEY, ranges[i][0], ranges[i][1], &page);
		check_handle(&call, 1, KEY, ranges[i][0], ranges[i][1], &page);
		finish_call(dsp, &call, job, inv);
	}
	buffers_finish(dsp);
}

TEST(most_handles)
{
	enum { COUNT = 15 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	struct frpc_page page[2 * COUNT];
	struct dsp_call call;
	struct job *job;

	for (int i = 0; i < 2 * COUNT; i++) {
		struct buffer b = buffer_new(s.fd, (1 + i % 4) * PAGE, 0);

		page[i] = map_key(dsp, &s, &b, 0, b.size, 1000 + i);
		if (i < COUNT)
			inv_key_in(inv, 1000 + i, i, PAGE - i);
		else
			inv_key_out(inv, 1000 + i, i, PAGE - i);
	}
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	CHECK_EQ(0x030000ff, call.msg.sc);
	for (int i = 0; i < 2 * COUNT; i++)
		check_handle(&call, i, 1000 + i, i, PAGE - i, &page[i]);
	finish_call(dsp, &call, job, inv);
	buffers_finish(dsp);
}

enum { IN = 255, OUT = 255, HANDLES = 15, LEN = 40 };

/* Buffer argument @i of the biggest call: copied, in a buffer, or empty in either way. */
static void add_buffer(struct invocation *inv, int i, unsigned char *mem, const struct buffer *b)
{
	bool out = i >= IN;
	uint64_t len = i % 4 < 2 ? LEN : 0;

	if (i % 2 && out)
		inv_bo_out(inv, b->handle, i * LEN, len);
	else if (i % 2)
		inv_bo_in(inv, b->handle, i * LEN, len);
	else if (out)
		inv_out(inv, mem + i * LEN, len);
	else
		inv_in(inv, mem + i * LEN, len);
}

static void check_buffer(struct dsp *dsp, struct dsp_call *call, int i, const unsigned char *in)
{
	uint64_t len;
	unsigned char *p = dsp_arg(dsp, call, i, &len);

	CHECK_EQ(i % 4 < 2 ? LEN : 0, len);
	CHECK_EQ(len > 0, p != NULL);
	if (!p)
		return;
	if (i < IN)
		CHECK_MEM(in, p, LEN);
	else
		memset(p, i, LEN);
}

/* As many arguments as a call can have, of every kind, with empty ones between. */
TEST(most_arguments_of_all_kinds)
{
	static unsigned char mem[(IN + OUT) * LEN];
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, sizeof(mem), 0), k = buffer_new(s.fd, PAGE, 0);
	struct frpc_page page = map_key(dsp, &s, &k, 0, PAGE, KEY);
	struct invocation *inv = inv_new(TEST_HANDLE, 31);
	struct dsp_call call;
	struct job *job;

	fill_pattern(mem, sizeof(mem), 1);
	fill_pattern(b.mem, b.size, 2);
	for (int i = 0; i < IN + OUT; i++)
		add_buffer(inv, i, mem, &b);
	for (int i = 0; i < HANDLES; i++)
		inv_key_in(inv, KEY, i, i % 3 ? 100 : 0);
	for (int i = 0; i < HANDLES; i++)
		inv_key_out(inv, KEY, 2 * i, i % 2 ? 100 : 0);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 31);
	CHECK_EQ(0x1fffffff, call.msg.sc);
	CHECK_EQ(IN + OUT + 2 * HANDLES, call.n);
	for (int i = 0; i < IN + OUT; i++)
		check_buffer(dsp, &call, i, i % 2 ? b.mem + i * LEN : mem + i * LEN);
	for (int i = 0; i < HANDLES; i++) {
		check_handle(&call, IN + OUT + i, KEY, i, i % 3 ? 100 : 0, &page);
		check_handle(&call, IN + OUT + HANDLES + i, KEY, 2 * i, i % 2 ? 100 : 0, &page);
	}
	finish_call(dsp, &call, job, inv);
	for (int i = IN; i < IN + OUT; i++)
		for (int at = 0; i % 4 < 2 && at < LEN; at++)
			CHECK_EQ(i & 0xff, (i % 2 ? b.mem : mem)[i * LEN + at]);
	buffers_finish(dsp);
}

/* The DSP says that it is unmapped, but a call may still use it. */
TEST(unmapped_while_a_call_uses_the_key)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct frpc_page page = map_key(dsp, &s, &b, 0, PAGE, KEY);
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	struct dsp_call call;
	struct job *job;

	inv_key_out(inv, KEY, 0, PAGE);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	buffer_close(&b);
	unmap_key(dsp, &s, KEY, PAGE);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	memset(page_mem(dsp, &page), 3, PAGE);
	CHECK_EQ(3, b.mem[PAGE - 1]);
	finish_call(dsp, &call, job, inv);
	CHECK(!dsp_can_read(dsp, page.addr));
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}
