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
 *	5 in place	in {as 2} -> out pixels, which are read and written
 *	6 by handle	in {as 2}, out handle of the pixels, which are read and written
 *
 * width and height are 1 to 4096, channels 1 (gray) or 3 (RGB, each channel for
 * itself), stride is the number of bytes from row to row, width * channels or more;
 * the output is laid out like the input. Beyond its edges the picture goes on with its
 * outermost pixels. The division drops the fraction (-7 / 2 is -3), as in C. Wrong sizes are
 * AEE_EBADPARM, and then nothing was written.
 *
 * Method 5 is for pixels in memory that application and DSP share: what is copied for a
 * call is not copied to the DSP for an output. With caches between the two the application
 * has to bring its pixels to memory first; or it calls method 2 with the same buffer as
 * input and output, which works in place as well. Input and output that overlap
 * in another way are AEE_EBADPARM.
 *
 * Method 6 is for pixels that the application has mapped: they begin at the handle's offset.
 */
#include <stdbool.h>
#include <string.h>

#include "AEEStdErr.h"
#include "HAP_mem.h"
#include "remote.h"

#ifdef FILTER_KERNEL_ALT
#include "filter_kernel_alt.h"
#else
#include "filter_kernel.h"
#endif

#define MAX_SIDE     4096
#define MAX_CHANNELS 3
#define LAST_METHOD  6

SKEL_EXPORT int filter_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

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

static void filter_apart(const struct picture *picture, const uint8_t *in, uint8_t *out)
{
	for (uint32_t y = 0; y < picture->height; y++) {
		uint32_t above = y ? y - 1 : 0;
		uint32_t below = y + 1 < picture->height ? y + 1 : y;
		const uint8_t *const rows[3] = {
			in + above * picture->stride,
			in + y * picture->stride,
			in + below * picture->stride,
		};

		filter_row(picture, rows, out + y * picture->stride);
	}
}

/* Two rows as they were are kept: the one that is replaced, and the one before it. */
static void filter_in_place(const struct picture *picture, uint8_t *pixels)
{
	uint8_t lines[2][MAX_SIDE * MAX_CHANNELS];
	uint32_t len = picture->width * picture->channels;

	for (uint32_t y = 0; y < picture->height; y++) {
		uint8_t *row = pixels + y * picture->stride;
		uint8_t *old = lines[y % 2];
		const uint8_t *const rows[3] = {
			y ? lines[(y - 1) % 2] : old,
			old,
			y + 1 < picture->height ? row + picture->stride : old,
		};

		memcpy(old, row, len);
		filter_row(picture, rows, row);
	}
}

static bool get_picture(const remote_arg *arg, struct picture *picture)
{
	if (arg->buf.nLen != sizeof(*picture))
		return false;
	memcpy(picture, arg->buf.pv, sizeof(*picture));
	return true;
}

static bool overlap(const remote_buf *a, const remote_buf *b)
{
	uintptr_t a_start = (uintptr_t)a->pv, b_start = (uintptr_t)b->pv;

	return a_start - b_start < b->nLen || b_start - a_start < a->nLen;
}

static int filter_apply(const remote_arg *pra)
{
	struct picture picture;

	if (!get_picture(&pra[0], &picture) ||
	    !picture_ok(&picture, pra[1].buf.nLen, pra[2].buf.nLen))
		return AEE_EBADPARM;
	if (pra[1].buf.pv == pra[2].buf.pv)
		filter_in_place(&picture, pra[2].buf.pv);
	else if (overlap(&pra[1].buf, &pra[2].buf))
		return AEE_EBADPARM;
	else
		filter_apart(&picture, pra[1].buf.pv, pra[2].buf.pv);
	return AEE_SUCCESS;
}

static int filter_apply_in_place(const remote_arg *pra)
{
	struct picture picture;

	if (!get_picture(&pra[0], &picture) ||
	    !picture_ok(&picture, pra[1].buf.nLen, pra[1].buf.nLen))
		return AEE_EBADPARM;
	filter_in_place(&picture, pra[1].buf.pv);
	return AEE_SUCCESS;
}

/* The application says how long its part is, but only the length of the whole is known here. */
static int filter_apply_by_handle(const remote_arg *pra)
{
	const remote_dma_handle *handle = &pra[1].dma;
	struct picture picture;
	uint32_t len;
	void *start;
	int error;

	if (!get_picture(&pra[0], &picture))
		return AEE_EBADPARM;
	error = adsp_mmap_fd_getinfo(handle->fd, &len);
	if (error)
		return error;
	if (handle->offset > len ||
	    !picture_ok(&picture, len - handle->offset, len - handle->offset))
		return AEE_EBADPARM;
	error = HAP_mmap_get(handle->fd, &start, NULL);
	if (error)
		return error;
	filter_in_place(&picture, (uint8_t *)start + handle->offset);
	return HAP_mmap_put(handle->fd);
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
	case REMOTE_SCALARS_MAKE(5, 1, 1):
		return filter_apply_in_place(pra);
	case REMOTE_SCALARS_MAKEX(0, 6, 1, 0, 0, 1):
		return filter_apply_by_handle(pra);
	default:
		return REMOTE_SCALARS_METHOD(sc) <= LAST_METHOD ? AEE_EBADPARM : AEE_EUNSUPPORTED;
	}
}
