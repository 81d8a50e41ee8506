/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Secure mappings, for the files of the suite "shim" that are about them.
 */
#ifndef TESTS_SHIM_SECURE_H
#define TESTS_SHIM_SECURE_H

#include "shim.h"

/* A DSP whose memory can be assigned. */
#define SECURE_DSP   "cdsp vmids=2"
#define SECURE_PAGES 16

struct dsp *secure_dsp(const char *line);
/* A call with a buffer as its only argument, the whole of it. */
struct legacy_call *secure_call_new(int dmabuf, size_t size);
/* The last argument of a call is one whose memory is to be assigned. */
void secure_last(struct legacy_call *call);
/* Makes such a call and has it answered. */
int secure_call(struct dsp *dsp, int fd, int dmabuf, size_t size);

/* A DMA-BUF whose pages are a piece each; the memory that it is made of. */
struct pieces {
	int fd;
	unsigned int pages;
	unsigned char *mem;
};
struct pieces pieces_new(unsigned int pages);

/* Linux and the DSP's first virtual machine have each page of it, once, and nothing else. */
void check_assigned(const struct pieces *pieces);
void check_nothing_assigned(struct dsp *dsp);

#endif /* TESTS_SHIM_SECURE_H */
