/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of libqda share.
 */
#ifndef QDA_INTERNAL_H
#define QDA_INTERNAL_H

#include <errno.h>
#include <stdint.h>

#include <drm/qda_accel.h>

#include "qda.h"

/* Nothing here changes after open or create: that is why no locks are needed. */
struct qda_device {
	int fd;
	uint32_t domain_id;
	char domain[16];
};

struct qda_process {
	struct qda_device *dev;
};

struct qda_module {
	struct qda_process *process;
	uint32_t handle;
};

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
