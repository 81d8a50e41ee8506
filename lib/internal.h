/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of libqda share.
 */
#ifndef QDA_INTERNAL_H
#define QDA_INTERNAL_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <drm/qda_accel.h>

#include "qda.h"

/* Only the list of buffers changes after open and create: nothing else needs a lock. */
struct qda_device {
	int fd;
	uint32_t domain_id;
	char domain[16];
	pthread_mutex_t lock; /* protects buffers, and which handles are in use */
	struct qda_buffer *buffers;
};

/* What the CPU has to do around its accesses to a buffer. */
enum qda_sync {
	QDA_SYNC_NONE,
	QDA_SYNC_GEM,
	QDA_SYNC_GEM_IF_CACHED, /* of this driver, but nobody knows how it was made */
	QDA_SYNC_DMABUF,
};

struct qda_buffer {
	struct qda_device *dev;
	struct qda_buffer *next;
	uint64_t size;
	void *data;	 /* NULL if the CPU cannot access it */
	uint32_t handle; /* 0 while there is none */
	int dmabuf;	 /* an import's own descriptor, else -1 */
	enum qda_sync sync;
};

struct qda_process {
	struct qda_device *dev;
	atomic_bool polls; /* poll mode is on; the kernel keeps it for the next process */
};

struct qda_module {
	struct qda_process *process;
	uint32_t handle;
};

/* Methods have five bits in the scalars word. */
#define QDA_METHOD_MAX 31

/* Most arguments of a call */
#define QDA_ARGS_MAX (2 * QDA_BUFFERS_MAX + 2 * QDA_KEYS_MAX)

/* Checks arguments and writes them as the kernel takes them: to has room for QDA_ARGS_MAX. */
int qda_encode_args(const struct qda_module *module, uint32_t method, const struct qda_arg *args,
		    size_t count, struct drm_qda_arg *to, uint32_t *scalars);

/* ioctl(2), restarted as DRM expects it; 0 or -errno. */
int qda_ioctl(int fd, unsigned long request, void *arg);

/* As qda_device_open(), in another folder than /dev/accel. */
int qda_find_device(const char *folder, const char *domain, struct qda_device **dev);

/* Hands out the DSP's code and makes it part of the result. */
static inline int qda_result(int ret, uint32_t code, uint32_t *dsp_status)
{
	if (dsp_status)
		*dsp_status = code;
	if (!ret && code)
		return -EREMOTEIO;
	return ret;
}

#endif /* QDA_INTERNAL_H */
