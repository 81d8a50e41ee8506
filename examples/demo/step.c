// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Whole lines only, written at once: they may go through a slow pipe.
 */
#include "step.h"

#include <qda.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

void step_begin(struct steps *steps, const char *what)
{
	printf("\n%d. %s\n", ++steps->number, what);
	fflush(stdout);
	steps->start = now();
}

void step_say(const char *format, ...)
{
	va_list args;

	printf("   ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

void step_end(const struct steps *steps)
{
	step_say("(%.1f ms, emulated)", (double)(now() - steps->start) / 1e6);
}

bool step_fail(const char *what, int err, uint32_t dsp_status, const char *to_do)
{
	fflush(stdout);
	fprintf(stderr, "demo: %s", what);
	if (err)
		fprintf(stderr, ": %s", strerror(-err));
	if (dsp_status)
		fprintf(stderr, "; the DSP's code is 0x%08x: %s", dsp_status,
			qda_dsp_strerror(dsp_status));
	fprintf(stderr, "\ndemo: %s\n", to_do);
	return false;
}
