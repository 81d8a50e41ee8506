// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls that do not wait: what is sent for them, and completions as the kernel writes
 * them. A pipe is the accel file, so that there is something to read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

static struct qda_device *dev;
static struct qda_process *process;
static struct qda_module *module;
static int kernel; /* the other end of the pipe */

static int setup(void **state)
{
	int ends[2];

	(void)state;
	fake_reset();
	assert_int_equal(pipe(ends), 0);
	kernel = ends[1];
	assert_int_equal(qda_device_open_fd(ends[0], &dev), 0);
	process = fake_process(dev);
	assert_int_equal(qda_module_open(process, "calc", &module, NULL, 0, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake.fail_errno = 0;
	qda_module_close(module, NULL);
	qda_process_release(process, NULL);
	qda_device_close(dev);
	close(kernel);
	return 0;
}

static void a_request_is_passed_on(void **state)
{
	const struct qda_arg args[] = { qda_arg_in("abc", 3) };
	struct qda_request request = { .module = module,
				       .method = 9,
				       .args = args,
				       .count = 1,
				       .user_data = 0x1122334455667788,
				       .deadline = 4711 };

	(void)state;
	assert_int_equal(qda_module_submit(&request), 0);
	assert_int_equal(fake.invoke.flags, QDA_INVOKE_ASYNC);
	assert_int_equal(fake.invoke.user_data, 0x1122334455667788);
	assert_int_equal(fake.invoke.deadline, 4711);
	assert_int_equal(fake.invoke.handle, 0x80000001);
	assert_int_equal(fake.invoke.sc, 0x09010000);
	assert_memory_equal(fake.input, "abc", 3);
}

static void a_deadline_is_passed_on(void **state)
{
	(void)state;
	assert_int_equal(qda_module_call_until(module, 3, NULL, 0, 99, NULL), 0);
	assert_int_equal(fake.invoke.deadline, 99);
	assert_int_equal(fake.invoke.flags, 0);
	assert_true(qda_deadline_in_ms(1000) >= qda_deadline_in_ms(0) + 900000000);
}

static void bad_requests_are_refused(void **state)
{
	struct qda_request request = { .module = module, .method = 32 };
	struct qda_completion done;
	size_t count;

	(void)state;
	fake.ioctls = 0;
	assert_int_equal(qda_module_submit(NULL), -EINVAL);
	assert_int_equal(qda_module_submit(&request), -EINVAL);
	request = (struct qda_request){ .method = 1 };
	assert_int_equal(qda_module_submit(&request), -EINVAL);
	request = (struct qda_request){ .module = module, .count = SIZE_MAX };
	assert_int_equal(qda_module_submit_many(&request, 1, &count), -EINVAL);
	assert_int_equal(qda_module_submit_many(NULL, 1, &count), -EINVAL);
	assert_int_equal(qda_module_submit_many(&request, 1, NULL), -EINVAL);
	assert_int_equal(qda_device_completions(NULL, &done, 1, &count), -EINVAL);
	assert_int_equal(qda_device_completions(dev, NULL, 1, &count), -EINVAL);
	assert_int_equal(qda_device_completions(dev, &done, 1, NULL), -EINVAL);
	assert_int_equal(fake.ioctls, 0);
}

static void fill(struct qda_request *requests, size_t count, const struct qda_arg *args)
{
	for (size_t i = 0; i < count; i++)
		requests[i] = (struct qda_request){
			.module = module, .method = 2, .args = args, .count = 1, .user_data = i
		};
}

static void a_batch_goes_on_after_a_signal(void **state)
{
	const struct qda_arg args[] = { qda_arg_in("abcd", 4) };
	struct qda_request requests[10];
	size_t submitted = 99;

	(void)state;
	fill(requests, 10, args);
	fake.batch_room = 3;
	fake.batch_error = -EINTR;
	assert_int_equal(qda_module_submit_many(requests, 10, &submitted), 0);
	assert_int_equal(submitted, 10);
	assert_int_equal(fake.batch_calls, 10);
	assert_int_equal(fake.invoke.user_data, 9);
	assert_memory_equal(fake.input, "abcd", 4);
}

static void a_batch_ends_at_the_first_error(void **state)
{
	const struct qda_arg args[] = { qda_arg_in("abcd", 4) };
	struct qda_request requests[10];
	size_t submitted = 99;

	(void)state;
	fill(requests, 10, args);
	fake.batch_room = 3;
	fake.batch_error = -EAGAIN;
	assert_int_equal(qda_module_submit_many(requests, 10, &submitted), -EAGAIN);
	assert_int_equal(submitted, 3);
	assert_int_equal(fake.batch_calls, 3);
	fake.fail_errno = EAGAIN;
	assert_int_equal(qda_module_submit_many(requests, 10, &submitted), -EAGAIN);
	assert_int_equal(submitted, 0);
	assert_int_equal(qda_module_submit_many(requests, 0, &submitted), 0);
}

static void post(uint32_t type, uint32_t length, uint64_t user_data, int32_t error, uint32_t status)
{
	unsigned char bytes[64] = { 0 };
	struct drm_qda_event_invoke event = { .base = { type, length },
					      .user_data = user_data,
					      .dsp_status = status,
					      .error = error };

	memcpy(bytes, &event, sizeof(event));
	assert_int_equal(write(kernel, bytes, length), length);
}

static void completions_are_told(void **state)
{
	struct qda_completion done[4];
	size_t count = 99;

	(void)state;
	assert_int_equal(qda_device_completions(dev, done, 4, &count), 0);
	assert_int_equal(count, 0);
	post(QDA_EVENT_INVOKE, 24, 1, 0, 0);
	post(QDA_EVENT_INVOKE, 24, 2, 0, 0x80000406);
	post(QDA_EVENT_INVOKE, 24, 3, -EPIPE, 0x8000040d);
	assert_int_equal(qda_device_completions(dev, done, 4, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(done[0].user_data, 1);
	assert_int_equal(done[0].result, 0);
	assert_int_equal(done[1].result, -EREMOTEIO);
	assert_int_equal(done[1].dsp_status, 0x80000406);
	assert_int_equal(done[2].result, -EPIPE);
	assert_int_equal(done[2].dsp_status, 0x8000040d);
}

static void no_more_completions_than_there_is_room_for(void **state)
{
	struct qda_completion done[100];
	size_t count;

	(void)state;
	for (uint64_t i = 0; i < 90; i++)
		post(QDA_EVENT_INVOKE, 24, i, 0, 0);
	assert_int_equal(qda_device_completions(dev, done, 0, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(qda_device_completions(dev, done, 50, &count), 0);
	assert_int_equal(count, 50);
	assert_int_equal(done[49].user_data, 49);
	assert_int_equal(qda_device_completions(dev, done, 100, &count), 0);
	assert_int_equal(count, 40);
	assert_int_equal(done[39].user_data, 89);
}

static void other_events_are_left_out(void **state)
{
	struct qda_completion done[8];
	size_t count;

	(void)state;
	post(1, 8, 0, 0, 0);
	post(QDA_EVENT_INVOKE, 24, 7, 0, 0);
	post(0x80000001, 32, 0, 0, 0);
	post(QDA_EVENT_INVOKE, 24, 8, 0, 0);
	assert_int_equal(qda_device_completions(dev, done, 8, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(done[0].user_data, 7);
	assert_int_equal(done[1].user_data, 8);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_passed_on),
		TEST(a_deadline_is_passed_on),
		TEST(bad_requests_are_refused),
		TEST(a_batch_goes_on_after_a_signal),
		TEST(a_batch_ends_at_the_first_error),
		TEST(completions_are_told),
		TEST(no_more_completions_than_there_is_room_for),
		TEST(other_events_are_left_out),
	};

	return cmocka_run_group_tests_name("libqda async", tests, NULL, NULL);
}
