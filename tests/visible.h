/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "visible" have in common.
 */
#ifndef TESTS_VISIBLE_H
#define TESTS_VISIBLE_H

#include "dsp.h"

/* What suspend_system() returns if the driver agrees to a suspend, as a positive number. */
#define PLATFORM_SAYS ECANCELED

/* Begins to suspend the system; always a negative error number. */
int suspend_system(struct dsp *dsp);

#endif /* TESTS_VISIBLE_H */
