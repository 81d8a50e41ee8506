// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Many calls at once, messages that the transport refuses, and callers that are interrupted,
 * killed or forked. Part of the suite "invoke".
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "invoke.h"
#include "ktap.h"
#include "sys.h"

/* ---- many at once ---- */

enum { MANY = 32 };

static void start_many(struct dsp *dsp, struct session *s, struct victim *v,
		       unsigned char (*data)[64])
{
	for (int i = 0; i < MANY; i++) {
		v[i].inv = inv_new(TEST_HANDLE, 9);
		memset(data[i], i, 64);
		inv_in(v[i].inv, data[i], 64);
		inv_out(v[i].inv, data[i], 64);
		v[i].job = invoke_start(s->fd, &v[i].inv->req);
		dsp_expect(dsp, &v[i].call, TEST_HANDLE, 9);
	}
}

static void answer_one(struct dsp *dsp, struct victim *v)
{
	uint64_t len;
	unsigned char *in = dsp_arg(dsp, &v->call, 0, &len), *out = dsp_arg(dsp, &v->call, 1, &len);

	memset(out, in[0] + 100, 64);
	dsp_reply(dsp, &v->call, 0);
}

static void end_many(struct victim *v, unsigned char (*data)[64])
{
	for (int i = 0; i < MANY; i++) {
		CHECK_OK(job_wait(v[i].job));
		CHECK_EQ(0, v[i].inv->req.dsp_status);
		for (int k = 0; k < 64; k++)
			CHECK_EQ(i + 100, data[i][k]);
		free(v[i].inv);
	}
}

TEST(calls_from_32_threads_answered_in_reverse)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static unsigned char data[MANY][64];
	struct victim v[MANY];

	start_many(dsp, &s, v, data);
	for (int i = MANY - 1; i >= 0; i--)
		answer_one(dsp, &v[i]);
	end_many(v, data);
	dsp_finish(dsp);
}

TEST(calls_from_32_threads_answered_in_odd_order)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static unsigned char data[MANY][64];
	struct victim v[MANY];

	start_many(dsp, &s, v, data);
	for (int i = 0; i < MANY; i++)
		answer_one(dsp, &v[i * 13 % MANY]);
	end_many(v, data);
	dsp_finish(dsp);
}

static void *call_often(void *arg)
{
	struct session *s = arg;
	unsigned char in[200], out[200];

	for (int i = 0; i < 50; i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 2);

		fill_pattern(in, sizeof(in), i + (unsigned int)(uintptr_t)&in);
		inv_in(inv, in, sizeof(in));
		inv_out(inv, out, sizeof(out));
		CHECK_OK(qda_invoke(s->fd, &inv->req));
		CHECK_EQ(0, inv->req.dsp_status);
		CHECK_MEM(in, out, sizeof(out));
		free(inv);
	}
	return NULL;
}

TEST(threads_of_two_sessions_do_not_mix)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s[2] = { session_new(dsp), session_new(dsp) };
	pthread_t threads[8];

	dsp_serve(dsp, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK_EQ(0, pthread_create(&threads[i], NULL, call_often, &s[i % 2]));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	dsp_finish(dsp);
}

enum { CROWD = 300 };

/*
 * One session tries more calls than the DSP has ids: it gets its share, the others wait their
 * turn, a second session is served meanwhile, and in the end all were made once.
 */
TEST(more_calls_than_ids_wait_fairly)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), other = session_new(dsp);
	unsigned int limit = qda_limit(s.fd, QDA_LIMIT_CALLS), made = 0;
	static struct dsp_call calls[CROWD];
	struct invocation *inv[CROWD];
	struct job *jobs[CROWD];
	struct victim v;

	for (int i = 0; i < CROWD; i++) {
		inv[i] = inv_new(TEST_HANDLE, 4);
		jobs[i] = invoke_start(s.fd, &inv[i]->req);
	}
	for (; made < limit; made++)
		dsp_expect(dsp, &calls[made], TEST_HANDLE, 4);
	dsp_expect_silence(dsp);
	v = victim_new(dsp, &other);
	victim_end(dsp, &v);
	/* Each answer makes room for exactly one. */
	for (unsigned int i = 0; i < CROWD; i++) {
		dsp_reply(dsp, &calls[i], 0);
		if (made < CROWD)
			dsp_expect(dsp, &calls[made++], TEST_HANDLE, 4);
	}
	for (int i = 0; i < CROWD; i++) {
		CHECK_OK(job_wait(jobs[i]));
		free(inv[i]);
	}
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

struct crowd_client {
	const char *node;
	unsigned int threads;
};

static int client_crowd(void *arg)
{
	struct crowd_client *c = arg;
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd = accel_open(c->node);

	if (qda_create(fd, &create))
		return 1;
	for (unsigned int i = 0; i < c->threads; i++)
		invoke_start(fd, &inv_new(TEST_HANDLE, 4)->req);
	pause();
	return 0;
}

/* Calls that wait for an id are killable and leave no trace. */
TEST(kill_with_calls_that_wait_for_an_id)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session other = session_new(dsp);
	unsigned int limit = qda_limit(other.fd, QDA_LIMIT_CALLS);
	struct crowd_client c = { dsp->node, limit + 20 };
	pid_t pid = client_start(client_crowd, &c);
	static struct dsp_call calls[256];
	struct frpc_create wire;
	struct dsp_call call;
	struct victim v;

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	for (unsigned int i = 0; i < limit; i++)
		dsp_expect(dsp, &calls[i], TEST_HANDLE, 4);
	client_kill(pid);
	expect_release(dsp, &call, wire.client_id);
	for (unsigned int i = 0; i < limit; i++)
		dsp_reply(dsp, &calls[i], FRPC_EBADSTATE);
	dsp_reply(dsp, &call, 0);
	v = victim_new(dsp, &other);
	victim_end(dsp, &v);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

/* ---- sending ---- */

TEST(refused_sends_are_tried_again_and_made_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static const int fails[] = { 1, 2, 10 };

	for (size_t i = 0; i < ARRAY_SIZE(fails); i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);
		struct dsp_call call;
		struct job *job;

		vdsp_set(dsp, "send_fail", fails[i]);
		job = invoke_start(s.fd, &inv->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 1);
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		free(inv);
		CHECK_EQ(0, vdsp_get(dsp, "send_fail"));
	}
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(refused_sends_of_create_and_release)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s;

	vdsp_set(dsp, "send_fail", 3);
	s = session_new(dsp);
	vdsp_set(dsp, "send_fail", 3);
	session_release(dsp, &s);
	vdsp_set(dsp, "send_fail", 3);
	s = session_create(dsp, s.fd);
	CHECK_EQ(0, vdsp_get(dsp, "send_fail"));
	vdsp_set(dsp, "send_fail", 3);
	/* The release of close comes through, too. */
	dsp_finish(dsp);
}

/* ---- interruptions ---- */

static void ignore_signal(int sig)
{
	(void)sig;
}

/* An ordinary signal must not make a call happen twice, or end it. */
TEST(signals_do_not_disturb_a_call)
{
	struct sigaction action = { .sa_handler = ignore_signal, .sa_flags = SA_RESTART };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct victim v;

	sigaction(SIGUSR2, &action, NULL);
	v = victim_new(dsp, &s);
	for (int i = 0; i < 20; i++) {
		job_signal(v.job, SIGUSR2);
		usleep(1000);
	}
	dsp_expect_silence(dsp);
	victim_end(dsp, &v);
	dsp_finish(dsp);
}

struct kill_client {
	const char *node;
	size_t size;
};

static int client_invoke(void *arg)
{
	struct kill_client *c = arg;
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 4);
	int fd = accel_open(c->node);

	inv_in(inv, guarded_alloc(c->size), c->size);
	inv_out(inv, guarded_alloc(c->size), c->size);
	if (qda_create(fd, &create))
		return 1;
	return qda_invoke(fd, &inv->req) ? 1 : 0;
}

/* The payload stays until the DSP answers, however late, and then goes. */
static void kill_in_call(size_t size)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct kill_client c = { dsp->node, size };
	struct dsp_call call, invoke;
	struct frpc_create wire;
	uint64_t len;
	void *p;
	pid_t pid = client_start(client_invoke, &c);

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &invoke, TEST_HANDLE, 4);
	p = dsp_arg(dsp, &invoke, 1, &len);
	client_kill(pid);
	expect_release(dsp, &call, wire.client_id);
	CHECK(dsp_can_read(dsp, invoke.msg.addr));
	memset(p, 0x77, len);
	CHECK(vdsp_get(dsp, "pages_mapped") > dsp->pages_at_start);
	dsp_reply(dsp, &invoke, 0);
	dsp_reply(dsp, &call, 0);
	vdsp_wait(dsp, "pages_mapped", dsp->pages_at_start);
	CHECK_EQ(0, vdsp_get(dsp, "faults"));
	dsp_finish(dsp);
}

TEST(kill_in_call_late_answer)
{
	kill_in_call(100);
}

TEST(kill_in_big_call_late_answer)
{
	kill_in_call(MIB / 2);
}

/* RELEASE is answered, but the killed call is not: its memory waits for it. */
TEST(kill_in_call_answer_after_release)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct kill_client c = { dsp->node, 100000 };
	struct dsp_call call, invoke;
	struct frpc_create wire;
	struct session s;
	pid_t pid = client_start(client_invoke, &c);

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &invoke, TEST_HANDLE, 4);
	client_kill(pid);
	expect_release(dsp, &call, wire.client_id);
	dsp_reply(dsp, &call, 0);
	s = session_new(dsp);
	session_release(dsp, &s);
	/* Whether the driver still knows it or not, the answer does no harm. */
	dsp_reply(dsp, &invoke, 0);
	dsp_finish(dsp);
}

TEST(fork_shares_the_session)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct dsp_call call;
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(qda_invoke(s.fd, &inv->req) ? 1 : 0);
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	CHECK_EQ(s.id, call.msg.client_id);
	dsp_reply(dsp, &call, 0);
	status = client_wait(pid);
	CHECK_EQ(0, status);
	/* The child's end does not release the process. */
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}
