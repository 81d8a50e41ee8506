// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What can be seen from outside is true: tracepoints, fdinfo and debugfs. What is told
 * when the DSP crashes is in visible_crash.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "module.h"
#include "sys.h"

/* Another handle than that of other tests' calls, and of a listener. */
#define SEEN_HANDLE	0x80000077u
#define LISTENER_HANDLE 3u

/* ---- tracepoints ---- */

#define INSTANCE "/sys/kernel/tracing/instances/qdatest/"

static char trace[1 << 18];

static void trace_start(void)
{
	if (mkdir(INSTANCE, 0700) && access(INSTANCE, F_OK))
		FAIL("no instance of the tracer: %m");
	write_text(INSTANCE "events/qda/enable", "0");
	write_text(INSTANCE "trace", "");
	CHECK_OK(write_text(INSTANCE "events/qda/enable", "1"));
}

static void clean_up(void)
{
	rmdir(INSTANCE);
	if (!module_loaded("vdsp"))
		module_load("vdsp");
	buffers_after_each();
	if (!module_loaded("qda"))
		module_load("qda");
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(clean_up);
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
	read_text(INSTANCE "trace", trace, sizeof(trace));
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
	read_text(INSTANCE "trace", trace, sizeof(trace));
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

/* A call with two inputs and an output, on its way. */
static struct job *start_seen_call(struct dsp *dsp, int fd, struct dsp_call *call)
{
	static unsigned char data[100];
	static struct invocation *inv;

	inv = inv_new(SEEN_HANDLE, 9);
	inv_in(inv, data, sizeof(data));
	inv_in(inv, data, sizeof(data));
	inv_out(inv, data, sizeof(data));
	struct job *job = invoke_start(fd, &inv->req);

	dsp_expect(dsp, call, SEEN_HANDLE, 9);
	return job;
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
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job;

	trace_start();
	job = start_seen_call(dsp, s.fd, &call);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	check_call_event("qda_call_flushed", &call);
	CHECK_EQ(-EPIPE, (long long)value_of(expect_event("qda_call_flushed", &call), "error"));
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

	read_text(INSTANCE "trace", trace, sizeof(trace));
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

/* ---- fdinfo ---- */

static char fdinfo[4096];

static void fdinfo_read(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	read_text(path, fdinfo, sizeof(fdinfo));
	/* Readers like IGT's take this much at once. */
	CHECK(strlen(fdinfo) < sizeof(fdinfo) - 1);
}

/* The value behind "key:", NULL if it is not there. */
static const char *fdinfo_text(int fd, const char *key)
{
	static char copy[sizeof(fdinfo)];
	char *line, *rest;

	fdinfo_read(fd);
	strcpy(copy, fdinfo);
	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t len = strlen(key);

		if (!strncmp(line, key, len) && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

/* As a number, sizes in bytes; a key that is not there is 0. */
static unsigned long long fdinfo_number(int fd, const char *key)
{
	const char *text = fdinfo_text(fd, key);
	unsigned long long value;
	char *unit;

	if (!text)
		return 0;
	value = strtoull(text, &unit, 10);
	if (!strcmp(unit, " KiB"))
		return value << 10;
	if (!strcmp(unit, " MiB"))
		return value << 20;
	CHECK(!*unit || !strcmp(unit, " ns"));
	return value;
}

static void check_fdinfo_line(char *line)
{
	static const char *const known[] = {
		"drm-driver",	       "drm-client-id",	       "drm-engine-cdsp",
		"drm-total-memory",    "drm-shared-memory",    "drm-active-memory",
		"drm-resident-memory", "drm-purgeable-memory", "qda-session",
		"qda-pd-type",	       "qda-context-bank",     "qda-mapped-memory",
		"qda-invocations",     "qda-errors",
	};
	char *colon = strchr(line, ':');

	if (!colon)
		FAIL("no colon in \"%s\"", line);
	*colon = '\0';
	CHECK_EQ(strlen(line), strcspn(line, " \t"));
	CHECK(colon[1 + strspn(colon + 1, " \t")]);
	if (strncmp(line, "drm-", 4) && strncmp(line, "qda-", 4))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(line, known[i]))
			return;
	FAIL("a key that nobody has documented: %s", line);
}

TEST(fdinfo_has_the_documented_form)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 3 * PAGE, 0);
	char *line, *rest;

	CHECK(b.handle);
	fdinfo_read(s.fd);
	for (line = strtok_r(fdinfo, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		check_fdinfo_line(line);
	CHECK(!strcmp("qda", fdinfo_text(s.fd, "drm-driver")));
	CHECK(fdinfo_number(s.fd, "drm-client-id") > 0);
	CHECK(strstr(fdinfo_text(s.fd, "drm-engine-cdsp"), " ns"));
	CHECK_EQ(s.id, fdinfo_number(s.fd, "qda-session"));
	CHECK_EQ(s.sid, fdinfo_number(s.fd, "qda-context-bank"));
	CHECK(!strcmp("unsigned", fdinfo_text(s.fd, "qda-pd-type")));
	buffers_finish(dsp);
}

TEST(fdinfo_of_a_file_that_did_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	int a = dsp_open(dsp), b = dsp_open(dsp);

	CHECK(!strcmp("none", fdinfo_text(a, "qda-pd-type")));
	CHECK(!fdinfo_text(a, "qda-context-bank"));
	CHECK(fdinfo_text(a, "drm-engine-cdsp"));
	CHECK_EQ(0, fdinfo_number(a, "drm-engine-cdsp"));
	CHECK_EQ(0, fdinfo_number(a, "drm-total-memory"));
	CHECK_EQ(0, fdinfo_number(a, "qda-mapped-memory"));
	CHECK_EQ(0, fdinfo_number(a, "qda-invocations"));
	CHECK_EQ(0, fdinfo_number(a, "qda-errors"));
	CHECK(fdinfo_number(a, "drm-client-id") != fdinfo_number(b, "drm-client-id"));
	CHECK(fdinfo_number(a, "qda-session") != fdinfo_number(b, "qda-session"));
	dsp_finish(dsp);
}

/* Pages; -1 for what is not to be looked at. */
struct sums {
	int total, shared, resident, active, mapped;
};

static int fdinfo_pages(int fd, const char *key)
{
	unsigned long long bytes = fdinfo_number(fd, key);

	CHECK_EQ(0, bytes % PAGE);
	return bytes / PAGE;
}

#define CHECK_SUMS(fd, ...) check_sums(__LINE__, fd, (struct sums)__VA_ARGS__)

static void check_sum(int line, int fd, const char *key, int expected)
{
	int seen = fdinfo_pages(fd, key);

	if (seen != expected)
		ktap_fail(__FILE__, line, "%s: expected %d pages, seen %d", key, expected, seen);
}

static void check_sums(int line, int fd, struct sums sums)
{
	check_sum(line, fd, "drm-total-memory", sums.total);
	check_sum(line, fd, "drm-shared-memory", sums.shared);
	check_sum(line, fd, "drm-resident-memory", sums.resident);
	check_sum(line, fd, "drm-active-memory", sums.active);
	check_sum(line, fd, "qda-mapped-memory", sums.mapped);
}

static bool nothing_active(void *fd)
{
	return !fdinfo_pages(*(int *)fd, "drm-active-memory");
}

/* A call with these buffers; they are active until it is answered. */
static struct job *start_buffer_call(struct dsp *dsp, int fd, uint32_t in, uint32_t out,
				     struct dsp_call *call)
{
	struct invocation *inv = inv_new(SEEN_HANDLE, 9);
	struct job *job;

	if (in)
		inv_bo_in(inv, in, 0, PAGE);
	if (out)
		inv_bo_out(inv, out, 0, PAGE);
	job = invoke_start(fd, &inv->req);
	dsp_expect(dsp, call, SEEN_HANDLE, 9);
	return job;
}

static void end_buffer_call(struct dsp *dsp, int fd, struct dsp_call *call, struct job *job)
{
	dsp_reply(dsp, call, 0);
	CHECK_OK(job_wait(job));
	/* Who took the answer lets go of them at about the same time. */
	CHECK(wait_for(nothing_active, &fd));
}

TEST(fdinfo_sums_of_created_and_mapped_buffers)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_gem_create create;
	struct buffer b;
	struct dsp_call call;
	struct job *job;

	CHECK_SUMS(s.fd, { 0, 0, 0, 0, 0 });
	CHECK_OK(gem_create(s.fd, 5 * PAGE, 0, &create));
	CHECK_SUMS(s.fd, { 5, 0, 0, 0, 0 });
	b = buffer_new(s.fd, 7 * PAGE, QDA_GEM_WC);
	CHECK_SUMS(s.fd, { 12, 0, 7, 0, 0 });
	job = start_buffer_call(dsp, s.fd, create.handle, b.handle, &call);
	CHECK_SUMS(s.fd, { 12, 0, 12, 12, 12 });
	end_buffer_call(dsp, s.fd, &call, job);
	CHECK_SUMS(s.fd, { 12, 0, 12, 0, 12 });
	buffer_munmap(&b);
	CHECK_SUMS(s.fd, { 12, 0, 12, 0, 12 });
	CHECK_OK(gem_close(s.fd, create.handle));
	CHECK_SUMS(s.fd, { 7, 0, 7, 0, 7 });
	buffer_close(&b);
	CHECK_SUMS(s.fd, { 0, 0, 0, 0, 0 });
	buffers_finish(dsp);
}

TEST(fdinfo_sums_of_shared_buffers)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int other = dsp_open(dsp), heap = heap_dmabuf(3 * PAGE);
	struct drm_qda_gem_create create;
	struct drm_prime_handle prime;
	uint32_t there, foreign;

	CHECK_OK(gem_create(s.fd, 5 * PAGE, 0, &create));
	prime = (struct drm_prime_handle){ .handle = create.handle, .flags = O_RDWR | O_CLOEXEC };
	CHECK_OK(do_ioctl(s.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	CHECK_SUMS(s.fd, { 5, 5, 0, 0, 0 });
	there = dmabuf_import(other, prime.fd);
	CHECK_SUMS(s.fd, { 5, 5, 0, 0, 0 });
	CHECK_SUMS(other, { 5, 5, 0, 0, 0 });
	foreign = dmabuf_import(s.fd, heap);
	CHECK_EQ(8, fdinfo_pages(s.fd, "drm-total-memory"));
	CHECK_EQ(3, fdinfo_pages(s.fd, "drm-resident-memory"));
	CHECK_EQ(5, fdinfo_pages(other, "drm-total-memory"));
	CHECK_OK(gem_close(s.fd, create.handle));
	CHECK_EQ(3, fdinfo_pages(s.fd, "drm-total-memory"));
	CHECK_EQ(5, fdinfo_pages(other, "drm-total-memory"));
	CHECK_OK(gem_close(other, there));
	CHECK_OK(gem_close(s.fd, foreign));
	CHECK_SUMS(s.fd, { 0, 0, 0, 0, 0 });
	CHECK_SUMS(other, { 0, 0, 0, 0, 0 });
	close(prime.fd);
	close(heap);
	buffers_finish(dsp);
}

/* A buffer that two sessions use is active and mapped in each of them when it is used there. */
TEST(fdinfo_sums_of_an_imported_buffer_in_a_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int heap = heap_dmabuf(3 * PAGE);
	uint32_t foreign = dmabuf_import(s.fd, heap);
	struct dsp_call call;
	struct job *job = start_buffer_call(dsp, s.fd, 0, foreign, &call);

	CHECK_EQ(3, fdinfo_pages(s.fd, "drm-active-memory"));
	CHECK_EQ(3, fdinfo_pages(s.fd, "qda-mapped-memory"));
	end_buffer_call(dsp, s.fd, &call, job);
	CHECK_EQ(3, fdinfo_pages(s.fd, "qda-mapped-memory"));
	CHECK_OK(gem_close(s.fd, foreign));
	CHECK_EQ(0, fdinfo_pages(s.fd, "qda-mapped-memory"));
	close(heap);
	buffers_finish(dsp);
}

static unsigned long long busy_ns(int fd)
{
	return fdinfo_number(fd, "drm-engine-cdsp");
}

TEST(fdinfo_is_busy_while_a_call_is_in_flight)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned long long idle = busy_ns(s.fd), first, second, after;
	double start, seen, least, most;
	struct dsp_call call;
	struct job *job;

	CHECK(idle > 0); /* the CREATE */
	CHECK_EQ(idle, busy_ns(s.fd));
	start = now_ms();
	job = start_seen_call(dsp, s.fd, &call);
	seen = now_ms();
	first = busy_ns(s.fd);
	usleep(200000);
	second = busy_ns(s.fd);
	CHECK(first >= idle);
	CHECK(second > first + 100000000);
	least = now_ms() - seen;
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	most = now_ms() - start;
	after = busy_ns(s.fd);
	CHECK(after - idle >= least * 0.9e6);
	CHECK(after - idle <= most * 1.1e6);
	usleep(20000);
	CHECK_EQ(after, busy_ns(s.fd));
	dsp_finish(dsp);
}

TEST(fdinfo_counts_time_once_for_calls_at_the_same_time)
{
	enum { CALLS = 8 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned long long idle = busy_ns(s.fd);
	double start = now_ms(), seen = 0, least, most;
	struct dsp_call call[CALLS];
	struct job *job[CALLS];

	for (int i = 0; i < CALLS; i++) {
		job[i] = start_seen_call(dsp, s.fd, &call[i]);
		seen = i ? seen : now_ms();
	}
	usleep(100000);
	least = now_ms() - seen;
	/* The last one is still there while the first one, the second one, ... end. */
	for (int i = 0; i < CALLS; i++) {
		dsp_reply(dsp, &call[i], 0);
		CHECK_OK(job_wait(job[i]));
	}
	most = now_ms() - start;
	CHECK(busy_ns(s.fd) - idle >= least * 0.9e6);
	CHECK(busy_ns(s.fd) - idle <= most * 1.1e6);
	CHECK_EQ(CALLS, fdinfo_number(s.fd, "qda-invocations"));
	dsp_finish(dsp);
}

TEST(fdinfo_of_one_client_says_nothing_about_another)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session a = session_new(dsp), b = session_new(dsp);
	unsigned long long idle = busy_ns(b.fd);
	struct buffer buffer = buffer_new(a.fd, 4 * PAGE, 0);
	struct dsp_call call;
	struct job *job = start_buffer_call(dsp, a.fd, buffer.handle, 0, &call);

	usleep(20000);
	CHECK_EQ(idle, busy_ns(b.fd));
	CHECK_EQ(0, fdinfo_number(b.fd, "qda-invocations"));
	CHECK_SUMS(b.fd, { 0, 0, 0, 0, 0 });
	end_buffer_call(dsp, a.fd, &call, job);
	CHECK_EQ(idle, busy_ns(b.fd));
	CHECK_EQ(1, fdinfo_number(a.fd, "qda-invocations"));
	buffers_finish(dsp);
}

/* It waits for the DSP instead of giving it work. */
TEST(fdinfo_is_not_busy_because_of_a_listener)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned long long idle = busy_ns(s.fd);
	struct invocation *inv = inv_new(LISTENER_HANDLE, 4);
	struct dsp_call call, other;
	struct job *job = invoke_start(s.fd, &inv->req), *work;

	dsp_expect(dsp, &call, LISTENER_HANDLE, 4);
	usleep(20000);
	CHECK_EQ(idle, busy_ns(s.fd));
	work = start_seen_call(dsp, s.fd, &other);
	usleep(20000);
	CHECK(busy_ns(s.fd) > idle);
	dsp_reply(dsp, &other, 0);
	CHECK_OK(job_wait(work));
	idle = busy_ns(s.fd);
	usleep(20000);
	CHECK_EQ(idle, busy_ns(s.fd));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(idle, busy_ns(s.fd));
	CHECK_EQ(2, fdinfo_number(s.fd, "qda-invocations"));
	dsp_finish(dsp);
}

TEST(fdinfo_counts_calls_and_errors)
{
	static const uint32_t answers[] = { 0, 1, 0, 0xffffffff, 0 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct dsp_call call;
		struct job *job = start_seen_call(dsp, s.fd, &call);

		dsp_reply(dsp, &call, answers[i]);
		CHECK_OK(job_wait(job));
		CHECK_EQ(i + 1, fdinfo_number(s.fd, "qda-invocations"));
	}
	CHECK_EQ(2, fdinfo_number(s.fd, "qda-errors"));
	dsp_finish(dsp);
}

TEST(fdinfo_follows_the_process)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_init_create create = { .filefd = -1 };
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;

	session_release(dsp, &s);
	CHECK(!strcmp("none", fdinfo_text(s.fd, "qda-pd-type")));
	CHECK_EQ(s.sid, fdinfo_number(s.fd, "qda-context-bank"));
	job = create_start(s.fd, &create);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK(!strcmp("signed", fdinfo_text(s.fd, "qda-pd-type")));
	dsp_finish(dsp);
}

TEST(fdinfo_names_pds_of_the_firmware)
{
	struct drm_qda_remote_attach attach = ROOT_PD;
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);
	struct dsp_call call;
	struct job *job = attach_start(fd, &attach);

	expect_attach(dsp, &call, FRPC_PD_ROOT);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK(!strcmp("root", fdinfo_text(fd, "qda-pd-type")));
	dsp_finish(dsp);
}

TEST(fdinfo_is_empty_when_the_dsp_is_gone)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);

	CHECK(b.handle);
	dsp_down(dsp);
	fdinfo_read(s.fd);
	CHECK(strstr(fdinfo, "pos:"));
	CHECK(!strstr(fdinfo, "drm-"));
	CHECK(!strstr(fdinfo, "qda-"));
	buffers_finish(dsp);
}

/* ---- debugfs, sysfs ---- */

static void debugfs_text(struct dsp *dsp, const char *name, char *text, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/kernel/debug/accel/%s/%s", dsp->parent, name);
	CHECK(!access(path, R_OK));
	read_text(path, text, size);
}

TEST(debugfs_is_found_by_the_name_of_the_device)
{
	struct dsp *dsp = dsp_new("cdsp"), *other = dsp_new("adsp");
	struct session s = session_new(dsp);
	static char text[4096], line[128];
	struct dsp_call call;
	struct job *job = start_seen_call(dsp, s.fd, &call);

	debugfs_text(dsp, "qda_sessions", text, sizeof(text));
	snprintf(line, sizeof(line), "\n%d %d \"test-visible\" unsigned live %u 0 1 0 ", s.id,
		 getpid(), s.sid);
	if (!strstr(text, line))
		FAIL("expected a line \"%s...\" in: %s", line + 1, text);
	debugfs_text(dsp, "qda_calls", text, sizeof(text));
	snprintf(line, sizeof(line), "\n%u %llu %d %u \"test-visible\" user %#x 9 2 1 ",
		 (unsigned int)(call.msg.ctx >> 8) & 0xff, (unsigned long long)call.msg.ctx >> 16,
		 s.id, call.msg.tid, SEEN_HANDLE);
	if (!strstr(text, line))
		FAIL("expected a line \"%s...\" in: %s", line + 1, text);
	debugfs_text(other, "qda_calls", text, sizeof(text));
	CHECK(!strchr(text, '\n')[1]);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	debugfs_text(dsp, "qda_calls", text, sizeof(text));
	CHECK(!strchr(text, '\n')[1]);
	dsp_finish(dsp);
	dsp_finish(other);
}

/* Reads what can be read; the number of files. */
static int read_all(const char *folder, int depth)
{
	static char buffer[1 << 16];
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		char path[600];
		int fd;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && depth)
			count += read_all(path, depth - 1);
		if (entry->d_type != DT_REG)
			continue;
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		while (read(fd, buffer, sizeof(buffer)) > 0)
			count += lseek(fd, 0, SEEK_CUR) ? 0 : 1;
		close(fd);
		count++;
	}
	if (dir)
		closedir(dir);
	return count;
}

static int read_everything(void *arg)
{
	struct dsp *dsp = arg;
	char path[128];
	int count;

	snprintf(path, sizeof(path), "/sys/kernel/debug/accel/%s", dsp->parent);
	count = read_all(path, 2);
	snprintf(path, sizeof(path), "/sys/class/accel/%s/", strrchr(dsp->node, '/') + 1);
	count += read_all(path, 3);
	snprintf(path, sizeof(path), "/sys/class/accel/%s/device/", strrchr(dsp->node, '/') + 1);
	return count + read_all(path, 3);
}

static int read_everything_as_user(void *arg)
{
	drop_root();
	return read_everything(arg) > 0 ? 0 : 1;
}

TEST(every_file_can_be_read)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 3 * PAGE, 0);
	struct dsp_call call;
	struct job *job = start_buffer_call(dsp, s.fd, b.handle, 0, &call);
	int count = read_everything(dsp);

	ktap_note("%d files", count);
	CHECK(count > 10);
	CHECK_EQ(0, client_wait(client_start(read_everything_as_user, dsp)));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	buffers_finish(dsp);
}

static int read_for_ever(void *arg)
{
	for (;;)
		read_everything(arg);
	return 0;
}

TEST(every_file_can_be_read_while_the_dsp_comes_and_goes)
{
	struct dsp *dsp = dsp_new("cdsp");
	pid_t pid = client_start(read_for_ever, dsp);

	for (int i = 0; i < 3; i++) {
		struct session s = session_new(dsp);
		struct dsp_call call;
		struct job *job = start_seen_call(dsp, s.fd, &call);

		usleep(20000);
		dsp_down(dsp);
		CHECK_ERR(-EPIPE, job_wait(job));
		close(dsp->files[--dsp->file_count]);
		dsp_up(dsp);
	}
	client_kill(pid);
	dsp_finish(dsp);
}
