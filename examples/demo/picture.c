// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Pictures in memory and as PNG files.
 */
#include "picture.h"

#include <errno.h>
#include <png.h>
#include <stdlib.h>

int picture_new(struct picture *picture, uint32_t width, uint32_t height)
{
	*picture = (struct picture){ .width = width, .height = height };
	picture->pixels = calloc(picture_bytes(picture), 1);
	return picture->pixels ? 0 : -ENOMEM;
}

void picture_free(struct picture *picture)
{
	free(picture->pixels);
	*picture = (struct picture){ 0 };
}

/* libpng's words are lost: its simple interface gives no codes. */
static int read_pixels(png_image *image, struct picture *picture)
{
	int ret;

	if (image->width > PICTURE_MAX_SIDE || image->height > PICTURE_MAX_SIDE)
		return -EFBIG;
	image->format = PNG_FORMAT_RGB;
	ret = picture_new(picture, image->width, image->height);
	if (ret)
		return ret;
	if (png_image_finish_read(image, NULL, picture->pixels, 0, NULL))
		return 0;
	picture_free(picture);
	return -EINVAL;
}

int picture_read_png(struct picture *picture, const char *path)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	int ret;

	*picture = (struct picture){ 0 };
	errno = 0;
	if (!png_image_begin_read_from_file(&image, path))
		return errno ? -errno : -EINVAL;
	ret = read_pixels(&image, picture);
	png_image_free(&image);
	return ret;
}

int picture_write_png(const struct picture *picture, const char *path)
{
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = picture->width,
		.height = picture->height,
		.format = PNG_FORMAT_RGB,
	};

	errno = 0;
	if (!png_image_write_to_file(&image, path, 0, picture->pixels, 0, NULL))
		return errno ? -errno : -EIO;
	return 0;
}
