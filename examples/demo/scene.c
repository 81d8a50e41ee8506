// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Every thing of the scene is a function of a point that says which colour it has
 * there, if any. A pixel is the mean of some points in it, which makes edges
 * smooth. Lengths are in units of the picture's side; y goes down.
 */
#include "scene.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Points per pixel and direction. */
#define SAMPLES 4

#define HORIZON 0.60

struct colour {
	double r, g, b;
};

static struct colour mix(struct colour a, struct colour b, double share)
{
	return (struct colour){
		a.r + (b.r - a.r) * share,
		a.g + (b.g - a.g) * share,
		a.b + (b.b - a.b) * share,
	};
}

static bool draw_sky(double x, double y, struct colour *colour)
{
	static const struct colour high = { 24, 40, 96 }, low = { 250, 170, 110 };

	(void)x;
	*colour = mix(high, low, y / HORIZON);
	return true;
}

static bool draw_sun(double x, double y, struct colour *colour)
{
	static const struct colour inner = { 255, 244, 190 }, outer = { 255, 196, 60 };
	double distance = hypot(x - 0.74, y - 0.24);

	if (distance > 0.11)
		return false;
	*colour = mix(inner, outer, distance / 0.11);
	return true;
}

/* Rays around the sun, with gaps that a coarse filter closes. */
static bool draw_rays(double x, double y, struct colour *colour)
{
	double distance = hypot(x - 0.74, y - 0.24), angle = atan2(y - 0.24, x - 0.74);

	if (distance < 0.13 || distance > 0.19 || fmod(angle + 7, M_PI / 12) > M_PI / 36)
		return false;
	*colour = (struct colour){ 255, 214, 120 };
	return true;
}

static bool draw_hills(double x, double y, struct colour *colour)
{
	static const struct colour far = { 92, 86, 140 }, near = { 40, 62, 84 };
	double back = 0.47 - 0.07 * sin(x * 7 + 0.6) - 0.03 * sin(x * 17);
	double front = 0.55 - 0.05 * sin(x * 5 + 3.6) - 0.02 * sin(x * 23);

	if (y < back)
		return false;
	*colour = y < front ? far : mix(near, (struct colour){ 20, 34, 50 }, (y - front) * 5);
	return true;
}

/* Tiles in perspective: far away they get smaller than a pixel. */
static bool draw_floor(double x, double y, struct colour *colour)
{
	static const struct colour light = { 226, 220, 205 }, dark = { 128, 44, 52 };
	double depth;
	long column, row;

	if (y < HORIZON)
		return false;
	depth = 0.14 / (y - HORIZON + 0.012);
	column = (long)floor((x - 0.5) * depth * 7);
	row = (long)floor(depth * 6);
	*colour = mix((column + row) & 1 ? light : dark, (struct colour){ 180, 130, 110 },
		      fmin(depth / 14, 0.8));
	return true;
}

static bool draw_ball(double x, double y, struct colour *colour)
{
	double dx = (x - 0.27) / 0.135, dy = (y - 0.735) / 0.135, rest = 1 - dx * dx - dy * dy, lit;

	if (rest < 0)
		return false;
	lit = fmax(0.08, (0.55 * dx - 0.65 * dy + 0.6 * sqrt(rest)));
	*colour = mix((struct colour){ 6, 40, 46 }, (struct colour){ 70, 214, 200 }, fmin(lit, 1));
	if (lit > 1.0)
		*colour = mix(*colour, (struct colour){ 255, 255, 255 }, fmin((lit - 1) * 14, 1));
	return true;
}

static bool draw_shadow(double x, double y, struct colour *colour)
{
	double dx = (x - 0.225) / 0.19, dy = (y - 0.855) / 0.045;

	if (dx * dx + dy * dy > 1)
		return false;
	*colour = mix(*colour, (struct colour){ 16, 12, 20 }, 0.7);
	return true;
}

/* A target of rings, which get narrower to the outside. */
static bool draw_rings(double x, double y, struct colour *colour)
{
	double distance = hypot(x - 0.77, y - 0.80);

	if (distance > 0.14)
		return false;
	*colour = sin(distance * distance * 3200) > 0 ? (struct colour){ 240, 240, 246 } :
							(struct colour){ 24, 26, 60 };
	return true;
}

/* Letters of 5 by 7 boxes. */
static const char *const letters[][7] = {
	{ " ### ", "#   #", "#   #", "#   #", "# # #", "#  # ", " ## #" },
	{ "#### ", "#   #", "#   #", "#   #", "#   #", "#   #", "#### " },
	{ " ### ", "#   #", "#   #", "#####", "#   #", "#   #", "#   #" },
};

/* size is the side of a box. */
static bool is_in_text(double x, double y, double left, double top, double size)
{
	long column = (long)floor((x - left) / size), row = (long)floor((y - top) / size);

	if (column < 0 || column >= 3 * 6 - 1 || row < 0 || row >= 7 || column % 6 == 5)
		return false;
	return letters[column / 6][row][column % 6] == '#';
}

static bool draw_text(double x, double y, struct colour *colour)
{
	static const struct colour top = { 255, 255, 255 }, bottom = { 255, 206, 120 };

	if (is_in_text(x, y, 0.07, 0.08, 0.022)) {
		*colour = mix(top, bottom, (y - 0.08) / 0.154);
		return true;
	}
	if (is_in_text(x, y, 0.076, 0.086, 0.022) || is_in_text(x, y, 0.07, 0.285, 0.006)) {
		*colour = (struct colour){ 14, 18, 40 };
		return true;
	}
	return false;
}

/* From the back to the front. */
static bool (*const things[])(double x, double y, struct colour *colour) = {
	draw_sky,    draw_rays,	 draw_sun,  draw_hills, draw_floor,
	draw_shadow, draw_rings, draw_ball, draw_text,
};

static struct colour colour_at(double x, double y)
{
	struct colour colour = { 0, 0, 0 };

	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
		things[i](x, y, &colour);
	return colour;
}

static void draw_pixel(uint8_t *pixel, double x, double y, double side)
{
	struct colour sum = { 0, 0, 0 };

	for (int i = 0; i < SAMPLES * SAMPLES; i++) {
		struct colour c = colour_at(x + (i % SAMPLES + 0.5) * side / SAMPLES,
					    y + (i / SAMPLES + 0.5) * side / SAMPLES);

		sum = (struct colour){ sum.r + c.r, sum.g + c.g, sum.b + c.b };
	}
	pixel[0] = (uint8_t)(sum.r / (SAMPLES * SAMPLES) + 0.5);
	pixel[1] = (uint8_t)(sum.g / (SAMPLES * SAMPLES) + 0.5);
	pixel[2] = (uint8_t)(sum.b / (SAMPLES * SAMPLES) + 0.5);
}

void scene_draw(struct picture *picture)
{
	double side = 1.0 / picture->height;

	for (uint32_t y = 0; y < picture->height; y++) {
		for (uint32_t x = 0; x < picture->width; x++)
			draw_pixel(picture->pixels + y * picture_row_bytes(picture) +
					   x * PICTURE_CHANNELS,
				   x * side, y * side, side);
	}
}
