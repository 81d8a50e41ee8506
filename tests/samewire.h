/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The two drivers that the suite "samewire" compares, one after the other.
 */
#ifndef TESTS_SAMEWIRE_H
#define TESTS_SAMEWIRE_H

#include "dsp.h"

/* A DSP with drivers/misc/fastrpc.c instead of ours, with the nodes of its domain. */
struct dsp *old_driver(const char *line);
/* One with ours again. */
struct dsp *our_driver(const char *line);

#endif /* TESTS_SAMEWIRE_H */
