// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The scalars word and the encoding of remotectl, against numbers written by hand.
 */
#include <errno.h>
#include <string.h>

#include "fake.h"
#include "remotectl.h"

static void scalars_words_are_what_firmware_reads(void **state)
{
	(void)state;
	assert_int_equal(REMOTECTL_OPEN_SCALARS, 0x00020200);
	assert_int_equal(REMOTECTL_CLOSE_SCALARS, 0x01010200);
	assert_int_equal(QDA_SCALARS(2, 2, 1), 0x02020100);
	assert_int_equal(QDA_SCALARS(31, 255, 255), 0x1fffff00);
	assert_int_equal(QDA_SCALARS_HANDLES(15, 1), 0xf1);
	assert_int_equal(QDA_SCALARS_METHOD(0xff123456u), 31);
	assert_int_equal(QDA_SCALARS_IN(0x1f123456u), 0x12);
	assert_int_equal(QDA_SCALARS_OUT(0x1f123456u), 0x34);
	assert_int_equal(QDA_SCALARS_IN_HANDLES(0x1f123456u), 5);
	assert_int_equal(QDA_SCALARS_OUT_HANDLES(0x1f123456u), 6);
}

static void structures_have_the_size_of_the_wire(void **state)
{
	struct remotectl_open open;
	struct remotectl_close close;

	(void)state;
	assert_int_equal(sizeof(open.in), 8);
	assert_int_equal(sizeof(open.out), 8);
	assert_int_equal(sizeof(close.in), 8);
	assert_int_equal(sizeof(close.out), 4);
	assert_int_equal(sizeof(struct drm_qda_arg), 24);
}

static void an_open_is_encoded(void **state)
{
	struct remotectl_open request;
	char text[16];

	(void)state;
	assert_int_equal(remotectl_encode_open(&request, "abc", text, sizeof(text)), 0);
	assert_int_equal(request.in.name_length, 4);
	assert_int_equal(request.in.error_room, 16);
	assert_int_equal(request.args[1].length, 4);
	assert_int_equal(request.args[3].addr, (uintptr_t)text);
	for (int i = 0; i < 4; i++)
		assert_int_equal(request.args[i].kind, QDA_ARG_INLINE);
}

static void the_longest_name_is_4095_bytes(void **state)
{
	static char name[4097];
	struct remotectl_open request;

	(void)state;
	memset(name, 'n', 4096);
	assert_int_equal(remotectl_encode_open(&request, name, NULL, 0), -EINVAL);
	name[4095] = '\0';
	assert_int_equal(remotectl_encode_open(&request, name, NULL, 0), 0);
	assert_int_equal(request.in.name_length, 4096);
}

static void answers_are_decoded(void **state)
{
	struct remotectl_open open = { .out = { 10, 0 } };
	struct remotectl_close close = { .out = { 0 } };
	uint32_t handle, code = 1;

	(void)state;
	assert_int_equal(remotectl_decode_open(&open, &handle, &code), 0);
	assert_int_equal(handle, 10);
	assert_int_equal(code, 0);
	open.out.error = -2147482562; /* 0x8000043e */
	assert_int_equal(remotectl_decode_open(&open, &handle, &code), -EREMOTEIO);
	assert_int_equal(code, 0x8000043e);
	assert_int_equal(handle, 0);
	assert_int_equal(remotectl_decode_close(&close, &code), 0);
	close.out.error = 5;
	assert_int_equal(remotectl_decode_close(&close, &code), -EREMOTEIO);
	assert_int_equal(code, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_words_are_what_firmware_reads),
		cmocka_unit_test(structures_have_the_size_of_the_wire),
		cmocka_unit_test(an_open_is_encoded),
		cmocka_unit_test(the_longest_name_is_4095_bytes),
		cmocka_unit_test(answers_are_decoded),
	};

	return cmocka_run_group_tests_name("libqda remotectl", tests, NULL, NULL);
}
