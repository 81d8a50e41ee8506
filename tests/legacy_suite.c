// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "legacy_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ktap.h"
#include "legacy.h"
#include "module.h"

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

void seen_wait_stopped(struct seen *seen)
{
	seen_wait(seen, seen->stop_at);
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
