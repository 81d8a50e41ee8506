/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "prime" have in common.
 */
#ifndef TESTS_PRIME_H
#define TESTS_PRIME_H

#include "buffer.h"
#include "client.h"
#include "dsp.h"

/* Of the buffers here. */
enum { SIZE = 3 * PAGE };

/* What is in such a buffer. */
const unsigned char *pattern(unsigned int seed);
void check_dmabuf(int dmabuf, unsigned int seed);
/* The DSP, served by a thread, reads all of the buffer and sends back what it saw. */
void check_call(int fd, uint32_t handle, unsigned int seed);
/* A process, without taking the message: dsp_serve() answers. Its file. */
int serve_process(struct dsp *dsp);
/* Waits until there is nothing any more that a test may have made. */
void wait_gone(struct dsp *dsp);

#endif /* TESTS_PRIME_H */
