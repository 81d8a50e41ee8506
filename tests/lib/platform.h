/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What is around the DSPs of a SoC: a region of memory for the firmware's PDs, and who
 * assigns memory to a DSP (vdsp_platform.ko). For DSPs made with heap=region or heap=pool, and
 * vmids=1 or 2.
 */
#ifndef TESTS_PLATFORM_H
#define TESTS_PLATFORM_H

#include "dsp.h"

/*
 * Nothing is assigned then, whatever the test before has left. With firmware that can assign
 * memory, or without. Loads the module for the first test that needs it; skips the test where
 * it cannot work.
 */
void platform_on(bool scm);
/* A parameter, some of which tell what happened. */
long long platform_get(const char *name);
void platform_set(const char *name, long long value);
/* Which memory a DSP's virtual machines have; how many ranges that is. */
struct platform_range {
	uint64_t addr;
	uint64_t size;
	uint64_t to; /* one bit for each virtual machine */
};
unsigned int platform_ranges(struct platform_range *ranges, unsigned int max);
/* The machine is as it is, as without the module. */
void platform_off(void);
/* dsp_finish(), after which all memory must be Linux's again. */
void platform_end(struct dsp *dsp);

#endif /* TESTS_PLATFORM_H */
