// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * No call is made twice or not at all in a storm of signals, nor when memory runs out at the
 * same time. Part of the suite "restart".
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "storm.h"
#include "sys.h"

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
