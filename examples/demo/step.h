/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Tells what the demo does, step by step, with the time that each step took.
 */
#ifndef DEMO_STEP_H
#define DEMO_STEP_H

#include <stdbool.h>
#include <stdint.h>

struct steps {
	int number;
	int64_t start;
};

/* Nanoseconds since some moment. */
int64_t now(void);

void step_begin(struct steps *steps, const char *what);
__attribute__((format(printf, 1, 2))) void step_say(const char *format, ...);
void step_end(const struct steps *steps);

/*
 * Says why the demo cannot go on and what to do. err is 0 or -errno, dsp_status the DSP's
 * code or 0. Always false.
 */
bool step_fail(const char *what, int err, uint32_t dsp_status, const char *to_do);

#endif /* DEMO_STEP_H */
