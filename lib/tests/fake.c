// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * See fake.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

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
		if (!arg->length)
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

		if (arg->length)
			memset((void *)(uintptr_t)arg->addr, (int)i, arg->length);
	}
}

static void answer_invoke(struct drm_qda_invoke *invoke)
{
	uint32_t count = QDA_SCALARS_IN(invoke->sc) + QDA_SCALARS_OUT(invoke->sc);

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
	if (fake.fail_errno) {
		if (request == DRM_IOCTL_QDA_REMOTE_INVOKE)
			((struct drm_qda_invoke *)arg)->dsp_status = fake.dsp_status;
		return fake.fail_errno;
	}
	switch (request) {
	case DRM_IOCTL_QDA_REMOTE_SESSION_CREATE:
		return answer_create(arg);
	case DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE:
		return answer_release(arg);
	case DRM_IOCTL_QDA_REMOTE_INVOKE:
		answer_invoke(arg);
		return 0;
	}
	fail_msg("the library made an ioctl that this test does not know: %lx", request);
	return ENOTTY;
}

/* Takes the place of ioctl() in the library: see meson.build. */
int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	fake.ioctls++;
	if (fake.interrupts) {
		fake.interrupts--;
		errno = fake.interrupt_errno;
		return -1;
	}
	errno = answer(fd, request, arg);
	return errno ? -1 : 0;
}

struct qda_device *fake_device(void)
{
	struct qda_device *dev;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(qda_device_open_fd(fd, &dev), 0);
	return dev;
}

struct qda_process *fake_process(struct qda_device *dev)
{
	struct qda_process *process;

	assert_int_equal(qda_process_create(dev, NULL, &process, NULL), 0);
	return process;
}
