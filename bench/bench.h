/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Measures the same things through different drivers on the same virtual DSP. Times are
 * those of the guest's clock, which counts instructions when the VM runs with --icount.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "dsp.h"

/* An ioctl that is measured, and where the echo of its input must be afterwards. */
struct step {
	int fd;
	unsigned long cmd;
	void *arg;
	const void *in, *out;
	size_t len;
	unsigned long retried; /* how often there was no id left */
};

/* A way to a DSP. Each opens files that dsp_finish() closes, unless it says otherwise. */
struct subject {
	const char *name;
	const char *module;
	size_t most_inline;	 /* bytes of arguments that it copies in a call */
	unsigned int most_files; /* how many can be open without a process */
	/* Makes a virtual DSP for new_device's line and waits for the driver. */
	struct dsp *(*dsp)(const char *line);
	/* Left to the caller to close. */
	int (*open)(struct dsp *dsp);
	void (*create)(int fd);
	/* NULL when only the close of the file ends a process. */
	void (*release)(int fd);
	/* @len bytes in and out; 0: no arguments */
	struct step (*call)(int fd, size_t len);
	/* The same in buffers that the DSP has mapped before. */
	struct step (*call_shared)(int fd, size_t len);
	/* Once, in dma-bufs that nobody has mapped before. */
	void (*call_dmabuf)(int fd, int in, int out, size_t len);
	/* Maps a buffer of that size for longer than a call, and unmaps it. */
	void (*map_unmap)(int fd, struct buffer *buffer);
	struct buffer (*map_buffer)(int fd, size_t size);
	/* How long a call takes when so many are in flight all the time. */
	double (*in_flight)(int fd, unsigned int depth, unsigned int calls);
	/* Bytes that are gone for each of so many calls that the DSP has not answered. */
	double (*bytes_in_flight)(int fd, unsigned int calls);
	/* One buffer that is nowhere else used, as input. */
	struct step (*call_buffer)(int fd, size_t len);
};

extern const struct subject subject_misc, subject_shim, subject_native;

/*
 * How long each case is measured, in instructions: where a call leaves work that the kernel does
 * later for many of them, often enough for that to be a part of the average.
 */
#define LITTLE_LEFT_NS 20e6
#define MUCH_LEFT_NS   100e6
void measure_for(double ns);

double now_ns(void);
/* Runs it once, again as long as the driver has no id for the call; else it must succeed. */
void step_run(struct step *step);
/* Runs it once, and checks that the DSP has copied its input to its output. */
void step_check(struct step *step);
/* Nanoseconds of one call, the average of many, after some that do not count. */
double step_cost(struct step *step);
/* The same, when a thread for each of the steps makes its part of the calls. */
double threads_cost(struct step *steps, unsigned int count, unsigned int calls);
double cost(void (*fn)(void *arg), void *arg);

/* A line for bench/report. */
void result(const char *name, const struct subject *subject, double value);
void point(const char *curve, double x, const struct subject *subject, double value);

/* On a VM with real times: half, 99 % and 99.9 % of the calls took no longer than these. */
void wall_clock(const char *name, const struct subject *subject, struct step *step,
		unsigned int calls);

/* Bytes of memory that nobody has. */
double free_bytes(void);

/* Parts of the results; @suffix is appended to their names. */
void bench_calls(const struct subject *s, struct dsp *dsp, const char *suffix);
void bench_life(const struct subject *s, struct dsp *dsp);
void bench_flight(const struct subject *s, struct dsp *dsp);
void bench_memory(const struct subject *s, struct dsp *dsp);
void bench_growth(const struct subject *s, struct dsp *dsp);
void bench_thread_dsp(const struct subject *s);
void bench_dspd(const struct subject *s);

/* Removes all DSPs and drivers. */
void bench_clean_up(void);

#endif /* BENCH_H */
