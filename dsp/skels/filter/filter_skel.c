/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * filter: a 3x3 filter over pictures of 8 bits per channel. Its table is in
 * filter_kernel.h.
 *
 *	2 apply		in {u32 width, u32 height, u32 channels, u32 stride}, in pixels
 *			-> out pixels
 *	3 describe	-> out text, the name of the filter, with NUL
 *	4 kernel	-> out {s32 coefficients[9], s32 divisor, s32 bias}
 *
 * width and height are 1 to 4096, channels 1 (gray) or 3 (RGB, each channel for
 * itself), stride is the number of bytes from row to row, width * channels or more;
 * the output is laid out like the input. Beyond its edges the picture goes on with its
 * outermost pixels. Input and output must not overlap. The division drops the fraction (-7 / 2 is -3), as in C. Wrong
 * sizes are AEE_EBADPARM, and then nothing was written.
 */
#include <stdbool.h>
#include <string.h>

#include "AEEStdErr.h"
#include "remote.h"

#ifdef FILTER_KERNEL_ALT
#include "filter_kernel_alt.h"
#else
#include "filter_kernel.h"
#endif

#define MAX_SIDE    4096
#define LAST_METHOD 4

int filter_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

struct kernel {
	const char *name;
	int32_t coefficients[9];
	int32_t divisor;
	int32_t bias;
};

/* A constant for the compiler: it unrolls the nine products and divides by multiplying. */
static const struct kernel kernel = FILTER_KERNEL;

struct picture {
	uint32_t width;
	uint32_t height;
	uint32_t channels;
	uint32_t stride;
};

static bool picture_ok(const struct picture *picture, uint32_t in_len, uint32_t out_len)
{
	uint64_t row = (uint64_t)picture->width * picture->channels;
	uint64_t need = (uint64_t)picture->stride * (picture->height - 1) + row;

	if (!picture->width || picture->width > MAX_SIDE)
		return false;
	if (!picture->height || picture->height > MAX_SIDE)
		return false;
	if (picture->channels != 1 && picture->channels != 3)
		return false;
	return picture->stride >= row && need <= in_len && need <= out_len;
}

static uint8_t cut(int32_t value)
{
	if (value < 0)
		return 0;
	return value > 255 ? 255 : (uint8_t)value;
}

/* rows are the three rows, left and right the offsets of the neighbours in them */
static uint8_t new_pixel(const uint8_t *const rows[3], uint32_t left, uint32_t at, uint32_t right)
{
	int32_t sum = 0;

	for (int i = 0; i < 3; i++) {
		sum += kernel.coefficients[3 * i] * rows[i][left];
		sum += kernel.coefficients[3 * i + 1] * rows[i][at];
		sum += kernel.coefficients[3 * i + 2] * rows[i][right];
	}
	return cut(sum / kernel.divisor + kernel.bias);
}

static void filter_row(const struct picture *picture, const uint8_t *const rows[3], uint8_t *out)
{
	uint32_t step = picture->channels;
	uint32_t end = picture->width * step;

	for (uint32_t at = 0; at < end; at++) {
		uint32_t left = at < step ? at : at - step;
		uint32_t right = at + step < end ? at + step : at;

		out[at] = new_pixel(rows, left, at, right);
	}
}

static int filter_apply(const remote_arg *pra)
{
	const uint8_t *in = pra[1].buf.pv;
	uint8_t *out = pra[2].buf.pv;
	struct picture picture;

	if (pra[0].buf.nLen != sizeof(picture))
		return AEE_EBADPARM;
	memcpy(&picture, pra[0].buf.pv, sizeof(picture));
	if (!picture_ok(&picture, pra[1].buf.nLen, pra[2].buf.nLen))
		return AEE_EBADPARM;
	for (uint32_t y = 0; y < picture.height; y++) {
		uint32_t above = y ? y - 1 : 0;
		uint32_t below = y + 1 < picture.height ? y + 1 : y;
		const uint8_t *const rows[3] = {
			in + above * picture.stride,
			in + y * picture.stride,
			in + below * picture.stride,
		};

		filter_row(&picture, rows, out + y * picture.stride);
	}
	return AEE_SUCCESS;
}

static int filter_describe(const remote_arg *pra)
{
	size_t len = strlen(kernel.name) + 1;

	if (pra[0].buf.nLen < len)
		return AEE_EBADPARM;
	memset(pra[0].buf.pv, 0, pra[0].buf.nLen);
	memcpy(pra[0].buf.pv, kernel.name, len);
	return AEE_SUCCESS;
}

static int filter_kernel(const remote_arg *pra)
{
	int32_t words[11];

	if (pra[0].buf.nLen != sizeof(words))
		return AEE_EBADPARM;
	memcpy(words, kernel.coefficients, sizeof(kernel.coefficients));
	words[9] = kernel.divisor;
	words[10] = kernel.bias;
	memcpy(pra[0].buf.pv, words, sizeof(words));
	return AEE_SUCCESS;
}

int filter_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	(void)h;
	switch (sc) {
	case REMOTE_SCALARS_OPEN:
		pra[2].h64 = 1;
		return AEE_SUCCESS;
	case REMOTE_SCALARS_CLOSE:
		return AEE_SUCCESS;
	case REMOTE_SCALARS_MAKE(2, 2, 1):
		return filter_apply(pra);
	case REMOTE_SCALARS_MAKE(3, 0, 1):
		return filter_describe(pra);
	case REMOTE_SCALARS_MAKE(4, 0, 1):
		return filter_kernel(pra);
	default:
		return REMOTE_SCALARS_METHOD(sc) <= LAST_METHOD ? AEE_EBADPARM : AEE_EUNSUPPORTED;
	}
}
