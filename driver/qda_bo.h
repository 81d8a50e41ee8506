/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_BO_H__
#define __QDA_BO_H__

#include <linux/types.h>

struct drm_device;
struct drm_gem_object;
struct qda_bo;
struct qda_device;
struct sg_table;

struct drm_gem_object *qda_bo_create_object(struct drm_device *drm, size_t size);
struct qda_bo *qda_bo_create(struct qda_device *qdev, size_t size);
void qda_bo_get(struct qda_bo *bo);
void qda_bo_put(struct qda_bo *bo);
size_t qda_bo_size(const struct qda_bo *bo);
void *qda_bo_vmap(struct qda_bo *bo);
void qda_bo_vunmap(struct qda_bo *bo, void *cpu);
struct sg_table *qda_bo_pin(struct qda_bo *bo);
void qda_bo_unpin(struct qda_bo *bo, struct sg_table *sgt);

#endif /* __QDA_BO_H__ */
