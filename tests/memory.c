// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffer objects: what the application has in them is what the DSP sees and the other
 * way round, with no copy between; and the DSP sees them exactly as long and in exactly
 * those sessions as they are mapped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "memory.h"
#include "sys.h"

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(buffers_after_each);
}

static void check_zero(const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			FAIL("byte %zu of %zu is %#x, not zero", i, len, p[i]);
}

/* ---- buffer objects and the CPU ---- */

TEST(sizes_are_rounded_up_to_pages)
{
	static const uint64_t sizes[] = { 1, PAGE - 1, PAGE, PAGE + 1, 100001, MIB + 1 };
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	for (uint32_t flags = 0; flags <= QDA_GEM_WC; flags += QDA_GEM_WC) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct buffer b = buffer_new(fd, sizes[i], flags);
			uint64_t rounded = (sizes[i] + PAGE - 1) / PAGE * PAGE;

			CHECK_EQ(rounded, b.size);
			check_zero(b.mem, b.size);
			memset(b.mem, POISON, b.size);
			CHECK(mmap(NULL, b.size + PAGE, PROT_READ, MAP_SHARED, fd,
				   buffer_offset(&b)) == MAP_FAILED);
			buffer_munmap(&b);
			buffer_close(&b);
		}
	}
	CHECK_EQ(0, qda_get(dsp, "buffer_objects"));
	buffers_finish(dsp);
}

/* The pages of the last one are zeroed before somebody else gets them. */
TEST(new_buffers_are_zero)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	for (int round = 0; round < 20; round++) {
		struct buffer b = buffer_new(fd, 64 * PAGE, round & QDA_GEM_WC);

		check_zero(b.mem, b.size);
		memset(b.mem, 'S', b.size);
		buffer_munmap(&b);
		buffer_close(&b);
	}
	buffers_finish(dsp);
}

static void check_two_mappings(int fd, uint32_t flags)
{
	struct buffer b = buffer_new(fd, 100001, flags);
	unsigned char *again = buffer_mmap(&b), *pattern = malloc(b.size);

	fill_pattern(pattern, b.size, 3 + flags);
	memcpy(b.mem, pattern, b.size);
	CHECK_MEM(pattern, again, b.size);
	again[b.size - 1] ^= 1;
	CHECK_EQ(pattern[b.size - 1] ^ 1, b.mem[b.size - 1]);
	free(pattern);
}

TEST(mappings_of_a_buffer_show_the_same_memory)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	check_two_mappings(fd, 0);
	check_two_mappings(fd, QDA_GEM_WC);
	buffers_finish(dsp);
}

TEST(mmap_offset_does_not_change)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);
	struct buffer a = buffer_new(fd, PAGE, 0), b = buffer_new(fd, PAGE, 0);
	uint64_t offset = buffer_offset(&a);

	CHECK(offset != buffer_offset(&b));
	CHECK_EQ(offset, buffer_offset(&a));
	buffers_finish(dsp);
}

/* A copy for one process would not be what the DSP sees. */
TEST(mmap_must_be_shared)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), PAGE, 0);

	CHECK(mmap(NULL, b.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, b.fd, buffer_offset(&b)) ==
	      MAP_FAILED);
	CHECK_EQ(EINVAL, errno);
	buffers_finish(dsp);
}

TEST(mmap_needs_a_handle)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), PAGE, 0);
	uint64_t offset = buffer_offset(&b);
	int other = dsp_open(dsp);

	CHECK(mmap(NULL, b.size, PROT_READ, MAP_SHARED, other, offset) == MAP_FAILED);
	CHECK_EQ(EACCES, errno);
	buffer_close(&b);
	CHECK(mmap(NULL, b.size, PROT_READ, MAP_SHARED, b.fd, offset) == MAP_FAILED);
	buffers_finish(dsp);
}

void check_half_used(struct buffer *b)
{
	for (size_t i = 0; i < b->size / 2; i++)
		CHECK_EQ(POISON, b->mem[i]);
	check_zero(b->mem + b->size / 2, b->size / 2);
	memset(b->mem, 7, b->size);
	CHECK_EQ(7, b->mem[b->size - 1]);
}

TEST(mmap_outlives_the_handle)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), 8 * PAGE, 0);

	memset(b.mem, POISON, b.size / 2);
	buffer_close(&b);
	CHECK_EQ(1, qda_get(dsp, "buffer_objects"));
	check_half_used(&b);
	buffer_munmap(&b);
	CHECK_EQ(0, qda_get(dsp, "buffer_objects"));
	buffers_finish(dsp);
}

TEST(mmap_outlives_the_descriptor)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(accel_open(dsp->node), 8 * PAGE, QDA_GEM_WC);

	memset(b.mem, POISON, b.size / 2);
	close(b.fd);
	check_half_used(&b);
	buffers_finish(dsp);
}

/* ---- calls ---- */

uint64_t use(struct dsp *dsp, struct session *s, struct buffer *b)
{
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	uint64_t addr;

	inv_bo_in(c.inv, b->handle, 0, b->size);
	bo_call_start(dsp, s, &c);
	addr = c.call.page[0].addr;
	bo_call_end(dsp, &c);
	return addr;
}

/* The entry covers exactly the pages of the range. */
static void check_entry(const struct dsp_call *call, unsigned int i, uint64_t offset, uint64_t len)
{
	uint64_t pages = (offset % PAGE + len + PAGE - 1) / PAGE;

	CHECK_EQ(1, call->list[i].num);
	CHECK_EQ(len, call->arg[i].len);
	CHECK_EQ(offset % PAGE, call->arg[i].pv % PAGE);
	CHECK_EQ(0, call->page[call->list[i].pgidx].addr % PAGE);
	CHECK_EQ(pages * PAGE, call->page[call->list[i].pgidx].size);
}

void check_range(struct dsp *dsp, struct session *s, struct buffer *b, uint64_t offset,
		 uint64_t len)
{
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	unsigned char *expected = malloc(b->size);
	uint64_t seen;
	void *p;

	fill_pattern(expected, b->size, offset);
	memcpy(b->mem, expected, b->size);
	inv_bo_in(c.inv, b->handle, offset, len);
	inv_bo_out(c.inv, b->handle, offset, len);
	bo_call_start(dsp, s, &c);
	for (unsigned int i = 0; i < 2; i++) {
		check_entry(&c.call, i, offset, len);
		p = dsp_arg(dsp, &c.call, i, &seen);
		CHECK_MEM(expected + offset, p, len);
	}
	fill_pattern(expected + offset, len, len + 1);
	memcpy(p, expected + offset, len);
	/* Seen at once, and nothing around it has changed, also after the call. */
	CHECK_MEM(expected, b->mem, b->size);
	bo_call_end(dsp, &c);
	CHECK_MEM(expected, b->mem, b->size);
	free(expected);
}

static void check_ranges(uint32_t flags)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 100001, flags);
	uint64_t ranges[][2] = {
		{ 0, 1 },      { 1, 1 },      { PAGE - 1, 1 },	 { PAGE - 1, 2 },   { PAGE, PAGE },
		{ 123, 9000 }, { 0, b.size }, { b.size - 1, 1 }, { 1, b.size - 1 }, { 50001, 3333 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		check_range(dsp, &s, &b, ranges[i][0], ranges[i][1]);
	buffers_finish(dsp);
}

TEST(ranges_at_any_offset_of_a_cached_buffer)
{
	check_ranges(0);
}

TEST(ranges_at_any_offset_of_a_write_combined_buffer)
{
	check_ranges(QDA_GEM_WC);
}

/* The buffer holds numbers, argument i is the ith 16 bytes in another order. */
TEST(most_arguments_are_buffers)
{
	enum { COUNT = 255, LEN = 24 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer in = buffer_new(s.fd, COUNT * LEN, 0), out = buffer_new(s.fd, COUNT * LEN, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	uint64_t len;

	fill_pattern(in.mem, in.size, 1);
	for (int i = 0; i < COUNT; i++)
		inv_bo_in(c.inv, in.handle, (COUNT - 1 - i) * LEN, LEN);
	for (int i = 0; i < COUNT; i++)
		inv_bo_out(c.inv, out.handle, i * LEN, LEN);
	bo_call_start(dsp, &s, &c);
	for (int i = 0; i < COUNT; i++) {
		check_entry(&c.call, i, (COUNT - 1 - i) * LEN, LEN);
		CHECK_MEM(in.mem + (COUNT - 1 - i) * LEN, dsp_arg(dsp, &c.call, i, &len), LEN);
		memset(dsp_arg(dsp, &c.call, COUNT + i, &len), i, LEN);
	}
	bo_call_end(dsp, &c);
	for (int i = 0; i < COUNT * LEN; i++)
		CHECK_EQ(i / LEN, out.mem[i]);
	CHECK_EQ(2, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

TEST(each_argument_in_a_buffer_of_its_own)
{
	enum { COUNT = 255 };
	static struct buffer b[2 * COUNT];
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	uint64_t len;

	for (int i = 0; i < 2 * COUNT; i++) {
		b[i] = buffer_new(s.fd, 1, 0);
		b[i].mem[i] = i;
		if (i < COUNT)
			inv_bo_in(c.inv, b[i].handle, i, 1);
		else
			inv_bo_out(c.inv, b[i].handle, i, 1);
	}
	bo_call_start(dsp, &s, &c);
	for (int i = 0; i < 2 * COUNT; i++) {
		unsigned char *p = dsp_arg(dsp, &c.call, i, &len);

		CHECK_EQ(i & 0xff, *p);
		*p ^= 0xff;
	}
	CHECK_EQ(2 * COUNT, qda_get(dsp, "mappings"));
	bo_call_end(dsp, &c);
	for (int i = 0; i < 2 * COUNT; i++)
		CHECK_EQ((i & 0xff) ^ 0xff, b[i].mem[i]);
	buffers_finish(dsp);
}

/* Overlapping ranges, as an input and as an output, are one memory on the DSP, too. */
TEST(same_buffer_several_times_in_one_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 3 * PAGE, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	unsigned char *in, *same, *out;
	uint64_t len;

	inv_bo_in(c.inv, b.handle, 0, b.size);
	inv_bo_in(c.inv, b.handle, 0, b.size);
	inv_bo_out(c.inv, b.handle, 5000, 100);
	bo_call_start(dsp, &s, &c);
	in = dsp_arg(dsp, &c.call, 0, &len);
	same = dsp_arg(dsp, &c.call, 1, &len);
	out = dsp_arg(dsp, &c.call, 2, &len);
	CHECK(in == same);
	CHECK(out == in + 5000);
	memset(out, 9, len);
	bo_call_end(dsp, &c);
	check_zero(b.mem, 5000);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(9, b.mem[5000 + i]);
	check_zero(b.mem + 5100, b.size - 5100);
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

/* Only INLINE bytes are copied, and each of them once. */
TEST(mixed_with_inline_and_empty_arguments)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 3 * PAGE, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	static const uint64_t lens[] = { 77, 5000, 0, 0, 33, 100, 0 };
	char in[77], out[33];
	long long copied = qda_get(dsp, "copied_bytes");
	void *p[ARRAY_SIZE(lens)];
	uint64_t len;

	fill_pattern(in, sizeof(in), 1);
	fill_pattern(b.mem, b.size, 2);
	inv_in(c.inv, in, sizeof(in));
	inv_bo_in(c.inv, b.handle, 4000, 5000);
	/* Of an empty one neither the handle nor the offset is looked at. */
	inv_bo_in(c.inv, 0xdead, ~0ull, 0);
	inv_in(c.inv, NULL, 0);
	inv_out(c.inv, out, sizeof(out));
	inv_bo_out(c.inv, b.handle, 3, 100);
	inv_bo_out(c.inv, b.handle, 7, 0);
	bo_call_start(dsp, &s, &c);
	for (unsigned int i = 0; i < ARRAY_SIZE(lens); i++) {
		p[i] = dsp_arg(dsp, &c.call, i, &len);
		CHECK_EQ(lens[i], len);
		CHECK_EQ(!lens[i], !p[i]);
	}
	CHECK_MEM(in, p[0], sizeof(in));
	CHECK_MEM(b.mem + 4000, p[1], 5000);
	memset(p[4], 4, 33);
	memset(p[5], 5, 100);
	bo_call_end(dsp, &c);
	for (size_t i = 0; i < sizeof(out); i++)
		CHECK_EQ(4, out[i]);
	for (size_t i = 0; i < 100; i++)
		CHECK_EQ(5, b.mem[3 + i]);
	CHECK_EQ(copied + 77 + 33, qda_get(dsp, "copied_bytes"));
	buffers_finish(dsp);
}

TEST(buffers_are_not_copied)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 2 * MIB, 0);
	long long copied = qda_get(dsp, "copied_bytes");

	CHECK(copied >= 0);
	for (int i = 0; i < 3; i++)
		check_range(dsp, &s, &b, i, b.size - i);
	CHECK_EQ(copied, qda_get(dsp, "copied_bytes"));
	buffers_finish(dsp);
}

TEST(what_a_failed_method_wrote_is_there)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	uint64_t len;

	inv_bo_out(c.inv, b.handle, 0, PAGE);
	bo_call_start(dsp, &s, &c);
	memset(dsp_arg(dsp, &c.call, 0, &len), 6, PAGE);
	dsp_reply(dsp, &c.call, FRPC_EBADPARM);
	CHECK_OK(job_wait(c.job));
	CHECK_EQ(FRPC_EBADPARM, c.inv->req.dsp_status);
	CHECK_EQ(6, b.mem[PAGE - 1]);
	buffers_finish(dsp);
}
