// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffers: where they come from, who can see them, when their handles are closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
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

/* A handle that is left over fails the test. */
static int teardown(void **state)
{
	(void)state;
	qda_device_close(dev);
	return fake.handles ? -1 : 0;
}

static struct qda_buffer *create(uint64_t size, uint32_t flags)
{
	struct qda_buffer *buffer;

	assert_int_equal(qda_buffer_create(dev, size, flags, &buffer), 0);
	return buffer;
}

static struct qda_buffer *import(int fd)
{
	struct qda_buffer *buffer;

	assert_int_equal(qda_buffer_import(dev, fd, &buffer), 0);
	return buffer;
}

static int open_files(void)
{
	int count = 0;

	for (int fd = 0; fd < 100; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void a_new_buffer_is_memory(void **state)
{
	struct qda_buffer *buffer = create(5000, 0);
	uint32_t handle = qda_buffer_handle(buffer);
	unsigned char *data = qda_buffer_data(buffer);

	(void)state;
	assert_int_equal(fake.gem_create.size, 5000);
	assert_int_equal(fake.gem_create.flags, 0);
	assert_int_equal(qda_buffer_size(buffer), 8192);
	memset(data, 0x5a, 8192);
	qda_buffer_close(buffer);
	assert_int_equal(fake.handles, 0);
	assert_int_equal(fake.closed_handle, handle);
}

static void buffers_have_memory_of_their_own(void **state)
{
	struct qda_buffer *a = create(4096, 0), *b = create(4096, QDA_BUFFER_WRITE_COMBINED);

	(void)state;
	assert_int_equal(fake.gem_create.flags, QDA_GEM_WC);
	memset(qda_buffer_data(a), 1, 4096);
	memset(qda_buffer_data(b), 2, 4096);
	assert_int_equal(*(char *)qda_buffer_data(a), 1);
	qda_buffer_close(a);
	assert_int_equal(fake.handles, 1);
	qda_buffer_close(b);
}

static void what_cannot_be_made_leaves_nothing(void **state)
{
	static const unsigned long ioctls[] = { DRM_IOCTL_QDA_GEM_CREATE,
						DRM_IOCTL_QDA_GEM_MMAP_OFFSET };
	struct qda_buffer *buffer = (void *)1;

	(void)state;
	assert_int_equal(qda_buffer_create(dev, 0, 0, &buffer), -EINVAL);
	assert_null(buffer);
	fake.fail_errno = ENOMEM;
	for (size_t i = 0; i < 2; i++) {
		fake.fail_only = ioctls[i];
		buffer = (void *)1;
		assert_int_equal(qda_buffer_create(dev, 1, 0, &buffer), -ENOMEM);
		assert_null(buffer);
		assert_int_equal(fake.handles, 0);
	}
	assert_int_equal(qda_buffer_create(NULL, 1, 0, &buffer), -EINVAL);
	assert_int_equal(qda_buffer_create(dev, 1, 0, NULL), -EINVAL);
	qda_buffer_close(NULL);
}

static void imported_memory_is_the_exporters(void **state)
{
	int fd = fake_dmabuf(12288), files = open_files();
	char *own = mmap(NULL, 12288, PROT_READ, MAP_SHARED, fd, 0);
	struct qda_buffer *buffer = import(fd);

	(void)state;
	close(fd);
	assert_int_equal(qda_buffer_size(buffer), 12288);
	strcpy(qda_buffer_data(buffer), "from the DSP");
	assert_string_equal(own, "from the DSP");
	qda_buffer_close(buffer);
	assert_int_equal(open_files(), files - 1);
	munmap(own, 12288);
}

static void a_buffer_imported_twice_is_closed_twice(void **state)
{
	int fd = fake_dmabuf(4096);
	struct qda_buffer *first = import(fd), *second = import(fd), *other = create(4096, 0);
	uint32_t handle = qda_buffer_handle(first);

	(void)state;
	assert_int_equal(qda_buffer_handle(second), handle);
	qda_buffer_close(first);
	assert_int_equal(fake.handles, 2);
	*(char *)qda_buffer_data(second) = 1;
	qda_buffer_close(second);
	assert_int_equal(fake.handles, 1);
	assert_int_equal(fake.closed_handle, handle);
	qda_buffer_close(other);
	close(fd);
}

static void a_buffer_of_ours_can_come_back(void **state)
{
	struct qda_buffer *buffer = create(4096, 0), *back;
	int fd;

	(void)state;
	assert_int_equal(qda_buffer_export(buffer, &fd), 0);
	back = import(fd);
	close(fd);
	strcpy(qda_buffer_data(buffer), "the same memory");
	assert_string_equal(qda_buffer_data(back), "the same memory");
	qda_buffer_close(buffer);
	assert_int_equal(fake.handles, 1);
	assert_int_equal(qda_buffer_begin_cpu(back, QDA_CPU_READ), 0);
	assert_int_equal(fake.gem_sync.flags, QDA_GEM_SYNC_READ);
	/* The driver has nothing to do for one that is not cached, which is no error. */
	fake.uncached = true;
	assert_int_equal(qda_buffer_begin_cpu(back, QDA_CPU_READ), 0);
	qda_buffer_close(back);
}

static void refused_imports_leave_nothing(void **state)
{
	int fd = fake_dmabuf(4096), empty = fake_dmabuf(0), null, files;
	struct qda_buffer *buffer = (void *)1;

	(void)state;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	files = open_files();
	assert_int_equal(qda_buffer_import(dev, null, &buffer), -EINVAL);
	assert_null(buffer);
	assert_int_equal(qda_buffer_import(dev, -1, &buffer), -EBADF);
	assert_int_equal(qda_buffer_import(dev, empty, &buffer), -EINVAL);
	assert_int_equal(qda_buffer_import(NULL, fd, &buffer), -EINVAL);
	assert_int_equal(qda_buffer_import(dev, fd, NULL), -EINVAL);
	fake.fail_errno = ENODEV;
	assert_int_equal(qda_buffer_import(dev, fd, &buffer), -ENODEV);
	fake.fail_only = DRM_IOCTL_QDA_GEM_MMAP_OFFSET;
	assert_int_equal(qda_buffer_import(dev, fd, &buffer), -ENODEV);
	assert_int_equal(fake.handles, 0);
	assert_int_equal(open_files(), files);
	close(fd);
	close(empty);
	close(null);
}

static void a_read_only_import_can_be_read(void **state)
{
	int fd = fake_dmabuf(4096), reader;
	struct qda_buffer *buffer;
	char path[40];

	(void)state;
	assert_int_equal(write(fd, "hello", 5), 5);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(reader >= 0);
	buffer = import(reader);
	assert_memory_equal(qda_buffer_data(buffer), "hello", 5);
	qda_buffer_close(buffer);
	close(reader);
	close(fd);
}

static void refused_exports_give_no_file(void **state)
{
	struct qda_buffer *buffer = create(4096, 0);
	int fd = 5;

	(void)state;
	assert_int_equal(qda_buffer_export(NULL, &fd), -EINVAL);
	assert_int_equal(fd, -1);
	assert_int_equal(qda_buffer_export(buffer, NULL), -EINVAL);
	fake.fail_errno = EMFILE;
	fd = 5;
	assert_int_equal(qda_buffer_export(buffer, &fd), -EMFILE);
	assert_int_equal(fd, -1);
	fake.fail_errno = 0;
	qda_buffer_close(buffer);
}

static void the_driver_hears_of_accesses_to_cached_buffers(void **state)
{
	struct qda_buffer *buffer = create(4096, 0);

	(void)state;
	assert_int_equal(qda_buffer_begin_cpu(buffer, QDA_CPU_READ | QDA_CPU_WRITE), 0);
	assert_int_equal(fake.gem_sync.handle, qda_buffer_handle(buffer));
	assert_int_equal(fake.gem_sync.flags, QDA_GEM_SYNC_READ | QDA_GEM_SYNC_WRITE);
	assert_int_equal(qda_buffer_end_cpu(buffer, QDA_CPU_WRITE), 0);
	assert_int_equal(fake.gem_sync.flags, QDA_GEM_SYNC_WRITE | QDA_GEM_SYNC_END);
	assert_int_equal(fake.syncs, 2);
	/* Of this buffer it is known to be cached, so this is no usual answer. */
	fake.uncached = true;
	assert_int_equal(qda_buffer_begin_cpu(buffer, QDA_CPU_READ), -EINVAL);
	qda_buffer_close(buffer);
}

static void uncached_buffers_need_no_ioctl(void **state)
{
	struct qda_buffer *buffer = create(4096, QDA_BUFFER_WRITE_COMBINED);

	(void)state;
	assert_int_equal(qda_buffer_begin_cpu(buffer, QDA_CPU_WRITE), 0);
	assert_int_equal(qda_buffer_end_cpu(buffer, QDA_CPU_WRITE), 0);
	assert_int_equal(fake.syncs, 0);
	qda_buffer_close(buffer);
}

static void the_exporter_hears_of_accesses_to_imports(void **state)
{
	int fd = fake_dmabuf(4096);
	struct qda_buffer *buffer = import(fd);

	(void)state;
	close(fd);
	assert_int_equal(qda_buffer_begin_cpu(buffer, QDA_CPU_READ), 0);
	assert_int_equal(fake.dmabuf_sync, DMA_BUF_SYNC_READ | DMA_BUF_SYNC_START);
	assert_int_equal(qda_buffer_end_cpu(buffer, QDA_CPU_READ | QDA_CPU_WRITE), 0);
	assert_int_equal(fake.dmabuf_sync, DMA_BUF_SYNC_RW | DMA_BUF_SYNC_END);
	assert_int_equal(fake.gem_sync.handle, 0);
	fake.fail_errno = EIO;
	assert_int_equal(qda_buffer_begin_cpu(buffer, QDA_CPU_READ), -EIO);
	fake.fail_errno = 0;
	qda_buffer_close(buffer);
}

static void unknown_accesses_are_refused(void **state)
{
	struct qda_buffer *buffer = create(4096, QDA_BUFFER_WRITE_COMBINED);

	(void)state;
	assert_int_equal(qda_buffer_begin_cpu(buffer, 0), -EINVAL);
	assert_int_equal(qda_buffer_begin_cpu(buffer, 4), -EINVAL);
	assert_int_equal(qda_buffer_end_cpu(buffer, 8 | QDA_CPU_READ), -EINVAL);
	assert_int_equal(qda_buffer_end_cpu(NULL, QDA_CPU_READ), -EINVAL);
	qda_buffer_close(buffer);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_buffer_is_memory),
		TEST(buffers_have_memory_of_their_own),
		TEST(what_cannot_be_made_leaves_nothing),
		TEST(imported_memory_is_the_exporters),
		TEST(a_buffer_imported_twice_is_closed_twice),
		TEST(a_buffer_of_ours_can_come_back),
		TEST(refused_imports_leave_nothing),
		TEST(a_read_only_import_can_be_read),
		TEST(refused_exports_give_no_file),
		TEST(the_driver_hears_of_accesses_to_cached_buffers),
		TEST(uncached_buffers_need_no_ioctl),
		TEST(the_exporter_hears_of_accesses_to_imports),
		TEST(unknown_accesses_are_refused),
	};

	return cmocka_run_group_tests_name("libqda buffer", tests, NULL, NULL);
}
