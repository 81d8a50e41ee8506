/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Pictures in memory and as PNG files.
 */
#ifndef DEMO_PICTURE_H
#define DEMO_PICTURE_H

#include <stddef.h>
#include <stdint.h>

/* Rows from top to bottom without gaps; three bytes a pixel: red, green, blue. */
struct picture {
	uint32_t width;
	uint32_t height;
	uint8_t *pixels;
};

#define PICTURE_CHANNELS 3
#define PICTURE_MAX_SIDE 512

/* All black. 0 or -errno; picture_free() gives the pixels back. */
int picture_new(struct picture *picture, uint32_t width, uint32_t height);
void picture_free(struct picture *picture);

static inline size_t picture_row_bytes(const struct picture *picture)
{
	return (size_t)picture->width * PICTURE_CHANNELS;
}

static inline size_t picture_bytes(const struct picture *picture)
{
	return picture_row_bytes(picture) * picture->height;
}

/* Any PNG of at most PICTURE_MAX_SIDE each way, else -EFBIG; -EINVAL: not a PNG file. */
int picture_read_png(struct picture *picture, const char *path);

/* 0 or -errno. */
int picture_write_png(const struct picture *picture, const char *path);

#endif /* DEMO_PICTURE_H */
