// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Every code has words, and those of the DSP's software are not taken for a module's.
 */
#include <string.h>

#include "fake.h"

static void every_code_has_words(void **state)
{
	static const uint32_t codes[] = { 0,	      1,	  42,	      0x800003ff,
					  0x80000400, 0x80000406, 0x80000600, 0x800007ff,
					  0x80000800, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_true(strlen(qda_dsp_strerror(codes[i])) > 0);
	assert_string_equal(qda_dsp_strerror(0), "success");
}

static void whose_code_it_is_can_be_told(void **state)
{
	(void)state;
	assert_non_null(strstr(qda_dsp_strerror(42), "module itself"));
	assert_non_null(strstr(qda_dsp_strerror(0x80000800), "module itself"));
	assert_null(strstr(qda_dsp_strerror(0x800004ff), "module itself"));
	assert_null(strstr(qda_dsp_strerror(0x80000406), "module itself"));
	assert_non_null(strstr(qda_dsp_strerror(0x8000040d), "dead"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_words),
		cmocka_unit_test(whose_code_it_is_can_be_told),
	};

	return cmocka_run_group_tests_name("libqda strerror", tests, NULL, NULL);
}
