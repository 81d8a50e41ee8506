// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Interrupted calls: a signal makes a call's ioctl return and not the call end, nobody
 * else gets its result, nothing is sent twice, and a deadline holds whatever happens.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "storm.h"
#include "sys.h"

#define BYTES	 100
#define PARKABLE 64

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(dsp_remove_all);
}

/* ---- a call in flight, and what happens to it ---- */

struct flight {
	struct invocation *inv;
	struct job *job;
	struct dsp_call call;
	unsigned char in[BYTES], out[BYTES];
};

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

static struct flight *flight_prepare(void)
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

static struct flight *flight_new(struct dsp *dsp, struct session *s)
{
	struct flight *f = flight_prepare();

	f->job = invoke_start(s->fd, &f->inv->req);
	dsp_expect(dsp, &f->call, TEST_HANDLE, 5);
	return f;
}

/* Signals until the ioctl has returned for one. */
static void flight_interrupt(struct flight *f)
{
	double end = now_ms() + WAIT_MS;

	while (!job_done(f->job)) {
		job_signal(f->job, SIGUSR1);
		usleep(1000);
		if (now_ms() > end)
			FAIL("no signal interrupts the call");
	}
	CHECK_ERR(-EINTR, job_wait(f->job));
	CHECK(f->inv->req.cookie);
	CHECK_EQ(0, f->inv->req.dsp_status);
}

static void flight_answer(struct dsp *dsp, struct flight *f)
{
	uint64_t len;
	void *in = dsp_arg(dsp, &f->call, 0, &len);

	memcpy(dsp_arg(dsp, &f->call, 1, &len), in, BYTES);
	dsp_reply(dsp, &f->call, 0);
}

static void flight_check(struct flight *f)
{
	CHECK_EQ(0, f->inv->req.cookie);
	CHECK_EQ(0, f->inv->req.dsp_status);
	CHECK_MEM(f->in, f->out, BYTES);
	free(f->inv);
	free(f);
}

static struct flight *flight_interrupted(struct dsp *dsp, struct session *s)
{
	struct flight *f = flight_new(dsp, s);

	flight_interrupt(f);
	return f;
}

/* ---- coming back ---- */

TEST(interrupted_call_goes_on_and_is_found_again)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
	CHECK_EQ(1, qda_get(dsp, "calls_in_flight"));
	f->job = invoke_start(s.fd, &f->inv->req);
	flight_answer(dsp, f);
	CHECK_OK(job_wait(f->job));
	flight_check(f);
	CHECK_EQ(2, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(answer_waits_for_who_was_interrupted)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
	flight_answer(dsp, f);
	qda_wait(dsp, "calls_in_flight", 0);
	CHECK_OK(qda_invoke(s.fd, &f->inv->req));
	flight_check(f);
	dsp_finish(dsp);
}

TEST(a_call_can_be_interrupted_often)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;
	uint64_t cookie;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
	cookie = f->inv->req.cookie;
	for (int i = 0; i < 20; i++) {
		f->job = invoke_start(s.fd, &f->inv->req);
		flight_interrupt(f);
		CHECK_EQ(cookie, f->inv->req.cookie);
	}
	f->job = invoke_start(s.fd, &f->inv->req);
	flight_answer(dsp, f);
	CHECK_OK(job_wait(f->job));
	flight_check(f);
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
	flight_answer(dsp, f);
	CHECK_OK(job_wait(f->job));
	flight_check(f);
	CHECK_EQ(2, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(outputs_go_where_the_first_ioctl_said)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_invoke again = { .args = ~0ull, .sc = ~0u, .handle = 1, .user_data = ~0ull };
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
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
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
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
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
	check_stranger(other.fd, f->inv->req.cookie);
	flight_answer(dsp, f);
	check_stranger(other.fd, f->inv->req.cookie);
	check_stranger(s.fd, f->inv->req.cookie + 1);
	check_stranger(s.fd, ~f->inv->req.cookie);
	CHECK_OK(qda_invoke(s.fd, &f->inv->req));
	flight_check(f);
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

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
	flight_answer(dsp, f);
	pid = fork();
	if (!pid) {
		check_stranger(s.fd, f->inv->req.cookie);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(0, status);
	CHECK_OK(qda_invoke(s.fd, &f->inv->req));
	flight_check(f);
	dsp_finish(dsp);
}

TEST(a_cookie_is_good_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;
	uint64_t cookie;

	handle_signals(0);
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

	handle_signals(0);
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

TEST(close_drops_interrupted_calls)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call release;
	struct flight *f[10];

	handle_signals(0);
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
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
	f->job = invoke_start(fd, &f->inv->req);
	/* Interrupted once more it is surely inside. */
	flight_interrupt(f);
	f->job = invoke_start(fd, &f->inv->req);
	usleep(1000);
	close(fd);
	flight_answer(dsp, f);
	CHECK_OK(job_wait(f->job));
	flight_check(f);
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

	handle_signals(0);
	f = flight_new(dsp, &s);
	close(fd);
	flight_interrupt(f);
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

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
	forgotten = flight_interrupted(dsp, &s);
	flight_answer(dsp, f);
	flight_answer(dsp, forgotten);
	session_release(dsp, &s);
	CHECK_OK(qda_invoke(s.fd, &f->inv->req));
	flight_check(f);
	s = session_create(dsp, s.fd);
	session_release(dsp, &s);
	check_stranger(s.fd, forgotten->inv->req.cookie);
	/* What the process had is gone although the file is open. */
	vdsp_wait(dsp, "pages_mapped", dsp->pages_at_start);
	dsp_finish(dsp);
}

/* More cannot pile up: then calls are as calls are without cookies. */
TEST(with_too_many_interrupted_calls_a_signal_waits)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *parked[PARKABLE], *f;
	unsigned long before;

	handle_signals(0);
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
	flight_answer(dsp, f);
	CHECK_OK(job_wait(f->job));
	flight_check(f);
	/* Whoever comes makes room. */
	flight_answer(dsp, parked[0]);
	CHECK_OK(qda_invoke(s.fd, &parked[0]->inv->req));
	flight_check(parked[0]);
	parked[0] = flight_interrupted(dsp, &s);
	for (int i = 0; i < PARKABLE; i++)
		flight_answer(dsp, parked[i]);
	dsp_finish(dsp);
}

TEST(dsp_goes_while_nobody_waits)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
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
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
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
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
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

static unsigned int call_limit(int fd)
{
	struct drm_qda_query query;

	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, QDA_LIMIT_CALLS, &query));
	return query.value;
}

/* As many calls as a session can have in flight. */
static void fill_session(struct dsp *dsp, struct session *s)
{
	struct dsp_call call;

	for (unsigned int i = call_limit(s->fd); i > 0; i--) {
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
	while (!job_done(f->job)) {
		job_signal(f->job, SIGUSR1);
		usleep(1000);
	}
	CHECK_ERR(-EINTR, job_wait(f->job));
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
	while (!job_done(f->job)) {
		job_signal(f->job, SIGUSR1);
		usleep(1000);
	}
	CHECK_ERR(-EINTR, job_wait(f->job));
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

/* ---- deadlines ---- */

/* The caller is free, the memory is not: the DSP may still write to it. */
TEST(deadline_gives_the_call_up)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();
	unsigned char poison[BYTES];

	memset(poison, POISON, BYTES);
	f->inv->req.deadline = in_ms(300);
	f->job = invoke_start(s.fd, &f->inv->req);
	dsp_expect(dsp, &f->call, TEST_HANDLE, 5);
	CHECK_ERR(-ETIMEDOUT, job_wait(f->job));
	CHECK_EQ(0, f->inv->req.cookie);
	CHECK_EQ(0, f->inv->req.dsp_status);
	CHECK_EQ(1, qda_get(dsp, "calls_in_flight"));
	CHECK(dsp_can_read(dsp, f->call.msg.addr));
	flight_answer(dsp, f);
	qda_wait(dsp, "calls_in_flight", 0);
	CHECK_MEM(poison, f->out, BYTES);
	CHECK_EQ(0, vdsp_get(dsp, "faults"));
	f = flight_new(dsp, &s);
	flight_answer(dsp, f);
	CHECK_OK(job_wait(f->job));
	flight_check(f);
	dsp_finish(dsp);
}

TEST(deadline_that_is_met)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static const uint64_t far[] = { 1ull << 62, ~0ull, 1ull << 63 };

	for (size_t i = 0; i <= ARRAY_SIZE(far); i++) {
		struct flight *f = flight_prepare();

		f->inv->req.deadline = i < ARRAY_SIZE(far) ? far[i] : in_ms(WAIT_MS);
		f->job = invoke_start(s.fd, &f->inv->req);
		dsp_expect(dsp, &f->call, TEST_HANDLE, 5);
		flight_answer(dsp, f);
		CHECK_OK(job_wait(f->job));
		flight_check(f);
	}
	dsp_finish(dsp);
}

TEST(deadline_in_the_past_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();

	f->inv->req.deadline = 1;
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &f->inv->req));
	f->inv->req.deadline = in_ms(0);
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &f->inv->req));
	CHECK_EQ(1, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(deadline_while_waiting_for_its_turn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();
	long long calls;

	fill_session(dsp, &s);
	calls = vdsp_get(dsp, "calls");
	f->inv->req.deadline = in_ms(300);
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &f->inv->req));
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	dsp_down(dsp);
	dsp_finish(dsp);
}

/* Signals come faster than the deadline: each of them would begin a relative time anew. */
TEST(signals_do_not_put_off_the_deadline)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();

	storm_begin(STORM_RESTART);
	f->inv->req.deadline = in_ms(500);
	f->job = invoke_start(s.fd, &f->inv->req);
	dsp_expect(dsp, &f->call, TEST_HANDLE, 5);
	CHECK_ERR(-ETIMEDOUT, job_wait(f->job));
	CHECK(storm_signals() > 10);
	storm_end();
	flight_answer(dsp, f);
	dsp_finish(dsp);
}

TEST(deadline_of_the_second_ioctl)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f;

	handle_signals(0);
	f = flight_interrupted(dsp, &s);
	f->inv->req.deadline = in_ms(100);
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &f->inv->req));
	CHECK_EQ(0, f->inv->req.cookie);
	flight_answer(dsp, f);
	qda_wait(dsp, "calls_in_flight", 0);
	dsp_finish(dsp);
}

/* ---- storms ---- */

enum { STORM_THREADS = 4, STORM_CALLS = 100 };

struct storm_client {
	int fd;
	uint32_t number; /* of its first call */
};

static uint32_t count_numbers(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	unsigned int *times = arg;
	uint64_t len;
	uint32_t *number;

	if (call->msg.handle == FRPC_HANDLE_INIT)
		return 0;
	number = dsp_arg(dsp, call, 0, &len);
	CHECK_EQ(sizeof(*number), len);
	CHECK(*number < STORM_THREADS * STORM_CALLS);
	times[*number]++;
	return dsp_echo(dsp, call, NULL);
}

static void *call_with_numbers(void *arg)
{
	struct storm_client *c = arg;

	for (uint32_t i = 0; i < STORM_CALLS; i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 5);
		uint32_t number = c->number + i, answer = ~0u;

		inv_in(inv, &number, sizeof(number));
		inv_out(inv, &answer, sizeof(answer));
		CHECK_OK(qda_invoke(c->fd, &inv->req));
		CHECK_EQ(number, answer);
		free(inv);
	}
	return NULL;
}

static void each_call_once(enum storm_kind kind)
{
	struct storm_client clients[STORM_THREADS];
	unsigned int times[STORM_THREADS * STORM_CALLS] = { 0 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	pthread_t threads[STORM_THREADS];

	dsp_serve(dsp, count_numbers, times);
	storm_begin(kind);
	for (unsigned int i = 0; i < STORM_THREADS; i++) {
		clients[i] = (struct storm_client){ s.fd, i * STORM_CALLS };
		CHECK_EQ(0, pthread_create(&threads[i], NULL, call_with_numbers, &clients[i]));
	}
	for (unsigned int i = 0; i < STORM_THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK(storm_signals() > 10);
	ktap_note("%lu signals", storm_signals());
	storm_end();
	for (unsigned int i = 0; i < ARRAY_SIZE(times); i++)
		CHECK_EQ(1, times[i]);
	dsp_finish(dsp);
}

TEST(storm_each_call_reaches_the_dsp_once)
{
	each_call_once(STORM_RESTART);
}

TEST(storm_with_eintr_each_call_reaches_the_dsp_once)
{
	each_call_once(STORM_EINTR);
}

/* ---- lack of memory at the worst moment ---- */

/* Each allocation and user copy fails once; the number of the try is the input. */
static int call_without_memory(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd = accel_open(arg);
	bool hit = true;

	if (qda_create(fd, &create))
		return 1;
	for (uint32_t nth = 1; hit; nth++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 5);
		uint32_t answer = ~0u;
		int ret;

		inv_in(inv, &nth, sizeof(nth));
		inv_out(inv, &answer, sizeof(answer));
		ret = fault_ioctl(fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &inv->req, nth, &hit);
		if (ret != -ENOMEM && ret != -EFAULT)
			CHECK_OK(ret);
		if (!ret)
			CHECK_EQ(nth, answer);
		CHECK(nth < 1000);
		free(inv);
	}
	return 0;
}

/* Stops the caller in the middle of its call; the answer comes before it goes on. */
static void stop_and_answer(struct dsp *dsp, struct dsp_call *call, pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	usleep(20000);
	dsp_echo(dsp, call, NULL);
	dsp_reply(dsp, call, 0);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid);
	CHECK(WIFSTOPPED(status));
	kill(pid, SIGCONT);
}

TEST(interruption_and_lack_of_memory_at_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call;
	uint32_t last = 0;
	uint64_t len;
	pid_t pid;

	fault_setup();
	pid = client_start(call_without_memory, dsp->node);
	for (;;) {
		uint32_t *nth;

		dsp_next(dsp, &call);
		if (call.msg.handle == FRPC_HANDLE_INIT) {
			dsp_reply(dsp, &call, 0);
			if (FRPC_SC_METHOD(call.msg.sc) == FRPC_INIT_RELEASE)
				break;
			continue;
		}
		nth = dsp_arg(dsp, &call, 0, &len);
		/* Not seen before. */
		CHECK(*nth > last);
		last = *nth;
		stop_and_answer(dsp, &call, pid);
	}
	CHECK_EQ(0, client_wait(pid));
	CHECK(last > 5);
	dsp_finish(dsp);
}
