// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls with arguments of every kind.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fake.h"

static struct qda_device *dev;
static struct qda_process *process;
static struct qda_module *module;
static struct qda_buffer *buffer;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	dev = fake_device();
	process = fake_process(dev);
	assert_int_equal(qda_module_open(process, "filter", &module, NULL, 0, NULL), 0);
	assert_int_equal(qda_buffer_create(dev, 8192, 0, &buffer), 0);
	memset(&fake.invoke, 0, sizeof(fake.invoke));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake.fail_errno = 0;
	fake.dsp_status = 0;
	qda_buffer_close(buffer);
	qda_module_close(module, NULL);
	qda_process_release(process, NULL);
	qda_device_close(dev);
	return 0;
}

static void check(uint32_t i, uint32_t kind, uint64_t addr, uint64_t length, uint32_t handle)
{
	assert_int_equal(fake.args[i].kind, kind);
	assert_int_equal(fake.args[i].addr, addr);
	assert_int_equal(fake.args[i].length, length);
	assert_int_equal(fake.args[i].handle, handle);
}

static void every_kind_of_argument_is_passed_on(void **state)
{
	uint32_t handle = qda_buffer_handle(buffer), status = 1;
	char out[3] = "xx";
	const struct qda_arg args[] = {
		qda_arg_in("ab", 2),
		qda_arg_in_buffer(buffer, 100, 4000),
		qda_arg_out(out, 2),
		qda_arg_out_buffer(buffer, 4100, 50),
		qda_arg_out_buffer(buffer, 8192, 0),
		qda_arg_in_key(0x7fffffff, 5, 6),
		qda_arg_out_key(0, 1ull << 40, 8),
	};

	(void)state;
	assert_int_equal(qda_module_call_args(module, 9, args, 7, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(fake.invoke.handle, 0x80000001);
	assert_int_equal(fake.invoke.sc, 0x09020311);
	assert_int_equal(fake.input_bytes, 2);
	assert_memory_equal(fake.input, "ab", 2);
	check(1, QDA_ARG_BO, 100, 4000, handle);
	check(2, QDA_ARG_INLINE, (uintptr_t)out, 2, 0);
	check(3, QDA_ARG_BO, 4100, 50, handle);
	check(4, QDA_ARG_BO, 8192, 0, handle);
	check(5, QDA_ARG_KEY, 5, 6, 0x7fffffff);
	check(6, QDA_ARG_KEY, 1ull << 40, 8, 0);
	assert_memory_equal(out, "\0\0", 2);
}

static void a_call_without_arguments_is_one(void **state)
{
	(void)state;
	assert_int_equal(qda_module_call_args(module, 31, NULL, 0, NULL), 0);
	assert_int_equal(fake.invoke.sc, 0x1f000000);
}

static void refuse(const struct qda_arg *args, size_t count)
{
	uint32_t status = 1;

	assert_int_equal(qda_module_call_args(module, 2, args, count, &status), -EINVAL);
	assert_int_equal(status, 0);
	assert_int_equal(fake.invoke.handle, 0);
}

static void the_order_is_not_guessed(void **state)
{
	const struct qda_arg in = qda_arg_in_buffer(buffer, 0, 1), out = qda_arg_out(NULL, 0);
	const struct qda_arg in_key = qda_arg_in_key(1, 0, 1), out_key = qda_arg_out_key(1, 0, 1);

	(void)state;
	refuse((const struct qda_arg[]){ out, in }, 2);
	refuse((const struct qda_arg[]){ in_key, out }, 2);
	refuse((const struct qda_arg[]){ out_key, in_key }, 2);
	refuse((const struct qda_arg[]){ in, out, in }, 3);
	refuse((const struct qda_arg[]){ { 0 } }, 1);
	refuse((const struct qda_arg[]){ { .place = 5 } }, 1);
	refuse(NULL, 1);
}

static void buffers_of_other_devices_are_refused(void **state)
{
	struct qda_device *other = fake_device();
	struct qda_buffer *foreign;
	struct qda_arg arg;

	(void)state;
	assert_int_equal(qda_buffer_create(other, 4096, 0, &foreign), 0);
	arg = qda_arg_in_buffer(foreign, 0, 1);
	refuse(&arg, 1);
	arg = qda_arg_out_buffer(NULL, 0, 1);
	refuse(&arg, 1);
	qda_buffer_close(foreign);
	qda_device_close(other);
}

/* As many of each kind as the scalars word can count, and one more. */
static void fill(struct qda_arg *args, size_t in, size_t out, size_t in_keys, size_t out_keys)
{
	while (in--)
		*args++ = qda_arg_in("x", 1);
	while (out--)
		*args++ = qda_arg_out(NULL, 0);
	while (in_keys--)
		*args++ = qda_arg_in_key(1, 0, 1);
	while (out_keys--)
		*args++ = qda_arg_out_key(1, 0, 1);
}

static void the_most_arguments_fit(void **state)
{
	static struct qda_arg args[256 + 256 + 16 + 16];

	(void)state;
	fill(args, 256, 0, 0, 0);
	refuse(args, 256);
	fill(args, 0, 256, 0, 0);
	refuse(args, 256);
	fill(args, 0, 0, 16, 0);
	refuse(args, 16);
	fill(args, 0, 0, 0, 16);
	refuse(args, 16);
	fill(args, 256, 256, 16, 16);
	refuse(args, 544);
	fill(args, 255, 255, 15, 15);
	assert_int_equal(qda_module_call_args(module, 2, args, 540, NULL), 0);
	assert_int_equal(fake.invoke.sc, 0x02ffffff);
	assert_int_equal(fake.args[539].kind, QDA_ARG_KEY);
}

static void wrong_calls_are_refused(void **state)
{
	(void)state;
	assert_int_equal(qda_module_call_args(NULL, 2, NULL, 0, NULL), -EINVAL);
	assert_int_equal(qda_module_call_args(module, 32, NULL, 0, NULL), -EINVAL);
	assert_int_equal(fake.invoke.handle, 0);
}

static void both_kinds_of_errors_come_back(void **state)
{
	const struct qda_arg arg = qda_arg_in_key(3, 0, 1);
	uint32_t status = 0;

	(void)state;
	fake.dsp_status = 0x8000040e;
	assert_int_equal(qda_module_call_args(module, 2, &arg, 1, &status), -EREMOTEIO);
	assert_int_equal(status, 0x8000040e);
	fake.dsp_status = 0;
	fake.fail_errno = ENOENT;
	assert_int_equal(qda_module_call_args(module, 2, &arg, 1, &status), -ENOENT);
	assert_int_equal(status, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_of_argument_is_passed_on),
		TEST(a_call_without_arguments_is_one),
		TEST(the_order_is_not_guessed),
		TEST(buffers_of_other_devices_are_refused),
		TEST(the_most_arguments_fit),
		TEST(wrong_calls_are_refused),
		TEST(both_kinds_of_errors_come_back),
	};

	return cmocka_run_group_tests_name("libqda call", tests, NULL, NULL);
}
