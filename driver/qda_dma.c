// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mm.h>

#include "qda_dma.h"
#include "qda_mapping.h"
#include "qda_staging.h"

static void qda_dma_release(struct qda_dma *dma, struct device *dev)
{
	dma_free_coherent(dev, dma->size, dma->cpu, dma->addr);
	qda_cb_account(dma->cb, -(long)(dma->size >> PAGE_SHIFT));
	dma->cpu = NULL;
}

static void qda_dma_revoke(struct qda_cb_item *item, struct device *dev)
{
	qda_dma_release(container_of(item, struct qda_dma, item), dev);
}

static int qda_dma_alloc_direct(struct qda_dma *dma, struct qda_cb *cb, size_t size)
{
	struct qda_staging *staging = qda_staging_create(cb, size, true);

	/* It is little, and who calls did not ask for any: memory is just short. */
	if (staging == ERR_PTR(-EDQUOT))
		return -ENOMEM;
	if (IS_ERR(staging))
		return PTR_ERR(staging);

	qda_cb_get(cb);
	dma->cb = cb;
	dma->staging = staging;
	dma->cpu = staging->cpu;
	dma->addr = qda_mapping_dma_address(staging->map);
	dma->size = staging->size;

	return 0;
}

static void qda_dma_free_direct(struct qda_dma *dma)
{
	qda_staging_destroy(dma->staging);
	qda_cb_put(dma->cb);
}

static int qda_dma_alloc_mapped(struct qda_dma *dma, struct qda_cb *cb, size_t size)
{
	struct device *dev = qda_cb_lock(cb);
	int ret = 0;

	if (!dev) {
		ret = -ENODEV;
		goto out_unlock;
	}

	dma->size = PAGE_ALIGN(size);
	/* As for buffers: if its cgroup has no more, the caller is told, and nobody is killed. */
	dma->cpu = dma_alloc_coherent(dev, dma->size, &dma->addr,
				      GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL);
	if (!dma->cpu) {
		ret = -ENOMEM;
		goto out_unlock;
	}

	qda_cb_get(cb);
	dma->cb = cb;
	dma->item.revoke = qda_dma_revoke;
	qda_cb_add(cb, &dma->item);
	qda_cb_account(cb, dma->size >> PAGE_SHIFT);

out_unlock:
	qda_cb_unlock(cb);
	return ret;
}

/**
 * qda_dma_alloc - Allocate zeroed coherent memory
 * @dma: zeroed, where to describe it
 * @cb: the bank
 * @size: bytes
 *
 * Memory of the DMA API has to be given back before the bank's device goes. Without an
 * IOMMU that may be too early, because nothing keeps the DSP from writing to it.
 *
 * Return: 0, -ENOMEM, or -ENODEV when the bank was revoked.
 */
int qda_dma_alloc(struct qda_dma *dma, struct qda_cb *cb, size_t size)
{
	if (qda_cb_is_direct(cb))
		return qda_dma_alloc_direct(dma, cb, size);

	return qda_dma_alloc_mapped(dma, cb, size);
}

/**
 * qda_dma_free - Undo qda_dma_alloc()
 * @dma: the memory
 */
void qda_dma_free(struct qda_dma *dma)
{
	struct device *dev;

	if (dma->staging) {
		qda_dma_free_direct(dma);
		return;
	}

	dev = qda_cb_lock(dma->cb);
	if (qda_cb_remove(dma->cb, &dma->item))
		qda_dma_release(dma, dev);
	qda_cb_unlock(dma->cb);
	qda_cb_put(dma->cb);
}
