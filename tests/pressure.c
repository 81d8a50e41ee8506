// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Little memory: a small memory cgroup, and what pressure_faults.c has. An ioctl fails with
 * -ENOMEM then, nobody is killed, nothing is left behind, and the next one works.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "pressure.h"
#include "remote_map.h"
#include "sys.h"

/* ---- a small memory cgroup ---- */

#define CGROUPS "/sys/fs/cgroup/"
#define CGROUP	CGROUPS "qda-pressure/"

static void cgroup_remove(void)
{
	if (!access(CGROUP, F_OK) && rmdir(CGROUP))
		ktap_note("%s: %m", CGROUP);
}

static void after_each(void)
{
	fault_reset();
	buffers_after_each();
	cgroup_remove();
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(after_each);
}

static void cgroup_enter(void)
{
	if (write_text(CGROUPS "cgroup.subtree_control", "+memory"))
		FAIL("there is no memory controller");
	if (mkdir(CGROUP, 0755))
		FAIL("%s: %m", CGROUP);
	CHECK_OK(write_text(CGROUP "cgroup.procs", "0"));
}

long long charged(void)
{
	return read_number(CGROUP "memory.current");
}

static long long killed(void)
{
	char text[512];
	const char *line;

	read_text(CGROUP "memory.events", text, sizeof(text));
	line = strstr(text, "oom_kill ");
	if (!line)
		FAIL("no oom_kill in memory.events");
	return atoll(line + strlen("oom_kill "));
}

/*
 * Each CPU has some bytes that were charged in advance; a lower limit for a moment gives them
 * back.
 */
void only(long long more)
{
	int fd = open(CGROUP "memory.high", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || pwrite(fd, "0", 1, 0) != 1 || pwrite(fd, "max", 3, 0) != 3)
		FAIL("memory.high: %m");
	close(fd);
	write_number(CGROUP "memory.max", charged() + more);
}

void no_limit(void)
{
	CHECK_OK(write_text(CGROUP "memory.max", "max"));
}

#define HELD (TEST_HANDLE + 1)

/* One byte for each call that may go on. */
static int held[2];

static uint32_t hold(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	char byte;

	if (call->msg.handle == HELD && read(held[0], &byte, 1) != 1)
		FAIL("pipe: %m");
	return dsp_echo(dsp, call, arg);
}

struct inside {
	void (*fn)(struct dsp *dsp);
	struct dsp *dsp;
};

/* In a process that has the memory of its own that it needs. */
static int in_cgroup(void *arg)
{
	struct inside *inside = arg;

	cgroup_enter();
	if (mlockall(MCL_CURRENT))
		FAIL("mlockall: %m");
	inside->fn(inside->dsp);
	CHECK_EQ(0, killed());
	return 0;
}

static bool nothing_is_charged(void *arg)
{
	(void)arg;
	return charged() < MIB;
}

void run_in_cgroup(const char *line, void (*fn)(struct dsp *dsp))
{
	struct dsp *dsp = dsp_new(line);
	struct inside inside = { fn, dsp };

	dsp_serve(dsp, hold, NULL);
	CHECK_EQ(0, client_wait(client_start(in_cgroup, &inside)));
	CHECK_EQ(0, killed());
	if (!wait_for(nothing_is_charged, NULL))
		FAIL("%lld bytes are charged to processes that are gone", charged());
	dsp_finish(dsp);
}

static int make_process(int fd)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	return qda_create(fd, &create);
}

/* With its pages: they come with the mapping. A buffer without all of them is closed. */
static void *try_buffer(int fd, uint64_t size)
{
	struct drm_qda_gem_create create;
	struct buffer b = { .fd = fd };
	void *p;

	CHECK_OK(gem_create(fd, size, 0, &create));
	b.handle = create.handle;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)buffer_offset(&b));
	if (p == MAP_FAILED) {
		CHECK_EQ(ENOMEM, errno);
		buffer_close(&b);
		return NULL;
	}
	memset(p, 1, size);
	return p;
}

static void buffers(struct dsp *dsp)
{
	int fd = accel_open(dsp->node);
	unsigned int count = 0;
	void *p, *last = NULL;

	only(8 * MIB);
	while ((p = try_buffer(fd, MIB))) {
		last = p;
		CHECK(++count <= 8);
	}
	CHECK(count >= 5);
	CHECK_EQ(count, qda_get(dsp, "buffer_objects"));
	/* It does not get better by trying, nor worse. */
	for (int i = 0; i < 8; i++)
		CHECK(!try_buffer(fd, MIB));
	no_limit();
	CHECK(try_buffer(fd, MIB));
	CHECK(!munmap(last, MIB));
	close(fd);
}

TEST(buffers_in_a_small_cgroup)
{
	run_in_cgroup("cdsp", buffers);
}

static void processes(struct dsp *dsp)
{
	int fd = accel_open(dsp->node);

	only(MIB);
	CHECK_ERR(-ENOMEM, make_process(fd));
	CHECK_EQ(0, vdsp_get(dsp, "calls"));
	CHECK_EQ(0, qda_get(dsp, "processes"));
	CHECK_EQ(0, qda_get(dsp, "buffer_objects"));
	CHECK_EQ(0, qda_get(dsp, "mapped_pages"));
	no_limit();
	CHECK_OK(make_process(fd));
	close(fd);
}

TEST(process_in_a_small_cgroup_enomem)
{
	run_in_cgroup("cdsp", processes);
}

bool is_uncharged(void *arg)
{
	return charged() < *(long long *)arg;
}

static void memory_of_a_process(struct dsp *dsp)
{
	struct drm_qda_session_release release = { 0 };
	int fd = accel_open(dsp->node);
	long long before = charged(), limit = before + MIB;

	CHECK_OK(make_process(fd));
	CHECK(charged() >= before + 4 * MIB);
	CHECK_OK(qda_release(fd, &release));
	/* The next process gets the same memory; what CPUs had charged in advance may be gone. */
	CHECK(charged() >= before + 3 * MIB);
	CHECK_OK(make_process(fd));
	CHECK(charged() < before + 8 * MIB);
	close(fd);
	CHECK(wait_for(is_uncharged, &limit));
}

TEST(memory_of_a_process_is_charged_to_who_makes_it)
{
	run_in_cgroup("cdsp", memory_of_a_process);
}

/* Sessions, each with a context bank of its own */
#define ATTACHING 12

/*
 * Attaching takes memory for calls, some hundred KiB. A CPU may have 64 pages charged in
 * advance, so only several sessions together surely need more than there is.
 */
static void attaching(struct dsp *dsp)
{
	struct drm_qda_remote_attach attach = ROOT_PD;
	int fds[ATTACHING], attached = 0, ret = 0;
	long long calls = vdsp_get(dsp, "calls");

	for (int i = 0; i < ATTACHING; i++)
		fds[i] = accel_open(dsp->node);
	only(64 << 10);
	while (!ret && attached < ATTACHING) {
		ret = qda_attach(fds[attached], &attach);
		attached += !ret;
	}
	no_limit();
	ktap_note("%d sessions attached", attached);
	CHECK_ERR(-ENOMEM, ret);
	CHECK_EQ(calls + attached, vdsp_get(dsp, "calls"));
	CHECK_OK(qda_attach(fds[attached], &attach));
	for (int i = 0; i < ATTACHING; i++)
		close(fds[i]);
}

TEST(attach_in_a_small_cgroup_enomem)
{
	run_in_cgroup("cdsp banks=12", attaching);
}

static void large_calls(struct dsp *dsp)
{
	static unsigned char in[MIB / 2], out[MIB / 2];
	struct invocation *large = inv_new(TEST_HANDLE, 1), *small = inv_new(TEST_HANDLE, 2),
			  *buffer = inv_new(TEST_HANDLE, 3);
	int fd = accel_open(dsp->node);
	struct drm_qda_remote_map map = map_of_heap(MIB);
	struct drm_qda_gem_create create;

	CHECK_OK(make_process(fd));
	CHECK_OK(gem_create(fd, MIB, 0, &create));
	inv_in(large, in, sizeof(in));
	inv_out(large, out, sizeof(out));
	inv_in(small, in, 100);
	inv_out(small, out, 100);
	inv_bo_in(buffer, create.handle, 0, 100);
	memset(in, 5, sizeof(in));
	memset(out, 6, sizeof(out));
	only(MIB / 2);
	CHECK_ERR(-ENOMEM, qda_invoke(fd, &large->req));
	CHECK_ERR(-ENOMEM, qda_map(fd, &map));
	CHECK_ERR(-ENOMEM, qda_invoke(fd, &buffer->req));
	/* Until its handle is closed it keeps the pages that it did get. */
	CHECK_OK(gem_close(fd, create.handle));
	CHECK_OK(qda_invoke(fd, &small->req));
	CHECK_MEM(in, out, 100);
	no_limit();
	CHECK_OK(qda_invoke(fd, &large->req));
	CHECK_MEM(in, out, sizeof(in));
	CHECK_OK(gem_create(fd, MIB, 0, &create));
	buffer->args[0].handle = create.handle;
	CHECK_OK(qda_invoke(fd, &buffer->req));
	map = map_of_heap(MIB);
	CHECK_OK(qda_map(fd, &map));
	close(fd);
}

TEST(large_calls_in_a_small_cgroup_enomem)
{
	run_in_cgroup("cdsp", large_calls);
}

static void take_events(int fd, unsigned int count)
{
	struct drm_qda_event_invoke event;

	for (unsigned int i = 0; i < count; i++) {
		CHECK_EQ(sizeof(event), read(fd, &event, sizeof(event)));
		CHECK_EQ(i, event.user_data);
		CHECK_ERR(0, event.error);
	}
}

/*
 * More calls in flight than there is room for in the memory that a process begins with. What
 * was sent comes back, whatever becomes of the next one.
 */
static void many_calls_in(struct dsp *dsp, unsigned int room)
{
	static const char go[256];
	int fd = accel_open(dsp->node), ret;
	struct drm_qda_invoke call;
	unsigned int sent = 0;

	CHECK_OK(make_process(fd));
	only(room);
	do {
		call = (struct drm_qda_invoke){ .handle = HELD, .flags = QDA_INVOKE_ASYNC };
		call.user_data = sent;
		ret = qda_invoke(fd, &call);
		sent += !ret;
	} while (!ret);
	CHECK_ERR(-ENOMEM, ret);
	CHECK(sent >= 8);
	CHECK_EQ(sent, qda_get(dsp, "calls_in_flight"));
	no_limit();
	CHECK_EQ(sent, write(held[1], go, sent));
	take_events(fd, sent);
	CHECK_OK(qda_invoke(fd, &call));
	CHECK_EQ(1, write(held[1], go, 1));
	close(fd);
}

static void many_calls(struct dsp *dsp)
{
	many_calls_in(dsp, 64 << 10);
	many_calls_in(dsp, 128 << 10);
}

TEST(many_calls_in_a_small_cgroup_enomem)
{
	CHECK(!pipe(held));
	run_in_cgroup("cdsp", many_calls);
}
