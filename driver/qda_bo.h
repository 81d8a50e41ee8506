/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_BO_H__
#define __QDA_BO_H__

#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mutex_types.h>
#include <linux/types.h>

#include <asm/page.h>

struct dma_buf;
struct drm_device;
struct drm_gem_object;
struct qda_assignment;
struct qda_bo;
struct qda_cb;
struct qda_contig;
struct qda_device;
struct sg_table;

/* Largest object: the DSP's own sizes and offsets are signed 32-bit numbers. */
#define QDA_BO_SIZE_MAX	((u64)INT_MAX + 1 - PAGE_SIZE)

/**
 * struct qda_bo_maps - The mappings of an object in sessions
 * @lock: protects @list; held while a mapping is made or taken away, so that an object
 *	has one mapping per session
 * @list: the mappings
 * @assignment: how a virtual machine of the DSP can access the object, or NULL; has a lock of
 *	its own
 */
struct qda_bo_maps {
	/* Protects the list and serialises mapping. */
	struct mutex lock;
	struct list_head list;
	struct qda_assignment *assignment;
};

struct drm_gem_object *qda_bo_create_object(struct drm_device *drm, size_t size);
struct qda_bo *qda_bo_create(struct qda_device *qdev, size_t size);
struct qda_bo *qda_bo_create_for(const struct qda_cb *cb, size_t size);
struct qda_bo *qda_bo_import(struct qda_device *qdev, struct dma_buf *dmabuf);
struct qda_bo *qda_bo_import_shared(struct qda_device *qdev, struct dma_buf *dmabuf);
int qda_bo_set_write_combined(struct qda_bo *bo);
struct drm_gem_object *qda_bo_object(struct qda_bo *bo);
struct qda_bo *qda_bo_from_object(struct drm_gem_object *obj);
struct qda_device *qda_bo_device(const struct qda_bo *bo);
struct dma_buf *qda_bo_dmabuf(const struct qda_bo *bo);
struct qda_contig *qda_bo_contig(const struct qda_bo *bo);
bool qda_bo_is_cached(const struct qda_bo *bo);
struct qda_bo_maps *qda_bo_maps(struct qda_bo *bo);
void qda_bo_get(struct qda_bo *bo);
void qda_bo_put(struct qda_bo *bo);
void qda_bo_begin_call(struct qda_bo *bo);
void qda_bo_end_call(struct qda_bo *bo);
size_t qda_bo_size(const struct qda_bo *bo);
void *qda_bo_vmap(struct qda_bo *bo);
void qda_bo_vunmap(struct qda_bo *bo, void *cpu);
struct sg_table *qda_bo_pin(struct qda_bo *bo);
void qda_bo_unpin(struct qda_bo *bo, struct sg_table *sgt);

#endif /* __QDA_BO_H__ */
