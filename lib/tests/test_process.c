// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Processes: what create and release give to the kernel, and what comes back.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "internal.h"

static struct qda_device *dev;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	dev = fake_device();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	qda_device_close(dev);
	return 0;
}

static void the_image_and_its_attributes_are_passed_on(void **state)
{
	static const char image[] = "an ELF file";
	const struct qda_process_params params = {
		.image = image,
		.image_size = sizeof(image),
		.signature_size = 4,
		.attrs = QDA_PROCESS_UNSIGNED | QDA_PROCESS_CRC,
	};
	struct qda_process *process;
	uint32_t status = 1;

	(void)state;
	assert_int_equal(qda_process_create(dev, &params, &process, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(fake.create.file, (uintptr_t)image);
	assert_int_equal(fake.create.filelen, sizeof(image));
	assert_int_equal(fake.create.siglen, 4);
	assert_int_equal(fake.create.attrs, 0xc);
	assert_int_equal(fake.create.filefd, -1);
	assert_int_equal(fake.create.handle | fake.create.flags | fake.create.pad, 0);
	assert_ptr_equal(qda_process_device(process), dev);
	assert_int_equal(qda_process_release(process, &status), 0);
	assert_int_equal(fake.releases, 1);
}

static void without_params_there_is_no_image(void **state)
{
	struct qda_process *process = fake_process(dev);

	(void)state;
	assert_int_equal(fake.create.filelen, 0);
	assert_int_equal(fake.create.file, 0);
	assert_int_equal(fake.create.attrs, 0);
	assert_int_equal(qda_process_release(process, NULL), 0);
}

static void refuse(const struct qda_process_params *params)
{
	struct qda_process *process = (struct qda_process *)1;
	uint32_t status = 1;

	assert_int_equal(qda_process_create(dev, params, &process, &status), -EINVAL);
	assert_null(process);
	assert_int_equal(status, 0);
	assert_int_equal(fake.create.filefd, 0);
}

static void contradicting_params_are_refused(void **state)
{
	struct qda_process_params params = { .image = "x" };

	(void)state;
	refuse(&params);
	params = (struct qda_process_params){ .image_size = 4 };
	refuse(&params);
	params = (struct qda_process_params){ .image = "x", .image_size = 1ull << 32 };
	refuse(&params);
	for (size_t i = 0; i < 2; i++) {
		params = (struct qda_process_params){ 0 };
		params.reserved[i] = 1;
		refuse(&params);
	}
	params = (struct qda_process_params){ .reserved32 = 1 };
	refuse(&params);
	params = (struct qda_process_params){ .image_fd = 3 };
	refuse(&params);
	params = (struct qda_process_params){ .image = "x", .image_fd = 3, .image_size = 1 };
	refuse(&params);
	assert_int_equal(qda_process_create(NULL, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(qda_process_create(dev, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(qda_process_release(NULL, NULL), 0);
	assert_int_equal(qda_process_invoke(NULL, 0, 0, NULL, NULL), -EINVAL);
}

static void an_image_in_a_buffer_goes_by_its_handle(void **state)
{
	struct qda_process_params params = { .image_size = 4097, .attrs = QDA_PROCESS_UNSIGNED };
	struct qda_device *other = fake_device();
	struct qda_process *process;
	struct qda_buffer *buffer;

	(void)state;
	assert_int_equal(qda_buffer_create(dev, 8192, 0, &buffer), 0);
	params.image_buffer = buffer;
	assert_int_equal(qda_process_create(dev, &params, &process, NULL), 0);
	assert_int_equal(fake.create.handle, qda_buffer_handle(buffer));
	assert_int_equal(fake.create.filelen, 4097);
	assert_int_equal(fake.create.filefd, -1);
	assert_int_equal(fake.create.file, 0);
	qda_process_release(process, NULL);
	/* Its handle would be another buffer there. */
	assert_int_equal(qda_process_create(other, &params, &process, NULL), -EINVAL);
	params.image = "x";
	assert_int_equal(qda_process_create(dev, &params, &process, NULL), -EINVAL);
	params = (struct qda_process_params){ .image_buffer = buffer };
	assert_int_equal(qda_process_create(dev, &params, &process, NULL), -EINVAL);
	qda_buffer_close(buffer);
	qda_device_close(other);
}

static void an_image_in_a_dmabuf_goes_by_its_descriptor(void **state)
{
	struct qda_process_params params = { .image_size = 100, .image_fd = 7 };
	struct qda_process *process;

	(void)state;
	assert_int_equal(qda_process_create(dev, &params, &process, NULL), 0);
	assert_int_equal(fake.create.filefd, 7);
	assert_int_equal(fake.create.handle, 0);
	assert_int_equal(fake.create.file, 0);
	qda_process_release(process, NULL);
	/* -1 is no descriptor, but no other number below 0 is: that one the kernel judges. */
	params = (struct qda_process_params){ .image_fd = -1 };
	assert_int_equal(qda_process_create(dev, &params, &process, NULL), 0);
	assert_int_equal(fake.create.filefd, -1);
	qda_process_release(process, NULL);
	params = (struct qda_process_params){ .image_size = 100, .image_fd = -2 };
	assert_int_equal(qda_process_create(dev, &params, &process, NULL), 0);
	assert_int_equal(fake.create.filefd, -2);
	qda_process_release(process, NULL);
}

static void attaching_names_the_process(void **state)
{
	struct qda_process *process;
	uint32_t status = 1;

	(void)state;
	assert_int_equal(qda_process_attach(dev, QDA_ATTACH_ROOT, NULL, &process, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(fake.attach.pd, QDA_PD_ROOT);
	assert_int_equal(fake.attach.name | fake.attach.namelen | fake.attach.flags, 0);
	assert_ptr_equal(qda_process_device(process), dev);
	assert_int_equal(qda_process_release(process, NULL), 0);
	assert_int_equal(fake.releases, 1);
	assert_int_equal(qda_process_attach(dev, QDA_ATTACH_NAMED, "audiopd", &process, NULL), 0);
	assert_int_equal(fake.attach.pd, QDA_PD_STATIC);
	assert_int_equal(fake.attach.namelen, 8);
	assert_string_equal(fake.attach_name, "audiopd");
	assert_int_equal(qda_process_release(process, NULL), 0);
}

static void refused_attaching_is_told(void **state)
{
	static char long_name[1000];
	struct qda_process *process = (void *)1;
	uint32_t status = 0;

	(void)state;
	fake.dsp_status = 0x80000414;
	assert_int_equal(qda_process_attach(dev, QDA_ATTACH_SENSORS, NULL, &process, &status),
			 -EREMOTEIO);
	assert_int_equal(status, 0x80000414);
	assert_null(process);
	fake.dsp_status = 0;
	/* One byte more than there may be is enough for the kernel to refuse. */
	memset(long_name, 'n', sizeof(long_name) - 1);
	assert_int_equal(qda_process_attach(dev, QDA_ATTACH_NAMED, long_name, &process, NULL), 0);
	assert_int_equal(fake.attach.namelen, QDA_PD_NAME_MAX + 1);
	qda_process_release(process, NULL);
	fake.fail_errno = EPERM;
	assert_int_equal(qda_process_attach(dev, QDA_ATTACH_ROOT, NULL, &process, &status), -EPERM);
	assert_int_equal(status, 0);
	assert_int_equal(qda_process_attach(dev, QDA_ATTACH_ROOT, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(qda_process_attach(NULL, QDA_ATTACH_ROOT, NULL, &process, NULL), -EINVAL);
}

static void a_range_is_mapped_under_its_key(void **state)
{
	struct qda_process *process = fake_process(dev);
	struct qda_buffer *buffer;
	uint32_t status = 1;

	(void)state;
	assert_int_equal(qda_buffer_create(dev, 0x8000, 0, &buffer), 0);
	assert_int_equal(qda_process_map(process, buffer, 0x1000, 0x2000, 77, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(fake.map.flags, QDA_MAP_BO);
	assert_int_equal(fake.map.handle, qda_buffer_handle(buffer));
	assert_int_equal(fake.map.offset, 0x1000);
	assert_int_equal(fake.map.size, 0x2000);
	assert_int_equal(fake.map.key, 77);
	assert_int_equal(fake.map.vaddrin, (uintptr_t)qda_buffer_data(buffer) + 0x1000);
	assert_int_equal(fake.map.attrs | fake.map.pad, 0);
	assert_int_equal(qda_process_unmap(process, 77, &status), 0);
	assert_int_equal(fake.unmap.flags, QDA_MAP_BO);
	assert_int_equal(fake.unmap.key, 77);
	assert_int_equal(fake.unmap.vaddr | fake.unmap.size | fake.unmap.pad, 0);
	qda_buffer_close(buffer);
	qda_process_release(process, NULL);
}

static void refused_mappings_are_told(void **state)
{
	struct qda_device *other = fake_device();
	struct qda_process *process = fake_process(dev);
	struct qda_buffer *buffer, *foreign;
	uint32_t status = 0;

	(void)state;
	assert_int_equal(qda_buffer_create(dev, 4096, 0, &buffer), 0);
	assert_int_equal(qda_buffer_create(other, 4096, 0, &foreign), 0);
	fake.dsp_status = 0x80000402;
	assert_int_equal(qda_process_map(process, buffer, 0, 4096, 1, &status), -EREMOTEIO);
	assert_int_equal(status, 0x80000402);
	assert_int_equal(qda_process_unmap(process, 1, &status), -EREMOTEIO);
	assert_int_equal(status, 0x80000402);
	fake.dsp_status = 0;
	fake.fail_errno = EEXIST;
	assert_int_equal(qda_process_map(process, buffer, 0, 4096, 1, &status), -EEXIST);
	assert_int_equal(status, 0);
	fake.fail_errno = ENOENT;
	assert_int_equal(qda_process_unmap(process, 1, &status), -ENOENT);
	fake.fail_errno = 0;
	fake.map.key = -5;
	assert_int_equal(qda_process_map(process, foreign, 0, 4096, 1, &status), -EINVAL);
	assert_int_equal(qda_process_map(process, NULL, 0, 4096, 1, &status), -EINVAL);
	assert_int_equal(qda_process_map(NULL, buffer, 0, 4096, 1, &status), -EINVAL);
	assert_int_equal(fake.map.key, -5);
	assert_int_equal(qda_process_unmap(NULL, 1, NULL), -EINVAL);
	qda_buffer_close(foreign);
	qda_buffer_close(buffer);
	qda_process_release(process, NULL);
	qda_device_close(other);
}

static void the_dsps_refusal_comes_with_its_code(void **state)
{
	struct qda_process *process = (void *)1;
	uint32_t status = 0;

	(void)state;
	fake.dsp_status = 0x80000406;
	assert_int_equal(qda_process_create(dev, NULL, &process, &status), -EREMOTEIO);
	assert_int_equal(status, 0x80000406);
	assert_null(process);
	assert_int_equal(qda_process_create(dev, NULL, &process, NULL), -EREMOTEIO);
}

static void the_kernels_refusal_comes_without_a_code(void **state)
{
	struct qda_process *process = (void *)1;
	uint32_t status = 1;

	(void)state;
	fake.fail_errno = EPERM;
	assert_int_equal(qda_process_create(dev, NULL, &process, &status), -EPERM);
	assert_int_equal(status, 0);
	assert_null(process);
}

static void a_failed_release_frees_the_process_all_the_same(void **state)
{
	struct qda_process *process = fake_process(dev);
	uint32_t status;

	(void)state;
	fake.fail_errno = ENOTCONN;
	assert_int_equal(qda_process_release(process, &status), -ENOTCONN);
	fake.fail_errno = 0;
	process = fake_process(dev);
	fake.dsp_status = 0x80000401;
	assert_int_equal(qda_process_release(process, &status), -EREMOTEIO);
	assert_int_equal(status, 0x80000401);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void an_image_is_read_from_a_file(void **state)
{
	char folder[] = "/tmp/libqda-test-XXXXXX", path[64];
	struct qda_process *process;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/image", folder);
	assert_int_equal(qda_process_create_file(dev, path, 0, &process, NULL), -ENOENT);
	write_file(path, "");
	assert_int_equal(qda_process_create_file(dev, path, 0, &process, NULL), -EINVAL);
	assert_int_equal(qda_process_create_file(dev, folder, 0, &process, NULL), -EINVAL);
	write_file(path, "12345");
	assert_int_equal(qda_process_create_file(dev, path, QDA_PROCESS_UNSIGNED, &process, NULL),
			 0);
	assert_int_equal(fake.create.filelen, 5);
	assert_int_equal(fake.create.attrs, QDA_PROCESS_UNSIGNED);
	assert_int_equal(qda_process_release(process, NULL), 0);
	unlink(path);
	rmdir(folder);
}

static void interrupted_ioctls_are_restarted(void **state)
{
	struct qda_process *process;

	(void)state;
	fake.ioctls = 0;
	fake.interrupts = 3;
	process = fake_process(dev);
	assert_int_equal(fake.ioctls, 4);
	fake.interrupts = 2;
	fake.interrupt_errno = EAGAIN;
	assert_int_equal(qda_process_release(process, NULL), 0);
	assert_int_equal(fake.ioctls, 7);
}

static void a_full_event_queue_is_not_waited_for(void **state)
{
	struct drm_qda_invoke invoke = { .flags = QDA_INVOKE_ASYNC };

	(void)state;
	fake.interrupts = 1;
	fake.interrupt_errno = EAGAIN;
	assert_int_equal(qda_ioctl(qda_device_fd(dev), DRM_IOCTL_QDA_REMOTE_INVOKE, &invoke),
			 -EAGAIN);
}

/* The kernel spins, the process writes: one without the other is of no use. */
static void poll_mode_is_told_to_the_kernel_and_the_process(void **state)
{
	struct qda_process *process = fake_process(dev);
	uint32_t in[2], status = 9;

	(void)state;
	assert_int_equal(qda_process_set_poll(process, QDA_POLL_MAX_US, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(fake.option.option, QDA_OPTION_POLL_MODE);
	assert_int_equal(fake.option.value, 1);
	assert_int_equal(fake.invoke.handle, 4);
	assert_int_equal(fake.invoke.sc, QDA_SCALARS(9, 1, 0));
	assert_int_equal(fake.input_bytes, sizeof(in));
	memcpy(in, fake.input, sizeof(in));
	assert_int_equal(in[0], 1);
	assert_int_equal(in[1], QDA_POLL_MAX_US);
	assert_int_equal(qda_process_set_poll(process, 0, NULL), 0);
	assert_int_equal(fake.option.value, 0);
	memcpy(in, fake.input, sizeof(in));
	assert_int_equal(in[0], 0);
	assert_int_equal(in[1], 0);
	assert_int_equal(qda_process_release(process, NULL), 0);
	assert_int_equal(fake.options, 2);
}

static void poll_mode_ends_with_the_process(void **state)
{
	struct qda_process *process = fake_process(dev);

	(void)state;
	assert_int_equal(qda_process_set_poll(process, 1, NULL), 0);
	assert_int_equal(qda_process_release(process, NULL), 0);
	assert_int_equal(fake.options, 2);
	assert_int_equal(fake.option.value, 0);
	assert_int_equal(fake.releases, 1);
}

static void poll_mode_that_is_refused_is_off(void **state)
{
	struct qda_process *process = fake_process(dev);
	uint32_t status;

	(void)state;
	assert_int_equal(qda_process_set_poll(NULL, 1, &status), -EINVAL);
	assert_int_equal(qda_process_set_poll(process, QDA_POLL_MAX_US + 1, &status), -EINVAL);
	assert_int_equal(fake.options, 0);

	fake.dsp_status = 0x80000414;
	assert_int_equal(qda_process_set_poll(process, 1, &status), -EREMOTEIO);
	assert_int_equal(status, 0x80000414);
	assert_int_equal(fake.options, 2);
	assert_int_equal(fake.option.value, 0);
	fake.dsp_status = 0;

	fake.fail_errno = EOPNOTSUPP;
	fake.fail_only = DRM_IOCTL_QDA_SET_OPTION;
	fake.invoke.handle = 77;
	assert_int_equal(qda_process_set_poll(process, 1, &status), -EOPNOTSUPP);
	assert_int_equal(status, 0);
	assert_int_equal(fake.invoke.handle, 77);
	fake.fail_errno = 0;
	assert_int_equal(qda_process_release(process, NULL), 0);
	assert_int_equal(fake.options, 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_image_and_its_attributes_are_passed_on),
		TEST(without_params_there_is_no_image),
		TEST(contradicting_params_are_refused),
		TEST(an_image_in_a_buffer_goes_by_its_handle),
		TEST(an_image_in_a_dmabuf_goes_by_its_descriptor),
		TEST(attaching_names_the_process),
		TEST(refused_attaching_is_told),
		TEST(a_range_is_mapped_under_its_key),
		TEST(refused_mappings_are_told),
		TEST(the_dsps_refusal_comes_with_its_code),
		TEST(the_kernels_refusal_comes_without_a_code),
		TEST(a_failed_release_frees_the_process_all_the_same),
		TEST(an_image_is_read_from_a_file),
		TEST(interrupted_ioctls_are_restarted),
		TEST(a_full_event_queue_is_not_waited_for),
		TEST(poll_mode_is_told_to_the_kernel_and_the_process),
		TEST(poll_mode_ends_with_the_process),
		TEST(poll_mode_that_is_refused_is_off),
	};

	return cmocka_run_group_tests_name("libqda process", tests, NULL, NULL);
}
