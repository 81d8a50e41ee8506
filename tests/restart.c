// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Interrupted calls: a signal makes a call's ioctl return and not the call end, nobody
 * else gets its result, nothing is sent twice, and a deadline holds whatever happens.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "restart.h"
#include "storm.h"
#include "sys.h"

#define PARKABLE 64

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(dsp_remove_all);
}

/* ---- a call in flight, and what happens to it ---- */

static unsigned long handled;

static void count_signal(int sig)
{
	(void)sig;
	__atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
}

static void handle_signals(int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

struct flight *flight_prepare(void)
{
	struct flight *f = calloc(1, sizeof(*f));

	if (!f)
		FAIL("out of memory");
	fill_pattern(f->in, BYTES, 1);
	memset(f->out, POISON, BYTES);
	f->inv = inv_new(TEST_HANDLE, 5);
	inv_in(f->inv, f->in, BYTES);
	inv_out(f->inv, f->out, BYTES);
	return f;
}

struct flight *flight_new(struct dsp *dsp, struct session *s)
{
	struct flight *f = flight_prepare();

	f->job = invoke_start(s->fd, &f->inv->req);
	dsp_expect(dsp, &f->call, TEST_HANDLE, 5);
	return f;
}

/* Signals until the ioctl has returned for one. */
static int flight_signal(struct flight *f)
{
	double end = now_ms() + WAIT_MS;

	while (!job_done(f->job)) {
		job_signal(f->job, SIGUSR1);
		usleep(1000);
		if (now_ms() > end)
			FAIL("no signal interrupts the call");
	}
	return job_wait(f->job);
}

void flight_interrupt(struct flight *f)
{
	CHECK_ERR(-EINTR, flight_signal(f));
	CHECK(f->inv->req.cookie);
	CHECK_EQ(0, f->inv->req.dsp_status);
}

void flight_answer(struct dsp *dsp, struct flight *f)
{
	uint64_t len;
	void *in = dsp_arg(dsp, &f->call, 0, &len);

	memcpy(dsp_arg(dsp, &f->call, 1, &len), in, BYTES);
	dsp_reply(dsp, &f->call, 0);
}

void flight_check(struct flight *f)
{
	CHECK_EQ(0, f->inv->req.cookie);
	CHECK_EQ(0, f->inv->req.dsp_status);
	CHECK_MEM(f->in, f->out, BYTES);
	free(f->inv);
	free(f);
}

struct flight *flight_interrupted(struct dsp *dsp, struct session *s)
{
	struct flight *f;

	handle_signals(0);
	f = flight_new(dsp, s);
	flight_interrupt(f);
	return f;
}

void flight_land(struct dsp *dsp, struct flight *f)
{
	flight_answer(dsp, f);
	CHECK_OK(job_wait(f->job));
	flight_check(f);
}

/* The result is there for who asks again. */
static void flight_claim(struct session *s, struct flight *f)
{
	CHECK_OK(qda_invoke(s->fd, &f->inv->req));
	flight_check(f);
}

/* ---- coming back ---- */

TEST(interrupted_call_goes_on_and_is_found_again)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_interrupted(dsp, &s);

	CHECK_EQ(1, qda_get(dsp, "calls_in_flight"));
	f->job = invoke_start(s.fd, &f->inv->req);
	flight_land(dsp, f);
	CHECK_EQ(2, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(answer_waits_for_who_was_interrupted)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_interrupted(dsp, &s);

	flight_answer(dsp, f);
	qda_wait(dsp, "calls_in_flight", 0);
	flight_claim(&s, f);
	dsp_finish(dsp);
}

TEST(a_call_can_be_interrupted_often)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;
	uint64_t cookie;

	f = flight_interrupted(dsp, &s);
	cookie = f->inv->req.cookie;
	for (int i = 0; i < 20; i++) {
		f->job = invoke_start(s.fd, &f->inv->req);
		flight_interrupt(f);
		CHECK_EQ(cookie, f->inv->req.cookie);
	}
	f->job = invoke_start(s.fd, &f->inv->req);
	flight_land(dsp, f);
	CHECK_EQ(2, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

static bool one_more(void *arg)
{
	return __atomic_load_n(&handled, __ATOMIC_SEQ_CST) >= *(unsigned long *)arg;
}

/* With SA_RESTART nobody notices, except who handles the signals. */
TEST(kernel_restarts_a_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;

	handle_signals(SA_RESTART);
	f = flight_new(dsp, &s);
	for (int i = 0; i < 20; i++) {
		unsigned long next = handled + 1;

		job_signal(f->job, SIGUSR1);
		CHECK(wait_for(one_more, &next));
	}
	CHECK(!job_done(f->job));
	flight_land(dsp, f);
	CHECK_EQ(2, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(outputs_go_where_the_first_ioctl_said)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_invoke again = { .args = ~0ull, .sc = ~0u, .handle = 1, .user_data = ~0ull };
	struct flight *f = flight_interrupted(dsp, &s);

	memset(f->inv->args, POISON, sizeof(f->inv->args));
	flight_answer(dsp, f);
	again.cookie = f->inv->req.cookie;
	CHECK_OK(qda_invoke(s.fd, &again));
	f->inv->req = again;
	flight_check(f);
	dsp_finish(dsp);
}

TEST(refusal_of_the_dsp_waits_too)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_interrupted(dsp, &s);

	dsp_reply(dsp, &f->call, 0x1234);
	CHECK_OK(qda_invoke(s.fd, &f->inv->req));
	CHECK_EQ(0x1234, f->inv->req.dsp_status);
	CHECK_EQ(0, f->inv->req.cookie);
	dsp_finish(dsp);
}

/* ---- who may come ---- */

static void check_stranger(int fd, uint64_t cookie)
{
	struct drm_qda_invoke invoke = { .cookie = cookie, .dsp_status = 0xdeadbeef };

	CHECK_ERR(-ENOENT, qda_invoke(fd, &invoke));
	CHECK_EQ(0, invoke.cookie);
	CHECK_EQ(0, invoke.dsp_status);
}

TEST(another_session_does_not_get_the_result)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), other = session_new(dsp);
	struct flight *f = flight_interrupted(dsp, &s);

	check_stranger(other.fd, f->inv->req.cookie);
	flight_answer(dsp, f);
	check_stranger(other.fd, f->inv->req.cookie);
	check_stranger(s.fd, f->inv->req.cookie + 1);
	check_stranger(s.fd, ~f->inv->req.cookie);
	flight_claim(&s, f);
	dsp_finish(dsp);
}

/* It has the file, but not the memory to which the outputs go. */
TEST(another_address_space_does_not_get_the_result)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;
	int status;
	pid_t pid;

	f = flight_interrupted(dsp, &s);
	flight_answer(dsp, f);
	pid = fork();
	if (!pid) {
		check_stranger(s.fd, f->inv->req.cookie);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(0, status);
	flight_claim(&s, f);
	dsp_finish(dsp);
}

TEST(a_cookie_is_good_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;
	uint64_t cookie;

	f = flight_interrupted(dsp, &s);
	cookie = f->inv->req.cookie;
	flight_answer(dsp, f);
	CHECK_OK(qda_invoke(s.fd, &f->inv->req));
	check_stranger(s.fd, cookie);
	dsp_finish(dsp);
}

static bool one_is_done(void *arg)
{
	struct job **jobs = arg;

	return job_done(jobs[0]) || job_done(jobs[1]);
}

TEST(of_two_threads_with_a_cookie_one_gets_the_result)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int i = 0; i < 10; i++) {
		struct flight *f = flight_interrupted(dsp, &s);
		struct drm_qda_invoke twin = f->inv->req;
		struct job *jobs[2] = { invoke_start(s.fd, &f->inv->req),
					invoke_start(s.fd, &twin) };
		int loser;

		CHECK(wait_for(one_is_done, jobs));
		loser = job_done(jobs[1]);
		CHECK_ERR(-ENOENT, job_wait(jobs[loser]));
		flight_answer(dsp, f);
		CHECK_OK(job_wait(jobs[!loser]));
		flight_check(f);
	}
	dsp_finish(dsp);
}

/* ---- nobody comes ---- */

/* After a signal of the storm the ioctl is made again, and the file may have been closed. */
static bool has_lost_its_file(int ret)
{
	return storm_rages() && ret == -EBADF;
}

TEST(close_drops_interrupted_calls)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call release;
	struct flight *f[10];

	for (int i = 0; i < 10; i++) {
		f[i] = flight_interrupted(dsp, &s);
		if (i % 2)
			flight_answer(dsp, f[i]);
	}
	close(fd);
	expect_release(dsp, &release, s.id);
	for (int i = 0; i < 10; i += 2)
		dsp_reply(dsp, &f[i]->call, FRPC_EBADSTATE);
	dsp_reply(dsp, &release, 0);
	dsp_finish(dsp);
}

TEST(close_during_the_second_ioctl)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call release;
	struct flight *f = flight_interrupted(dsp, &s);
	int ret;

	f->job = invoke_start(fd, &f->inv->req);
	/* Interrupted once more it is surely inside. */
	flight_interrupt(f);
	f->job = invoke_start(fd, &f->inv->req);
	usleep(1000);
	close(fd);
	flight_answer(dsp, f);
	ret = job_wait(f->job);
	if (!has_lost_its_file(ret)) {
		CHECK_OK(ret);
		flight_check(f);
	}
	expect_release(dsp, &release, s.id);
	dsp_reply(dsp, &release, 0);
	dsp_finish(dsp);
}

/* The ioctl was the last user of the file: what it leaves behind goes with it. */
TEST(close_then_interrupt)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call release;
	struct flight *f;
	int ret;

	handle_signals(0);
	f = flight_new(dsp, &s);
	close(fd);
	ret = flight_signal(f);
	CHECK(ret == -EINTR || has_lost_its_file(ret));
	CHECK(f->inv->req.cookie);
	expect_release(dsp, &release, s.id);
	dsp_reply(dsp, &f->call, FRPC_EBADSTATE);
	dsp_reply(dsp, &release, 0);
	dsp_finish(dsp);
}

TEST(results_survive_one_release)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f, *forgotten;

	f = flight_interrupted(dsp, &s);
	forgotten = flight_interrupted(dsp, &s);
	flight_answer(dsp, f);
	flight_answer(dsp, forgotten);
	session_release(dsp, &s);
	flight_claim(&s, f);
	s = session_create(dsp, s.fd);
	session_release(dsp, &s);
	check_stranger(s.fd, forgotten->inv->req.cookie);
	/* What the process had is gone although the file is open, but for its init memory. */
	vdsp_wait(dsp, "pages_mapped", dsp->pages_at_start + 4 * MIB / PAGE);
	dsp_finish(dsp);
}

/* More cannot pile up: then calls are as calls are without cookies. */
TEST(with_too_many_interrupted_calls_a_signal_waits)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *parked[PARKABLE], *f;
	unsigned long before;

	for (int i = 0; i < PARKABLE; i++)
		parked[i] = flight_interrupted(dsp, &s);
	f = flight_new(dsp, &s);
	before = handled;
	for (int i = 0; i < 20; i++) {
		job_signal(f->job, SIGUSR1);
		usleep(1000);
	}
	CHECK(!job_done(f->job));
	CHECK_EQ(before, handled);
	flight_land(dsp, f);
	/* Whoever comes makes room. */
	flight_answer(dsp, parked[0]);
	flight_claim(&s, parked[0]);
	parked[0] = flight_interrupted(dsp, &s);
	for (int i = 0; i < PARKABLE; i++)
		flight_answer(dsp, parked[i]);
	dsp_finish(dsp);
}

TEST(dsp_goes_while_nobody_waits)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_interrupted(dsp, &s);

	dsp_down(dsp);
	CHECK_ERR(-ENODEV, qda_invoke(s.fd, &f->inv->req));
	/* Nothing has looked at it: the call was in flight when the DSP went. */
	CHECK(f->inv->req.cookie);
	dsp_finish(dsp);
}

TEST(dsp_goes_during_the_second_ioctl)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_interrupted(dsp, &s);

	f->job = invoke_start(s.fd, &f->inv->req);
	flight_interrupt(f);
	f->job = invoke_start(s.fd, &f->inv->req);
	usleep(20000);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(f->job));
	CHECK_EQ(0, f->inv->req.cookie);
	dsp_finish(dsp);
}

TEST(process_dies_while_nobody_waits)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_interrupted(dsp, &s);

	dsp_notify(dsp, s.id, FRPC_PD_STATUS_EXCEPTION);
	dsp_reply(dsp, &f->call, FRPC_EBADSTATE);
	CHECK_ERR(-EPIPE, qda_invoke(s.fd, &f->inv->req));
	CHECK_EQ(FRPC_EBADSTATE, f->inv->req.dsp_status);
	CHECK_EQ(0, f->inv->req.cookie);
	dsp_finish(dsp);
}

static int call_in_a_storm(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 5);
	int fd = accel_open(arg);

	if (qda_create(fd, &create))
		return 1;
	storm_begin(STORM_RESTART);
	return qda_invoke(fd, &inv->req) ? 1 : 0;
}

TEST(kill_during_a_restart)
{
	struct dsp *dsp = dsp_new("cdsp");

	for (int i = 0; i < 5; i++) {
		struct dsp_call call, release;
		struct frpc_create wire;
		pid_t pid = client_start(call_in_a_storm, dsp->node);

		expect_create(dsp, &call, &wire);
		dsp_reply(dsp, &call, 0);
		dsp_expect(dsp, &call, TEST_HANDLE, 5);
		usleep(3000 + 700 * i);
		client_kill(pid);
		expect_release(dsp, &release, wire.client_id);
		dsp_reply(dsp, &call, 0);
		dsp_reply(dsp, &release, 0);
	}
	dsp_finish(dsp);
}

/* ---- before the call is sent ---- */

void fill_session(struct dsp *dsp, struct session *s)
{
	struct dsp_call call;

	for (uint64_t i = qda_limit(s->fd, QDA_LIMIT_CALLS); i > 0; i--) {
		invoke_start(s->fd, &inv_new(TEST_HANDLE, 4)->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 4);
	}
}

TEST(interrupted_before_it_was_sent)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();

	handle_signals(0);
	fill_session(dsp, &s);
	f->job = invoke_start(s.fd, &f->inv->req);
	flight_signal(f);
	CHECK_EQ(0, f->inv->req.cookie);
	dsp_expect_silence(dsp);
	dsp_down(dsp);
	dsp_finish(dsp);
}

TEST(interrupted_while_the_transport_is_full)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();
	struct dsp_call call;

	handle_signals(0);
	vdsp_set(dsp, "send_fail", 1000000);
	f->job = invoke_start(s.fd, &f->inv->req);
	CHECK_ERR(-EINTR, flight_signal(f));
	CHECK_EQ(0, f->inv->req.cookie);
	CHECK_EQ(0, qda_get(dsp, "calls_in_flight"));
	vdsp_set(dsp, "send_fail", 0);
	f->job = invoke_start(s.fd, &f->inv->req);
	dsp_expect(dsp, &f->call, TEST_HANDLE, 5);
	flight_answer(dsp, f);
	CHECK_OK(job_wait(f->job));
	CHECK(!dsp_poll(dsp, &call, 0));
	dsp_finish(dsp);
}
