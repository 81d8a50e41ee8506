// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Devices: finding the right one, refusing the wrong ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "internal.h"

static int setup(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

static void null_pointers_are_refused(void **state)
{
	struct qda_device *dev;

	(void)state;
	assert_int_equal(qda_device_open(NULL, &dev), -EINVAL);
	assert_int_equal(qda_device_open("cdsp", NULL), -EINVAL);
	assert_int_equal(qda_device_open_path(NULL, &dev), -EINVAL);
	assert_int_equal(qda_device_open_path("/dev/null", NULL), -EINVAL);
	assert_int_equal(qda_device_open_fd(0, NULL), -EINVAL);
	assert_int_equal(qda_device_features(NULL, NULL), -EINVAL);
	qda_device_close(NULL);
	assert_int_equal(fake.ioctls, 0);
}

static void a_missing_node_is_reported(void **state)
{
	struct qda_device *dev = (void *)1;

	(void)state;
	assert_int_equal(qda_device_open_path("/nonexistent/accel0", &dev), -ENOENT);
	assert_null(dev);
}

static void another_driver_is_left_alone(void **state)
{
	static const char *const others[] = { "", "q", "qd", "qdx", "qdax", "rocket" };
	struct qda_device *dev = (void *)1;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		fake.driver = others[i];
		assert_int_equal(qda_device_open_path("/dev/null", &dev), -ENOTTY);
		assert_null(dev);
	}
	assert_int_equal(fake.query.type, 0);
}

static void a_refused_fd_stays_the_callers(void **state)
{
	struct qda_device *dev;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	fake.driver = "rocket";
	assert_int_equal(qda_device_open_fd(fd, &dev), -ENOTTY);
	assert_int_equal(close(fd), 0);
}

static void a_failing_query_is_reported(void **state)
{
	struct qda_device *dev = (void *)1;

	(void)state;
	fake.fail_query = ENODEV;
	assert_int_equal(qda_device_open_path("/dev/null", &dev), -ENODEV);
	assert_null(dev);
}

static void the_domain_is_told(void **state)
{
	struct qda_device *dev = fake_device();

	(void)state;
	assert_string_equal(qda_device_domain(dev), "cdsp");
	assert_int_equal(qda_device_domain_id(dev), 3);
	assert_true(qda_device_fd(dev) >= 0);
	qda_device_close(dev);
}

static void questions_reach_the_kernel(void **state)
{
	struct qda_device *dev = fake_device();
	uint64_t wide;
	uint32_t narrow;

	(void)state;
	assert_int_equal(qda_device_features(dev, &wide), 0);
	assert_int_equal(wide, 1000 * QDA_QUERY_FEATURES);
	assert_int_equal(qda_device_max(dev, QDA_MAX_CALL, &wide), 0);
	assert_int_equal(wide, 1000 * QDA_QUERY_LIMIT + QDA_LIMIT_INLINE);
	assert_int_equal(qda_device_address_bits(dev, &narrow), 0);
	assert_int_equal(narrow, 1000 * QDA_QUERY_ADDRESS_WIDTH);
	assert_int_equal(qda_device_capability(dev, 7, &narrow), 0);
	assert_int_equal(narrow, 1000 * QDA_QUERY_CAPABILITY + 7);
	fake.fail_query = EOPNOTSUPP;
	assert_int_equal(qda_device_capability(dev, 7, &narrow), -EOPNOTSUPP);
	assert_int_equal(narrow, 0);
	qda_device_close(dev);
}

/* Files of these names in a new folder stand for accel nodes. */
static void make_nodes(char *folder, const char *const *names, size_t count)
{
	char path[128];
	int fd;

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
}

static void remove_nodes(const char *folder, const char *const *names, size_t count)
{
	char path[128];

	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void a_domain_is_found_by_its_name(void **state)
{
	static const char *const names[] = { "accel0-adsp", "accel1-cdsp1", "accel12-cdsp",
					     "by-name-sdsp", "accelx-sdsp" };
	char folder[] = "/tmp/libqda-test-XXXXXX";
	struct qda_device *dev;

	(void)state;
	fake.domain = "?";
	make_nodes(folder, names, 5);
	assert_int_equal(qda_find_device(folder, "cdsp", &dev), 0);
	assert_string_equal(qda_device_domain(dev), "cdsp");
	qda_device_close(dev);
	assert_int_equal(qda_find_device(folder, "sdsp", &dev), -ENODEV);
	assert_null(dev);
	remove_nodes(folder, names, 5);
}

static void other_drivers_nodes_do_not_hide_that_there_is_none(void **state)
{
	static const char *const names[] = { "accel0-cdsp" };
	char folder[] = "/tmp/libqda-test-XXXXXX";
	struct qda_device *dev;

	(void)state;
	fake.driver = "rocket";
	make_nodes(folder, names, 1);
	assert_int_equal(qda_find_device(folder, "cdsp", &dev), -ENODEV);
	remove_nodes(folder, names, 1);
	assert_int_equal(qda_find_device("/nonexistent", "cdsp", &dev), -ENODEV);
}

static void what_hinders_opening_is_told(void **state)
{
	char folder[] = "/tmp/libqda-test-XXXXXX";
	char path[128];
	struct qda_device *dev;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/accel0", folder);
	assert_int_equal(symlink("accel0", path), 0);
	assert_int_equal(qda_find_device(folder, "cdsp", &dev), -ELOOP);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(null_pointers_are_refused, setup),
		cmocka_unit_test_setup(a_missing_node_is_reported, setup),
		cmocka_unit_test_setup(another_driver_is_left_alone, setup),
		cmocka_unit_test_setup(a_refused_fd_stays_the_callers, setup),
		cmocka_unit_test_setup(a_failing_query_is_reported, setup),
		cmocka_unit_test_setup(the_domain_is_told, setup),
		cmocka_unit_test_setup(questions_reach_the_kernel, setup),
		cmocka_unit_test_setup(a_domain_is_found_by_its_name, setup),
		cmocka_unit_test_setup(other_drivers_nodes_do_not_hide_that_there_is_none, setup),
		cmocka_unit_test_setup(what_hinders_opening_is_told, setup),
	};

	return cmocka_run_group_tests_name("libqda device", tests, NULL, NULL);
}
