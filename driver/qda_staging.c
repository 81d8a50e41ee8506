// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "qda_bo.h"
#include "qda_cb.h"
#include "qda_mapping.h"
#include "qda_staging.h"

static struct qda_bo *qda_staging_create_bo(struct qda_cb *cb, size_t size, bool coherent)
{
	struct qda_bo *bo = qda_bo_create_for(cb, size);
	int ret;

	if (IS_ERR(bo) || !coherent)
		return bo;

	ret = qda_bo_set_write_combined(bo);
	if (ret) {
		qda_bo_put(bo);
		return ERR_PTR(ret);
	}

	return bo;
}

/**
 * qda_staging_create - Allocate and map memory
 * @cb: the context bank
 * @size: bytes
 * @coherent: it needs no synchronisation, but is not cached
 *
 * Return: the memory, zeroed, or an error pointer; -ENODEV when the bank was revoked, and
 * -EDQUOT when the caller's user has too much memory, if the bank has no IOMMU.
 */
struct qda_staging *qda_staging_create(struct qda_cb *cb, size_t size, bool coherent)
{
	struct qda_staging *staging = kzalloc_obj(*staging);
	int ret;

	if (!staging)
		return ERR_PTR(-ENOMEM);

	staging->bo = qda_staging_create_bo(cb, size, coherent);
	if (IS_ERR(staging->bo)) {
		ret = PTR_ERR(staging->bo);
		goto err_free_staging;
	}

	staging->cpu = qda_bo_vmap(staging->bo);
	if (IS_ERR(staging->cpu)) {
		ret = PTR_ERR(staging->cpu);
		goto err_put_bo;
	}

	staging->map = qda_mapping_create(cb, staging->bo);
	if (IS_ERR(staging->map)) {
		ret = PTR_ERR(staging->map);
		goto err_vunmap;
	}
	staging->size = qda_bo_size(staging->bo);

	return staging;

err_vunmap:
	qda_bo_vunmap(staging->bo, staging->cpu);
err_put_bo:
	qda_bo_put(staging->bo);
err_free_staging:
	kfree(staging);
	return ERR_PTR(ret);
}

/**
 * qda_staging_destroy - Undo qda_staging_create()
 * @staging: the memory
 */
void qda_staging_destroy(struct qda_staging *staging)
{
	qda_mapping_put(staging->map);
	qda_bo_vunmap(staging->bo, staging->cpu);
	qda_bo_put(staging->bo);
	kfree(staging);
}
