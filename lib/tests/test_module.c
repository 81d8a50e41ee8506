// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Modules: opening, closing, calling.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fake.h"

static struct qda_device *dev;
static struct qda_process *process;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	dev = fake_device();
	process = fake_process(dev);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake.fail_errno = 0;
	fake.dsp_status = 0;
	qda_process_release(process, NULL);
	qda_device_close(dev);
	return 0;
}

static struct qda_module *open_calc(void)
{
	struct qda_module *module;

	assert_int_equal(qda_module_open(process, "calc", &module, NULL, 0, NULL), 0);
	return module;
}

static void open_sends_what_the_dsp_expects(void **state)
{
	/* name length with NUL, room for the error text, the name */
	static const unsigned char wire[] = { 5, 0, 0, 0, 0, 1, 0, 0, 'c', 'a', 'l', 'c', 0 };
	struct qda_module *module = open_calc();

	(void)state;
	assert_int_equal(fake.invoke.handle, 0);
	assert_int_equal(fake.invoke.sc, 0x00020200);
	assert_int_equal(fake.input_bytes, sizeof(wire));
	assert_memory_equal(fake.input, wire, sizeof(wire));
	assert_int_equal(fake.args[3].length, 256);
	assert_int_equal(qda_module_handle(module), 0x80000001);
	assert_int_equal(qda_module_close(module, NULL), 0);
}

/* The kernel knows the call by its cookie, which has to come back to it. */
static void an_interrupted_call_goes_on(void **state)
{
	struct qda_module *module = open_calc();

	(void)state;
	fake.interrupts = 3;
	assert_int_equal(qda_module_call(module, 2, NULL, 0, NULL, 0, NULL), 0);
	assert_int_equal(fake.invoke.cookie, FAKE_COOKIE);
	assert_int_equal(qda_module_close(module, NULL), 0);
	assert_int_equal(fake.invoke.cookie, 0);
}

static void close_sends_what_the_dsp_expects(void **state)
{
	static const unsigned char wire[] = { 1, 0, 0, 0x80, 0, 0, 0, 0 };

	(void)state;
	assert_int_equal(qda_module_close(open_calc(), NULL), 0);
	assert_int_equal(fake.invoke.handle, 0);
	assert_int_equal(fake.invoke.sc, 0x01010200);
	assert_memory_equal(fake.input, wire, sizeof(wire));
	assert_int_equal(fake.input_bytes, sizeof(wire));
}

static void a_refused_open_tells_the_dsps_words(void **state)
{
	struct qda_module *module = (void *)1;
	char text[64] = "old";
	uint32_t status = 0;

	(void)state;
	fake.open_error = (int32_t)0x8000043e;
	fake.open_text = "no such file";
	assert_int_equal(qda_module_open(process, "x", &module, text, sizeof(text), &status),
			 -EREMOTEIO);
	assert_int_equal(status, 0x8000043e);
	assert_string_equal(text, "no such file");
	assert_null(module);
	assert_int_equal(qda_module_open(process, "x", &module, text, 6, NULL), -EREMOTEIO);
	assert_string_equal(text, "no su");
	assert_int_equal(qda_module_open(process, "x", &module, NULL, 0, NULL), -EREMOTEIO);
}

static void a_silent_refusal_gets_our_words(void **state)
{
	struct qda_module *module;
	char text[128];
	uint32_t status;

	(void)state;
	fake.open_error = (int32_t)0x8000043e;
	assert_int_equal(qda_module_open(process, "x", &module, text, sizeof(text), &status),
			 -EREMOTEIO);
	assert_string_equal(text, qda_dsp_strerror(0x8000043e));
	fake.dsp_status = 0x8000040d;
	assert_int_equal(qda_module_open(process, "x", &module, text, sizeof(text), &status),
			 -EREMOTEIO);
	assert_int_equal(status, 0x8000040d);
	assert_string_equal(text, qda_dsp_strerror(0x8000040d));
}

static void an_error_text_without_end_is_cut(void **state)
{
	static char endless[300];
	struct qda_module *module;
	char text[512];

	(void)state;
	memset(endless, 'e', sizeof(endless) - 1);
	fake.open_text = endless;
	fake.open_error = 1;
	assert_int_equal(qda_module_open(process, "x", &module, text, sizeof(text), NULL),
			 -EREMOTEIO);
	assert_int_equal(strlen(text), 255);
}

static void a_handle_that_no_module_can_have_is_refused(void **state)
{
	struct qda_module *module = (void *)1;
	uint32_t status = 1;

	(void)state;
	for (fake.open_handle = 0; fake.open_handle < 10; fake.open_handle++) {
		assert_int_equal(qda_module_open(process, "x", &module, NULL, 0, &status), -EPROTO);
		assert_int_equal(status, 0);
		assert_null(module);
	}
}

static void a_refused_close_is_told(void **state)
{
	struct qda_module *module = open_calc();
	uint32_t status = 0;

	(void)state;
	fake.open_error = (int32_t)0x80000427;
	assert_int_equal(qda_module_close(module, &status), -EREMOTEIO);
	assert_int_equal(status, 0x80000427);
}

static void a_call_carries_its_buffers_in_order(void **state)
{
	struct qda_module *module = open_calc();
	unsigned char first[2] = { 9, 9 }, second[3] = { 9, 9, 9 };
	const struct qda_in in[] = { { "ab", 2 }, { NULL, 0 }, { "c", 1 } };
	const struct qda_out out[] = { { first, 2 }, { second, 3 } };
	uint32_t status = 1;

	(void)state;
	assert_int_equal(qda_module_call(module, 7, in, 3, out, 2, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(fake.invoke.handle, 0x80000001);
	assert_int_equal(fake.invoke.sc, 0x07030200);
	assert_int_equal(fake.invoke.flags, 0);
	assert_int_equal(fake.invoke.cookie, 0);
	assert_int_equal(fake.input_bytes, 3);
	assert_memory_equal(fake.input, "abc", 3);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fake.args[i].kind, QDA_ARG_INLINE);
		assert_int_equal(fake.args[i].handle, 0);
	}
	assert_memory_equal(first, "\0\0", 2);
	assert_memory_equal(second, "\1\1\1", 3);
	qda_module_close(module, NULL);
}

static void the_most_buffers_fit(void **state)
{
	struct qda_module *module = open_calc();
	struct qda_in in[QDA_BUFFERS_MAX] = { 0 };
	struct qda_out out[QDA_BUFFERS_MAX] = { 0 };

	(void)state;
	assert_int_equal(qda_module_call(module, 31, in, 255, out, 255, NULL), 0);
	assert_int_equal(fake.invoke.sc, 0x1fffff00);
	assert_int_equal(qda_module_call(module, 2, in, 256, NULL, 0, NULL), -EINVAL);
	assert_int_equal(qda_module_call(module, 2, NULL, 0, out, 256, NULL), -EINVAL);
	assert_int_equal(qda_module_call(module, 32, NULL, 0, NULL, 0, NULL), -EINVAL);
	assert_int_equal(qda_module_call(module, 2, NULL, 1, NULL, 0, NULL), -EINVAL);
	assert_int_equal(qda_module_call(module, 2, NULL, 0, NULL, 1, NULL), -EINVAL);
	assert_int_equal(qda_module_call(NULL, 2, NULL, 0, NULL, 0, NULL), -EINVAL);
	qda_module_close(module, NULL);
}

static void a_methods_error_is_an_error(void **state)
{
	struct qda_module *module = open_calc();
	uint32_t status = 0;

	(void)state;
	fake.dsp_status = 42;
	assert_int_equal(qda_module_call(module, 2, NULL, 0, NULL, 0, &status), -EREMOTEIO);
	assert_int_equal(status, 42);
	assert_int_equal(qda_module_call(module, 2, NULL, 0, NULL, 0, NULL), -EREMOTEIO);
	qda_module_close(module, NULL);
}

static void the_last_call_of_a_process_has_its_code(void **state)
{
	struct qda_module *module = open_calc();
	uint32_t status = 0;

	(void)state;
	fake.fail_errno = EPIPE;
	fake.dsp_status = 0x8000040d;
	assert_int_equal(qda_module_call(module, 2, NULL, 0, NULL, 0, &status), -EPIPE);
	assert_int_equal(status, 0x8000040d);
	fake.dsp_status = 0;
	assert_int_equal(qda_module_call(module, 2, NULL, 0, NULL, 0, &status), -EPIPE);
	assert_int_equal(status, 0);
	assert_int_equal(qda_module_close(module, &status), -EPIPE);
}

static void wrong_names_are_refused(void **state)
{
	static char long_name[5000];
	struct qda_module *module;
	char text[4];

	(void)state;
	memset(long_name, 'n', sizeof(long_name) - 1);
	assert_int_equal(qda_module_open(process, "", &module, NULL, 0, NULL), -EINVAL);
	assert_int_equal(qda_module_open(process, long_name, &module, NULL, 0, NULL), -EINVAL);
	assert_int_equal(qda_module_open(process, NULL, &module, NULL, 0, NULL), -EINVAL);
	assert_int_equal(qda_module_open(process, "x", NULL, NULL, 0, NULL), -EINVAL);
	assert_int_equal(qda_module_open(process, "x", &module, NULL, 4, NULL), -EINVAL);
	assert_int_equal(qda_module_open(NULL, "x", &module, text, 4, NULL), -EINVAL);
	assert_int_equal(qda_module_close(NULL, NULL), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_sends_what_the_dsp_expects),
		TEST(an_interrupted_call_goes_on),
		TEST(close_sends_what_the_dsp_expects),
		TEST(a_refused_open_tells_the_dsps_words),
		TEST(a_silent_refusal_gets_our_words),
		TEST(an_error_text_without_end_is_cut),
		TEST(a_handle_that_no_module_can_have_is_refused),
		TEST(a_refused_close_is_told),
		TEST(a_call_carries_its_buffers_in_order),
		TEST(the_most_buffers_fit),
		TEST(a_methods_error_is_an_error),
		TEST(the_last_call_of_a_process_has_its_code),
		TEST(wrong_names_are_refused),
	};

	return cmocka_run_group_tests_name("libqda module", tests, NULL, NULL);
}
