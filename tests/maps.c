// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Memory that a process has for longer than a call. The DSP hears of it once, by the
 * application's key; it is there exactly until the DSP has said that it is gone or
 * the process is, whoever waits, is killed, closes or crashes meanwhile.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
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

static void *page_mem(struct dsp *dsp, const struct frpc_page *page)
{
	return dsp_mem(dsp, page->addr, page->size);
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

	b.mem = mmap(NULL, b.size, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	CHECK(b.mem != MAP_FAILED);
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

static struct frpc_page heap_map(struct dsp *dsp, struct session *s, uint64_t size, uint64_t vaddr)
{
	struct drm_qda_remote_map map = map_of_heap(size);
	struct job *job = map_start(s->fd, &map);
	struct frpc_page page;
	struct dsp_call call;

	expect_map(dsp, s, &map, &call, &page);
	reply_map(dsp, &call, 0, vaddr);
	CHECK_OK(job_wait(job));
	CHECK_EQ(vaddr, map.vaddrout);
	return page;
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
		struct frpc_page page = heap_map(dsp, &s, size, vaddr);
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
		heap_map(dsp, &s, 2 * PAGE, 0);
	heap_map(dsp, &s, PAGE, 0);
	for (int left = 4; left > 1; left--) {
		CHECK_EQ(left, qda_get(dsp, "remote_maps"));
		heap_unmap(dsp, &s, 0, 2 * PAGE);
	}
	heap_unmap(dsp, &s, 0, PAGE);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

/* ---- nobody waits for the answer ---- */

struct request {
	int fd;
	unsigned long cmd;
	void *arg;
};

static int make_request(void *arg)
{
	struct request *r = arg;

	do_ioctl(r->fd, r->cmd, r->arg);
	return 0;
}

/* A process whose file somebody else has as well, so its session goes on without it. */
static pid_t start_client(int fd, unsigned long cmd, void *arg)
{
	struct request r = { fd, cmd, arg };

	return client_start(make_request, &r);
}

struct orphan {
	int fd;
	struct session s;
	struct buffer b;
	struct frpc_page page;
	struct dsp_call call;
};

/* Somebody was killed while the DSP maps. The handle is closed, so only that holds the buffer. */
static struct orphan kill_a_map(struct dsp *dsp)
{
	struct orphan o = { .fd = accel_open(dsp->node) };
	struct drm_qda_remote_map map;
	pid_t pid;

	o.s = session_create(dsp, o.fd);
	o.b = buffer_new(o.fd, 2 * PAGE, 0);
	map = map_of(&o.b, 0, 2 * PAGE, KEY);
	pid = start_client(o.fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);
	expect_map(dsp, &o.s, &map, &o.call, &o.page);
	client_kill(pid);
	buffer_close(&o.b);
	memset(o.b.mem, POISON, o.b.size);
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	CHECK_EQ(POISON, *(unsigned char *)page_mem(dsp, &o.page));
	return o;
}

/* The same while it unmaps. */
static struct orphan kill_an_unmap(struct dsp *dsp)
{
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	struct orphan o = { .fd = accel_open(dsp->node) };
	pid_t pid;

	o.s = session_create(dsp, o.fd);
	o.b = buffer_new(o.fd, 2 * PAGE, 0);
	o.page = map_key(dsp, &o.s, &o.b, 0, 2 * PAGE, KEY);
	buffer_close(&o.b);
	pid = start_client(o.fd, DRM_IOCTL_QDA_REMOTE_MUNMAP, &munmap);
	expect_munmap(dsp, &o.s, &munmap, REMOTE_VADDR + KEY, 2 * PAGE, &o.call);
	client_kill(pid);
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	CHECK(dsp_can_read(dsp, o.page.addr));
	return o;
}

static void orphan_finish(struct dsp *dsp, struct orphan *o)
{
	dsp_serve(dsp, NULL, NULL);
	close(o->fd);
	buffers_finish(dsp);
}

/* Nothing is mapped any more, the key is free, and nobody had to ask for that. */
static void check_gone(struct dsp *dsp, struct orphan *o)
{
	struct buffer b;

	qda_wait(dsp, "mappings", 0);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK(!dsp_can_read(dsp, o->page.addr));
	b = buffer_new(o->fd, PAGE, 0);
	map_key(dsp, &o->s, &b, 0, PAGE, KEY);
	unmap_key(dsp, &o->s, KEY, PAGE);
}

static bool is_mapped(void *arg)
{
	struct orphan *o = arg;
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	int ret = qda_munmap(o->fd, &munmap);

	CHECK(ret == -EBUSY || ret == -EREMOTEIO);
	return ret == -EREMOTEIO;
}

static uint32_t refuse(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	(void)dsp;
	(void)call;
	(void)arg;
	return FRPC_EBADPARM;
}

/* It is mapped: the DSP can refuse to unmap it, and then do it. */
static void check_mapped(struct dsp *dsp, struct orphan *o)
{
	dsp_serve(dsp, refuse, NULL);
	if (!wait_for(is_mapped, o))
		FAIL("the late answer was not taken in");
	dsp_serve_end(dsp);
	CHECK(dsp_can_read(dsp, o->page.addr));
	unmap_key(dsp, &o->s, KEY, o->page.size);
	check_gone(dsp, o);
}

TEST(killed_map_late_success_is_mapped)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct orphan o = kill_a_map(dsp);

	reply_map(dsp, &o.call, 0, REMOTE_VADDR + KEY);
	check_mapped(dsp, &o);
	orphan_finish(dsp, &o);
}

TEST(killed_map_late_failure_leaves_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct orphan o = kill_a_map(dsp);

	reply_map(dsp, &o.call, FRPC_ENOMEMORY, REMOTE_VADDR);
	check_gone(dsp, &o);
	orphan_finish(dsp, &o);
}

TEST(killed_unmap_late_success_unmaps)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct orphan o = kill_an_unmap(dsp);

	dsp_reply(dsp, &o.call, 0);
	check_gone(dsp, &o);
	orphan_finish(dsp, &o);
}

TEST(killed_unmap_late_failure_is_mapped)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct orphan o = kill_an_unmap(dsp);

	dsp_reply(dsp, &o.call, FRPC_EBADPARM);
	check_mapped(dsp, &o);
	orphan_finish(dsp, &o);
}

/* Only the first answer counts, however many there are. */
TEST(late_answers_that_come_twice)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct orphan o = kill_a_map(dsp);
	long long dropped = qda_get(dsp, "dropped_messages");

	reply_map(dsp, &o.call, FRPC_ENOMEMORY, 0);
	for (int i = 0; i < 5; i++)
		dsp_reply(dsp, &o.call, 0);
	CHECK_EQ(dropped + 5, qda_get(dsp, "dropped_messages"));
	check_gone(dsp, &o);
	orphan_finish(dsp, &o);
}

TEST(file_closed_while_an_answer_is_missing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct orphan o = kill_a_map(dsp);
	struct dsp_call release;

	buffer_munmap(&o.b);
	close(o.fd);
	expect_release(dsp, &release, o.s.id);
	dsp_reply(dsp, &release, 0);
	/* The process is gone, but the DSP still has a call to do. */
	qda_wait(dsp, "processes", 0);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK(dsp_can_read(dsp, o.page.addr));
	reply_map(dsp, &o.call, 0, REMOTE_VADDR);
	qda_wait(dsp, "sessions", 0);
	CHECK_EQ(dsp->pages_at_start, vdsp_get(dsp, "pages_mapped"));
	buffers_finish(dsp);
}

/* An answer to the last process's call says nothing about the next one's mapping. */
TEST(late_answer_after_the_process)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct orphan o = kill_a_map(dsp);
	struct buffer b;
	struct frpc_page page;

	session_release(dsp, &o.s);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK(dsp_can_read(dsp, o.page.addr));
	o.s = session_create(dsp, o.fd);
	b = buffer_new(o.fd, PAGE, 0);
	page = map_key(dsp, &o.s, &b, 0, PAGE, KEY);
	reply_map(dsp, &o.call, FRPC_ENOMEMORY, 0);
	qda_wait(dsp, "mappings", 1);
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	CHECK(!dsp_can_read(dsp, o.page.addr));
	CHECK(dsp_can_read(dsp, page.addr));
	unmap_key(dsp, &o.s, KEY, PAGE);
	orphan_finish(dsp, &o);
}

/* More of them than calls that a session can have: the DSP answers none, then all. */
TEST(killed_maps_give_everything_back)
{
	enum { COUNT = 40 };
	static struct dsp_call calls[COUNT];
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct buffer b = buffer_new(fd, PAGE, 0);
	struct frpc_page page;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < COUNT; i++) {
			struct drm_qda_remote_map map = map_of(&b, 0, PAGE, i);
			pid_t pid = start_client(fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);

			expect_map(dsp, &s, &map, &calls[i], &page);
			client_kill(pid);
		}
		CHECK_EQ(COUNT, qda_get(dsp, "remote_maps"));
		for (int i = 0; i < COUNT; i++)
			reply_map(dsp, &calls[i], FRPC_ENOMEMORY, 0);
		qda_wait(dsp, "remote_maps", 0);
	}
	map_key(dsp, &s, &b, 0, PAGE, 0);
	buffer_munmap(&b);
	close(fd);
	buffers_finish(dsp);
}

/* ---- the end of the process ---- */

enum { MAPS = 5 };

/* A mapping of each sort, by handles that are closed. */
static void map_some(struct dsp *dsp, struct session *s, uint64_t addr[MAPS])
{
	struct buffer b = buffer_new(s->fd, 4 * PAGE, 0), wc = buffer_new(s->fd, PAGE, QDA_GEM_WC);

	long long mappings = qda_get(dsp, "mappings");

	addr[0] = map_key(dsp, s, &b, PAGE, PAGE, 1).addr;
	addr[1] = map_key(dsp, s, &b, 0, 4 * PAGE, 2).addr;
	addr[2] = map_key(dsp, s, &wc, 0, PAGE, 3).addr;
	addr[3] = heap_map(dsp, s, PAGE, 0).addr;
	addr[4] = heap_map(dsp, s, 3 * PAGE, 0).addr;
	buffer_close(&b);
	buffer_munmap(&b);
	buffer_close(&wc);
	buffer_munmap(&wc);
	CHECK_EQ(MAPS, qda_get(dsp, "remote_maps"));
	CHECK_EQ(mappings + 4, qda_get(dsp, "mappings"));
}

static void check_reach(struct dsp *dsp, const uint64_t addr[MAPS], bool reach)
{
	for (int i = 0; i < MAPS; i++)
		CHECK_EQ(reach, dsp_can_read(dsp, addr[i]));
}

/* Not before the DSP has answered. */
TEST(release_ends_mappings)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_session_release release = { 0 };
	uint64_t addr[MAPS];
	struct dsp_call call;
	struct job *job;

	for (int round = 0; round < 3; round++) {
		map_some(dsp, &s, addr);
		job = release_start(s.fd, &release);
		expect_release(dsp, &call, s.id);
		check_reach(dsp, addr, true);
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		CHECK_EQ(0, qda_get(dsp, "remote_maps"));
		CHECK_EQ(0, qda_get(dsp, "mappings"));
		check_reach(dsp, addr, false);
		s = session_create(dsp, s.fd);
	}
	buffers_finish(dsp);
}

TEST(crash_of_the_process_ends_mappings_with_its_release)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_init_create create = UNSIGNED_PD;
	uint64_t addr[MAPS];
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;

	map_some(dsp, &s, addr);
	session_die(dsp, &s);
	CHECK_EQ(MAPS, qda_get(dsp, "remote_maps"));
	job = create_start(s.fd, &create);
	expect_release(dsp, &call, s.id);
	check_reach(dsp, addr, true);
	dsp_reply(dsp, &call, 0);
	expect_create(dsp, &call, &wire);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	s.id = wire.client_id;
	map_some(dsp, &s, addr);
	buffers_finish(dsp);
}

TEST(close_ends_mappings)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	uint64_t addr[MAPS];
	struct dsp_call call;

	map_some(dsp, &s, addr);
	close(fd);
	expect_release(dsp, &call, s.id);
	check_reach(dsp, addr, true);
	CHECK_EQ(MAPS, qda_get(dsp, "remote_maps"));
	dsp_reply(dsp, &call, 0);
	qda_wait(dsp, "sessions", 0);
	CHECK_EQ(dsp->pages_at_start, vdsp_get(dsp, "pages_mapped"));
	check_reach(dsp, addr, false);
	buffers_finish(dsp);
}

/* Mapped, being mapped, being unmapped, and waited for by nobody. */
TEST(dsp_goes_away)
{
	struct dsp *dsp = dsp_new("cdsp banks=2");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_remote_map map = map_of(&b, 0, PAGE, 10);
	struct drm_qda_remote_munmap munmap = munmap_of(1);
	struct orphan o = kill_a_map(dsp);
	uint64_t addr[MAPS];
	struct frpc_page page;
	struct dsp_call call;
	struct job *jobs[2];

	/* The other session has one already. */
	session_release(dsp, &o.s);
	map_some(dsp, &s, addr);
	jobs[0] = map_start(s.fd, &map);
	expect_map(dsp, &s, &map, &call, &page);
	jobs[1] = munmap_start(s.fd, &munmap);
	expect_munmap(dsp, &s, &munmap, REMOTE_VADDR + 1, PAGE, &call);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(jobs[0]));
	CHECK_ERR(-EPIPE, job_wait(jobs[1]));
	CHECK_EQ(0, vdsp_get(dsp, "pages_mapped"));
	CHECK_EQ(0, vdsp_get(dsp, "pages_lost"));
	buffer_munmap(&o.b);
	close(o.fd);
	buffers_finish(dsp);
}

/* The memory of what was mapped is the application's to the end. */
TEST(mmap_outlives_the_mapping)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct frpc_page page = map_key(dsp, &s, &b, 0, PAGE, KEY);

	memset(page_mem(dsp, &page), 5, PAGE);
	dsp_down(dsp);
	CHECK_EQ(5, b.mem[0]);
	b.mem[PAGE - 1] = 1;
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
	struct frpc_page heap = heap_map(dsp, &owner, 8 * MIB, 0);

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

/* ---- many at once ---- */

/* Who never got a turn has reserved nothing, whether it was killed or ran out of time. */
TEST(killed_or_too_late_while_it_waits_for_its_turn)
{
	enum { CALLS = 111 };
	static struct dsp_call calls[CALLS];
	static struct job *jobs[CALLS];
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct buffer b = buffer_new(fd, PAGE, 0);
	struct drm_qda_remote_map map = map_of(&b, 0, PAGE, KEY);
	struct invocation *inv = inv_new(TEST_HANDLE, 0);
	pid_t pid;

	for (int i = 0; i < CALLS; i++) {
		jobs[i] = invoke_start(fd, &inv->req);
		dsp_expect(dsp, &calls[i], TEST_HANDLE, 0);
	}
	pid = start_client(fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);
	qda_wait(dsp, "remote_maps", 1);
	dsp_expect_silence(dsp);
	client_kill(pid);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK_ERR(-ETIMEDOUT, qda_map(fd, &map));
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK_EQ(0, map.vaddrout);
	for (int i = 0; i < CALLS; i++) {
		dsp_reply(dsp, &calls[i], 0);
		CHECK_OK(job_wait(jobs[i]));
	}
	/* Nothing was waiting to be said. */
	map_key(dsp, &s, &b, 0, PAGE, KEY);
	buffer_munmap(&b);
	close(fd);
	buffers_finish(dsp);
}

struct racer {
	struct session *s;
	struct buffer *b;
	atomic_bool *stop;
	unsigned int seed;
	atomic_ulong worked;
};

/* Every one of them has done something: without that nothing has been tested. */
static bool all_worked(struct racer *r, int count)
{
	for (int i = 0; i < count; i++)
		if (!atomic_load(&r[i].worked))
			return false;
	return true;
}

static unsigned long all_work(struct racer *r, int count)
{
	unsigned long work = 0;

	for (int i = 0; i < count; i++)
		work += atomic_load(&r[i].worked);
	return work;
}

static void race_map(struct racer *r)
{
	struct drm_qda_remote_map map = map_of(r->b, 0, PAGE, KEY);
	int ret = qda_map(r->s->fd, &map);

	if (ret && ret != -EEXIST)
		FAIL("mapping in a race: %d", ret);
	r->worked += !ret;
}

static void race_unmap(struct racer *r)
{
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	int ret = qda_munmap(r->s->fd, &munmap);

	if (ret && ret != -ENOENT && ret != -EBUSY)
		FAIL("unmapping in a race: %d", ret);
	r->worked += !ret;
}

static void race_call(struct racer *r)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	int ret;

	inv_key_in(inv, KEY, 5, 100);
	ret = qda_invoke(r->s->fd, &inv->req);
	if (ret && ret != -ENOENT)
		FAIL("a call in a race: %d", ret);
	r->worked += !ret;
	free(inv);
}

static void *racer_main(void *data)
{
	static void (*const steps[])(struct racer *) = { race_map, race_unmap, race_call };
	struct racer *r = data;

	while (!atomic_load(r->stop))
		steps[rand_r(&r->seed) % ARRAY_SIZE(steps)](r);
	return NULL;
}

/* Reads what each handle stands for: the memory is there as long as the call. */
static uint32_t read_handles(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	(void)arg;
	if (call->msg.handle == FRPC_HANDLE_INIT)
		return 0;
	if (!dsp_can_read(dsp, call->page[0].addr))
		FAIL("a call's handle stands for memory that is not mapped");
	return 0;
}

TEST(one_key_from_many_threads)
{
	enum { THREADS = 6, CALLS = 1000 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	struct racer r[THREADS];
	pthread_t threads[THREADS];
	atomic_bool stop = false;
	long long first = vdsp_get(dsp, "calls");

	dsp_serve(dsp, read_handles, NULL);
	for (unsigned int i = 0; i < THREADS; i++) {
		r[i] = (struct racer){ .s = &s, .b = &b, .stop = &stop, .seed = i };
		CHECK(!pthread_create(&threads[i], NULL, racer_main, &r[i]));
	}
	while (vdsp_get(dsp, "calls") < first + CALLS || !all_worked(r, THREADS))
		usleep(10000);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	qda_munmap(s.fd, &munmap);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	buffer_close(&b);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

/* The same while the process is made and released. */
static bool is_expected(int ret)
{
	return !ret || ret == -ENOENT || ret == -EBUSY || ret == -EEXIST || ret == -ENOTCONN;
}

static void *mapper_main(void *data)
{
	struct racer *r = data;

	while (!atomic_load(r->stop)) {
		struct drm_qda_remote_map map = map_of(r->b, 0, PAGE, rand_r(&r->seed) % 3);
		struct drm_qda_remote_map heap = map_of_heap(PAGE);
		struct drm_qda_remote_munmap munmap = munmap_of(rand_r(&r->seed) % 3);
		int ret[3] = { qda_map(r->s->fd, &map), qda_map(r->s->fd, &heap),
			       qda_munmap(r->s->fd, &munmap) };

		for (int i = 0; i < 3; i++)
			if (!is_expected(ret[i]))
				FAIL("step %d of a race: %d", i, ret[i]);
		r->worked += !ret[0] || !ret[1];
	}
	return NULL;
}

TEST(processes_come_and_go_while_threads_map)
{
	enum { THREADS = 3, ROUNDS = 15 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_session_release release = { 0 };
	struct racer r[THREADS];
	pthread_t threads[THREADS];
	atomic_bool stop = false;

	dsp_serve(dsp, NULL, NULL);
	for (unsigned int i = 0; i < THREADS; i++) {
		r[i] = (struct racer){ .s = &s, .b = &b, .stop = &stop, .seed = i };
		CHECK(!pthread_create(&threads[i], NULL, mapper_main, &r[i]));
	}
	for (int round = 0; round < ROUNDS || !all_worked(r, THREADS); round++) {
		struct drm_qda_init_create create = UNSIGNED_PD;

		CHECK_OK(qda_release(s.fd, &release));
		CHECK_OK(qda_create(s.fd, &create));
		/* The next release meets them at work. */
		for (unsigned long before = all_work(r, THREADS); all_work(r, THREADS) == before;)
			usleep(1000);
	}
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK_OK(qda_release(s.fd, &release));
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	buffers_finish(dsp);
}
