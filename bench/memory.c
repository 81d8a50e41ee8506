// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What is taken from the system for each file, process and call.
 */
#include <unistd.h>

#include "bench.h"
#include "ktap.h"

#define PROCESSES 10
#define CALLS	  64
/* Longer than it takes to begin all calls; while nothing happens the VM's clock jumps. */
#define LONG_US 1000000

static bool nothing_mapped(void *arg)
{
	struct dsp *dsp = arg;

	return vdsp_get(dsp, "pages_mapped") == dsp->pages_at_start;
}

/* What earlier parts have closed is freed by workers. */
static void settle(struct dsp *dsp)
{
	CHECK(wait_for(nothing_mapped, dsp));
	usleep(100000);
}

static void files(const struct subject *s, struct dsp *dsp)
{
	unsigned int half = s->most_files / 2;
	int fds[s->most_files];
	double before = 0;

	/* The first half may find room in pages that are there already. */
	for (unsigned int i = 0; i < 2 * half; i++) {
		if (i == half)
			before = free_bytes();
		fds[i] = s->open(dsp);
	}
	result("bytes_per_file", s, (before - free_bytes()) / half);
	for (unsigned int i = 0; i < 2 * half; i++)
		close(fds[i]);
}

static void processes(const struct subject *s, struct dsp *dsp)
{
	int fds[PROCESSES];
	double before = free_bytes();

	for (int i = 0; i < PROCESSES; i++) {
		fds[i] = s->open(dsp);
		s->create(fds[i]);
	}
	result("bytes_per_process", s, (before - free_bytes()) / PROCESSES);
	for (int i = 0; i < PROCESSES; i++)
		close(fds[i]);
}

static void calls(const struct subject *s, struct dsp *dsp)
{
	int fd = s->open(dsp);

	s->create(fd);
	vdsp_set(dsp, "delay_us", LONG_US);
	result("bytes_per_call", s, s->bytes_in_flight(fd, CALLS));
	vdsp_set(dsp, "delay_us", 0);
	close(fd);
}

void bench_memory(const struct subject *s, struct dsp *dsp)
{
	settle(dsp);
	files(s, dsp);
	settle(dsp);
	processes(s, dsp);
	settle(dsp);
	calls(s, dsp);
}
