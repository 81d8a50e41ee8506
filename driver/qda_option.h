/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_OPTION_H__
#define __QDA_OPTION_H__

#include <linux/types.h>

struct drm_device;
struct drm_file;
struct qda_device;

bool qda_option_has_poll_mode(const struct qda_device *qdev);
int qda_ioctl_set_option(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* __QDA_OPTION_H__ */
