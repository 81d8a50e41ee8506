/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Signals in the middle of ioctls, and a proof that none of them makes a call happen twice.
 */
#ifndef TESTS_STORM_H
#define TESTS_STORM_H

#include <stdbool.h>
#include <stdint.h>

enum storm_kind {
	STORM_NONE,
	STORM_RESTART, /* the handler has SA_RESTART: the kernel restarts the ioctl */
	STORM_EINTR,   /* it has not: do_ioctl() makes the ioctl again after -EINTR */
};

/* How much longer a test may take in a storm. */
#define STORM_SLOWER 4

/*
 * From now on each thread gets SIGALRM every millisecond while it is in ioctl(), its own or
 * one of a library, and so do child processes.
 */
void storm_begin(enum storm_kind kind);
void storm_end(void);
/* What the environment's QDA_STORM ("restart" or "eintr") says; STORM_NONE without it. */
enum storm_kind storm_wanted(void);
bool storm_rages(void);
/* How many signals have arrived in the test's processes. */
unsigned long storm_signals(void);

/* The part of do_ioctl() that knows of the storm: 0 or -errno. */
int storm_ioctl(int fd, unsigned long cmd, void *arg);

/* The application makes the calls of this ioctl, if it is one that makes any. */
void storm_make_calls(unsigned long cmd, const void *arg);

/*
 * The DSP of the test has seen a call of a user. Fails the test when there were more of them
 * than the application has made.
 */
void storm_see_call(void);

#endif /* TESTS_STORM_H */
