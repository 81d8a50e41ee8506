// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Real Hexagon code and the application's buffers: code finds them by their key and as
 * DMA handles, both sides see what the other writes, and where nothing is mapped
 * any more, or for another session, there is an SMMU fault that ends the process.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "real.h"
#include "remote_map.h"

#define SHELL	   "qda_shell.elf"
#define MAGIC	   0x51da0002u
#define KEY	   7
#define ENOSUCHMAP 0x80000448u
#define FNV_START  2166136261u

/* Methods of the module "probe" for memory that is shared. */
enum {
	PROBE_GET = 9,
	PROBE_PUT = 10,
	PROBE_SUM_HANDLE = 11,
	PROBE_FILL_HANDLE = 12,
	PROBE_SUM = 13,
	PROBE_FILL = 14,
	PROBE_FIND = 15,
	PROBE_ALL = 16,
};

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(buffers_after_each);
	ktap_seconds(240);
}

struct probe {
	int fd;
	uint32_t handle;
};

static struct probe probe_new(struct dsp *dsp)
{
	struct probe p = { .fd = real_session(dsp, image_load(SHELL)) };

	p.handle = module_open(p.fd, "probe");
	return p;
}

static uint32_t sum_bytes(uint32_t sum, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 16777619u;
	return sum;
}

static void check_filled(const unsigned char *p, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++)
		CHECK_EQ((uint8_t)((uint32_t)(seed + i) * 2654435761u >> 24), p[i]);
}

/* ---- what the module does ---- */

static int get(struct probe *p, uint32_t key, uint32_t offset, uint32_t *value, uint32_t *status)
{
	uint32_t words[2] = { key, offset };

	return real_call(p->fd, p->handle, PROBE_GET, words, sizeof(words), value, sizeof(*value),
			 status);
}

static uint32_t must_get(struct probe *p, uint32_t key, uint32_t offset)
{
	uint32_t value = 0, status;

	CHECK_OK(get(p, key, offset, &value, &status));
	CHECK_EQ(0, status);
	return value;
}

static void must_put(struct probe *p, uint32_t key, uint32_t offset, uint32_t value)
{
	uint32_t words[3] = { key, offset, value }, status;

	CHECK_OK(real_call(p->fd, p->handle, PROBE_PUT, words, sizeof(words), NULL, 0, &status));
	CHECK_EQ(0, status);
}

static void must_write(struct probe *p, uint32_t address, uint32_t value)
{
	uint32_t words[2] = { address, value }, status;

	CHECK_OK(real_call(p->fd, p->handle, PROBE_WRITE, words, sizeof(words), NULL, 0, &status));
	CHECK_EQ(0, status);
}

static uint32_t must_read(struct probe *p, uint32_t address)
{
	uint32_t value;

	CHECK_OK(probe_read(p->fd, p->handle, address, &value));
	return value;
}

/* Nothing is there for this process: it ends by a fault, and only by that. */
static void check_faults(struct dsp *dsp, struct probe *p, uint32_t address, bool write)
{
	long long faults = vdsp_get(dsp, "faults"), exits = qda_get(dsp, "exit_notifications");
	uint32_t words[2] = { address, ~MAGIC }, value, status;

	if (write)
		CHECK_ERR(-EPIPE, real_call(p->fd, p->handle, PROBE_WRITE, words, sizeof(words),
					    NULL, 0, &status));
	else
		CHECK_ERR(-EPIPE, probe_read(p->fd, p->handle, address, &value));
	CHECK(vdsp_get(dsp, "faults") > faults);
	CHECK_EQ(exits + 1, qda_get(dsp, "exit_notifications"));
	/* The process is dead now. */
	CHECK_ERR(-EPIPE, probe_read(p->fd, p->handle, address, &value));
}

static void restart(struct probe *p)
{
	struct drm_qda_init_create create;

	CHECK_OK(real_create(p->fd, image_load(SHELL), &create));
	p->handle = module_open(p->fd, "probe");
}

/* Maps a range and tells where DSP code has it. */
static uint32_t must_map(int fd, const struct buffer *b, uint64_t offset, uint64_t size,
			 int32_t key)
{
	struct drm_qda_remote_map map = map_of(b, offset, size, key);
	int ret = qda_map(fd, &map);

	if (ret)
		FAIL("mapping: %s, dsp_status %#x", strerror(-ret), map.dsp_status);
	CHECK(map.vaddrout && map.vaddrout <= UINT32_MAX);
	return map.vaddrout;
}

static void must_unmap(int fd, int32_t key)
{
	struct drm_qda_remote_munmap munmap = munmap_of(key);
	int ret = qda_munmap(fd, &munmap);

	if (ret)
		FAIL("unmapping: %s, dsp_status %#x", strerror(-ret), munmap.dsp_status);
}

static uint32_t word_at(const struct buffer *b, size_t offset)
{
	uint32_t word;

	memcpy(&word, b->mem + offset, sizeof(word));
	return word;
}

/* ---- keys ---- */

static void check_find(struct probe *p, uint32_t key, uint32_t address, uint32_t size)
{
	uint32_t out[2] = { 0 }, status;

	CHECK_OK(real_call(p->fd, p->handle, PROBE_FIND, &key, sizeof(key), out, sizeof(out),
			   &status));
	CHECK_EQ(0, status);
	CHECK_EQ(address, out[0]);
	CHECK_EQ(size, out[1]);
}

static void check_not_found(struct probe *p, uint32_t key)
{
	uint32_t value, status;

	CHECK_OK(get(p, key, 0, &value, &status));
	CHECK_EQ(ENOSUCHMAP, status);
}

/* All of the range, and none of the rest of the buffer. */
TEST(dsp_code_finds_buffers_by_their_keys)
{
	static const int32_t keys[] = { 0, KEY, 0x7fffffff };
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p = probe_new(dsp);
	struct buffer b = buffer_new(p.fd, 8 * PAGE, 0);
	uint32_t size = 3 * PAGE, value;

	fill_pattern(b.mem, b.size, 1);
	check_not_found(&p, KEY);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		uint64_t at = (1 + i) * PAGE;

		check_find(&p, keys[i], must_map(p.fd, &b, at, size - 100, keys[i]), size);
		value = word_at(&b, at + 8);
		CHECK_EQ(value, must_get(&p, keys[i], 8));
		CHECK_EQ(word_at(&b, at + size - 4), must_get(&p, keys[i], size - 4));
		must_put(&p, keys[i], size - 4, MAGIC + i);
		CHECK_EQ(MAGIC + i, word_at(&b, at + size - 4));
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		must_unmap(p.fd, keys[i]);
		check_not_found(&p, keys[i]);
	}
	buffers_finish(dsp);
}

/* With no ioctl between but the calls that make the DSP look. */
TEST(both_sides_see_what_the_other_writes)
{
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p = probe_new(dsp);
	struct buffer b = buffer_new(p.fd, 64 * PAGE, QDA_GEM_WC);

	must_map(p.fd, &b, 0, b.size, KEY);
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t offset = i * 4 * PAGE + 4 * i, value = MAGIC * (i + 1);

		memcpy(b.mem + offset, &value, sizeof(value));
		CHECK_EQ(value, must_get(&p, KEY, offset));
		must_put(&p, KEY, offset, ~value);
		CHECK_EQ(~value, word_at(&b, offset));
	}
	buffers_finish(dsp);
}

TEST(same_key_is_each_sessions_own_buffer)
{
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p[2] = { probe_new(dsp), probe_new(dsp) };
	struct buffer b[2];

	for (uint32_t i = 0; i < 2; i++) {
		b[i] = buffer_new(p[i].fd, PAGE, 0);
		must_map(p[i].fd, &b[i], 0, PAGE, KEY);
	}
	for (uint32_t i = 0; i < 2; i++)
		must_put(&p[i], KEY, 12, MAGIC + i);
	for (uint32_t i = 0; i < 2; i++) {
		CHECK_EQ(MAGIC + i, word_at(&b[i], 12));
		CHECK_EQ(MAGIC + i, must_get(&p[i], KEY, 12));
	}
	buffers_finish(dsp);
}

TEST(mappings_end_with_the_process)
{
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p = probe_new(dsp);
	struct drm_qda_session_release release = { 0 };
	struct buffer b = buffer_new(p.fd, 16 * MIB, 0);
	uint32_t address = must_map(p.fd, &b, 0, b.size, KEY);

	must_put(&p, KEY, 0, MAGIC);
	buffer_close(&b);
	CHECK_OK(qda_release(p.fd, &release));
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK_EQ(MAGIC, word_at(&b, 0));
	restart(&p);
	check_not_found(&p, KEY);
	check_faults(dsp, &p, address, false);
	buffers_finish(dsp);
}

/* ---- what is not mapped any more ---- */

static void check_after_unmap(bool write)
{
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p = probe_new(dsp);
	struct buffer b = buffer_new(p.fd, 2 * PAGE, 0);
	uint32_t address = must_map(p.fd, &b, 0, b.size, KEY);

	must_write(&p, address + PAGE, MAGIC);
	CHECK_EQ(MAGIC, word_at(&b, PAGE));
	buffer_close(&b);
	CHECK_EQ(MAGIC, must_read(&p, address + PAGE));
	must_unmap(p.fd, KEY);
	check_faults(dsp, &p, address + PAGE, write);
	CHECK_EQ(MAGIC, word_at(&b, PAGE));
	buffers_finish(dsp);
}

TEST(reading_after_unmap_is_a_fault)
{
	check_after_unmap(false);
}

TEST(writing_after_unmap_is_a_fault)
{
	check_after_unmap(true);
}

/* Usable by their address, zero at first, gone when they are taken away. */
TEST(heap_pages_are_usable_until_they_are_taken_away)
{
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p = probe_new(dsp);
	struct drm_qda_remote_map map = map_of_heap(MIB - 1);
	struct drm_qda_remote_munmap munmap;
	uint32_t address;

	CHECK_OK(qda_map(p.fd, &map));
	CHECK(map.vaddrout && map.vaddrout <= UINT32_MAX);
	address = map.vaddrout;
	for (uint32_t at = 0; at < MIB; at += MIB / 4) {
		CHECK_EQ(0, must_read(&p, address + at));
		must_write(&p, address + at, MAGIC + at);
		must_write(&p, address + at + MIB / 4 - 4, MAGIC);
		CHECK_EQ(MAGIC + at, must_read(&p, address + at));
	}
	/* The application cannot name it: it is under no key. */
	check_not_found(&p, 0);
	munmap = munmap_of_heap(map.vaddrout, MIB - 1);
	CHECK_OK(qda_munmap(p.fd, &munmap));
	check_faults(dsp, &p, address, true);
	buffers_finish(dsp);
}

/* ---- other sessions ---- */

/*
 * The buffers are so big that a part of each lies where the other session has nothing. The
 * process tries to read and to write there, and is made again when it has died of it.
 */
static void check_out_of_reach(struct dsp *dsp, struct probe *other, uint32_t address)
{
	check_faults(dsp, other, address, false);
	restart(other);
	check_faults(dsp, other, address, true);
	restart(other);
}

TEST(another_session_cannot_reach_what_is_mapped)
{
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe owner = probe_new(dsp), other = probe_new(dsp);
	struct buffer b = buffer_new(owner.fd, 16 * MIB, 0);
	struct drm_qda_remote_map heap = map_of_heap(8 * MIB);
	uint32_t address = must_map(owner.fd, &b, 0, b.size, KEY);

	CHECK_OK(qda_map(owner.fd, &heap));
	must_put(&owner, KEY, 0, MAGIC);
	must_write(&owner, heap.vaddrout, MAGIC);
	check_not_found(&other, KEY);
	check_out_of_reach(dsp, &other, address);
	check_out_of_reach(dsp, &other, heap.vaddrout);
	/* The owner does not notice. */
	CHECK_EQ(MAGIC, word_at(&b, 0));
	CHECK_EQ(MAGIC, must_get(&owner, KEY, 0));
	CHECK_EQ(MAGIC, must_read(&owner, heap.vaddrout));
	buffers_finish(dsp);
}

static uint32_t sum_of(struct probe *p, const struct buffer *b, uint64_t offset, uint64_t len)
{
	struct invocation *inv = inv_new(p->handle, PROBE_SUM);
	uint32_t sum = 0;

	inv_bo_in(inv, b->handle, offset, len);
	inv_out(inv, &sum, sizeof(sum));
	CHECK_OK(qda_invoke(p->fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	free(inv);
	return sum;
}

/* What a call used stays mapped for the next one; the same address is told by REMOTE_MAP. */
TEST(another_session_cannot_reach_what_a_call_uses)
{
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe owner = probe_new(dsp), other = probe_new(dsp);
	struct buffer b = buffer_new(owner.fd, 16 * MIB, 0);
	uint32_t address, sum;

	fill_pattern(b.mem, PAGE, 1);
	sum = sum_bytes(FNV_START, b.mem, PAGE);
	CHECK_EQ(sum, sum_of(&owner, &b, 0, PAGE));
	address = must_map(owner.fd, &b, 0, PAGE, KEY);
	must_unmap(owner.fd, KEY);
	CHECK_EQ(word_at(&b, 0), must_read(&owner, address));
	check_out_of_reach(dsp, &other, address);
	CHECK_EQ(sum, sum_bytes(FNV_START, b.mem, PAGE));
	CHECK_EQ(sum, sum_of(&owner, &b, 0, PAGE));
	buffers_finish(dsp);
}

/* ---- arguments ---- */

static void fill(struct probe *p, const struct buffer *b, uint64_t offset, uint64_t len,
		 uint32_t seed)
{
	struct invocation *inv = inv_new(p->handle, PROBE_FILL);

	inv_in(inv, &seed, sizeof(seed));
	inv_bo_out(inv, b->handle, offset, len);
	CHECK_OK(qda_invoke(p->fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	free(inv);
}

TEST(dsp_code_works_on_ranges_of_buffers)
{
	static const uint32_t ranges[][2] = { { 0, 1 },	     { 1, PAGE },  { PAGE - 1, 2 },
					      { 123, 9000 }, { 50000, 7 }, { 0, 64 * 1024 } };
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p = probe_new(dsp);
	struct buffer b = buffer_new(p.fd, 64 * 1024, 0);
	unsigned char *before = malloc(b.size);

	for (uint32_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		uint32_t offset = ranges[i][0], len = ranges[i][1];

		fill_pattern(b.mem, b.size, i);
		memcpy(before, b.mem, b.size);
		CHECK_EQ(sum_bytes(FNV_START, b.mem + offset, len), sum_of(&p, &b, offset, len));
		fill(&p, &b, offset, len, i + 1);
		check_filled(b.mem + offset, len, i + 1);
		CHECK_MEM(before, b.mem, offset);
		CHECK_MEM(before + offset + len, b.mem + offset + len, b.size - offset - len);
	}
	free(before);
	buffers_finish(dsp);
}

static void call_handle(struct probe *p, struct invocation *inv)
{
	CHECK_OK(qda_invoke(p->fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	free(inv);
}

/* The offset counts in the range that is under the key. */
TEST(dsp_code_works_on_dma_handles)
{
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p = probe_new(dsp);
	struct buffer b = buffer_new(p.fd, 8 * PAGE, 0);
	struct invocation *inv = inv_new(p.handle, PROBE_SUM_HANDLE);
	uint32_t words[2] = { 5000, 77 }, sum = 0;

	fill_pattern(b.mem, b.size, 1);
	must_map(p.fd, &b, 2 * PAGE, 4 * PAGE, KEY);
	inv_in(inv, words, sizeof(words[0]));
	inv_out(inv, &sum, sizeof(sum));
	inv_key_in(inv, KEY, 1234, 5000);
	call_handle(&p, inv);
	CHECK_EQ(sum_bytes(FNV_START, b.mem + 2 * PAGE + 1234, 5000), sum);
	inv = inv_new(p.handle, PROBE_FILL_HANDLE);
	inv_in(inv, words, sizeof(words));
	inv_key_out(inv, KEY, 4 * PAGE - 5000, 5000);
	call_handle(&p, inv);
	check_filled(b.mem + 6 * PAGE - 5000, 5000, 77);
	buffers_finish(dsp);
}

enum { IN = 40, OUT = 41, HANDLES = 15, LEN = 100 };

static void add_inputs(struct invocation *inv, const struct buffer *b, unsigned char *mem,
		       uint32_t *sum)
{
	for (int i = 0; i < IN; i++) {
		uint32_t len = i % 5 == 4 ? 0 : LEN - i;

		if (i % 2)
			inv_bo_in(inv, b->handle, i * LEN, len);
		else
			inv_in(inv, mem + i * LEN, len);
		*sum = sum_bytes(*sum, (i % 2 ? b->mem : mem) + i * LEN, len);
	}
}

static void add_outputs(struct invocation *inv, const struct buffer *b, unsigned char *mem)
{
	for (int i = 1; i < OUT; i++) {
		uint32_t len = i % 5 == 4 ? 0 : LEN - i;

		if (i % 2)
			inv_bo_out(inv, b->handle, i * LEN, len);
		else
			inv_out(inv, mem + i * LEN, len);
	}
}

static void check_outputs(const struct buffer *b, const unsigned char *mem)
{
	for (int i = 1; i < OUT; i++)
		if (i % 5 != 4)
			check_filled((i % 2 ? b->mem : mem) + i * LEN, LEN - i, i);
}

/* INLINE, BO, KEY and empty ones in one call; the DSP sums up all inputs and fills all outputs. */
TEST(dsp_code_works_on_all_kinds_at_once)
{
	static unsigned char mem[IN * LEN], outs[OUT * LEN];
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p = probe_new(dsp);
	struct buffer in = buffer_new(p.fd, sizeof(mem), 0);
	struct buffer out = buffer_new(p.fd, sizeof(outs), QDA_GEM_WC), k[2 * HANDLES];
	struct invocation *inv = inv_new(p.handle, PROBE_ALL);
	uint32_t sum = FNV_START, seen = 0;

	fill_pattern(mem, sizeof(mem), 1);
	fill_pattern(in.mem, in.size, 2);
	add_inputs(inv, &in, mem, &sum);
	inv_out(inv, &seen, sizeof(seen));
	add_outputs(inv, &out, outs);
	for (int i = 0; i < 2 * HANDLES; i++) {
		k[i] = buffer_new(p.fd, PAGE, 0);
		fill_pattern(k[i].mem, PAGE, i);
		must_map(p.fd, &k[i], 0, PAGE, i);
		if (i < HANDLES) {
			inv_key_in(inv, i, PAGE - 50, 50);
			sum = sum_bytes(sum, k[i].mem + PAGE - 50, 50);
		} else {
			inv_key_out(inv, i, PAGE - 50, 50);
		}
	}
	call_handle(&p, inv);
	CHECK_EQ(sum, seen);
	check_outputs(&out, outs);
	for (int i = HANDLES; i < 2 * HANDLES; i++)
		check_filled(k[i].mem + PAGE - 50, 50, OUT + i - HANDLES);
	buffers_finish(dsp);
}
