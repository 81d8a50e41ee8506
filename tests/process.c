// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The life of a DSP process: create, serve, release, in every order that a
 * program, a signal or a crash can bring about. The test is the DSP, so it knows
 * each message and decides when it is answered.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(dsp_remove_all);
}

/* ---- create and release ---- */

TEST(create_release_create_again)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int i = 0; i < 3; i++) {
		session_release(dsp, &s);
		s = session_create(dsp, s.fd);
	}
	dsp_finish(dsp);
}

TEST(close_releases_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call call;

	close(fd);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(close_after_release_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);

	session_release(dsp, &s);
	close(fd);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(close_without_process_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");

	for (int i = 0; i < 3; i++)
		close(accel_open(dsp->node));
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(close_after_refused_create_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);

	session_create_refused(dsp, fd);
	close(fd);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(second_create_ebusy_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct session s = session_new(dsp);

	CHECK_ERR(-EBUSY, qda_create(s.fd, &create));
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(create_while_creating_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create first = UNSIGNED_PD, second = UNSIGNED_PD;
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;
	int fd = dsp_open(dsp);

	job = create_start(fd, &first);
	expect_create(dsp, &call, &wire);
	CHECK_ERR(-EBUSY, qda_create(fd, &second));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

TEST(racing_creates_one_wins)
{
	struct dsp *dsp = dsp_new("cdsp");

	for (int round = 0; round < 10; round++) {
		struct drm_qda_init_create create[4] = { UNSIGNED_PD, UNSIGNED_PD, UNSIGNED_PD,
							 UNSIGNED_PD };
		struct job *jobs[4];
		struct frpc_create wire;
		struct dsp_call call;
		int fd = accel_open(dsp->node), ok = 0, busy = 0;

		for (int i = 0; i < 4; i++)
			jobs[i] = create_start(fd, &create[i]);
		expect_create(dsp, &call, &wire);
		dsp_reply(dsp, &call, 0);
		for (int i = 0; i < 4; i++) {
			int ret = job_wait(jobs[i]);

			ok += ret == 0;
			busy += ret == -EBUSY;
		}
		CHECK_EQ(1, ok);
		CHECK_EQ(3, busy);
		close(fd);
		expect_release(dsp, &call, wire.client_id);
		dsp_reply(dsp, &call, 0);
	}
	dsp_finish(dsp);
}

TEST(create_while_releasing_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { 0 };
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job;

	job = release_start(s.fd, &release);
	expect_release(dsp, &call, s.id);
	CHECK_ERR(-EBUSY, qda_create(s.fd, &create));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	session_create(dsp, s.fd);
	dsp_finish(dsp);
}

TEST(invoke_while_creating_enotconn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 0);
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;
	int fd = dsp_open(dsp);

	job = create_start(fd, &create);
	expect_create(dsp, &call, &wire);
	CHECK_ERR(-ENOTCONN, qda_invoke(fd, &inv->req));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

/* ---- a PD that dies ---- */

TEST(create_after_pd_death_releases_first)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct session s = session_new(dsp);
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;

	session_die(dsp, &s);
	job = create_start(s.fd, &create);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

TEST(close_after_pd_death_releases)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call call;

	session_die(dsp, &s);
	close(fd);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(release_after_pd_death)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	session_die(dsp, &s);
	session_release(dsp, &s);
	session_create(dsp, s.fd);
	dsp_finish(dsp);
}

TEST(pd_death_ends_only_its_own_session)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session dead = session_new(dsp), alive = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	struct dsp_call call;
	struct job *job;

	job = invoke_start(alive.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	session_die(dsp, &dead);
	CHECK(!job_done(job));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, inv->req.dsp_status);
	job = invoke_start(alive.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

/* Skels return this number too: only the notice means that the PD is gone. */
TEST(bad_state_answer_alone_is_not_death)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	struct dsp_call call;

	for (int i = 0; i < 2; i++) {
		struct job *job = invoke_start(s.fd, &inv->req);

		dsp_expect(dsp, &call, TEST_HANDLE, 3);
		dsp_reply(dsp, &call, FRPC_EBADSTATE);
		CHECK_OK(job_wait(job));
		CHECK_EQ(FRPC_EBADSTATE, inv->req.dsp_status);
	}
	dsp_finish(dsp);
}

/* The id is in the notice of a session that does not exist or has ended. */
TEST(notice_for_others_is_ignored)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	struct dsp_call call;
	struct job *job;

	dsp_notify(dsp, s.id + 1, FRPC_PD_STATUS_EXCEPTION);
	dsp_notify(dsp, 0, FRPC_PD_STATUS_EXCEPTION);
	dsp_notify(dsp, -1, FRPC_PD_STATUS_EXCEPTION);
	dsp_notify(dsp, 0x7fffffff, FRPC_PD_STATUS_EXIT);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	session_release(dsp, &s);
	dsp_notify(dsp, s.id, FRPC_PD_STATUS_EXCEPTION);
	s = session_create(dsp, s.fd);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

/* ---- killed, timed out ---- */

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
	struct job *job = create_start(fd, &create);
	double start = now_ms();

	expect_create(dsp, call, &wire);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(job, TIMEOUT_MS + WAIT_MS));
	CHECK(now_ms() - start > TIMEOUT_MS - 500);
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

/* ---- context banks ---- */

TEST(opening_costs_no_bank)
{
	struct dsp *dsp = dsp_new("cdsp banks=2");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_query query;
	int idle[20];

	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		idle[i] = dsp_open(dsp);
		CHECK_OK(qda_query(idle[i], QDA_QUERY_DOMAIN, 0, &query));
	}
	session_new(dsp);
	session_new(dsp);
	CHECK_ERR(-EBUSY, qda_create(idle[0], &create));
	dsp_finish(dsp);
}

TEST(bank_is_free_after_close)
{
	struct dsp *dsp = dsp_new("cdsp banks=2");
	struct session a = session_new(dsp), b;
	int fd = accel_open(dsp->node);
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct dsp_call call;

	b = session_create(dsp, fd);
	CHECK(a.sid != b.sid);
	close(fd);
	expect_release(dsp, &call, b.id);
	/* Not before the DSP has answered: it may still use the memory. */
	CHECK_ERR(-EBUSY, qda_create(dsp_open(dsp), &create));
	dsp_reply(dsp, &call, 0);
	vdsp_wait(dsp, b.sid == 1 ? "bank1/pages_mapped" : "bank2/pages_mapped", 0);
	dsp_finish(dsp);
}

TEST(sessions_are_in_banks_of_their_own)
{
	struct dsp *dsp = dsp_new("cdsp banks=4");
	struct session s[4];

	for (int i = 0; i < 4; i++) {
		s[i] = session_new(dsp);
		for (int j = 0; j < i; j++) {
			CHECK(s[i].sid != s[j].sid);
			CHECK(s[i].id != s[j].id);
		}
	}
	dsp_finish(dsp);
}

TEST(kaanapali_address_has_stream_id_at_bit_56)
{
	struct dsp *dsp = dsp_new("cdsp banks=2 soc=kaanapali");
	struct session s = session_new(dsp);

	CHECK_EQ(56, dsp->info.sid_pos);
	CHECK(s.sid == 1 || s.sid == 2);
	session_release(dsp, &s);
	dsp_finish(dsp);
}

/* ---- what is on the wire ---- */

static void check_header(const struct dsp_call *call, unsigned int method)
{
	CHECK_EQ(FRPC_SC(method, 4, 0), call->msg.sc);
	CHECK_EQ(0, call->msg.client_id);
	CHECK_EQ(FRPC_HANDLE_INIT, call->msg.handle);
	CHECK_EQ(FRPC_PD_USER, call->msg.ctx & 0xff & ~0xf0);
	CHECK_EQ(0, call->msg.ctx & 0xf0);
	CHECK(((call->msg.ctx >> 8) & 0xff) > 0);
}

static void check_name(struct dsp *dsp, const struct dsp_call *call, uint32_t namelen)
{
	char comm[16] = "";
	uint64_t len;
	char *name = dsp_arg(dsp, call, 1, &len);

	prctl(PR_GET_NAME, comm);
	CHECK_EQ(strlen(comm) + 1, namelen);
	CHECK_EQ(namelen, len);
	CHECK_MEM(comm, name, len);
}

static void check_init_memory(struct dsp *dsp, const struct dsp_call *call, uint32_t filelen)
{
	uint64_t want = 4ull * MIB, len;
	struct frpc_page *page = dsp_arg(dsp, call, 3, &len);

	if (4ull * filelen > want)
		want = 4ull * filelen;
	want = (want + MIB - 1) / MIB * MIB;
	CHECK_EQ(sizeof(*page), len);
	CHECK_EQ(want, page->size);
	CHECK_EQ(0, page->addr & 0xfff);
	CHECK_EQ(dsp_sid(dsp, call->msg.addr), dsp_sid(dsp, page->addr));
	CHECK(dsp_can_read(dsp, page->addr));
	CHECK(dsp_can_read(dsp, page->addr + page->size - 1));
}

/* Creates with these attributes and an image of this size, and checks every field. */
static void check_wire(struct dsp *dsp, uint32_t attrs, uint32_t siglen, uint32_t filelen)
{
	unsigned char *image = filelen ? guarded_alloc(filelen) : NULL;
	struct drm_qda_init_create create = {
		.filelen = filelen,
		.filefd = -1,
		.attrs = attrs,
		.siglen = siglen,
		.file = (uintptr_t)image,
	};
	int fd = accel_open(dsp->node);
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;
	uint64_t len;
	void *seen;

	fill_pattern(image, filelen, filelen);
	job = create_start(fd, &create);
	expect_create(dsp, &call, &wire);
	check_header(&call, attrs ? FRPC_INIT_CREATE_ATTR : FRPC_INIT_CREATE);
	CHECK_EQ(filelen, wire.filelen);
	CHECK_EQ(1, wire.pageslen);
	CHECK_EQ(attrs, wire.attrs);
	CHECK_EQ(siglen, wire.siglen);
	check_name(dsp, &call, wire.namelen);
	seen = dsp_arg(dsp, &call, 2, &len);
	CHECK_EQ(filelen, len);
	CHECK_MEM(image, seen, len);
	check_init_memory(dsp, &call, filelen);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, create.dsp_status);
	close(fd);
	expect_release(dsp, &call, wire.client_id);
	dsp_reply(dsp, &call, 0);
}

TEST(create_uses_method_create_without_attrs)
{
	struct dsp *dsp = dsp_new("cdsp");

	check_wire(dsp, 0, 0, 0);
	check_wire(dsp, 0, 0, 5000);
	dsp_finish(dsp);
}

TEST(create_uses_method_create_attr_with_attrs)
{
	struct dsp *dsp = dsp_new("cdsp");

	for (int bit = 0; bit < 7; bit++)
		check_wire(dsp, 1u << bit, 0, 5000);
	check_wire(dsp, 0x7f, 0, 0);
	check_wire(dsp, QDA_ATTR_UNSIGNED_MODULE, 100, 5000);
	check_wire(dsp, QDA_ATTR_DEBUG, 5000, 5000);
	dsp_finish(dsp);
}

TEST(image_bytes_reach_the_dsp_exactly)
{
	static const uint32_t sizes[] = { 1, 2, 127, 128, 4095, 4096, 4097, 65537 };
	struct dsp *dsp = dsp_new("cdsp");

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		check_wire(dsp, QDA_ATTR_UNSIGNED_MODULE, 0, sizes[i]);
	dsp_finish(dsp);
}

TEST(big_images_get_more_init_memory)
{
	static const uint32_t sizes[] = { MIB - 1, MIB, MIB + 1, 2 * MIB + 1, 4 * MIB };
	struct dsp *dsp = dsp_new("cdsp");

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		check_wire(dsp, QDA_ATTR_UNSIGNED_MODULE, 0, sizes[i]);
	dsp_finish(dsp);
}

/* Init memory is kept for the next create of the session, and grows when needed. */
TEST(init_memory_grows_with_a_later_create)
{
	static const uint32_t sizes[] = { 0, 2 * MIB, 100, 3 * MIB };
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *image = sizes[i] ? guarded_alloc(sizes[i]) : NULL;
		struct drm_qda_init_create create = UNSIGNED_PD;
		struct session s = { .fd = fd };
		struct frpc_create wire;
		struct frpc_page *page;
		struct dsp_call call;
		struct job *job;
		uint64_t len;

		create.filelen = sizes[i];
		create.file = (uintptr_t)image;
		job = create_start(fd, &create);
		expect_create(dsp, &call, &wire);
		page = dsp_arg(dsp, &call, 3, &len);
		CHECK(page->size >= 4 * MIB && page->size >= 4ull * sizes[i]);
		CHECK(dsp_can_read(dsp, page->addr + page->size - 1));
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		s.id = wire.client_id;
		session_release(dsp, &s);
	}
	dsp_finish(dsp);
}

/* What the DSP wrote into init memory in one session is not there in the next. */
TEST(init_memory_starts_as_zero)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");

	for (int i = 0; i < 2; i++) {
		struct drm_qda_init_create create = UNSIGNED_PD;
		int fd = accel_open(dsp->node);
		struct frpc_create wire;
		struct frpc_page page;
		struct dsp_call call;
		struct job *job;
		uint64_t len;
		char *mem, *zero = calloc(1, MIB);

		job = create_start(fd, &create);
		expect_create(dsp, &call, &wire);
		memcpy(&page, dsp_arg(dsp, &call, 3, &len), sizeof(page));
		mem = dsp_mem(dsp, page.addr, MIB);
		CHECK_MEM(zero, mem, MIB);
		memset(mem, POISON, MIB);
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		close(fd);
		expect_release(dsp, &call, wire.client_id);
		dsp_reply(dsp, &call, 0);
		qda_wait(dsp, "sessions", 0);
		free(zero);
	}
	dsp_finish(dsp);
}

TEST(calls_carry_the_id_of_create)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session a = session_new(dsp), b = session_new(dsp);
	struct session *s[] = { &a, &b };
	struct invocation *inv = inv_new(TEST_HANDLE, 5);

	for (size_t i = 0; i < ARRAY_SIZE(s); i++) {
		struct job *job = invoke_start(s[i]->fd, &inv->req);
		struct dsp_call call;

		dsp_expect(dsp, &call, TEST_HANDLE, 5);
		CHECK_EQ(s[i]->id, call.msg.client_id);
		CHECK_EQ(s[i]->sid, dsp_sid(dsp, call.msg.addr));
		CHECK_EQ(FRPC_PD_USER, call.msg.ctx & 0xf);
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
	}
	dsp_finish(dsp);
}

/* ---- privileges ---- */

struct attempt {
	char node[64];
	uint32_t attrs;
};

static int create_as_nobody(void *arg)
{
	struct attempt *attempt = arg;
	struct drm_qda_init_create create = { .filefd = -1, .attrs = attempt->attrs };
	int fd;

	/* Opened without privilege: the node lets everyone in, as a udev rule would. */
	if (chmod(attempt->node, 0666))
		return 255;
	drop_root();
	fd = accel_open(attempt->node);
	return -qda_create(fd, &create);
}

static int create_after_drop(void *arg)
{
	struct attempt *attempt = arg;
	struct drm_qda_init_create create = { .filefd = -1, .attrs = attempt->attrs };
	int fd = accel_open(attempt->node);

	drop_root();
	return -qda_create(fd, &create);
}

static void check_privilege(const char *domain, uint32_t attrs, int expected)
{
	struct dsp *dsp = dsp_new(domain);
	struct attempt attempt = { .attrs = attrs };

	dsp_serve(dsp, NULL, NULL);
	strcpy(attempt.node, dsp->node);
	CHECK_EQ(expected, client_wait(client_start(create_as_nobody, &attempt)));
	CHECK_EQ(expected, client_wait(client_start(create_after_drop, &attempt)));
	dsp_finish(dsp);
}

#define UNSIGNED QDA_ATTR_UNSIGNED_MODULE

TEST(unsigned_pd_is_for_everyone_on_cdsp_and_gdsp)
{
	static const char *const domains[] = { "cdsp", "cdsp1", "gdsp0", "gdsp1" };

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
		check_privilege(domains[i], UNSIGNED, 0);
	check_privilege("cdsp", UNSIGNED | QDA_ATTR_DEBUG | QDA_ATTR_ADAPTIVE_QOS, 0);
}

TEST(unsigned_pd_needs_privilege_on_other_domains)
{
	static const char *const domains[] = { "adsp", "mdsp", "sdsp" };

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
		check_privilege(domains[i], UNSIGNED, EPERM);
}

TEST(signed_pd_needs_privilege)
{
	check_privilege("cdsp", 0, EPERM);
	check_privilege("cdsp", QDA_ATTR_DEBUG, EPERM);
	check_privilege("adsp", 0, EPERM);
}

TEST(system_and_privileged_pd_need_privilege)
{
	check_privilege("cdsp", UNSIGNED | QDA_ATTR_SYSTEM_PROCESS, EPERM);
	check_privilege("cdsp", UNSIGNED | QDA_ATTR_PRIVILEGED, EPERM);
	check_privilege("gdsp0", UNSIGNED | QDA_ATTR_PRIVILEGED, EPERM);
}

TEST(root_may_make_every_pd)
{
	struct dsp *dsp = dsp_new("adsp");

	for (uint32_t attrs = 0; attrs < 0x80; attrs += 8)
		check_wire(dsp, attrs, 0, 0);
	dsp_finish(dsp);
}
