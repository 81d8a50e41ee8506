// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Tracepoints show what happens to calls and processes. Part of the suite "visible".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "storm.h"
#include "sys.h"
#include "visible.h"

static char trace[1 << 18];

static void trace_start(void)
{
	if (mkdir(TRACE_INSTANCE, 0700) && access(TRACE_INSTANCE, F_OK))
		FAIL("no instance of the tracer: %m");
	write_text(TRACE_INSTANCE "events/qda/enable", "0");
	write_text(TRACE_INSTANCE "trace", "");
	CHECK_OK(write_text(TRACE_INSTANCE "events/qda/enable", "1"));
}

/* Value of "name=..." in a line as a number; the test fails when there is none. */
static unsigned long long value_of(const char *line, const char *name)
{
	char word[64], *at;

	snprintf(word, sizeof(word), " %s=", name);
	at = strstr(line, word);
	if (!at)
		FAIL("no %s in: %s", name, line);
	return strtoull(at + strlen(word), NULL, 0);
}

struct wanted {
	const char *event;
	unsigned long long seq;
	char line[512];
};

static bool has_event(void *arg)
{
	struct wanted *w = arg;
	char event[64], *line, *rest;

	snprintf(event, sizeof(event), " %s: ", w->event);
	read_text(TRACE_INSTANCE "trace", trace, sizeof(trace));
	for (line = strtok_r(trace, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!strstr(line, event) || value_of(line, "seq") != w->seq)
			continue;
		snprintf(w->line, sizeof(w->line), "%s", strstr(line, event));
		return true;
	}
	return false;
}

static bool is_traced(const char *text)
{
	read_text(TRACE_INSTANCE "trace", trace, sizeof(trace));
	return strstr(trace, text);
}

/* The event of the call; waits for it, because the last ones come after the ioctl has returned. */
static const char *expect_event(const char *event, const struct dsp_call *call)
{
	static struct wanted w;

	w = (struct wanted){ .event = event, .seq = call->msg.ctx >> 16 };
	if (!wait_for(has_event, &w))
		FAIL("no event %s of the call with the number %llu", event, w.seq);
	return w.line;
}

static void check_call_event(const char *event, const struct dsp_call *call)
{
	const char *line = expect_event(event, call);

	CHECK(strstr(line, " domain=cdsp "));
	CHECK_EQ(call->msg.client_id, value_of(line, "session"));
	CHECK_EQ(call->msg.tid, value_of(line, "pid"));
	CHECK_EQ(SEEN_HANDLE, value_of(line, "handle"));
	CHECK_EQ(9, value_of(line, "method"));
	CHECK_EQ((call->msg.ctx >> 8) & 0xff, value_of(line, "slot"));
}

static void check_begin_event(const char *event, const struct dsp_call *call)
{
	const char *line = expect_event(event, call);

	check_call_event(event, call);
	CHECK_EQ(2, value_of(line, "inputs"));
	CHECK_EQ(1, value_of(line, "outputs"));
	CHECK(value_of(line, "size") >= 300);
	CHECK(value_of(line, "size") <= call->msg.size);
}

TEST(trace_shows_each_step_of_a_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job;
	const char *line;

	trace_start();
	job = start_seen_call(dsp, s.fd, &call);
	check_begin_event("qda_call_submit", &call);
	check_begin_event("qda_call_sent", &call);
	dsp_reply(dsp, &call, 0x77);
	CHECK_OK(job_wait(job));
	check_call_event("qda_call_answered", &call);
	line = expect_event("qda_call_answered", &call);
	CHECK_EQ(0x77, value_of(line, "status"));
	CHECK_EQ(0, value_of(line, "error"));
	check_call_event("qda_call_done", &call);
	line = expect_event("qda_call_done", &call);
	CHECK_EQ(0x77, value_of(line, "status"));
	CHECK(!is_traced("qda_call_abandoned"));
	CHECK(!is_traced("qda_call_flushed"));
	CHECK(!is_traced("qda_call_withdrawn"));
	dsp_finish(dsp);
}

TEST(trace_durations_are_those_of_the_calls)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct dsp_call call;
	unsigned long long answered;
	double start, seen, least, most;
	struct job *job;

	trace_start();
	start = now_ms();
	job = start_seen_call(dsp, s.fd, &call);
	seen = now_ms();
	usleep(200000);
	least = now_ms() - seen;
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	most = now_ms() - start;
	answered = value_of(expect_event("qda_call_answered", &call), "duration");
	/* Two clocks. */
	CHECK(answered >= least * 0.9e6);
	CHECK(answered <= most * 1.1e6);
	CHECK(value_of(expect_event("qda_call_done", &call), "duration") >= answered);
	dsp_finish(dsp);
}

static int client_call(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(SEEN_HANDLE, 9);
	int fd = accel_open(arg);

	return qda_create(fd, &create) || qda_invoke(fd, &inv->req);
}

TEST(trace_shows_an_abandoned_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call, seen, release;
	pid_t pid;

	trace_start();
	pid = client_start(client_call, dsp->node);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &seen, SEEN_HANDLE, 9);
	client_kill(pid);
	expect_release(dsp, &release, wire.client_id);
	check_call_event("qda_call_abandoned", &seen);
	CHECK(!is_traced("qda_call_flushed"));
	dsp_reply(dsp, &seen, 3);
	check_call_event("qda_call_answered", &seen);
	check_call_event("qda_call_done", &seen);
	dsp_reply(dsp, &release, 0);
	dsp_finish(dsp);
}

TEST(trace_shows_a_flushed_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct dsp_call call;
	struct job *job;

	session_create(dsp, fd);
	trace_start();
	job = start_seen_call(dsp, fd, &call);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	check_call_event("qda_call_flushed", &call);
	CHECK_EQ(-EPIPE, (long long)value_of(expect_event("qda_call_flushed", &call), "error"));
	/* A call that a signal has interrupted is kept for its caller as long as the file is open. */
	if (!storm_rages())
		check_call_event("qda_call_done", &call);
	close(fd);
	check_call_event("qda_call_done", &call);
	dsp_finish(dsp);
}

static bool is_submitted(void *arg)
{
	(void)arg;
	return is_traced("handle=0x80000077 method=9");
}

/* The transport has no room, until the caller is killed. */
TEST(trace_shows_a_call_that_could_not_be_sent)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call;
	pid_t pid;

	trace_start();
	pid = client_start(client_call, dsp->node);
	expect_create(dsp, &call, &wire);
	vdsp_set(dsp, "send_fail", 1000000000);
	dsp_reply(dsp, &call, 0);
	CHECK(wait_for(is_submitted, NULL));
	client_kill(pid);
	CHECK(is_traced("qda_call_withdrawn: domain=cdsp "));
	CHECK(is_traced("error=-4 "));
	vdsp_set(dsp, "send_fail", 0);
	expect_release(dsp, &call, wire.client_id);
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}

/* The states that the events name, one after another. */
static void check_states(struct session *s, const char *const *states, int count)
{
	char from_to[64], *line, *rest;
	int i = 0;

	read_text(TRACE_INSTANCE "trace", trace, sizeof(trace));
	for (line = strtok_r(trace, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!strstr(line, " qda_process_state: domain=cdsp "))
			continue;
		CHECK_EQ(s->id, value_of(line, "session"));
		CHECK(i + 1 < count);
		snprintf(from_to, sizeof(from_to), "from=%s to=%s", states[i], states[i + 1]);
		if (!strstr(line, from_to))
			FAIL("expected %s, seen %s", from_to, line);
		i++;
	}
	CHECK_EQ(count - 1, i);
}

TEST(trace_shows_the_states_of_a_process)
{
	static const char *const states[] = { "none",	  "creating", "live", "releasing", "none",
					      "creating", "live",     "dead", "releasing", "none" };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s;

	trace_start();
	s = session_new(dsp);
	session_release(dsp, &s);
	s = session_create(dsp, s.fd);
	session_die(dsp, &s);
	session_release(dsp, &s);
	check_states(&s, states, ARRAY_SIZE(states));
	dsp_finish(dsp);
}
