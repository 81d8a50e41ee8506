// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffer objects: a set of pages that belongs to no session. Where the pages are
 * for a DSP is the matter of a mapping.
 */
#include <linux/err.h>
#include <linux/iosys-map.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include <drm/drm_gem.h>
#include <drm/drm_gem_shmem_helper.h>

#include "qda_bo.h"
#include "qda_device.h"

/**
 * struct qda_bo - Buffer object
 * @base: pages that are charged to the process that made them, cached for the CPU
 */
struct qda_bo {
	struct drm_gem_shmem_object base;
};

static struct qda_bo *to_qda_bo(struct drm_gem_object *obj)
{
	return container_of(to_drm_gem_shmem_obj(obj), struct qda_bo, base);
}

static void qda_bo_free(struct drm_gem_object *obj)
{
	struct qda_device *qdev = to_qda_device(obj->dev);

	drm_gem_shmem_free(&to_qda_bo(obj)->base);
	atomic_dec(&qdev->stats.buffers);
}

static const struct drm_gem_object_funcs qda_bo_funcs = {
	.free = qda_bo_free,
	.print_info = drm_gem_shmem_object_print_info,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = drm_gem_shmem_object_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = drm_gem_shmem_object_mmap,
	.vm_ops = &drm_gem_shmem_vm_ops,
};

/**
 * qda_bo_create_object - Implements &drm_driver.gem_create_object
 * @drm: the DRM device
 * @size: not used
 *
 * Return: zeroed memory of a buffer object, or an error pointer.
 */
struct drm_gem_object *qda_bo_create_object(struct drm_device *drm, size_t size)
{
	struct qda_bo *bo = kzalloc_obj(*bo);

	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->base.base.funcs = &qda_bo_funcs;

	return &bo->base.base;
}

/**
 * qda_bo_create - Make a buffer object of zeroed pages
 * @qdev: the DSP
 * @size: bytes, rounded up to pages
 *
 * Return: the object with a reference, or an error pointer.
 */
struct qda_bo *qda_bo_create(struct qda_device *qdev, size_t size)
{
	struct drm_gem_shmem_object *shmem = drm_gem_shmem_create(&qdev->drm, size);

	/* That is how shmem reports that it got no memory for an inode. */
	if (shmem == ERR_PTR(-ENOSPC))
		return ERR_PTR(-ENOMEM);
	if (IS_ERR(shmem))
		return ERR_CAST(shmem);
	atomic_inc(&qdev->stats.buffers);

	return to_qda_bo(&shmem->base);
}

/**
 * qda_bo_get - Take a reference
 * @bo: the object
 */
void qda_bo_get(struct qda_bo *bo)
{
	drm_gem_object_get(&bo->base.base);
}

/**
 * qda_bo_put - Drop a reference
 * @bo: the object
 */
void qda_bo_put(struct qda_bo *bo)
{
	drm_gem_object_put(&bo->base.base);
}

/**
 * qda_bo_size - Size of an object
 * @bo: the object
 *
 * Return: bytes, whole pages.
 */
size_t qda_bo_size(const struct qda_bo *bo)
{
	return bo->base.base.size;
}

/**
 * qda_bo_vmap - Make an object accessible for the kernel
 * @bo: the object
 *
 * Return: its address, or an error pointer.
 */
void *qda_bo_vmap(struct qda_bo *bo)
{
	struct iosys_map map;
	int ret = drm_gem_vmap(&bo->base.base, &map);

	return ret ? ERR_PTR(ret) : map.vaddr;
}

/**
 * qda_bo_vunmap - Undo qda_bo_vmap()
 * @bo: the object
 * @cpu: its address
 */
void qda_bo_vunmap(struct qda_bo *bo, void *cpu)
{
	struct iosys_map map = IOSYS_MAP_INIT_VADDR(cpu);

	drm_gem_vunmap(&bo->base.base, &map);
}

/**
 * qda_bo_pin - Pin an object's pages for a mapping
 * @bo: the object
 *
 * Return: a new table of the pages, or an error pointer.
 */
struct sg_table *qda_bo_pin(struct qda_bo *bo)
{
	struct sg_table *sgt;
	int ret = drm_gem_shmem_pin(&bo->base);

	if (ret)
		return ERR_PTR(ret);

	sgt = drm_gem_shmem_get_sg_table(&bo->base);
	if (IS_ERR(sgt))
		drm_gem_shmem_unpin(&bo->base);

	return sgt;
}

/**
 * qda_bo_unpin - Undo qda_bo_pin()
 * @bo: the object
 * @sgt: the table
 */
void qda_bo_unpin(struct qda_bo *bo, struct sg_table *sgt)
{
	sg_free_table(sgt);
	kfree(sgt);
	drm_gem_shmem_unpin(&bo->base);
}
