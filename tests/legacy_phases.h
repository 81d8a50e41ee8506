/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The life of a program of the old interface in phases: in each of them a process of its own can
 * be brought to a stop, for something to happen to it there.
 */
#ifndef TESTS_LEGACY_PHASES_H
#define TESTS_LEGACY_PHASES_H

#include "legacy_suite.h"

#define PHASES_MAX 8

/* What the phases' functions work on, in the child process. */
struct phase_run {
	struct seen seen;
	struct rpc_client *client;
	uint32_t probe;
	int ready; /* pipe: a byte says that all but the last call is done */
};

struct phase {
	const char *name;
	enum rpc_pd pd;
	/* Calls that the DSP has not answered: that last one, and the listener's. */
	int in_flight;
	/* Until this request the listener serves; there it stays. */
	const char *stop_at;
	/* What comes before; and the call that waits, whose result it gives. */
	void (*prepare)(struct phase_run *run);
	int (*wait)(struct phase_run *run);
};

extern const struct phase phases[];
extern const unsigned int phase_count;

struct phase_child {
	const struct phase *phase;
	pid_t pid;
	int ready;
};

/*
 * Starts all phases, each in a process, which are all there on return. What a process saw of its
 * call and of the listener's must be one of @ends, and that is its exit status: 0.
 */
void phases_start(struct dsp *dsp, struct phase_child *children, const int *ends);

#endif /* TESTS_LEGACY_PHASES_H */
