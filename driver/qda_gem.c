// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Handles of buffer objects, and the ioctls about them.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mm.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>
#include <drm/qda_accel.h>

#include "qda_bo.h"
#include "qda_device.h"
#include "qda_gem.h"
#include "qda_mapping.h"
#include "qda_session.h"

/**
 * qda_gem_lookup - Find the object that a handle stands for
 * @file: the caller's file
 * @handle: any number
 *
 * Return: the object with a reference, or an error pointer; -ENOENT when there is none.
 */
struct qda_bo *qda_gem_lookup(struct drm_file *file, u32 handle)
{
	struct drm_gem_object *obj = drm_gem_object_lookup(file, handle);

	return obj ? qda_bo_from_object(obj) : ERR_PTR(-ENOENT);
}

/*
 * Somebody may close the handle meanwhile. If it is still there now, closing it will
 * find that the mapping is kept; if not, closing it may have come before that.
 */
static void qda_gem_keep(struct drm_file *file, u32 handle, struct qda_mapping *map,
			 struct qda_bo *bo)
{
	struct drm_gem_object *obj;

	if (!qda_mapping_keep(map))
		return;

	obj = drm_gem_object_lookup(file, handle);
	if (obj != qda_bo_object(bo))
		qda_mapping_unkeep(file->driver_priv, bo);
	drm_gem_object_put(obj);
}

/**
 * qda_gem_map - Get the mapping of a handle's object in the caller's session
 * @file: the caller's file, whose session has a context bank
 * @handle: any number
 *
 * The mapping is kept until the handle is closed.
 *
 * Return: the mapping with a reference, or an error pointer; -ENOENT when there is no
 * such handle, else as qda_mapping_use().
 */
struct qda_mapping *qda_gem_map(struct drm_file *file, u32 handle)
{
	struct qda_bo *bo = qda_gem_lookup(file, handle);
	struct qda_mapping *map;

	if (IS_ERR(bo))
		return ERR_CAST(bo);

	map = qda_mapping_use(file->driver_priv, bo);
	if (!IS_ERR(map))
		qda_gem_keep(file, handle, map, bo);
	qda_bo_put(bo);

	return map;
}

/**
 * qda_ioctl_gem_create - Implements DRM_IOCTL_QDA_GEM_CREATE
 * @drm: the DRM device
 * @data: &struct drm_qda_gem_create
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_gem_create describes.
 */
int qda_ioctl_gem_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_qda_gem_create *args = data;
	struct qda_bo *bo;
	u32 handle;
	int ret = 0;

	args->handle = 0;

	if (args->flags & ~QDA_GEM_WC)
		return -EINVAL;
	if (!args->size || args->size > QDA_BO_SIZE_MAX)
		return -EINVAL;

	bo = qda_bo_create(to_qda_device(drm), args->size);
	if (IS_ERR(bo))
		return PTR_ERR(bo);
	if (args->flags & QDA_GEM_WC)
		ret = qda_bo_set_write_combined(bo);

	if (!ret)
		ret = drm_gem_handle_create(file, qda_bo_object(bo), &handle);
	if (!ret) {
		args->handle = handle;
		args->size = qda_bo_size(bo);
	}
	qda_bo_put(bo);

	return ret;
}

/**
 * qda_ioctl_gem_mmap_offset - Implements DRM_IOCTL_QDA_GEM_MMAP_OFFSET
 * @drm: the DRM device
 * @data: &struct drm_qda_gem_mmap_offset
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_gem_mmap_offset describes.
 */
int qda_ioctl_gem_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_qda_gem_mmap_offset *args = data;
	struct qda_bo *bo;
	int ret = 0;

	args->offset = 0;
	if (args->pad)
		return -EINVAL;

	bo = qda_gem_lookup(file, args->handle);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	/* Objects have their offset from the start, but for those of others. */
	if (qda_bo_dmabuf(bo))
		ret = -EINVAL;
	else
		args->offset = drm_vma_node_offset_addr(&qda_bo_object(bo)->vma_node);
	qda_bo_put(bo);

	return ret;
}

static enum dma_data_direction qda_gem_sync_direction(u32 flags)
{
	switch (flags & ~QDA_GEM_SYNC_END) {
	case QDA_GEM_SYNC_READ:
		return DMA_FROM_DEVICE;
	case QDA_GEM_SYNC_WRITE:
		return DMA_TO_DEVICE;
	case QDA_GEM_SYNC_READ | QDA_GEM_SYNC_WRITE:
		return DMA_BIDIRECTIONAL;
	default:
		return DMA_NONE;
	}
}

/**
 * qda_ioctl_gem_sync - Implements DRM_IOCTL_QDA_GEM_SYNC
 * @drm: the DRM device
 * @data: &struct drm_qda_gem_sync
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_gem_sync describes.
 */
int qda_ioctl_gem_sync(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_qda_gem_sync *args = data;
	enum dma_data_direction dir = qda_gem_sync_direction(args->flags);
	struct qda_bo *bo;
	int ret = 0;

	if (dir == DMA_NONE)
		return -EINVAL;

	bo = qda_gem_lookup(file, args->handle);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	if (!qda_bo_is_cached(bo))
		ret = -EINVAL;
	else if (args->flags & QDA_GEM_SYNC_END)
		qda_mapping_sync_all_for_device(bo, dir);
	else
		qda_mapping_sync_all_for_cpu(bo, dir);
	qda_bo_put(bo);

	return ret;
}
