// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Devices: opening them and asking them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

_Static_assert(QDA_HAS_IMAGE_POINTER == QDA_FEATURE_CREATE_POINTER, "number of the kernel");
_Static_assert(QDA_HAS_IMAGE_BUFFER == QDA_FEATURE_CREATE_BUFFER, "number of the kernel");
_Static_assert(QDA_HAS_INLINE == QDA_FEATURE_INLINE, "number of the kernel");
_Static_assert(QDA_HAS_BUFFERS == QDA_FEATURE_BUFFERS, "number of the kernel");
_Static_assert(QDA_HAS_MAP == QDA_FEATURE_MAP, "number of the kernel");
_Static_assert(QDA_HAS_ATTACH == QDA_FEATURE_ATTACH, "number of the kernel");
_Static_assert(QDA_HAS_POLL == QDA_FEATURE_POLL, "number of the kernel");
_Static_assert(QDA_HAS_ASYNC == QDA_FEATURE_ASYNC, "number of the kernel");
_Static_assert((int)QDA_MAX_IMAGE == (int)QDA_LIMIT_FILELEN, "number of the kernel");
_Static_assert((int)QDA_MAX_CALL == (int)QDA_LIMIT_INLINE, "number of the kernel");
_Static_assert((int)QDA_MAX_PROCESSES == (int)QDA_LIMIT_SESSIONS, "number of the kernel");
_Static_assert((int)QDA_MAX_CALLS == (int)QDA_LIMIT_CALLS, "number of the kernel");
_Static_assert((int)QDA_MAX_BUFFER == (int)QDA_LIMIT_BUFFER, "number of the kernel");
_Static_assert((int)QDA_MAX_COMPLETIONS == (int)QDA_LIMIT_EVENTS, "number of the kernel");
_Static_assert((int)QDA_MAX_MAPPED == (int)QDA_LIMIT_MAPPED, "number of the kernel");
_Static_assert((int)QDA_MAX_USER_PROCESSES == (int)QDA_LIMIT_USER_SESSIONS, "number of the kernel");

/* The driver must be known before any ioctl of its own: others use the same numbers. */
static int check_driver(int fd)
{
	char name[8] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) };
	int ret;

	ret = qda_ioctl(fd, DRM_IOCTL_VERSION, &version);
	if (ret == -ENODEV)
		return ret;
	/* name is cut to the room there is, and has no NUL. */
	if (ret || version.name_len != 3 || memcmp(name, "qda", 3))
		return -ENOTTY;
	return 0;
}

static int ask(const struct qda_device *dev, struct drm_qda_query *query)
{
	return qda_ioctl(dev->fd, DRM_IOCTL_QDA_QUERY, query);
}

static int ask_domain(struct qda_device *dev)
{
	struct drm_qda_query query = { .type = QDA_QUERY_DOMAIN };
	int ret;

	ret = ask(dev, &query);
	if (ret)
		return ret;
	dev->domain_id = (uint32_t)query.value;
	memcpy(dev->domain, query.name, sizeof(dev->domain) - 1);
	return 0;
}

/* Another thread may read the completion that poll(2) has told of. */
static int never_wait(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	return 0;
}

int qda_device_open_fd(int fd, struct qda_device **dev)
{
	struct qda_device *d;
	int ret;

	if (!dev)
		return -EINVAL;
	*dev = NULL;
	ret = check_driver(fd);
	if (ret)
		return ret;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->fd = fd;
	ret = ask_domain(d);
	if (!ret)
		ret = never_wait(fd);
	if (!ret)
		ret = -pthread_mutex_init(&d->lock, NULL);
	if (ret) {
		free(d);
		return ret;
	}
	*dev = d;
	return 0;
}

int qda_device_open_path(const char *path, struct qda_device **dev)
{
	int fd, ret;

	if (!path || !dev)
		return -EINVAL;
	*dev = NULL;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = qda_device_open_fd(fd, dev);
	if (ret)
		close(fd);
	return ret;
}

int qda_device_open(const char *domain, struct qda_device **dev)
{
	if (!domain || !dev)
		return -EINVAL;
	return qda_find_device("/dev/accel", domain, dev);
}

void qda_device_close(struct qda_device *dev)
{
	if (!dev)
		return;
	close(dev->fd);
	pthread_mutex_destroy(&dev->lock);
	free(dev);
}

int qda_device_fd(const struct qda_device *dev)
{
	return dev->fd;
}

const char *qda_device_domain(const struct qda_device *dev)
{
	return dev->domain;
}

uint32_t qda_device_domain_id(const struct qda_device *dev)
{
	return dev->domain_id;
}

static int ask_value(const struct qda_device *dev, uint32_t type, uint32_t index, uint64_t *value)
{
	struct drm_qda_query query = { .type = type, .index = index };
	int ret;

	if (!dev || !value)
		return -EINVAL;
	ret = ask(dev, &query);
	*value = ret ? 0 : query.value;
	return ret;
}

static int ask_value32(const struct qda_device *dev, uint32_t type, uint32_t index, uint32_t *value)
{
	uint64_t wide;
	int ret;

	if (!value)
		return -EINVAL;
	ret = ask_value(dev, type, index, &wide);
	*value = ret ? 0 : (uint32_t)wide;
	return ret;
}

int qda_device_features(const struct qda_device *dev, uint64_t *features)
{
	return ask_value(dev, QDA_QUERY_FEATURES, 0, features);
}

int qda_device_max(const struct qda_device *dev, enum qda_max what, uint64_t *value)
{
	return ask_value(dev, QDA_QUERY_LIMIT, what, value);
}

int qda_device_address_bits(const struct qda_device *dev, uint32_t *bits)
{
	return ask_value32(dev, QDA_QUERY_ADDRESS_WIDTH, 0, bits);
}

int qda_device_capability(const struct qda_device *dev, uint32_t number, uint32_t *value)
{
	return ask_value32(dev, QDA_QUERY_CAPABILITY, number, value);
}
