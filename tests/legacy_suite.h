/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "legacy" have in common.
 */
#ifndef TESTS_LEGACY_SUITE_H
#define TESTS_LEGACY_SUITE_H

#include <pthread.h>

#include "dsp.h"
#include "real.h"
#include "rpc_client.h"

#define SKEL_URI(name) \
	"file:///lib" name "_skel.so?" name "_skel_handle_invoke&_modver=1.0&_dom=cdsp"
#define TWICE_URI    SKEL_URI("twice")
#define TWICE_DOUBLE 2

/* What a client's listener was asked, in that order. */
#define SEEN_MAX 96

struct seen {
	pthread_mutex_t lock; /* protects the rest */
	pthread_cond_t changed;
	unsigned int count;
	char line[SEEN_MAX][128];

	/* When the listener gets there, it stays there until it is let go. */
	const char *stop_at;
	bool stopped;
	bool go_on;

	/* The listener begins only when the DSP has got as many calls. */
	struct dsp *dsp;
	long long calls;
};

void seen_init(struct seen *seen);
/* For struct rpc_options; context is the struct seen. */
void seen_event(void *context, const char *what);
/* Waits for a line that begins like this. */
void seen_wait(struct seen *seen, const char *line);
/* Was there such a line? */
bool seen_has(struct seen *seen, const char *line);
void seen_let_go(struct seen *seen);
/* All lines are these; the list ends with NULL. */
void seen_check(struct seen *seen, const char *const *lines);

/* From here on it is written down what the driver sends. */
void trace_start(void);
/* For ktap_after_each() */
void trace_remove(void);
/*
 * The calls so far as "HANDLE.METHOD ", M for the handles of modules: of this thread, and
 * of all others together, of which nothing is expected when that is NULL.
 */
void check_calls(const char *mine, const char *others);
/* Waits until those of a thread, or of all others than that, are these. */
void wait_calls(pid_t thread, const char *calls);
void wait_other_calls(pid_t thread, const char *calls);

/* A virtual DSP with dspd and the nodes of the old interface. */
struct dsp *legacy_dsp(const char *line);
/* Unloads and loads the driver, as an update of it does; the DSP stays up. */
void legacy_reload(struct dsp *dsp);

/* Files of the DSP side's build are what the application has for the DSP. */
struct rpc_options legacy_options(enum rpc_pd pd, struct seen *seen);
struct rpc_client *legacy_client(enum rpc_pd pd, struct seen *seen);
/* The module must open. */
uint32_t legacy_module(struct rpc_client *client, const char *name);
void check_twice(struct rpc_client *client, uint32_t twice, int32_t number);
/* From nothing to a result of a module that comes from a file, and to an orderly end. */
void check_works(void);
/* Announces the end, after which the listener must have been let go; closes. */
void check_ends(struct rpc_client *client);

#endif /* TESTS_LEGACY_SUITE_H */
