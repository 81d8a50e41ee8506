/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Every call has a thread of its own, and a method may block for ever: the last thread that
 * waits for calls starts another one before it runs a call. Threads are kept, so there are
 * as many as calls ran at the same time, and one more.
 */
#include "pool.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "crash.h"
#include "payload.h"
#include "poll.h"
#include "services.h"
#include "sys.h"
#include "thread.h"

/* A DSP can have 255 calls in flight. */
#define MAX_THREADS 256
#define STACK_SIZE  0x20000u
#define CRASH_STACK 0x4000u

struct worker {
	struct rt_thread thread;
	_Alignas(16) char crash_stack[CRASH_STACK];
};

/* lock protects the two numbers: threads, and those of them that wait for a call. */
static struct rt_mutex lock;
static unsigned int threads;
static unsigned int waiting;
static int session;

static uint32_t run(const struct vdsp_msg *msg, struct payload *payload)
{
	uint32_t error;

	if (msg->type != VDSP_MSG_CALL)
		return FRPC_EUNSUPPORTED;
	error = payload_decode(msg, payload);
	if (error)
		return error;
	error = services_invoke(msg->handle, msg->sc, payload->args);
	payload_end(payload);
	if (!error)
		poll_succeed(msg);
	return error;
}

static _Noreturn void stop(const char *what, long error)
{
	log_line("shell: %s: error %ld", what, -error);
	sys_exit(1);
}

/* The buffer has room for one record: every thread gets a call of its own. */
static void take_call(struct vdsp_msg *msg)
{
	long got;

	do {
		got = sys_read(session, msg, sizeof(*msg));
	} while (got == -SYS_EINTR);
	if (got == 0 || got == -SYS_EPIPE)
		sys_exit(0);
	if (got != (long)sizeof(*msg))
		stop("cannot read a call", got);
}

static void answer_call(const struct vdsp_msg *msg, uint32_t code)
{
	struct vdsp_reply reply = { .ctx = msg->ctx, .retval = (int32_t)code };
	long got = sys_write(session, &reply, sizeof(reply));

	if (got == -SYS_EPIPE)
		sys_exit(0);
	if (got < 0 && got != -SYS_ENOENT)
		stop("cannot answer a call", got);
}

static int start_worker(void);

/* Without another thread calls wait for one that runs: the process works on, but slower. */
static void leave_waiting(void)
{
	bool last;

	rt_mutex_lock(&lock);
	last = --waiting == 0 && threads < MAX_THREADS;
	rt_mutex_unlock(&lock);
	if (last && start_worker())
		log_line("shell: no memory for one more thread");
}

static void serve(void *arg)
{
	struct worker *worker = arg;
	struct payload payload;
	struct vdsp_msg msg;

	crash_thread_stack(worker->crash_stack, sizeof(worker->crash_stack));
	for (;;) {
		take_call(&msg);
		leave_waiting();
		answer_call(&msg, run(&msg, &payload));
		rt_mutex_lock(&lock);
		waiting++;
		rt_mutex_unlock(&lock);
	}
}

/* Counted before it runs: two threads must not both think that the other one waits. */
static int start_worker(void)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int error = worker ? 0 : -SYS_ENOMEM;

	rt_mutex_lock(&lock);
	threads++;
	waiting++;
	rt_mutex_unlock(&lock);
	if (!error)
		error = rt_thread_start(&worker->thread, serve, worker, STACK_SIZE);
	if (!error)
		return 0;
	rt_mutex_lock(&lock);
	threads--;
	waiting--;
	rt_mutex_unlock(&lock);
	free(worker);
	return error;
}

int pool_start(int session_fd)
{
	session = session_fd;
	return start_worker();
}
