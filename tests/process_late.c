// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Programs that are killed, give up waiting or close their file while a process is being made
 * or released: what the DSP answers later decides. Part of the suite "process".
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

static int client_create(void *node)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	return qda_create(accel_open(node), &create) ? 1 : 0;
}

static int client_create_and_sleep(void *node)
{
	int ret = client_create(node);

	if (!ret)
		pause();
	return ret;
}

TEST(kill_in_creating_late_success_is_released)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call;
	pid_t pid = client_start(client_create, dsp->node);

	expect_create(dsp, &call, &wire);
	client_kill(pid);
	dsp_expect_silence(dsp);
	dsp_reply(dsp, &call, 0);
	expect_release(dsp, &call, wire.client_id);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(kill_in_creating_late_error_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call;
	pid_t pid = client_start(client_create, dsp->node);

	expect_create(dsp, &call, &wire);
	client_kill(pid);
	dsp_reply(dsp, &call, FRPC_EUNABLETOLOAD);
	dsp_expect_silence(dsp);
	vdsp_wait(dsp, "pages_mapped", dsp->pages_at_start);
	dsp_finish(dsp);
}

/* The DSP may still write to the memory until it has answered. */
TEST(kill_in_creating_keeps_memory_until_answer)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call;
	struct frpc_page init;
	uint64_t len;
	pid_t pid = client_start(client_create, dsp->node);

	expect_create(dsp, &call, &wire);
	memcpy(&init, dsp_arg(dsp, &call, 3, &len), sizeof(init));
	client_kill(pid);
	CHECK(!dsp_poll(dsp, &call, SILENCE_MS));
	CHECK(dsp_can_read(dsp, init.addr));
	CHECK(dsp_can_read(dsp, init.addr + init.size - 1));
	CHECK(vdsp_get(dsp, "pages_mapped") > dsp->pages_at_start);
	/* The id is still in use: the next session must not get it. */
	struct session s = session_new(dsp);

	CHECK(s.id != wire.client_id);
	dsp_reply(dsp, &call, FRPC_EUNABLETOLOAD);
	dsp_finish(dsp);
}

TEST(kill_in_live_is_released)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call;
	pid_t pid = client_start(client_create_and_sleep, dsp->node);

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	client_kill(pid);
	expect_release(dsp, &call, wire.client_id);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

static int client_release(void *node)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_session_release release = { 0 };
	int fd = accel_open(node);

	if (qda_create(fd, &create))
		return 1;
	return qda_release(fd, &release) ? 1 : 0;
}

TEST(kill_in_releasing_sends_no_second_release)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call;
	pid_t pid = client_start(client_release, dsp->node);

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	expect_release(dsp, &call, wire.client_id);
	client_kill(pid);
	dsp_expect_silence(dsp);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

/* How a client tells the test that it has got somewhere. */
#define READY SIGUSR1

static void block_ready(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, READY);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void wait_ready(void)
{
	struct timespec limit = { .tv_sec = WAIT_MS / 1000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, READY);
	if (sigtimedwait(&set, NULL, &limit) != READY)
		FAIL("the client did not get where it should");
}

static int client_open_and_sleep(void *node)
{
	accel_open(node);
	kill(getppid(), READY);
	pause();
	return 0;
}

TEST(kill_without_process_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	pid_t pid;

	block_ready();
	pid = client_start(client_open_and_sleep, dsp->node);
	wait_ready();
	client_kill(pid);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

static int client_die_and_sleep(void *node)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 0);
	int fd = accel_open(node);

	if (qda_create(fd, &create) || qda_invoke(fd, &inv->req) != -EPIPE)
		return 1;
	inv->req.handle = TEST_HANDLE + 1;
	/* The DSP never sees this one. */
	if (qda_invoke(fd, &inv->req) != -EPIPE)
		return 1;
	kill(getppid(), READY);
	pause();
	return 0;
}

TEST(kill_after_pd_death_is_released)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call;
	pid_t pid;

	block_ready();
	pid = client_start(client_die_and_sleep, dsp->node);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &call, TEST_HANDLE, 0);
	dsp_notify(dsp, wire.client_id, FRPC_PD_STATUS_EXCEPTION);
	dsp_reply(dsp, &call, FRPC_EBADSTATE);
	wait_ready();
	client_kill(pid);
	expect_release(dsp, &call, wire.client_id);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

/* Makes a create time out; *@call is the request that has no answer yet. */
static int create_times_out(struct dsp *dsp, int fd, struct dsp_call *call)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct frpc_create wire;
	double start = now_ms();
	struct job *job;

	dsp_answer_within(SHORT_MS);
	job = create_start(fd, &create);
	expect_create(dsp, call, &wire);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(job, WAIT_MS));
	CHECK(now_ms() - start > SHORT_MS - 100);
	return wire.client_id;
}

TEST(timed_out_create_late_success_is_released)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_session_release release = { 0 };
	struct dsp_call call;
	int fd = dsp_open(dsp), id = create_times_out(dsp, fd, &call);

	CHECK_ERR(-EBUSY, qda_create(fd, &create));
	CHECK_ERR(-EBUSY, qda_release(fd, &release));
	dsp_reply(dsp, &call, 0);
	expect_release(dsp, &call, id);
	CHECK_ERR(-EBUSY, qda_create(fd, &create));
	dsp_reply(dsp, &call, 0);
	session_wait_none(fd);
	session_create(dsp, fd);
	dsp_finish(dsp);
}

TEST(timed_out_create_late_error_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call;
	int fd = dsp_open(dsp);

	create_times_out(dsp, fd, &call);
	dsp_reply(dsp, &call, FRPC_EUNABLETOLOAD);
	dsp_expect_silence(dsp);
	session_wait_none(fd);
	session_create(dsp, fd);
	dsp_finish(dsp);
}

TEST(close_in_orphan_late_success_is_released)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call;
	int fd = accel_open(dsp->node), id = create_times_out(dsp, fd, &call);

	close(fd);
	dsp_expect_silence(dsp);
	dsp_reply(dsp, &call, 0);
	expect_release(dsp, &call, id);
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}

static int client_time_out_and_sleep(void *node)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	if (qda_create(accel_open(node), &create) != -ETIMEDOUT)
		return 1;
	kill(getppid(), READY);
	pause();
	return 0;
}

TEST(kill_in_orphan_late_success_is_released)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call, release;
	struct frpc_create wire;
	pid_t pid;

	block_ready();
	dsp_answer_within(SHORT_MS);
	pid = client_start(client_time_out_and_sleep, dsp->node);
	expect_create(dsp, &call, &wire);
	wait_ready();
	client_kill(pid);
	dsp_expect_silence(dsp);
	dsp_reply(dsp, &call, 0);
	expect_release(dsp, &release, wire.client_id);
	dsp_reply(dsp, &release, 0);
	dsp_finish(dsp);
}

/* The ioctl holds the file: its end is the end of the ioctl. */
TEST(close_in_creating_releases_afterwards)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd = accel_open(dsp->node);
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job = create_start(fd, &create);

	expect_create(dsp, &call, &wire);
	close(fd);
	dsp_expect_silence(dsp);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	expect_release(dsp, &call, wire.client_id);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(close_in_releasing_sends_no_second_release)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { 0 };
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call call;
	struct job *job = release_start(fd, &release);

	expect_release(dsp, &call, s.id);
	close(fd);
	dsp_expect_silence(dsp);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

/* close() waits a moment for the answer, not longer. */
TEST(close_does_not_hang_on_a_silent_dsp)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call call;
	double start = now_ms();

	close(fd);
	CHECK(now_ms() - start < 10000);
	expect_release(dsp, &call, s.id);
	dsp_expect_silence(dsp);
	CHECK(vdsp_get(dsp, "pages_mapped") > dsp->pages_at_start);
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}

TEST(release_with_calls_in_flight)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { 0 };
	struct session s = session_new(dsp);
	struct invocation *inv[4];
	struct dsp_call calls[4], call;
	struct job *jobs[4], *job;

	for (int i = 0; i < 4; i++) {
		inv[i] = inv_new(TEST_HANDLE, 3);
		jobs[i] = invoke_start(s.fd, &inv[i]->req);
		dsp_expect(dsp, &calls[i], TEST_HANDLE, 3);
	}
	job = release_start(s.fd, &release);
	expect_release(dsp, &call, s.id);
	/* The DSP ends the PD's calls before it answers. */
	for (int i = 0; i < 4; i++)
		dsp_reply(dsp, &calls[i], FRPC_EBADSTATE);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	for (int i = 0; i < 4; i++) {
		int ret = job_wait(jobs[i]);

		if (ret != -EPIPE) {
			CHECK_OK(ret);
			CHECK_EQ(FRPC_EBADSTATE, inv[i]->req.dsp_status);
		}
	}
	dsp_finish(dsp);
}

/* A DSP that forgets the calls: they are still there to be answered. */
TEST(release_answered_before_the_calls)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	char out[100];
	struct dsp_call call;
	struct job *job;
	uint64_t len;

	inv_out(inv, out, sizeof(out));
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	session_release(dsp, &s);
	if (!job_done(job)) {
		/* The DSP may write as long as it has not answered. */
		memset(dsp_arg(dsp, &call, 0, &len), 1, sizeof(out));
		dsp_reply(dsp, &call, 0);
	}
	job_wait(job);
	session_create(dsp, s.fd);
	dsp_finish(dsp);
}

TEST(id_is_not_reused_before_release_is_answered)
{
	struct dsp *dsp = dsp_new("cdsp banks=4");
	int fd = accel_open(dsp->node);
	struct session old = session_create(dsp, fd), s;
	struct dsp_call call;

	close(fd);
	expect_release(dsp, &call, old.id);
	for (int i = 0; i < 3; i++) {
		s = session_new(dsp);
		CHECK(s.id != old.id);
		CHECK(s.sid != old.sid);
	}
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}

TEST(close_then_open_does_not_see_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");

	dsp_serve(dsp, NULL, NULL);
	for (int i = 0; i < 10; i++) {
		struct drm_qda_init_create create = UNSIGNED_PD;
		int fd = accel_open(dsp->node);

		CHECK_OK(qda_create(fd, &create));
		close(fd);
	}
	dsp_finish(dsp);
}
