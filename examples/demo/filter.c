// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Written the plain way, pixel by pixel: it must be right rather than fast, and it
 * shares no line with the DSP's filter, so that a mistake is not made twice.
 */
#include "filter.h"

#include <errno.h>
#include <string.h>

static int64_t limit(int64_t value, int64_t low, int64_t high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

static uint8_t *channel_at(const struct picture *picture, int64_t x, int64_t y, uint32_t channel)
{
	x = limit(x, 0, (int64_t)picture->width - 1);
	y = limit(y, 0, (int64_t)picture->height - 1);
	return picture->pixels + y * (int64_t)picture_row_bytes(picture) + x * PICTURE_CHANNELS +
	       channel;
}

static uint8_t new_value(const struct filter *filter, const struct picture *in, uint32_t x,
			 uint32_t y, uint32_t channel)
{
	int64_t sum = 0;

	for (int dy = -1; dy <= 1; dy++) {
		for (int dx = -1; dx <= 1; dx++) {
			int32_t factor = filter->coefficients[(dy + 1) * 3 + dx + 1];

			sum += (int64_t)factor *
			       *channel_at(in, (int64_t)x + dx, (int64_t)y + dy, channel);
		}
	}
	return (uint8_t)limit(sum / filter->divisor + filter->bias, 0, 255);
}

int filter_apply(const struct filter *filter, const struct picture *in, struct picture *out)
{
	if (!filter->divisor)
		return -EINVAL;
	for (uint32_t y = 0; y < in->height; y++) {
		for (uint32_t x = 0; x < in->width; x++) {
			for (uint32_t c = 0; c < PICTURE_CHANNELS; c++)
				*channel_at(out, x, y, c) = new_value(filter, in, x, y, c);
		}
	}
	return 0;
}

uint32_t filter_compare(const struct picture *a, const struct picture *b, uint32_t *x, uint32_t *y)
{
	uint32_t different = 0, i, pixels = a->width * a->height;

	for (i = 0; i < pixels; i++) {
		if (!memcmp(a->pixels + (size_t)i * PICTURE_CHANNELS,
			    b->pixels + (size_t)i * PICTURE_CHANNELS, PICTURE_CHANNELS))
			continue;
		if (!different++) {
			*x = i % a->width;
			*y = i / a->width;
		}
	}
	return different;
}
