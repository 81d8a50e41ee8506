// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Suspends of the system that are gone through with, and what works after the resume.
 *
 * The kernel's pm_test turns back at a chosen depth: what was suspended until then is
 * resumed, and the processors and clocks, but the machine is not switched off.
 * Needs a VM that has everything in memory, see vm/run --ram. That a suspend waits
 * for calls and which ones, is what the suite "visible" is about.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "legacy.h"
#include "remote_map.h"
#include "sys.h"

#define POWER	    "/sys/power/"
#define STATS	    POWER "suspend_stats/"
#define KAANAPALI   "cdsp soc=kaanapali"
#define LOOPBACK    "cdsp firmware=loopback"
#define SUCCESS	    0xdecafu
#define WORK_HANDLE 0x800000aau
#define KEY	    7
#define BYTES	    64

/* How a suspend is asked for and where it turns back. */
struct level {
	const char *test; /* name of the test */
	const char *state;
	const char *pm_test;
	bool devices; /* it gets as far as the devices */
};

/* Suspend to idle ends before the processors; only suspend to memory gets to them. */
static const struct level levels[] = {
	{ "idle_process_when_tasks_freeze", "freeze", "freezer", false },
	{ "idle_process_when_devices_idle", "freeze", "devices", true },
	{ "idle_process_when_the_platform_idles", "freeze", "platform", true },
	{ "idle_process_when_devices_sleep", "mem", "devices", true },
	{ "idle_process_when_processors_sleep", "mem", "processors", true },
	{ "idle_process_when_the_core_sleeps", "mem", "core", true },
};

static const struct level *const shallow = &levels[1], *const deep = &levels[5];

static void survive_level(const void *arg);

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(legacy_after_each);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		ktap_register(levels[i].test, survive_level, &levels[i]);
}

/* ---- suspending ---- */

static void need_machine_in_memory(void)
{
	char mounts[4096];

	read_text("/proc/mounts", mounts, sizeof(mounts));
	if (strstr(mounts, " 9p "))
		SKIP("the file systems of this VM do not survive a suspend");
	if (access(POWER "pm_test", W_OK))
		SKIP("this kernel cannot test a suspend");
}

/* What the kernel says of the suspend: 0 when everything was suspended and resumed. */
static int suspend_system(const struct level *level)
{
	need_machine_in_memory();
	write_number("/sys/module/suspend/parameters/pm_test_delay", 0);
	CHECK_OK(write_text(POWER "mem_sleep", "deep"));
	CHECK_OK(write_text(POWER "pm_test", level->pm_test));
	return write_text(POWER "state", level->state);
}

/* It works, no driver is left out, and the DSP does not hear anything of it. */
static void suspend_and_resume(struct dsp *dsp, const struct level *level)
{
	long long suspends = vdsp_get(dsp, "suspends"), success = read_number(STATS "success");
	long long calls = vdsp_get(dsp, "calls"), dropped = vdsp_get(dsp, "dropped");

	CHECK_OK(suspend_system(level));
	CHECK_EQ(success + 1, read_number(STATS "success"));
	CHECK_EQ(suspends + level->devices, vdsp_get(dsp, "suspends"));
	CHECK_EQ(vdsp_get(dsp, "suspends"), vdsp_get(dsp, "resumes"));
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	CHECK_EQ(dropped, vdsp_get(dsp, "dropped"));
}

/* The driver refuses, before the first device is suspended and after all tasks are frozen. */
static void suspend_is_refused(struct dsp *dsp)
{
	long long suspends = vdsp_get(dsp, "suspends");
	long long prepare = read_number(STATS "failed_prepare");
	double start = now_ms();

	CHECK_ERR(-EBUSY, suspend_system(deep));
	CHECK(now_ms() - start >= 1900);
	CHECK(now_ms() - start < 15000);
	CHECK_EQ(prepare + 1, read_number(STATS "failed_prepare"));
	CHECK_EQ(suspends, vdsp_get(dsp, "suspends"));
}

/* ---- calls ---- */

struct work {
	struct invocation *inv;
	struct job *job;
	struct dsp_call call;
	volatile uint32_t *word;
	unsigned char in[BYTES], out[BYTES];
};

static struct work *work_new(uint32_t handle)
{
	struct work *w = calloc(1, sizeof(*w));

	if (!w)
		FAIL("out of memory");
	fill_pattern(w->in, BYTES, 3);
	memset(w->out, POISON, BYTES);
	w->inv = inv_new(handle, 2);
	inv_in(w->inv, w->in, BYTES);
	inv_out(w->inv, w->out, BYTES);
	return w;
}

static struct work *work_begin(struct dsp *dsp, int fd, uint32_t handle)
{
	struct work *w = work_new(handle);

	w->job = invoke_start(fd, &w->inv->req);
	dsp_expect(dsp, &w->call, handle, 2);
	w->word = (uint32_t *)(w->call.fdlist + FRPC_FDLIST_COUNT) + FRPC_CRCLIST_COUNT;
	return w;
}

/* What the DSP does before it says that it is done. */
static void work_is_done(struct dsp *dsp, struct work *w)
{
	uint64_t len;
	void *in = dsp_arg(dsp, &w->call, 0, &len);

	memcpy(dsp_arg(dsp, &w->call, 1, &len), in, BYTES);
	__sync_synchronize();
}

static void work_check(struct work *w)
{
	CHECK_OK(job_wait(w->job));
	CHECK_EQ(0, w->inv->req.dsp_status);
	CHECK_MEM(w->in, w->out, BYTES);
	free(w->inv);
	free(w);
}

static void work_end(struct dsp *dsp, struct work *w)
{
	CHECK(!job_done(w->job));
	work_is_done(dsp, w);
	dsp_reply(dsp, &w->call, 0);
	work_check(w);
}

static void call_works(struct dsp *dsp, int fd)
{
	work_end(dsp, work_begin(dsp, fd, WORK_HANDLE));
}

/* A process on a DSP that answers by itself, in the kernel. */
static int loopback_session(struct dsp *dsp)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd;

	dsp_wait_node(dsp);
	fd = dsp_open(dsp);
	CHECK_OK(qda_create(fd, &create));
	return fd;
}

/* ---- buffers ---- */

/* The DSP reads the buffer where it always was and changes it there. */
static uint64_t use_buffer(struct dsp *dsp, int fd, struct buffer *b, unsigned int seed)
{
	struct invocation *inv = inv_new(WORK_HANDLE, 1);
	unsigned char *expected = malloc(b->size), *seen;
	struct dsp_call call;
	struct job *job;
	uint64_t len, addr;

	if (!expected)
		FAIL("out of memory");
	fill_pattern(expected, b->size, seed);
	CHECK_MEM(expected, b->mem, b->size);
	inv_bo_in(inv, b->handle, 0, b->size);
	inv_bo_out(inv, b->handle, 0, b->size);
	job = invoke_start(fd, &inv->req);
	dsp_expect(dsp, &call, WORK_HANDLE, 1);
	addr = call.page[call.list[0].pgidx].addr;
	seen = dsp_arg(dsp, &call, 0, &len);
	CHECK_EQ(b->size, len);
	CHECK_MEM(expected, seen, b->size);
	fill_pattern(seen, b->size, seed + 1);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	free(expected);
	free(inv);
	return addr;
}

/* ---- levels ---- */

static void survive_level(const void *arg)
{
	const struct level *level = arg;
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 5 * PAGE, 0);
	struct frpc_page page = map_key(dsp, &s, &b, 0, b.size, KEY);
	uint64_t addr;

	fill_pattern(b.mem, b.size, 1);
	addr = use_buffer(dsp, s.fd, &b, 1);
	for (unsigned int i = 2; i < 4; i++) {
		suspend_and_resume(dsp, level);
		CHECK_MEM(b.mem, dsp_mem(dsp, page.addr, b.size), b.size);
		CHECK_EQ(addr, use_buffer(dsp, s.fd, &b, i));
		call_works(dsp, s.fd);
	}
	unmap_key(dsp, &s, KEY, b.size);
	session_release(dsp, &s);
	suspend_and_resume(dsp, level);
	s = session_create(dsp, s.fd);
	use_buffer(dsp, s.fd, &b, 4);
	buffer_munmap(&b);
	dsp_finish(dsp);
}

/* ---- calls in flight ---- */

enum { CALLS = 8 };

TEST(calls_are_answered_before_devices_are_suspended)
{
	struct dsp *dsp = dsp_new_inside(LOOPBACK);
	struct work *work[CALLS];
	int fd = loopback_session(dsp);
	double start = now_ms();

	vdsp_set(dsp, "delay_us", 1000000);
	for (int i = 0; i < CALLS; i++) {
		work[i] = work_new(WORK_HANDLE);
		work[i]->job = invoke_start(fd, &work[i]->inv->req);
	}
	qda_wait(dsp, "calls_in_flight", CALLS);
	suspend_and_resume(dsp, deep);
	CHECK_EQ(0, qda_get(dsp, "calls_in_flight"));
	CHECK(now_ms() - start >= 900);
	for (int i = 0; i < CALLS; i++)
		work_check(work[i]);
	vdsp_set(dsp, "delay_us", 0);
	dsp_finish(dsp);
}

/* Its caller waits on as if nothing had been; so does one with a deadline, by another way. */
TEST(a_call_without_an_answer_keeps_the_system_awake)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct work *w = work_begin(dsp, s.fd, WORK_HANDLE);
	long long calls;

	suspend_is_refused(dsp);
	call_works(dsp, s.fd);
	work_end(dsp, w);
	suspend_and_resume(dsp, deep);

	w = work_new(WORK_HANDLE);
	w->inv->req.deadline = (uint64_t)((now_ms() + 50000) * 1e6);
	w->job = invoke_start(s.fd, &w->inv->req);
	dsp_expect(dsp, &w->call, WORK_HANDLE, 2);
	calls = vdsp_get(dsp, "calls");
	suspend_is_refused(dsp);
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	work_end(dsp, w);
	suspend_and_resume(dsp, deep);
	call_works(dsp, s.fd);
	dsp_finish(dsp);
}

TEST(calls_of_listeners_are_answered_after_the_resume)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct work *old = work_begin(dsp, s.fd, 3), *new = work_begin(dsp, s.fd, 7);

	suspend_and_resume(dsp, shallow);
	work_end(dsp, old);
	suspend_and_resume(dsp, deep);
	work_end(dsp, new);
	dsp_finish(dsp);
}

/* ---- calls at any moment ---- */

struct caller {
	pthread_t thread;
	int fd;
	volatile bool stop;
	volatile unsigned int calls;
};

static void *call_again_and_again(void *arg)
{
	struct caller *caller = arg;
	struct work *w = work_new(WORK_HANDLE);

	while (!caller->stop) {
		memset(w->out, POISON, BYTES);
		CHECK_OK(qda_invoke(caller->fd, &w->inv->req));
		CHECK_EQ(0, w->inv->req.dsp_status);
		CHECK_MEM(w->in, w->out, BYTES);
		caller->calls++;
	}
	free(w->inv);
	free(w);
	return NULL;
}

static bool has_called(void *arg)
{
	return ((struct caller *)arg)->calls >= 5;
}

/* Tasks are frozen wherever they are, and go on from there in the moment of the resume. */
static void suspend_among_calls(unsigned int delay_us)
{
	struct dsp *dsp = dsp_new_inside(LOOPBACK);
	struct caller callers[3] = { 0 };
	int fd = loopback_session(dsp);

	vdsp_set(dsp, "delay_us", delay_us);
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		callers[i].fd = fd;
		if (pthread_create(&callers[i].thread, NULL, call_again_and_again, &callers[i]))
			FAIL("cannot start a thread");
	}
	for (int round = 0; round < 6; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
			callers[i].calls = 0;
			CHECK(wait_for(has_called, &callers[i]));
		}
		CHECK_OK(suspend_system(round % 2 ? deep : shallow));
	}
	CHECK_EQ(6, vdsp_get(dsp, "resumes"));
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		callers[i].stop = true;
		pthread_join(callers[i].thread, NULL);
	}
	vdsp_set(dsp, "delay_us", 0);
	dsp_finish(dsp);
}

TEST(callers_that_never_stop)
{
	suspend_among_calls(0);
}

TEST(callers_that_wait_most_of_the_time)
{
	suspend_among_calls(3000);
}

/* ---- calls that nobody waits for ---- */

static int submit(int fd, uint64_t user_data)
{
	struct invocation *inv = inv_new(WORK_HANDLE, 2);
	int ret;

	inv->req.flags = QDA_INVOKE_ASYNC;
	inv->req.user_data = user_data;
	ret = qda_invoke(fd, &inv->req);
	free(inv);
	return ret;
}

/* Events for these numbers, in any order, and no others. */
static void expect_events(int fd, uint64_t count)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct drm_qda_event_invoke event;
	uint64_t seen = 0;

	for (uint64_t i = 0; i < count; i++) {
		CHECK_EQ(1, poll(&p, 1, WAIT_MS));
		CHECK_EQ(sizeof(event), read(fd, &event, sizeof(event)));
		CHECK_OK(event.error);
		CHECK(event.user_data < count && !(seen & 1ull << event.user_data));
		seen |= 1ull << event.user_data;
	}
	CHECK_EQ(0, poll(&p, 1, 0));
}

TEST(completions_are_there_after_the_resume)
{
	struct dsp *dsp = dsp_new_inside(LOOPBACK);
	int fd = loopback_session(dsp);

	/* Some come before the suspend, the others while it waits. */
	for (uint64_t i = 0; i < 16; i++) {
		vdsp_set(dsp, "delay_us", i < 8 ? 0 : 1000000);
		CHECK_OK(submit(fd, i));
	}
	CHECK_EQ(8, qda_get(dsp, "calls_in_flight"));
	suspend_and_resume(dsp, deep);
	CHECK_EQ(0, qda_get(dsp, "calls_in_flight"));
	expect_events(fd, 16);
	vdsp_set(dsp, "delay_us", 0);
	CHECK_OK(submit(fd, 0));
	expect_events(fd, 1);
	dsp_finish(dsp);
}

TEST(a_completion_that_has_not_come_keeps_the_system_awake)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct dsp_call call;

	CHECK_OK(submit(s.fd, 0));
	dsp_expect(dsp, &call, WORK_HANDLE, 2);
	suspend_is_refused(dsp);
	dsp_reply(dsp, &call, 0);
	suspend_and_resume(dsp, deep);
	expect_events(s.fd, 1);
	dsp_finish(dsp);
}

/* ---- a suspend that fails for another reason ---- */

TEST(another_device_refuses)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 2 * PAGE, 0);
	struct work *w = work_begin(dsp, s.fd, 3);
	long long calls = vdsp_get(dsp, "calls");

	fill_pattern(b.mem, b.size, 1);
	vdsp_set(dsp, "suspend_error", ECANCELED);
	CHECK_ERR(-ECANCELED, suspend_system(shallow));
	CHECK_ERR(-ECANCELED, suspend_system(deep));
	CHECK_EQ(0, vdsp_get(dsp, "suspends"));
	CHECK_EQ(0, vdsp_get(dsp, "resumes"));
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	use_buffer(dsp, s.fd, &b, 1);
	vdsp_set(dsp, "suspend_error", 0);
	suspend_and_resume(dsp, deep);
	use_buffer(dsp, s.fd, &b, 2);
	work_end(dsp, w);
	buffer_munmap(&b);
	dsp_finish(dsp);
}

/* ---- poll mode ---- */

static struct session polled_session(struct dsp *dsp)
{
	struct drm_qda_set_option option = { .option = QDA_OPTION_POLL_MODE, .value = 1 };
	struct session s = session_new(dsp);

	CHECK_OK(do_ioctl(s.fd, DRM_IOCTL_QDA_SET_OPTION, &option));
	return s;
}

/* The caller looks ten times a second and is mostly frozen before it does. */
TEST(a_word_that_the_caller_has_not_seen)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);

	for (int i = 0; i < 4; i++) {
		struct work *w = work_begin(dsp, s.fd, WORK_HANDLE);

		usleep(300000 + 15000 * i);
		work_is_done(dsp, w);
		*w->word = SUCCESS;
		suspend_and_resume(dsp, i % 2 ? deep : shallow);
		work_check(w);
	}
	dsp_finish(dsp);
}

TEST(a_polled_call_keeps_the_system_awake)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);
	struct work *w = work_begin(dsp, s.fd, WORK_HANDLE);

	suspend_is_refused(dsp);
	CHECK(!job_done(w->job));
	work_is_done(dsp, w);
	*w->word = SUCCESS;
	work_check(w);
	suspend_and_resume(dsp, deep);
	call_works(dsp, s.fd);
	dsp_finish(dsp);
}

/* Callers of the legacy interface cannot be interrupted, but can be frozen. */
TEST(a_polled_call_of_the_legacy_interface)
{
	struct fastrpc_ioctl_set_option option = {
		.request_id = FASTRPC_POLL_MODE,
		.value = FASTRPC_POLL_MODE_ENABLE,
	};
	struct dsp *dsp = legacy_new(KAANAPALI);
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(WORK_HANDLE, 2);
	volatile uint32_t *word;
	struct dsp_call seen;
	struct job *job;

	CHECK_OK(do_ioctl(s.fd, FASTRPC_IOCTL_SET_OPTION, &option));
	job = legacy_call_start(s.fd, call);
	dsp_expect(dsp, &seen, WORK_HANDLE, 2);
	suspend_is_refused(dsp);
	CHECK(!job_done(job));
	word = (uint32_t *)(seen.fdlist + FRPC_FDLIST_COUNT) + FRPC_CRCLIST_COUNT;
	*word = SUCCESS;
	CHECK_OK(job_wait(job));
	suspend_and_resume(dsp, deep);
	free(call);
	dsp_finish(dsp);
}

/* ---- a DSP that did not survive ---- */

TEST(the_dsp_crashes_after_the_resume)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct work *w = work_begin(dsp, s.fd, 7);

	suspend_and_resume(dsp, deep);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(w->job));
	dsp_up(dsp);
	s = session_new(dsp);
	suspend_and_resume(dsp, deep);
	call_works(dsp, s.fd);
	dsp_finish(dsp);
}
