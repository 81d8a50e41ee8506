/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Failures on demand inside one ioctl, and a look at what a killed ioctl returned.
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>
#include <sys/types.h>

/* Lets memory allocations and user copies fail by /proc/thread-self/fail-nth; skips without it. */
void fault_setup(void);
/*
 * The ioctl with the @nth allocation or user copy of this thread failing. *@hit
 * tells whether it got that far.
 */
int fault_ioctl(int fd, unsigned long cmd, void *arg, unsigned int nth, bool *hit);

/*
 * The same for pages alone, of which a buffer has many: after the first @skip pages some in a
 * row fail, as many as are tried in place of a large one. Needs fault_setup_pages().
 */
void fault_setup_pages(void);
int fault_ioctl_page(int fd, unsigned long cmd, void *arg, unsigned int skip, bool *hit);
/*
 * From now on this share of the allocations fails that are made by what is marked, but for
 * those of the virtual DSP. Needs fault_setup_pages().
 */
void fault_begin(unsigned int percent);
/* An ioctl and a close() that are marked. */
int fault_ioctl_marked(int fd, unsigned long cmd, void *arg);
void fault_close_marked(int fd);
/* Everything as it was; for ktap_after_each(). */
void fault_reset(void);

/* Records what the driver's ioctls return from now on; skips when the kernel cannot. */
void ioctl_trace_start(void);
/* What the last ioctl of the process returned; the test fails when it made none. */
int ioctl_trace_result(pid_t pid);
void ioctl_trace_end(void);

#endif /* TESTS_FAULT_H */
