// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"

/* Calls before those that count: they fill caches and make what is made once. */
#define WARM_UP 20
#define PARTS	9
#define IDS	255

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

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The middle one of some parts: a clean-up that is due only now and then does not count. */
static double middle(double parts[PARTS])
{
	qsort(parts, PARTS, sizeof(*parts), compare);
	return parts[PARTS / 2];
}

/* misc/fastrpc reuses its ids after so many calls, so parts have whole rounds of them. */
static unsigned int part_of(unsigned int calls)
{
	unsigned int part = calls / PARTS;

	return part > IDS ? part - part % IDS : part ? part : 1;
}

#define PIPES	   8
#define PIPE_BYTES (1 << 20)

/*
 * The kernel keeps some free pages for each CPU. How many differs from boot to boot and from
 * second to second, and who takes hundreds of pages for a call, as misc/fastrpc does, pays
 * more or less for them by chance. After so many pages have come and gone it is the same
 * each time: that of a system that has run for a while.
 */
static void use_free_pages(void)
{
	static char page[PAGE];
	int ends[PIPES][2];

	for (int i = 0; i < PIPES; i++) {
		CHECK(!pipe2(ends[i], O_CLOEXEC));
		CHECK_EQ(PIPE_BYTES, fcntl(ends[i][1], F_SETPIPE_SZ, PIPE_BYTES));
		for (int k = 0; k < PIPE_BYTES / (int)PAGE; k++)
			CHECK(write(ends[i][1], page, PAGE) == PAGE);
	}
	for (int i = 0; i < PIPES; i++) {
		close(ends[i][0]);
		close(ends[i][1]);
	}
}

double cost(void (*fn)(void *arg), void *arg, unsigned int calls)
{
	unsigned int part = part_of(calls);
	double parts[PARTS], start;

	use_free_pages();
	for (unsigned int i = 0; i < WARM_UP && i < calls; i++)
		fn(arg);
	for (unsigned int n = 0; n < PARTS; n++) {
		start = now_ns();
		for (unsigned int i = 0; i < part; i++)
			fn(arg);
		parts[n] = (now_ns() - start) / part;
	}
	return middle(parts);
}

static void run_step(void *arg)
{
	step_run(arg);
}

double step_cost(struct step *step, unsigned int calls)
{
	double ns;

	step->retried = 0;
	ns = cost(run_step, step, calls);
	if (step->retried)
		ktap_note("%lu of %u calls were made again: no id was free", step->retried, calls);
	return ns;
}

void wall_clock(const char *name, const struct subject *subject, struct step *step,
		unsigned int calls)
{
	double *ns = calloc(calls, sizeof(*ns)), start;

	if (!getenv("QDA_BENCH_WALL"))
		return;
	for (unsigned int i = 0; i < calls; i++) {
		start = now_ns();
		step_run(step);
		ns[i] = now_ns() - start;
	}
	qsort(ns, calls, sizeof(*ns), compare);
	ktap_note("wall %s %s %.0f %.0f %.0f", name, subject->name, ns[calls / 2],
		  ns[calls - calls / 100 - 1], ns[calls - calls / 1000 - 1]);
	free(ns);
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
