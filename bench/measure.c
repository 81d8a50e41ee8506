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

/* Instructions that are spent before a case is measured: they fill caches. */
#define WARM_UP_NS 20e6
/* The same for what measuring itself costs, a system call. */
#define NOTHING_NS 2e6

/* How long each case is measured. */
static double measured_ns = LITTLE_LEFT_NS;

void measure_for(double ns)
{
	measured_ns = ns;
}

double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return 1e9 * t.tv_sec + t.tv_nsec;
}

/* misc/fastrpc gives ids back in a work item; it can run out of them before that has run. */
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

#define PIPES	   128
#define PIPE_PAGES 16
#define HIGH	   "/proc/sys/vm/percpu_pagelist_high_fraction"

/* How many free pages the kernel keeps for a CPU must not change: an eighth of all. */
static void keep_free_pages(void)
{
	int fd = open(HIGH, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, "8", 1) == 1);
	close(fd);
}

/*
 * They are neighbours in a fresh system, or not, by chance; who maps dozens of pages for a
 * call, as misc/fastrpc does, pays less when they are. After this they come in no order,
 * as on a system that has run for a while: each goes to a pipe drawn by lot, and a pipe
 * gives back all of its pages before the next one does.
 */
static void scatter_free_pages(void)
{
	static char page[PAGE];
	int ends[PIPES][2], room[PIPES];

	for (int i = 0; i < PIPES; i++) {
		CHECK(!pipe2(ends[i], O_CLOEXEC));
		room[i] = PIPE_PAGES;
	}
	for (int k = 0; k < PIPES * PIPE_PAGES; k++) {
		int i = rand() % PIPES;

		while (!room[i])
			i = (i + 1) % PIPES;
		room[i]--;
		CHECK(write(ends[i][1], page, PAGE) == PAGE);
	}
	for (int i = 0; i < PIPES; i++) {
		close(ends[i][0]);
		close(ends[i][1]);
	}
}

/*
 * Between two calls whoever waits for the CPU gets it, as when a caller sleeps until a real
 * DSP has answered. Else it is chance, for a DSP that answers at once, how often misc/fastrpc's
 * work item runs that frees what a call had: after each call, or once for hundreds.
 */
static double average(void (*fn)(void *arg), void *arg, double least_ns)
{
	double start = now_ns(), ns;
	unsigned long n = 0;

	do {
		fn(arg);
		sched_yield();
		n++;
		ns = now_ns() - start;
	} while (ns < least_ns);
	return ns / n;
}

static void nothing(void *arg)
{
	(void)arg;
}

double cost(void (*fn)(void *arg), void *arg)
{
	double ns;

	keep_free_pages();
	scatter_free_pages();
	average(fn, arg, WARM_UP_NS);
	ns = average(fn, arg, measured_ns);
	return ns - average(nothing, NULL, NOTHING_NS);
}

static void run_step(void *arg)
{
	step_run(arg);
}

double step_cost(struct step *step)
{
	double ns;

	step->retried = 0;
	ns = cost(run_step, step);
	if (step->retried)
		ktap_note("%lu calls were made again: no id was free", step->retried);
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
