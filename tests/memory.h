/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "memory" have in common.
 */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include "buffer.h"
#include "client.h"
#include "dsp.h"

/* A call that reads all of the buffer and is answered; where it was on the DSP. */
uint64_t use(struct dsp *dsp, struct session *s, struct buffer *b);
/* A call with a range as input and output: the DSP sees that, and nothing around it changes. */
void check_range(struct dsp *dsp, struct session *s, struct buffer *b, uint64_t offset,
		 uint64_t len);
/* Half of the pages were touched before. */
void check_half_used(struct buffer *b);

#endif /* TESTS_MEMORY_H */
