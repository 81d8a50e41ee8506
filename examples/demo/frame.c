// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * With integers and little of anything: it runs in an emulator, 30 times and more.
 */
#include "frame.h"

#include <stdbool.h>

#define HORIZON 104

struct colour {
	int r, g, b;
};

static struct colour mix(struct colour a, struct colour b, int share, int whole)
{
	return (struct colour){
		a.r + (b.r - a.r) * share / whole,
		a.g + (b.g - a.g) * share / whole,
		a.b + (b.b - a.b) * share / whole,
	};
}

static void set(struct picture *picture, int x, int y, struct colour colour)
{
	uint8_t *pixel;

	if (x < 0 || y < 0 || x >= (int)picture->width || y >= (int)picture->height)
		return;
	pixel = picture->pixels + (size_t)y * picture_row_bytes(picture) +
		(size_t)x * PICTURE_CHANNELS;
	pixel[0] = (uint8_t)colour.r;
	pixel[1] = (uint8_t)colour.g;
	pixel[2] = (uint8_t)colour.b;
}

static void draw_sky(struct picture *picture)
{
	static const struct colour high = { 20, 34, 90 }, low = { 250, 176, 116 };

	for (int y = 0; y < HORIZON; y++) {
		struct colour colour = mix(high, low, y, HORIZON);

		for (int x = 0; x < (int)picture->width; x++)
			set(picture, x, y, colour);
	}
}

/* Peaks of different heights, which go by slowly. */
static void draw_hills(struct picture *picture, uint32_t number)
{
	static const struct colour hill = { 62, 66, 112 };

	for (int x = 0; x < (int)picture->width; x++) {
		int at = x + (int)number * 2, peak = 16 + at / 64 * 37 % 29;
		int from_peak = at % 64 < 32 ? 32 - at % 64 : at % 64 - 32;

		for (int y = HORIZON - peak + peak * from_peak / 32; y < HORIZON; y++)
			set(picture, x, y, hill);
	}
}

/* Tiles in perspective, which come nearer: each frame moves them by a sixth of a tile. */
static void draw_floor(struct picture *picture, uint32_t number)
{
	static const struct colour light = { 224, 218, 204 }, dark = { 122, 46, 56 };

	for (int y = HORIZON; y < (int)picture->height; y++) {
		int depth = 6144 / (y - HORIZON + 8), row = (depth + (int)number * 16) / 96;

		for (int x = 0; x < (int)picture->width; x++) {
			int column = ((x - FRAME_WIDTH / 2) * depth + (1 << 20)) >> 12;

			set(picture, x, y, (row + column) & 1 ? light : dark);
		}
	}
}

/* Rings that run outwards. */
static void draw_sun(struct picture *picture, uint32_t number)
{
	static const struct colour bright = { 255, 240, 180 }, dim = { 250, 150, 60 };
	const int radius = 30, left = 196, top = 44;

	for (int y = -radius; y <= radius; y++) {
		for (int x = -radius; x <= radius; x++) {
			int square = x * x + y * y, ring = square / 90 + FRAMES - (int)number / 2;

			if (square <= radius * radius)
				set(picture, left + x, top + y, ring & 2 ? bright : dim);
		}
	}
}

/* The light comes from the upper right, where the sun is. */
static void draw_ball(struct picture *picture, int left, int top)
{
	static const struct colour dark = { 4, 40, 48 }, light = { 110, 236, 220 };
	const int radius = 26;

	for (int y = -radius; y <= radius; y++) {
		for (int x = -radius; x <= radius; x++) {
			if (x * x + y * y <= radius * radius)
				set(picture, left + x, top + y,
				    mix(dark, light, 2 * radius + x - y, 4 * radius));
		}
	}
}

static void draw_shadow(struct picture *picture, int left, int top)
{
	for (int y = -4; y <= 4; y++) {
		for (int x = -24; x <= 24; x++) {
			if (x * x + 36 * y * y <= 24 * 24)
				set(picture, left + x, top + y, (struct colour){ 20, 14, 22 });
		}
	}
}

void frame_draw(struct picture *picture, uint32_t number)
{
	/* Two jumps, from the left to the right. */
	int time = (int)number % 15, height = time * (15 - time) * 7 / 4;
	int left = 30 + (int)number * (FRAME_WIDTH - 60) / (FRAMES - 1);

	draw_sky(picture);
	draw_hills(picture, number);
	draw_sun(picture, number);
	draw_floor(picture, number);
	draw_shadow(picture, left, 172);
	draw_ball(picture, left, 144 - height);
}
