// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Memory that a DSP may still write to. When the driver loses a DSP, an IOMMU takes the
 * memory of its processes out of its reach. Without an IOMMU nothing does, so nobody else
 * may get that memory until the DSP is known to have been stopped.
 *
 * That the driver is unbound says nothing about the DSP, and when its channel is removed
 * it may be about to be stopped. Only when a new channel comes up after the old one was
 * removed the DSP has started anew, and with nothing of what it did before.
 */
#include <linux/cleanup.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/kmemleak.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "qda_bo.h"
#include "qda_contig.h"
#include "qda_device.h"
#include "qda_quarantine.h"

/**
 * struct qda_quarantined - Memory in quarantine, or that will have to go there
 * @node: entry in the list of those that are there
 * @channel: device of the channel at that time, NULL once it was removed; just a name
 * @domain_id: number of the DSP
 * @pages: size of the memory
 * @contig: what keeps the driver's own memory, or NULL
 * @dmabuf: what keeps imported memory, or NULL; an exporter that takes memory back
 *	from a dma-buf that nobody has attached has to know itself what it does
 */
struct qda_quarantined {
	struct list_head node;
	const struct device *channel;
	u32 domain_id;
	unsigned long pages;
	struct qda_contig *contig;
	struct dma_buf *dmabuf;
};

/* It is the module's, as the memory outlives the device that it was for. */
static struct qda_quarantine {
	/* Protects the list and the channels in it. */
	struct mutex lock;
	struct list_head list;
} qda_quarantine = {
	.lock = __MUTEX_INITIALIZER(qda_quarantine.lock),
	.list = LIST_HEAD_INIT(qda_quarantine.list),
};

static struct qda_quarantined *qda_quarantine_make(const struct qda_device *qdev, size_t size)
{
	struct qda_quarantined *item = kzalloc_obj(*item, GFP_KERNEL_ACCOUNT);

	if (!item)
		return NULL;

	INIT_LIST_HEAD(&item->node);
	item->channel = qdev->drm.dev;
	item->domain_id = qdev->domain_id;
	item->pages = size >> PAGE_SHIFT;

	return item;
}

/**
 * qda_quarantine_prepare - Allocate what a quarantine will need
 * @bo: contiguous or imported memory that the DSP is going to have
 *
 * Return: the item, or NULL when there is no memory.
 */
struct qda_quarantined *qda_quarantine_prepare(struct qda_bo *bo)
{
	struct qda_quarantined *item = qda_quarantine_make(qda_bo_device(bo), qda_bo_size(bo));

	if (!item)
		return NULL;

	item->contig = qda_bo_contig(bo);
	if (item->contig)
		qda_contig_get(item->contig);
	item->dmabuf = qda_bo_dmabuf(bo);
	if (item->dmabuf)
		get_dma_buf(item->dmabuf);

	return item;
}

/**
 * qda_quarantine_prepare_pages - The same for memory that is no buffer object
 * @qdev: the DSP
 * @contig: its memory
 * @size: bytes of it
 *
 * Return: the item, or NULL when there is no memory.
 */
struct qda_quarantined *qda_quarantine_prepare_pages(const struct qda_device *qdev,
						     struct qda_contig *contig, size_t size)
{
	struct qda_quarantined *item = qda_quarantine_make(qdev, size);

	if (!item)
		return NULL;

	item->contig = contig;
	qda_contig_get(contig);

	return item;
}

/**
 * qda_quarantine_cancel - Undo qda_quarantine_prepare(), the DSP let go of the memory
 * @item: the item, or NULL
 */
void qda_quarantine_cancel(struct qda_quarantined *item)
{
	if (!item)
		return;
	if (item->contig)
		qda_contig_put(item->contig);
	if (item->dmabuf)
		dma_buf_put(item->dmabuf);
	kfree(item);
}

/**
 * qda_quarantine_add - Keep memory until its DSP is known to have been stopped
 * @item: the item, which is not the caller's any more
 */
void qda_quarantine_add(struct qda_quarantined *item)
{
	guard(mutex)(&qda_quarantine.lock);
	list_add(&item->node, &qda_quarantine.list);
}

static void qda_quarantine_cancel_all(struct list_head *items)
{
	struct qda_quarantined *item, *next;

	list_for_each_entry_safe(item, next, items, node)
		qda_quarantine_cancel(item);
}

/**
 * qda_quarantine_end - A DSP has come up
 * @domain_id: number of the DSP, whose channel is there
 */
void qda_quarantine_end(u32 domain_id)
{
	struct qda_quarantined *item, *next;
	LIST_HEAD(items);

	scoped_guard(mutex, &qda_quarantine.lock)
		list_for_each_entry_safe(item, next, &qda_quarantine.list, node)
			if (item->domain_id == domain_id && !item->channel)
				list_move(&item->node, &items);

	qda_quarantine_cancel_all(&items);
}

/**
 * qda_quarantine_pages - How much memory of a DSP is in quarantine
 * @domain_id: number of the DSP
 *
 * Return: pages.
 */
unsigned long qda_quarantine_pages(u32 domain_id)
{
	struct qda_quarantined *item;
	unsigned long pages = 0;

	guard(mutex)(&qda_quarantine.lock);

	list_for_each_entry(item, &qda_quarantine.list, node)
		if (item->domain_id == domain_id)
			pages += item->pages;

	return pages;
}

/**
 * qda_quarantine_channel_removed - The device of a channel was removed from its bus
 * @channel: any device
 */
void qda_quarantine_channel_removed(const struct device *channel)
{
	struct qda_quarantined *item;

	guard(mutex)(&qda_quarantine.lock);

	list_for_each_entry(item, &qda_quarantine.list, node)
		if (item->channel == channel)
			item->channel = NULL;
}

/**
 * qda_quarantine_exit - The driver goes, with no device left
 *
 * Nobody will see the DSPs start again. Those whose channel was removed have been
 * stopped by now, as that comes next. What the others may use is lost.
 */
void qda_quarantine_exit(void)
{
	struct qda_quarantined *item, *next;

	list_for_each_entry_safe(item, next, &qda_quarantine.list, node) {
		list_del(&item->node);
		if (item->channel)
			kmemleak_not_leak(item);
		else
			qda_quarantine_cancel(item);
	}
}
