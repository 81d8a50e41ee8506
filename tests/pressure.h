/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "pressure" have in common: a small memory cgroup.
 */
#ifndef TESTS_PRESSURE_H
#define TESTS_PRESSURE_H

#include <stdbool.h>

#include "dsp.h"

/*
 * Makes a DSP that is served, and runs @fn in a process in a memory cgroup of its own. Nobody must
 * be killed there, and nothing left charged.
 */
void run_in_cgroup(const char *line, void (*fn)(struct dsp *dsp));
/* In there: so many bytes more and no more; as many as there are. */
void only(long long more);
void no_limit(void);
/* Bytes charged to it, and whether they are less than *@arg, a long long. */
long long charged(void);
bool is_uncharged(void *arg);

#endif /* TESTS_PRESSURE_H */
