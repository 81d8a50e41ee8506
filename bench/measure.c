// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"

/* Calls before those that count: they fill caches and make what is made once. */
#define WARM_UP 20

double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return 1e9 * t.tv_sec + t.tv_nsec;
}

/*
 * misc/fastrpc gives ids back in a work item; with a DSP that answers at once it can run out
 * of them. Then that work item needs the CPU.
 */
void step_run(struct step *step)
{
	while (ioctl(step->fd, step->cmd, step->arg)) {
		if (errno != ENOSPC)
			FAIL("ioctl %#lx: %m", step->cmd);
		step->retried++;
		sched_yield();
	}
}

void step_check(struct step *step)
{
	step_run(step);
	if (step->len)
		CHECK_MEM(step->in, step->out, step->len);
}

double step_cost(struct step *step, unsigned int calls)
{
	double start;

	for (unsigned int i = 0; i < WARM_UP && i < calls; i++)
		step_run(step);
	step->retried = 0;
	start = now_ns();
	for (unsigned int i = 0; i < calls; i++)
		step_run(step);
	return (now_ns() - start) / calls;
}

double cost(void (*fn)(void *arg), void *arg, unsigned int calls)
{
	double start;

	for (unsigned int i = 0; i < WARM_UP && i < calls; i++)
		fn(arg);
	start = now_ns();
	for (unsigned int i = 0; i < calls; i++)
		fn(arg);
	return (now_ns() - start) / calls;
}

void result(const char *name, const struct subject *subject, double value)
{
	ktap_note("bench %s %s %.1f", name, subject->name, value);
}

void point(const char *curve, double x, const struct subject *subject, double value)
{
	ktap_note("curve %s %g %s %.1f", curve, x, subject->name, value);
}

/* Free pages are in the zones' lists, and in a list for each CPU, "count:". */
double free_bytes(void)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	double pages = 0;
	char line[256];
	long n;

	if (!f)
		FAIL("/proc/zoneinfo: %m");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " pages free %ld", &n) == 1 ||
		    sscanf(line, " count: %ld", &n) == 1)
			pages += n;
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}
