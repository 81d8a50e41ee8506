// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "legacy_phases.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "rpc_queue.h"

#define PROBE_WAIT     17
#define PROBE_ASK_OPEN 20
#define PROBE_ALLOCATE 22

/* ---- what waits ---- */

static int wait_for_end(struct phase_run *run)
{
	uint32_t never = 1;

	return rpc_call(run->client, run->probe, PROBE_WAIT, &never, sizeof(never), NULL, 0);
}

static int open_twice(struct phase_run *run)
{
	uint32_t handle;

	return rpc_module_open(run->client, TWICE_URI, &handle, NULL);
}

static int ask_application(struct phase_run *run)
{
	uint32_t handle;

	return rpc_call(run->client, run->probe, PROBE_ASK_OPEN, "apps_std", 9, &handle,
			sizeof(handle));
}

static int grow_heap(struct phase_run *run)
{
	uint32_t size = 33 * MIB, address;

	return rpc_call(run->client, run->probe, PROBE_ALLOCATE, &size, sizeof(size), &address,
			sizeof(address));
}

static int receive_packet(struct phase_run *run)
{
	struct rpc_queue *queue;
	char message[4];
	int ret = rpc_queue_open(run->client, &queue);

	CHECK_OK(ret);
	CHECK_EQ(1, write(run->ready, "r", 1));
	ret = rpc_queue_receive(queue, message, sizeof(message));
	/* Its calls fail, too. */
	return rpc_queue_close(queue) ? ret : 0;
}

/* ---- what comes before ---- */

static void open_probe(struct phase_run *run)
{
	run->probe = legacy_module(run->client, "probe");
}

static void share_buffers(struct phase_run *run)
{
	uint32_t len = 0, sum;
	struct rpc_args args = { 0 };
	struct rpc_buffer mapped, handle;
	uint64_t address;

	open_probe(run);
	CHECK_OK(rpc_buffer_alloc(run->client, 8096, &mapped));
	CHECK_OK(rpc_buffer_map(run->client, &mapped, &address));
	CHECK_OK(rpc_buffer_alloc(run->client, 4110, &handle));
	rpc_args_in(&args, &len, sizeof(len), NULL);
	rpc_args_out(&args, &sum, sizeof(sum), NULL);
	rpc_args_in_handle(&args, &handle, 0);
	CHECK_OK(rpc_invoke(run->client, run->probe, 11, &args));
}

/* The DSP has nobody to ask any more, but serves until the file is closed. */
static void announce_exit(struct phase_run *run)
{
	open_probe(run);
	CHECK_OK(rpc_client_exit(run->client));
	CHECK_EQ(RPC_EBADSTATE, rpc_client_join(run->client));
}

#define USER RPC_PD_UNSIGNED

const struct phase phases[] = {
	{ .name = "asking before there is a listener",
	  .pd = USER,
	  .in_flight = 1,
	  .stop_at = "listen",
	  .prepare = open_probe,
	  .wait = ask_application },
	{ .name = "loading a file",
	  .pd = RPC_PD_SIGNED,
	  .in_flight = 1,
	  .stop_at = "fread",
	  .wait = open_twice },
	{ .name = "growing the heap",
	  .pd = USER,
	  .in_flight = 1,
	  .stop_at = "heap",
	  .prepare = open_probe,
	  .wait = grow_heap },
	{ .name = "with buffers",
	  .pd = USER,
	  .in_flight = 2,
	  .prepare = share_buffers,
	  .wait = wait_for_end },
	{ .name = "with a queue", .pd = USER, .in_flight = 2, .wait = receive_packet },
	{ .name = "a daemon",
	  .pd = RPC_PD_ROOT,
	  .in_flight = 2,
	  .prepare = open_probe,
	  .wait = wait_for_end },
	{ .name = "after exit",
	  .pd = USER,
	  .in_flight = 1,
	  .prepare = announce_exit,
	  .wait = wait_for_end },
};

const unsigned int phase_count = ARRAY_SIZE(phases);

/* ---- the child ---- */

struct start {
	const struct phase *phase;
	const int *ends;
	int ready;
};

static bool is_one_of(int result, const int *ends)
{
	for (; *ends; ends++) {
		if (result == *ends)
			return true;
	}
	return false;
}

static int check_end(const struct phase *phase, const char *whose, int result, const int *ends)
{
	if (is_one_of(result, ends))
		return 0;
	ktap_note("%s: the %s call ended with %d (%#x)", phase->name, whose, result,
		  (unsigned int)result);
	return 1;
}

static int run_phase(void *arg)
{
	const struct start *start = arg;
	const struct phase *phase = start->phase;
	static struct phase_run run;
	struct rpc_options options;
	int wrong;

	seen_init(&run.seen);
	run.ready = start->ready;
	run.seen.stop_at = phase->stop_at;
	options = legacy_options(phase->pd, &run.seen);
	CHECK_OK(rpc_client_open(&run.client, &options));
	if (phase->prepare)
		phase->prepare(&run);
	if (phase->wait != receive_packet)
		CHECK_EQ(1, write(run.ready, "r", 1));
	wrong = check_end(phase, "application's", phase->wait(&run), start->ends);
	seen_let_go(&run.seen);
	if (phase->prepare == announce_exit)
		goto out;
	/* The announcement fails, too, and nobody waits for anything. */
	wrong |= check_end(phase, "last", rpc_client_exit(run.client), start->ends);
	wrong |= check_end(phase, "listener's", rpc_client_join(run.client), start->ends);
out:
	rpc_client_close(run.client);
	return wrong;
}

static void start_one(struct phase_child *child, const struct phase *phase, const int *ends)
{
	struct start start = { .phase = phase, .ends = ends };
	int fds[2];

	CHECK_EQ(0, pipe(fds));
	start.ready = fds[1];
	child->phase = phase;
	child->ready = fds[0];
	child->pid = client_start(run_phase, &start);
	close(fds[1]);
}

static void wait_ready(const struct phase_child *child)
{
	struct pollfd p = { .fd = child->ready, .events = POLLIN };
	char byte;

	if (poll(&p, 1, REAL_MS) != 1 || read(child->ready, &byte, 1) != 1)
		FAIL("%s: it did not get there", child->phase->name);
	close(child->ready);
}

void phases_start(struct dsp *dsp, struct phase_child *children, const int *ends)
{
	int in_flight = 0;

	/* One after the other: the DSP gives a process 8 s to start, and here all are slow. */
	for (unsigned int i = 0; i < phase_count; i++) {
		start_one(&children[i], &phases[i], ends);
		wait_ready(&children[i]);
		in_flight += phases[i].in_flight;
	}
	qda_wait(dsp, "calls_in_flight", in_flight);
}
