/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The filter as the CPU computes it, from the table that the DSP reports: what
 * the DSP's pixels are compared with.
 */
#ifndef DEMO_FILTER_H
#define DEMO_FILTER_H

#include <stdint.h>

#include "picture.h"

/* As the DSP's filter module answers "which table do you use?". */
struct filter {
	int32_t coefficients[9];
	int32_t divisor;
	int32_t bias;
};

/*
 * Every channel of every pixel becomes the sum of the nine around it times their
 * numbers, divided (the fraction is dropped), plus the bias, cut to 0..255. Beyond the
 * edges the picture goes on with its outermost pixels. -EINVAL for a divisor of 0.
 */
int filter_apply(const struct filter *filter, const struct picture *in, struct picture *out);

/* Number of pixels that differ; *x and *y are the first one's. */
uint32_t filter_compare(const struct picture *a, const struct picture *b, uint32_t *x, uint32_t *y);

#endif /* DEMO_FILTER_H */
