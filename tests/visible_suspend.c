// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A suspend of the system waits for calls in flight, or is refused. Part of the suite
 * "visible".
 *
 * The VM's root file system is on a device that does not survive a suspend. So the virtual
 * DSP, which is suspended before that one, is told to refuse: a suspend ends with its
 * error after all drivers were asked whether there may be one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"
#include "visible.h"

#define POWER	     "/sys/power/"
#define WORK_HANDLE  0x800000aau
#define LISTENER_OLD 3u
#define LISTENER_NEW 7u

int suspend_system(struct dsp *dsp)
{
	if (access(POWER "pm_test", W_OK))
		SKIP("this kernel cannot test a suspend");
	/* In order: the platform before the file system. And never down to the end. */
	CHECK_OK(write_text(POWER "pm_async", "0"));
	CHECK_OK(write_text(POWER "pm_test", "devices"));
	vdsp_set(dsp, "suspend_error", PLATFORM_SAYS);
	return write_text(POWER "state", "freeze");
}

static struct job *start_work(struct dsp *dsp, int fd, uint32_t handle, struct dsp_call *call)
{
	struct invocation *inv = inv_new(handle, 2);
	struct job *job = invoke_start(fd, &inv->req);

	dsp_expect(dsp, call, handle, 2);
	return job;
}

TEST(suspend_of_an_idle_dsp)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job;

	CHECK_ERR(-PLATFORM_SAYS, suspend_system(dsp));
	job = start_work(dsp, s.fd, WORK_HANDLE, &call);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_ERR(-PLATFORM_SAYS, suspend_system(dsp));
	session_release(dsp, &s);
	CHECK_ERR(-PLATFORM_SAYS, suspend_system(dsp));
	dsp_finish(dsp);
}

/* Its answer comes in the suspend, from a firmware that is not frozen. */
TEST(suspend_waits_for_a_call)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(WORK_HANDLE, 2);
	struct dsp *dsp = dsp_new_inside("cdsp firmware=loopback");
	struct job *job;
	double start;
	int fd;

	dsp_wait_node(dsp);
	fd = dsp_open(dsp);
	CHECK_OK(qda_create(fd, &create));
	vdsp_set(dsp, "delay_us", 1000000);
	start = now_ms();
	job = invoke_start(fd, &inv->req);
	while (qda_get(dsp, "calls_in_flight") < 1)
		usleep(1000);
	CHECK_ERR(-PLATFORM_SAYS, suspend_system(dsp));
	CHECK_EQ(0, qda_get(dsp, "calls_in_flight"));
	CHECK(now_ms() - start >= 900);
	CHECK_OK(job_wait(job));
	vdsp_set(dsp, "delay_us", 0);
	dsp_finish(dsp);
}

/* Nobody answers while user space is frozen; the call does not notice anything. */
TEST(suspend_is_refused_while_a_call_goes_on)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job = start_work(dsp, s.fd, WORK_HANDLE, &call);
	double start = now_ms();

	CHECK_ERR(-EBUSY, suspend_system(dsp));
	CHECK(now_ms() - start >= 1900);
	CHECK(now_ms() - start < 15000);
	CHECK(!job_done(job));
	dsp_expect_silence(dsp);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_ERR(-PLATFORM_SAYS, suspend_system(dsp));
	dsp_finish(dsp);
}

/* Calls that wait for something to happen; those that do because they take long are
 * in visible_crash.c. */
TEST(suspend_does_not_wait_for_listeners)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct dsp_call calls[2];
	struct job *jobs[2];
	double start;

	jobs[0] = start_work(dsp, s.fd, LISTENER_OLD, &calls[0]);
	jobs[1] = start_work(dsp, s.fd, LISTENER_NEW, &calls[1]);
	start = now_ms();
	CHECK_ERR(-PLATFORM_SAYS, suspend_system(dsp));
	ktap_note("took %.0f ms", now_ms() - start);
	for (int i = 0; i < 2; i++) {
		CHECK(!job_done(jobs[i]));
		dsp_reply(dsp, &calls[i], 0);
		CHECK_OK(job_wait(jobs[i]));
	}
	dsp_finish(dsp);
}

/* A call of the driver itself, whose message has not got out yet */
TEST(suspend_is_refused_while_a_process_is_released)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call;
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);

	vdsp_set(dsp, "send_fail", 1000000000);
	close(fd);
	CHECK_ERR(-EBUSY, suspend_system(dsp));
	vdsp_set(dsp, "send_fail", 0);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}
