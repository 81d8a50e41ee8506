// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "legacy_suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "legacy.h"
#include "module.h"

#define INSTANCE "/sys/kernel/tracing/instances/qdalegacy/"

/* ---- what the listener was asked ---- */

void seen_init(struct seen *seen)
{
	pthread_condattr_t attr;

	memset(seen, 0, sizeof(*seen));
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&seen->lock, NULL);
	pthread_cond_init(&seen->changed, &attr);
}

static bool begins(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* In the listener's thread. */
void seen_event(void *context, const char *what)
{
	struct seen *seen = context;

	if (seen->dsp)
		vdsp_wait(seen->dsp, "calls", seen->calls);
	seen->dsp = NULL;
	pthread_mutex_lock(&seen->lock);
	if (seen->count < SEEN_MAX)
		snprintf(seen->line[seen->count++], sizeof(seen->line[0]), "%s", what);
	if (seen->stop_at && begins(what, seen->stop_at))
		seen->stopped = true;
	pthread_cond_broadcast(&seen->changed);
	while (seen->stopped && !seen->go_on)
		pthread_cond_wait(&seen->changed, &seen->lock);
	pthread_mutex_unlock(&seen->lock);
}

static bool has_line(const struct seen *seen, const char *start)
{
	for (unsigned int i = 0; i < seen->count; i++) {
		if (begins(seen->line[i], start))
			return true;
	}
	return false;
}

/* Everything that was seen, for somebody who has to find out what is wrong. */
static void tell(const struct seen *seen)
{
	for (unsigned int i = 0; i < seen->count; i++)
		ktap_note("%u: %s", i, seen->line[i]);
}

void seen_wait(struct seen *seen, const char *line)
{
	struct timespec end;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += REAL_MS / 1000;
	pthread_mutex_lock(&seen->lock);
	while (!error && !has_line(seen, line))
		error = pthread_cond_timedwait(&seen->changed, &seen->lock, &end);
	if (error)
		tell(seen);
	pthread_mutex_unlock(&seen->lock);
	if (error)
		FAIL("the DSP did not ask for \"%s\"", line);
}

bool seen_has(struct seen *seen, const char *line)
{
	bool has;

	pthread_mutex_lock(&seen->lock);
	has = has_line(seen, line);
	pthread_mutex_unlock(&seen->lock);
	return has;
}

void seen_let_go(struct seen *seen)
{
	pthread_mutex_lock(&seen->lock);
	seen->go_on = true;
	pthread_cond_broadcast(&seen->changed);
	pthread_mutex_unlock(&seen->lock);
}

void seen_check(struct seen *seen, const char *const *lines)
{
	unsigned int i = 0;

	pthread_mutex_lock(&seen->lock);
	for (; lines[i] && i < seen->count; i++) {
		if (!strcmp(lines[i], seen->line[i]))
			continue;
		tell(seen);
		FAIL("event %u: expected \"%s\", seen \"%s\"", i, lines[i], seen->line[i]);
	}
	if (lines[i] || i != seen->count) {
		tell(seen);
		FAIL("event %u: expected \"%s\", seen \"%s\"", i, lines[i] ? lines[i] : "nothing",
		     i < seen->count ? seen->line[i] : "nothing");
	}
	pthread_mutex_unlock(&seen->lock);
}

/* ---- what the driver sent ---- */

void trace_start(void)
{
	int fd;

	if (mkdir(INSTANCE, 0700) && access(INSTANCE, F_OK))
		FAIL("no instance of the tracer: %m");
	/* That empties it. */
	fd = open(INSTANCE "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);
	CHECK(fd >= 0);
	close(fd);
	CHECK_OK(write_text(INSTANCE "events/qda/qda_call_submit/enable", "1"));
}

void trace_remove(void)
{
	rmdir(INSTANCE);
}

/*
 * The calls of one thread, or of all others, as "HANDLE.METHOD"; handles of modules are M. What a
 * thread sends has an order; between threads there is none.
 */
static void read_calls(pid_t thread, bool others, char *text, size_t size)
{
	static char trace[1 << 18];
	char *line, *rest, *at;
	size_t len = 0;

	read_text(INSTANCE "trace", trace, sizeof(trace));
	text[0] = '\0';
	for (line = strtok_r(trace, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned int pid, handle, method;

		at = strstr(line, " pid=");
		if (!strstr(line, "qda_call_submit: ") || !at ||
		    sscanf(at, " pid=%u handle=%x method=%u", &pid, &handle, &method) != 3 ||
		    (pid == (unsigned int)thread) == others)
			continue;
		if (handle > 255)
			len += snprintf(text + len, size - len, "M.%u ", method);
		else
			len += snprintf(text + len, size - len, "%u.%u ", handle, method);
		if (len >= size)
			FAIL("too many calls were traced");
	}
}

void check_calls(const char *mine, const char *others)
{
	char text[1024];

	read_calls(gettid(), false, text, sizeof(text));
	if (strcmp(mine, text))
		FAIL("the application's calls: expected \"%s\", seen \"%s\"", mine, text);
	if (!others)
		return;
	read_calls(gettid(), true, text, sizeof(text));
	if (strcmp(others, text))
		FAIL("other threads' calls: expected \"%s\", seen \"%s\"", others, text);
}

struct calls {
	pid_t thread;
	bool others;
	const char *expected;
	char seen[1024];
};

static bool calls_are_these(void *arg)
{
	struct calls *calls = arg;

	read_calls(calls->thread, calls->others, calls->seen, sizeof(calls->seen));
	return !strcmp(calls->expected, calls->seen);
}

static void wait_for_calls(struct calls calls)
{
	if (!wait_for(calls_are_these, &calls))
		FAIL("calls of %s %d: expected \"%s\", seen \"%s\"",
		     calls.others ? "others than" : "thread", calls.thread, calls.expected,
		     calls.seen);
}

void wait_calls(pid_t thread, const char *calls)
{
	wait_for_calls((struct calls){ .thread = thread, .expected = calls });
}

void wait_other_calls(pid_t thread, const char *calls)
{
	wait_for_calls((struct calls){ .thread = thread, .others = true, .expected = calls });
}

/* ---- clients ---- */

struct dsp *legacy_dsp(const char *line)
{
	struct dsp *dsp;

	if (!module_loaded(LEGACY_MODULE))
		module_load(LEGACY_MODULE);
	dsp = real_new(line);
	legacy_wait_nodes(dsp, true, true);
	return dsp;
}

void legacy_reload(struct dsp *dsp)
{
	module_unload(LEGACY_MODULE);
	module_unload("qda");
	module_load("qda");
	module_load(LEGACY_MODULE);
	dsp_wait_node(dsp);
	legacy_wait_nodes(dsp, true, true);
}

static const char *shell_path(void)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/qda_shell.elf", getenv("QDA_DSP_DIR"));
	return path;
}

struct rpc_options legacy_options(enum rpc_pd pd, struct seen *seen)
{
	static const char *folders[2];
	bool plain = pd == RPC_PD_UNSIGNED;

	folders[0] = getenv("QDA_DSP_DIR");
	return (struct rpc_options){
		.node = plain ? "/dev/fastrpc-cdsp" : "/dev/fastrpc-cdsp-secure",
		.pd = pd,
		.shell = pd == RPC_PD_SIGNED || plain ? shell_path() : NULL,
		.folders = folders,
		.event = seen ? seen_event : NULL,
		.context = seen,
	};
}

struct rpc_client *legacy_client(enum rpc_pd pd, struct seen *seen)
{
	struct rpc_options options = legacy_options(pd, seen);
	struct rpc_client *client;

	CHECK_OK(rpc_client_open(&client, &options));
	return client;
}

uint32_t legacy_module(struct rpc_client *client, const char *name)
{
	char text[RPC_TEXT_SIZE];
	uint32_t handle;
	int ret = rpc_module_open(client, name, &handle, text);

	if (ret)
		FAIL("opening %s: %#x %s", name, (unsigned int)ret, text);
	CHECK(handle > 255);
	return handle;
}

void check_twice(struct rpc_client *client, uint32_t twice, int32_t number)
{
	int32_t result = 0;

	CHECK_OK(rpc_call(client, twice, TWICE_DOUBLE, &number, sizeof(number), &result,
			  sizeof(result)));
	CHECK_EQ(2 * number, result);
}

void check_ends(struct rpc_client *client)
{
	CHECK_OK(rpc_client_exit(client));
	CHECK_EQ(RPC_EBADSTATE, rpc_client_join(client));
	rpc_client_close(client);
}

void check_works(void)
{
	struct rpc_client *client = legacy_client(RPC_PD_UNSIGNED, NULL);
	uint32_t twice = legacy_module(client, TWICE_URI);

	check_twice(client, twice, 21);
	CHECK_OK(rpc_module_close(client, twice));
	CHECK_OK(rpc_thread_exit(client));
	check_ends(client);
}
