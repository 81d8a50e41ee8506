/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_MAP_H__
#define __QDA_MAP_H__

struct drm_device;
struct drm_file;

int qda_ioctl_remote_map(struct drm_device *drm, void *data, struct drm_file *file);
int qda_ioctl_remote_munmap(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* __QDA_MAP_H__ */
