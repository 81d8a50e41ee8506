/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_IOCTL_H__
#define __QDA_IOCTL_H__

struct drm_device;
struct drm_file;

int qda_ioctl_session_create(struct drm_device *drm, void *data, struct drm_file *file);
int qda_ioctl_session_release(struct drm_device *drm, void *data, struct drm_file *file);
int qda_ioctl_remote_attach(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* __QDA_IOCTL_H__ */
