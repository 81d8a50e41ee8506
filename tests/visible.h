/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "visible" have in common.
 */
#ifndef TESTS_VISIBLE_H
#define TESTS_VISIBLE_H

#include "client.h"
#include "dsp.h"

/* Another handle than that of other tests' calls. */
#define SEEN_HANDLE 0x80000077u

/* Where the tests trace. */
#define TRACE_INSTANCE "/sys/kernel/tracing/instances/qdatest/"

/* A call with two inputs and an output, on its way. */
struct job *start_seen_call(struct dsp *dsp, int fd, struct dsp_call *call);
/* A call with these buffers, if they are not 0; they are active until it is answered. */
struct job *start_buffer_call(struct dsp *dsp, int fd, uint32_t in, uint32_t out,
			      struct dsp_call *call);

/* What suspend_system() returns if the driver agrees to a suspend, as a positive number. */
#define PLATFORM_SAYS ECANCELED

/* Begins to suspend the system; always a negative error number. */
int suspend_system(struct dsp *dsp);

#endif /* TESTS_VISIBLE_H */
