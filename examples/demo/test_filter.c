// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The CPU's filter, which judges the DSP's, against numbers worked out by hand.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "filter.h"
#include "frame.h"

static struct picture make(uint32_t width, uint32_t height, const uint8_t *values)
{
	struct picture picture;

	assert_int_equal(picture_new(&picture, width, height), 0);
	for (size_t i = 0; values && i < picture_bytes(&picture); i++)
		picture.pixels[i] = values[i / PICTURE_CHANNELS];
	return picture;
}

/* Filters a grey picture of 3x2 and compares. */
static void expect(const struct filter *filter, const uint8_t in[6], const uint8_t out[6])
{
	struct picture before = make(3, 2, in), after = make(3, 2, NULL), want = make(3, 2, out);
	uint32_t x, y;

	assert_int_equal(filter_apply(filter, &before, &after), 0);
	assert_int_equal(filter_compare(&after, &want, &x, &y), 0);
	picture_free(&before);
	picture_free(&after);
	picture_free(&want);
}

static const uint8_t picture[6] = { 0, 10, 255, 7, 20, 30 };

static void one_in_the_middle_changes_nothing(void **state)
{
	static const struct filter same = { { 0, 0, 0, 0, 1, 0, 0, 0, 0 }, 1, 0 };

	(void)state;
	expect(&same, picture, picture);
}

static void each_corner_is_where_it_should_be(void **state)
{
	static const struct filter upper_left = { { 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 1, 0 };
	static const struct filter lower_right = { { 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 1, 0 };

	(void)state;
	expect(&upper_left, picture, (const uint8_t[6]){ 0, 0, 10, 0, 0, 10 });
	expect(&lower_right, picture, (const uint8_t[6]){ 20, 30, 30, 20, 30, 30 });
}

static void values_are_divided_shifted_and_cut(void **state)
{
	static const struct filter half = { { 0, 0, 0, 0, -1, 0, 0, 0, 0 }, 2, 3 };
	static const struct filter high = { { 0, 0, 0, 0, 100, 0, 0, 0, 0 }, 1, 0 };

	(void)state;
	expect(&half, picture, (const uint8_t[6]){ 3, 0, 0, 0, 0, 0 });
	expect(&high, picture, (const uint8_t[6]){ 0, 255, 255, 255, 255, 255 });
}

static void a_divisor_of_0_is_refused(void **state)
{
	static const struct filter none;
	struct picture before = make(3, 2, picture), after = make(3, 2, NULL);

	(void)state;
	assert_int_equal(filter_apply(&none, &before, &after), -EINVAL);
	picture_free(&before);
	picture_free(&after);
}

static void one_wrong_channel_is_found(void **state)
{
	struct picture a = make(3, 2, picture), b = make(3, 2, picture);
	uint32_t x = 9, y = 9;

	(void)state;
	assert_int_equal(filter_compare(&a, &b, &x, &y), 0);
	b.pixels[(1 * 3 + 2) * PICTURE_CHANNELS + 1] ^= 1;
	assert_int_equal(filter_compare(&a, &b, &x, &y), 1);
	assert_int_equal(x, 2);
	assert_int_equal(y, 1);
	picture_free(&a);
	picture_free(&b);
}

/* Two programs draw the same frame, and must mean the same one. */
static void frames_are_the_same_whoever_draws_them(void **state)
{
	struct picture a = make(FRAME_WIDTH, FRAME_HEIGHT, NULL);
	struct picture b = make(FRAME_WIDTH, FRAME_HEIGHT, NULL);
	uint32_t x, y;

	(void)state;
	memset(b.pixels, 0x55, picture_bytes(&b));
	for (uint32_t i = 0; i < FRAMES; i++) {
		frame_draw(&a, i);
		assert_true(filter_compare(&a, &b, &x, &y) > 0);
		frame_draw(&b, i);
		assert_int_equal(filter_compare(&a, &b, &x, &y), 0);
	}
	picture_free(&a);
	picture_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_in_the_middle_changes_nothing),
		cmocka_unit_test(each_corner_is_where_it_should_be),
		cmocka_unit_test(values_are_divided_shifted_and_cut),
		cmocka_unit_test(a_divisor_of_0_is_refused),
		cmocka_unit_test(one_wrong_channel_is_found),
		cmocka_unit_test(frames_are_the_same_whoever_draws_them),
	};

	return cmocka_run_group_tests_name("demo filter", tests, NULL, NULL);
}
