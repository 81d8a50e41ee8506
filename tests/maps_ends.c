// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * How persistent mappings end when nobody waits for the DSP, and with their process. Part of
 * the suite "maps".
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "remote_map.h"
#include "sys.h"

#define KEY 7

/* ---- nobody waits for the answer ---- */

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
	pid = client_ioctl(o.fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);
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
	pid = client_ioctl(o.fd, DRM_IOCTL_QDA_REMOTE_MUNMAP, &munmap);
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
			pid_t pid = client_ioctl(fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);

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
	session_release(dsp, &s);
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
	addr[3] = map_heap(dsp, s, PAGE, 0).addr;
	addr[4] = map_heap(dsp, s, 3 * PAGE, 0).addr;
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
	struct orphan o = kill_a_map(dsp);
	struct pending_munmap munmap;
	struct pending_map map;
	uint64_t addr[MAPS];

	/* The other session has one already. */
	session_release(dsp, &o.s);
	map_some(dsp, &s, addr);
	map_begin(dsp, &s, map_of(&b, 0, PAGE, 10), &map);
	munmap_begin(dsp, &s, 1, PAGE, &munmap);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(map.job));
	CHECK_ERR(-EPIPE, job_wait(munmap.job));
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
