// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * See fake.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"

/* Bytes of a device's file; objects are not larger than a place in it. */
#define PLACE 0x10000

struct fake_kernel fake;

int __wrap_ioctl(int fd, unsigned long request, void *arg);

void fake_reset(void)
{
	fake = (struct fake_kernel){
		.driver = "qda",
		.domain = "cdsp",
		.interrupt_errno = EINTR,
		.open_handle = 0x80000001,
		.open_text = "",
	};
}

static void answer_version(struct drm_version *version)
{
	size_t length = strlen(fake.driver);

	memcpy(version->name, fake.driver, length < version->name_len ? length : version->name_len);
	version->name_len = length;
}

/* The name of the file is the name of the domain, after a dash. */
static const char *domain_of_file(int fd, char *path, size_t size)
{
	char link[64];
	ssize_t length;
	char *dash;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, size - 1);
	assert_true(length > 0);
	path[length] = '\0';
	dash = strrchr(path, '-');
	return dash ? dash + 1 : "none";
}

static void answer_query(int fd, struct drm_qda_query *query)
{
	char path[512];
	const char *domain = fake.domain;

	fake.query = *query;
	if (query->type != QDA_QUERY_DOMAIN) {
		query->value = 1000 * query->type + query->index;
		return;
	}
	if (!strcmp(domain, "?"))
		domain = domain_of_file(fd, path, sizeof(path));
	query->value = 3;
	snprintf((char *)query->name, sizeof(query->name), "%s", domain);
}

static void note_inputs(void)
{
	uint32_t in = QDA_SCALARS_IN(fake.invoke.sc);

	for (uint32_t i = 0; i < in; i++) {
		const struct drm_qda_arg *arg = &fake.args[i];

		if (fake.input_bytes + arg->length > sizeof(fake.input))
			fail_msg("the fake kernel has no room for the inputs");
		if (!arg->length || arg->kind != QDA_ARG_INLINE)
			continue;
		memcpy(fake.input + fake.input_bytes, (void *)(uintptr_t)arg->addr, arg->length);
		fake.input_bytes += arg->length;
	}
}

static void answer_open(void)
{
	struct {
		uint32_t handle;
		int32_t error;
	} out = { fake.open_handle, fake.open_error };

	assert_int_equal(fake.args[2].length, sizeof(out));
	memcpy((void *)(uintptr_t)fake.args[2].addr, &out, sizeof(out));
	strncpy((void *)(uintptr_t)fake.args[3].addr, fake.open_text, fake.args[3].length);
}

static void answer_close(void)
{
	assert_int_equal(fake.args[1].length, sizeof(fake.open_error));
	memcpy((void *)(uintptr_t)fake.args[1].addr, &fake.open_error, sizeof(fake.open_error));
}

/* Ordinary methods fill every output with the output's number. */
static void answer_method(void)
{
	uint32_t in = QDA_SCALARS_IN(fake.invoke.sc);

	for (uint32_t i = 0; i < QDA_SCALARS_OUT(fake.invoke.sc); i++) {
		const struct drm_qda_arg *arg = &fake.args[in + i];

		if (arg->length && arg->kind == QDA_ARG_INLINE)
			memset((void *)(uintptr_t)arg->addr, (int)i, arg->length);
	}
}

static void answer_invoke(struct drm_qda_invoke *invoke)
{
	uint32_t count = QDA_SCALARS_IN(invoke->sc) + QDA_SCALARS_OUT(invoke->sc) +
			 QDA_SCALARS_IN_HANDLES(invoke->sc) + QDA_SCALARS_OUT_HANDLES(invoke->sc);

	fake.invoke = *invoke;
	fake.input_bytes = 0;
	memcpy(fake.args, (void *)(uintptr_t)invoke->args, count * sizeof(fake.args[0]));
	note_inputs();
	invoke->dsp_status = fake.dsp_status;
	if (fake.dsp_status)
		return;
	if (invoke->handle)
		answer_method();
	else if (QDA_SCALARS_METHOD(invoke->sc) == 0)
		answer_open();
	else
		answer_close();
}

static int answer_create(struct drm_qda_init_create *create)
{
	fake.create = *create;
	create->dsp_status = fake.dsp_status;
	return fake.dsp_status ? EREMOTEIO : 0;
}

static int answer_release(struct drm_qda_session_release *release)
{
	fake.releases++;
	release->dsp_status = fake.dsp_status;
	return fake.dsp_status ? EREMOTEIO : 0;
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

/* One handle per object, as the kernel has it; the objects of GEM_CREATE have no inode. */
static uint32_t take_handle(uint64_t inode)
{
	uint32_t free_place = 0;

	for (uint32_t i = 1; i < 16; i++) {
		if (inode != 1 && fake.objects[i] == inode)
			return i;
		if (!fake.objects[i] && !free_place)
			free_place = i;
	}
	assert_true(free_place);
	fake.objects[free_place] = inode;
	fake.handles++;
	return free_place;
}

static int answer_gem_create(struct drm_qda_gem_create *create)
{
	fake.gem_create = *create;
	if (!create->size || create->size > PLACE)
		return EINVAL;
	create->size = (create->size + 4095) & ~4095ull;
	create->handle = take_handle(1);
	return 0;
}

static int answer_offset(struct drm_qda_gem_mmap_offset *ask)
{
	if (fake.objects[ask->handle] != 1)
		return EINVAL;
	ask->offset = ask->handle * PLACE;
	return 0;
}

static int answer_gem_close(struct drm_gem_close *close)
{
	if (!fake.objects[close->handle])
		return EINVAL;
	fake.objects[close->handle] = 0;
	fake.handles--;
	fake.closed_handle = close->handle;
	return 0;
}

/* The name of the file tells the handle that it was exported from. */
static int answer_import(struct drm_prime_handle *prime)
{
	char link[64], path[64] = "";
	unsigned int handle;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", prime->fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		return EBADF;
	if (sscanf(path, "/memfd:export %u", &handle) == 1 && fake.objects[handle])
		prime->handle = handle;
	else if (!strncmp(path, "/memfd:", 7))
		prime->handle = take_handle(inode_of(prime->fd));
	else
		return EINVAL;
	return 0;
}

static int answer_export(struct drm_prime_handle *prime)
{
	char name[32];

	assert_int_equal(prime->flags, DRM_CLOEXEC | DRM_RDWR);
	snprintf(name, sizeof(name), "export %u ", prime->handle);
	prime->fd = memfd_create(name, MFD_CLOEXEC);
	assert_true(prime->fd >= 0);
	assert_int_equal(ftruncate(prime->fd, 4096), 0);
	return 0;
}

static int answer_gem_sync(const struct drm_qda_gem_sync *sync)
{
	fake.gem_sync = *sync;
	fake.syncs++;
	return fake.uncached ? EINVAL : 0;
}

/* Exactly the bytes that the kernel would read. */
static int answer_attach(struct drm_qda_remote_attach *attach)
{
	fake.attach = *attach;
	assert_true(attach->namelen <= sizeof(fake.attach_name));
	memcpy(fake.attach_name, (void *)(uintptr_t)attach->name, attach->namelen);
	attach->dsp_status = fake.dsp_status;
	return fake.dsp_status ? EREMOTEIO : 0;
}

static int answer_map(struct drm_qda_remote_map *map)
{
	fake.map = *map;
	map->dsp_status = fake.dsp_status;
	return fake.dsp_status ? EREMOTEIO : 0;
}

static int answer_unmap(struct drm_qda_remote_munmap *unmap)
{
	fake.unmap = *unmap;
	unmap->dsp_status = fake.dsp_status;
	return fake.dsp_status ? EREMOTEIO : 0;
}

static int answer_buffers(unsigned long request, void *arg)
{
	switch (request) {
	case DRM_IOCTL_QDA_GEM_CREATE:
		return answer_gem_create(arg);
	case DRM_IOCTL_QDA_GEM_MMAP_OFFSET:
		return answer_offset(arg);
	case DRM_IOCTL_GEM_CLOSE:
		return answer_gem_close(arg);
	case DRM_IOCTL_PRIME_FD_TO_HANDLE:
		return answer_import(arg);
	case DRM_IOCTL_PRIME_HANDLE_TO_FD:
		return answer_export(arg);
	case DRM_IOCTL_QDA_GEM_SYNC:
		return answer_gem_sync(arg);
	case DMA_BUF_IOCTL_SYNC:
		fake.dmabuf_sync = ((struct dma_buf_sync *)arg)->flags;
		fake.syncs++;
		return 0;
	case DRM_IOCTL_QDA_REMOTE_ATTACH:
		return answer_attach(arg);
	case DRM_IOCTL_QDA_REMOTE_MAP:
		return answer_map(arg);
	case DRM_IOCTL_QDA_REMOTE_MUNMAP:
		return answer_unmap(arg);
	}
	fail_msg("the library made an ioctl that this test does not know: %lx", request);
	return ENOTTY;
}

static int answer_batch(struct drm_qda_invoke_batch *batch)
{
	assert_int_equal(batch->stride, sizeof(struct drm_qda_invoke));
	while (batch->submitted < batch->count && batch->submitted < fake.batch_room) {
		struct drm_qda_invoke *calls = (void *)(uintptr_t)batch->calls;

		answer_invoke(&calls[batch->submitted++]);
		fake.batch_calls++;
	}
	if (batch->submitted < batch->count)
		batch->error = fake.batch_error;
	return 0;
}

static int answer(int fd, unsigned long request, void *arg)
{
	switch (request) {
	case DRM_IOCTL_VERSION:
		answer_version(arg);
		return 0;
	case DRM_IOCTL_QDA_QUERY:
		if (!fake.fail_query)
			answer_query(fd, arg);
		return fake.fail_query;
	}
	if (fake.fail_errno && (!fake.fail_only || fake.fail_only == request)) {
		if (request == DRM_IOCTL_QDA_REMOTE_INVOKE)
			((struct drm_qda_invoke *)arg)->dsp_status = fake.dsp_status;
		return fake.fail_errno;
	}
	switch (request) {
	case DRM_IOCTL_QDA_REMOTE_SESSION_CREATE:
		return answer_create(arg);
	case DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE:
		return answer_release(arg);
	case DRM_IOCTL_QDA_SET_OPTION:
		fake.option = *(struct drm_qda_set_option *)arg;
		fake.options++;
		return 0;
	case DRM_IOCTL_QDA_REMOTE_INVOKE:
		answer_invoke(arg);
		return 0;
	case DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH:
		return answer_batch(arg);
	}
	return answer_buffers(request, arg);
}

/* Takes the place of ioctl() in the library: see meson.build. */
int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	fake.ioctls++;
	if (fake.interrupts) {
		fake.interrupts--;
		if (request == DRM_IOCTL_QDA_REMOTE_INVOKE)
			((struct drm_qda_invoke *)arg)->cookie = FAKE_COOKIE;
		errno = fake.interrupt_errno;
		return -1;
	}
	errno = answer(fd, request, arg);
	return errno ? -1 : 0;
}

int fake_dmabuf(size_t size)
{
	int fd = memfd_create("memory", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

struct qda_device *fake_device(void)
{
	struct qda_device *dev;
	int fd = fake_dmabuf(16 * PLACE);

	assert_int_equal(qda_device_open_fd(fd, &dev), 0);
	return dev;
}

struct qda_process *fake_process(struct qda_device *dev)
{
	struct qda_process *process;

	assert_int_equal(qda_process_create(dev, NULL, &process, NULL), 0);
	return process;
}
