/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "shim" have in common.
 */
#ifndef TESTS_SHIM_H
#define TESTS_SHIM_H

#include "legacy.h"

/* Of the calls below. */
enum { METHOD = 4 };

/* Starts a call, which the DSP sees. */
struct job *legacy_call_seen(struct dsp *dsp, int fd, struct legacy_call *call,
			     struct dsp_call *seen);
/* A call with one half of a range of a buffer as input, and the other as output. */
void check_in_buffer(struct dsp *dsp, int fd, int dmabuf, unsigned char *mem, size_t offset,
		     size_t size);

#endif /* TESTS_SHIM_H */
