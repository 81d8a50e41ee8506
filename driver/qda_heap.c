// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Memory for the PDs that a DSP's firmware runs, such as the audio PD. The device tree
 * sets a region aside for it, and names the virtual machines that may access it then.
 *
 * Such a PD gets it when the first session attaches, and keeps it when that session ends;
 * so it is offered until the DSP has accepted it once, and is the DSP's until that goes away.
 * A region that is a pool has pages of Linux in it till then.
 */
#include <linux/cleanup.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/kmemleak.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>

#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "qda_contig.h"
#include "qda_device.h"
#include "qda_heap.h"
#include "qda_quarantine.h"
#include "qda_region.h"

/**
 * qda_heap_init - Begin with no memory
 * @qdev: the DSP
 *
 * Return: 0 or a negative error code.
 */
int qda_heap_init(struct qda_device *qdev)
{
	return drmm_mutex_init(&qdev->drm, &qdev->heap.lock);
}

/*
 * The pages are zeroed by the CPU, which the DSP need not snoop. They are mapped as one page
 * and not by a table: nobody has told the DMA API how long a piece of that may be here.
 */
static int qda_heap_map_pages(struct qda_heap *heap, struct device *dev, size_t size)
{
	dma_addr_t addr;
	int ret;

	ret = dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(32));
	if (ret)
		return ret;

	addr = dma_map_page(dev, qda_contig_page(heap->contig), 0, size, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(dev, addr))
		return -ENOMEM;
	heap->addr = addr;

	return 0;
}

static void qda_heap_unmap_pages(struct qda_heap *heap, struct device *dev, size_t size)
{
	dma_unmap_page(dev, heap->addr, size, DMA_BIDIRECTIONAL);
}

static int qda_heap_alloc_pages(struct qda_device *qdev, size_t size)
{
	struct cma *pool = qda_region_find_pool(qdev->drm.dev);
	struct qda_heap *heap = &qdev->heap;
	int ret;

	if (!pool)
		return -ENOMEM;

	heap->contig = qda_contig_create_in_pool(size, pool);
	if (IS_ERR(heap->contig)) {
		ret = PTR_ERR(heap->contig);
		goto err_clear_contig;
	}
	heap->quarantined = qda_quarantine_prepare_pages(qdev, heap->contig, size);
	if (!heap->quarantined) {
		ret = -ENOMEM;
		goto err_put_contig;
	}
	ret = qda_heap_map_pages(heap, qdev->drm.dev, size);
	if (ret)
		goto err_cancel_quarantine;

	return 0;

err_cancel_quarantine:
	qda_quarantine_cancel(heap->quarantined);
	heap->quarantined = NULL;
err_put_contig:
	qda_contig_put(heap->contig);
err_clear_contig:
	heap->contig = NULL;
	return ret;
}

static void qda_heap_free_pages(struct qda_device *qdev, size_t size)
{
	struct qda_heap *heap = &qdev->heap;

	if (!heap->contig)
		return;
	qda_heap_unmap_pages(heap, qdev->drm.dev, size);
	qda_quarantine_cancel(heap->quarantined);
	heap->quarantined = NULL;
	qda_contig_put(heap->contig);
	heap->contig = NULL;
}

static int qda_heap_alloc(struct qda_device *qdev, const struct resource *region)
{
	if (qda_region_is_pool(qdev->drm.dev))
		return qda_heap_alloc_pages(qdev, resource_size(region));

	/* Nobody else ever gets it. */
	qdev->heap.addr = region->start;

	return 0;
}

/* What has been got stays the DSP's, whether or not it accepts it at once. */
static int qda_heap_get(struct qda_device *qdev)
{
	struct device_node *np = qdev->drm.dev->of_node;
	struct qda_heap *heap = &qdev->heap;
	struct resource region;
	int ret;

	lockdep_assert_held(&heap->lock);

	if (heap->gone)
		return -ENODEV;
	if (heap->size)
		return 0;
	if (qda_scm_read_vmids(np, &heap->vmids) ||
	    of_reserved_mem_region_to_resource(np, 0, &region))
		return -ENOMEM;

	ret = qda_heap_alloc(qdev, &region);
	if (ret)
		return ret;
	ret = qda_scm_assign(&heap->vmids, heap->addr, resource_size(&region));
	if (ret) {
		qda_heap_free_pages(qdev, resource_size(&region));
		return ret;
	}
	heap->size = resource_size(&region);

	return 0;
}

/**
 * qda_heap_offer - A session is about to attach to a PD by its name
 * @qdev: the DSP
 * @range: where to store which memory to offer to the DSP; none if it has it already, or
 *	if there is none for this DSP
 *
 * When the DSP refuses, or cannot be asked, qda_heap_take_back() must follow.
 *
 * Return: 0, -ENOMEM when the region of the device tree cannot be had, -EOPNOTSUPP when it
 * would have to be assigned to the DSP and nobody can do that, -EIO when it was not
 * assigned, or -ENODEV when the DSP went away.
 */
int qda_heap_offer(struct qda_device *qdev, struct qda_heap_range *range)
{
	struct qda_heap *heap = &qdev->heap;
	int ret;

	*range = (struct qda_heap_range){};
	if (!qdev->domain->heap ||
	    !of_property_present(qdev->drm.dev->of_node, "memory-region"))
		return 0;

	guard(mutex)(&heap->lock);

	if (heap->offered)
		return 0;
	ret = qda_heap_get(qdev);
	if (ret)
		return ret;

	heap->offered = true;
	range->addr = heap->addr;
	range->size = heap->size;

	return 0;
}

/**
 * qda_heap_take_back - The DSP did not accept the memory
 * @qdev: the DSP
 *
 * The next session that attaches offers it again.
 */
void qda_heap_take_back(struct qda_device *qdev)
{
	guard(mutex)(&qdev->heap.lock);
	qdev->heap.offered = false;
}

/* Nobody must get memory that belongs to the DSP still. */
static void qda_heap_lose(struct qda_device *qdev)
{
	struct qda_heap *heap = &qdev->heap;

	drm_err(&qdev->drm, "%zu bytes at %#llx stay the DSP's, and are lost\n", heap->size,
		heap->addr);
	kmemleak_not_leak(heap->contig);
	kmemleak_not_leak(heap->quarantined);
}

/*
 * Where the firmware has taken the memory from the DSP it is Linux's again. Where there was
 * nothing to take away, the DSP may go on using it until it is stopped.
 */
static void qda_heap_release(struct qda_device *qdev)
{
	struct qda_heap *heap = &qdev->heap;
	int ret;

	lockdep_assert_held(&heap->lock);

	ret = qda_scm_unassign(&heap->vmids, heap->addr, heap->size);
	if (heap->contig)
		qda_heap_unmap_pages(heap, qdev->drm.dev, heap->size);
	if (ret) {
		qda_heap_lose(qdev);
		return;
	}
	if (!heap->contig)
		return;

	if (heap->vmids.count)
		qda_quarantine_cancel(heap->quarantined);
	else
		qda_quarantine_add(heap->quarantined);
	qda_contig_put(heap->contig);
}

/**
 * qda_heap_disconnect - The DSP went away
 * @qdev: the DSP, whose device is there still
 */
void qda_heap_disconnect(struct qda_device *qdev)
{
	struct qda_heap *heap = &qdev->heap;

	guard(mutex)(&heap->lock);

	heap->gone = true;
	if (heap->size)
		qda_heap_release(qdev);
}
