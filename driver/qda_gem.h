/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_GEM_H__
#define __QDA_GEM_H__

#include <linux/types.h>

struct drm_device;
struct drm_file;
struct qda_bo;
struct qda_mapping;

struct qda_bo *qda_gem_lookup(struct drm_file *file, u32 handle);
struct qda_mapping *qda_gem_map(struct drm_file *file, u32 handle);
int qda_ioctl_gem_create(struct drm_device *drm, void *data, struct drm_file *file);
int qda_ioctl_gem_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file);
int qda_ioctl_gem_sync(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* __QDA_GEM_H__ */
