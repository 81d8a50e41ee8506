// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Mappings: a buffer object as one contiguous range of addresses in a context bank.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include <drm/drm_prime.h>

#include "qda_bo.h"
#include "qda_cb.h"
#include "qda_mapping.h"

/**
 * struct qda_mapping - Mapping of a buffer object
 * @item: for revoking
 * @cb: the context bank, with a reference
 * @bo: the object, with a reference and pinned
 * @sgt: this mapping's own table of the pages
 * @addr: DMA address of the range
 */
struct qda_mapping {
	struct qda_cb_item item;
	struct qda_cb *cb;
	struct qda_bo *bo;
	struct sg_table *sgt;
	dma_addr_t addr;
};

static void qda_mapping_unmap(struct qda_mapping *map, struct device *dev)
{
	dma_unmap_sgtable(dev, map->sgt, DMA_BIDIRECTIONAL, 0);
	qda_cb_account(map->cb, -(long)(qda_bo_size(map->bo) >> PAGE_SHIFT));
}

static void qda_mapping_revoke(struct qda_cb_item *item, struct device *dev)
{
	qda_mapping_unmap(container_of(item, struct qda_mapping, item), dev);
}

/*
 * The DMA API promises no contiguous range, an IOMMU just makes it possible. The DSP
 * takes an address and a size, so what came out otherwise is of no use.
 */
static int qda_mapping_map_contiguous(struct qda_mapping *map, struct device *dev)
{
	int ret = dma_map_sgtable(dev, map->sgt, DMA_BIDIRECTIONAL, 0);

	if (ret)
		return ret;

	if (drm_prime_get_contiguous_size(map->sgt) < qda_bo_size(map->bo)) {
		dma_unmap_sgtable(dev, map->sgt, DMA_BIDIRECTIONAL, 0);
		return -ENOMEM;
	}
	map->addr = sg_dma_address(map->sgt->sgl);

	return 0;
}

static int qda_mapping_map(struct qda_mapping *map)
{
	struct device *dev = qda_cb_lock(map->cb);
	int ret = dev ? qda_mapping_map_contiguous(map, dev) : -ENODEV;

	if (!ret) {
		map->item.revoke = qda_mapping_revoke;
		qda_cb_add(map->cb, &map->item);
		qda_cb_account(map->cb, qda_bo_size(map->bo) >> PAGE_SHIFT);
	}
	qda_cb_unlock(map->cb);

	return ret;
}

/**
 * qda_mapping_create - Map a buffer object
 * @cb: the context bank
 * @bo: the object
 *
 * What the CPU wrote to the object before is visible to the DSP.
 *
 * Return: the mapping, or an error pointer; -ENODEV when the bank was revoked.
 */
struct qda_mapping *qda_mapping_create(struct qda_cb *cb, struct qda_bo *bo)
{
	struct qda_mapping *map = kzalloc_obj(*map);
	int ret;

	if (!map)
		return ERR_PTR(-ENOMEM);

	map->sgt = qda_bo_pin(bo);
	if (IS_ERR(map->sgt)) {
		ret = PTR_ERR(map->sgt);
		goto err_free_map;
	}

	map->cb = cb;
	map->bo = bo;
	ret = qda_mapping_map(map);
	if (ret)
		goto err_unpin_bo;

	qda_cb_get(cb);
	qda_bo_get(bo);

	return map;

err_unpin_bo:
	qda_bo_unpin(bo, map->sgt);
err_free_map:
	kfree(map);
	return ERR_PTR(ret);
}

/**
 * qda_mapping_destroy - Undo qda_mapping_create()
 * @map: the mapping
 */
void qda_mapping_destroy(struct qda_mapping *map)
{
	struct device *dev = qda_cb_lock(map->cb);

	if (qda_cb_remove(map->cb, &map->item))
		qda_mapping_unmap(map, dev);
	qda_cb_unlock(map->cb);

	qda_bo_unpin(map->bo, map->sgt);
	qda_bo_put(map->bo);
	qda_cb_put(map->cb);
	kfree(map);
}

/**
 * qda_mapping_address - Where the object is for the DSP
 * @map: the mapping
 *
 * Return: the address.
 */
u64 qda_mapping_address(const struct qda_mapping *map)
{
	return qda_cb_address(map->cb, map->addr);
}

/**
 * qda_mapping_size - Size of the range
 * @map: the mapping
 *
 * Return: bytes, whole pages.
 */
size_t qda_mapping_size(const struct qda_mapping *map)
{
	return qda_bo_size(map->bo);
}

/**
 * qda_mapping_sync_for_device - Hand the object's memory to the DSP
 * @map: the mapping
 *
 * Return: false when the bank was revoked.
 */
bool qda_mapping_sync_for_device(struct qda_mapping *map)
{
	struct device *dev = qda_cb_lock(map->cb);

	if (dev)
		dma_sync_sgtable_for_device(dev, map->sgt, DMA_BIDIRECTIONAL);
	qda_cb_unlock(map->cb);

	return dev;
}

/**
 * qda_mapping_sync_for_cpu - Take the object's memory back from the DSP
 * @map: the mapping
 *
 * Return: false when the bank was revoked.
 */
bool qda_mapping_sync_for_cpu(struct qda_mapping *map)
{
	struct device *dev = qda_cb_lock(map->cb);

	if (dev)
		dma_sync_sgtable_for_cpu(dev, map->sgt, DMA_BIDIRECTIONAL);
	qda_cb_unlock(map->cb);

	return dev;
}
