// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Mappings: a buffer object as one contiguous range of addresses in a context bank.
 *
 * A mapping for a session is made when the session first uses the object, and there is
 * one of them however often that is. It stays while somebody has a reference: a call
 * in flight, the session's process, or, so that the next call finds it, the session's
 * handle of the object.
 */
#include <linux/cleanup.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include <drm/drm_prime.h>

#include "qda_assignment.h"
#include "qda_bo.h"
#include "qda_cb.h"
#include "qda_device.h"
#include "qda_mapping.h"
#include "qda_prime.h"
#include "qda_quarantine.h"
#include "qda_session.h"
#include "qda_user.h"

/**
 * struct qda_mapping - Mapping of a buffer object
 * @item: for revoking
 * @ref: of a session's mapping the last one is put with the object's list locked
 * @node: entry in the object's list, if it is a session's
 * @session: whose it is, NULL if it is for the kernel's own memory; has no reference, as
 *	everybody who can have one to the mapping ends before the session does
 * @kept: the session's handle has a reference; protected by the lock of the object's list
 * @cb: the context bank, with a reference
 * @bo: the object, with a reference and pinned
 * @attach: attachment of an imported object, else NULL
 * @quarantined: for revoking a bank without an IOMMU, else NULL
 * @sgt: this mapping's own table; of an imported object it is gone once revoked
 * @addr: DMA address of the range
 * @assigned: it has a use of the object's assignment; protected by the bank's lock
 */
struct qda_mapping {
	struct qda_cb_item item;
	struct kref ref;
	struct list_head node;
	struct qda_session *session;
	bool kept;
	struct qda_cb *cb;
	struct qda_bo *bo;
	struct dma_buf_attachment *attach;
	struct qda_quarantined *quarantined;
	struct sg_table *sgt;
	dma_addr_t addr;
	bool assigned;
};

static unsigned long qda_mapping_pages(const struct qda_mapping *map)
{
	return qda_bo_size(map->bo) >> PAGE_SHIFT;
}

/* Contiguous pages have been counted since they were made, for who made them. */
static unsigned long qda_mapping_charge(const struct qda_bo *bo)
{
	return qda_bo_contig(bo) ? 0 : qda_bo_size(bo) >> PAGE_SHIFT;
}

static int qda_mapping_attach(struct qda_mapping *map, struct device *dev)
{
	struct dma_buf_attachment *attach;

	attach = qda_prime_attach(qda_bo_dmabuf(map->bo), dev, &map->sgt);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	map->attach = attach;
	atomic_inc(&qda_bo_device(map->bo)->stats.attachments);

	return 0;
}

/*
 * Where the DSP cannot reach all memory and has no IOMMU, the DMA API may use a copy at
 * another place. It would stay a copy, as nobody synchronises an import for us.
 */
static bool qda_mapping_may_be_copied(const struct qda_mapping *map, struct device *dev)
{
	return qda_cb_is_direct(map->cb) && dma_addressing_limited(dev);
}

/* What is imported is not from the region that the DSP is let into piece by piece. */
static bool qda_mapping_is_out_of_reach(const struct qda_mapping *map)
{
	return qda_cb_is_direct(map->cb) && qda_bo_device(map->bo)->region.vmids.count;
}

static int qda_mapping_map_import(struct qda_mapping *map, struct device *dev)
{
	if (qda_mapping_may_be_copied(map, dev) || qda_mapping_is_out_of_reach(map))
		return -EINVAL;

	return qda_mapping_attach(map, dev);
}

static int qda_mapping_map_table(struct qda_mapping *map, struct device *dev)
{
	if (qda_bo_dmabuf(map->bo))
		return qda_mapping_map_import(map, dev);

	return dma_map_sgtable(dev, map->sgt, DMA_BIDIRECTIONAL, 0);
}

static void qda_mapping_unmap_table(struct qda_mapping *map, struct device *dev)
{
	if (map->attach) {
		qda_prime_detach(map->attach, map->sgt);
		map->attach = NULL;
		atomic_dec(&qda_bo_device(map->bo)->stats.attachments);
	} else {
		dma_unmap_sgtable(dev, map->sgt, DMA_BIDIRECTIONAL, 0);
	}
}

/* While the memory is mapped its exporter cannot do anything else with it. */
static void qda_mapping_unmap(struct qda_mapping *map, struct device *dev)
{
	if (map->assigned)
		qda_assignment_put(map->bo);
	map->assigned = false;
	qda_mapping_unmap_table(map, dev);
	qda_cb_account(map->cb, -(long)qda_mapping_pages(map));
}

static void qda_mapping_quarantine(struct qda_mapping *map)
{
	if (map->quarantined)
		qda_quarantine_add(map->quarantined);
	map->quarantined = NULL;
}

static void qda_mapping_revoke(struct qda_cb_item *item, struct device *dev)
{
	struct qda_mapping *map = container_of(item, struct qda_mapping, item);

	qda_mapping_unmap(map, dev);
	qda_mapping_quarantine(map);
}

/*
 * The DMA API promises no contiguous range, an IOMMU just makes it possible. The DSP
 * takes an address and a size, so what came out otherwise is of no use. A user's
 * buffer is unfit then; of the kernel's own there was no better memory.
 */
static int qda_mapping_map_contiguous(struct qda_mapping *map, struct device *dev)
{
	int ret = qda_mapping_map_table(map, dev);

	if (ret)
		return ret;

	if (drm_prime_get_contiguous_size(map->sgt) < qda_bo_size(map->bo)) {
		qda_mapping_unmap_table(map, dev);
		return map->session ? -EINVAL : -ENOMEM;
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
		qda_cb_account(map->cb, qda_mapping_pages(map));
	}
	qda_cb_unlock(map->cb);

	return ret;
}

/* So that revoking the bank needs no memory. */
static int qda_mapping_prepare_quarantine(struct qda_mapping *map)
{
	if (!qda_cb_is_direct(map->cb))
		return 0;
	/* Made when no bank was known to need contiguous memory. */
	if (!qda_bo_contig(map->bo) && !qda_bo_dmabuf(map->bo))
		return -EINVAL;

	map->quarantined = qda_quarantine_prepare(map->bo);

	return map->quarantined ? 0 : -ENOMEM;
}

static int qda_mapping_pin(struct qda_mapping *map)
{
	struct sg_table *sgt;

	/* The exporter does that when it maps. */
	if (qda_bo_dmabuf(map->bo))
		return 0;

	sgt = qda_bo_pin(map->bo);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	map->sgt = sgt;

	return 0;
}

static void qda_mapping_unpin(struct qda_mapping *map)
{
	if (!qda_bo_dmabuf(map->bo))
		qda_bo_unpin(map->bo, map->sgt);
}

static struct qda_mapping *qda_mapping_make(struct qda_cb *cb, struct qda_bo *bo,
					    struct qda_session *session)
{
	struct qda_mapping *map = kzalloc_obj(*map, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!map)
		return ERR_PTR(-ENOMEM);

	kref_init(&map->ref);
	INIT_LIST_HEAD(&map->node);
	map->session = session;
	map->cb = cb;
	map->bo = bo;

	ret = qda_mapping_prepare_quarantine(map);
	if (ret)
		goto err_free_map;
	ret = qda_mapping_pin(map);
	if (ret)
		goto err_cancel_quarantine;
	ret = qda_mapping_map(map);
	if (ret)
		goto err_unpin;

	qda_cb_get(cb);
	qda_bo_get(bo);

	return map;

err_unpin:
	qda_mapping_unpin(map);
err_cancel_quarantine:
	qda_quarantine_cancel(map->quarantined);
err_free_map:
	kfree(map);
	return ERR_PTR(ret);
}

/* A call that ended with the channel lets go of it, and not because the DSP has done so. */
static void qda_mapping_let_go(struct qda_mapping *map, struct device *dev)
{
	qda_mapping_unmap(map, dev);
	if (qda_channel_is_closed(&qda_bo_device(map->bo)->channel))
		qda_mapping_quarantine(map);
}

static void qda_mapping_destroy(struct qda_mapping *map)
{
	struct device *dev = qda_cb_lock(map->cb);

	if (qda_cb_remove(map->cb, &map->item))
		qda_mapping_let_go(map, dev);
	qda_cb_unlock(map->cb);
	qda_mapping_unpin(map);
	qda_quarantine_cancel(map->quarantined);
	qda_cb_put(map->cb);
}

/**
 * qda_mapping_create - Map memory of the kernel
 * @cb: the context bank
 * @bo: the memory
 *
 * What the CPU wrote to the object before is visible to the DSP.
 *
 * Return: the mapping with a reference, or an error pointer; -ENODEV when the bank was
 * revoked.
 */
struct qda_mapping *qda_mapping_create(struct qda_cb *cb, struct qda_bo *bo)
{
	return qda_mapping_make(cb, bo, NULL);
}

static struct qda_mapping *qda_mapping_find(struct qda_session *session,
					    const struct qda_bo_maps *maps)
{
	struct qda_mapping *map;

	lockdep_assert_held(&maps->lock);

	list_for_each_entry(map, &maps->list, node)
		if (map->session == session)
			return map;

	return NULL;
}

static struct qda_mapping *qda_mapping_make_charged(struct qda_session *session,
						    struct qda_bo *bo)
{
	struct qda_mapping *map;
	int ret;

	ret = qda_user_charge(session->user, qda_mapping_charge(bo));
	if (ret)
		return ERR_PTR(ret);

	map = qda_mapping_make(qda_session_cb(session), bo, session);
	if (IS_ERR(map)) {
		qda_user_uncharge(session->user, qda_mapping_charge(bo));
		return map;
	}
	atomic_inc(&session->qdev->stats.mappings);
	atomic_long_add(qda_mapping_pages(map), &session->mapped_pages);

	return map;
}

/**
 * qda_mapping_use - Get the mapping of an object in a session
 * @session: the session, which has a context bank
 * @bo: the object
 *
 * It is made if there is none.
 *
 * Return: the mapping with a reference, or an error pointer: -EDQUOT when the user has
 * too much mapped, -EINVAL when it did not get a contiguous range, -ENODEV when the
 * bank was revoked, or what the exporter of an imported buffer says.
 */
struct qda_mapping *qda_mapping_use(struct qda_session *session, struct qda_bo *bo)
{
	struct qda_bo_maps *maps = qda_bo_maps(bo);
	struct qda_mapping *map;

	guard(mutex)(&maps->lock);

	map = qda_mapping_find(session, maps);
	if (map) {
		kref_get(&map->ref);
		return map;
	}

	map = qda_mapping_make_charged(session, bo);
	if (!IS_ERR(map))
		list_add(&map->node, &maps->list);

	return map;
}
EXPORT_SYMBOL_FOR_MODULES(qda_mapping_use, "qda_fastrpc_shim");

/**
 * qda_mapping_get - Take a reference
 * @map: the mapping
 */
void qda_mapping_get(struct qda_mapping *map)
{
	kref_get(&map->ref);
}

/* Called with the lock of the object's list held, which it drops. */
static void qda_mapping_release(struct kref *ref)
{
	struct qda_mapping *map = container_of(ref, struct qda_mapping, ref);
	struct qda_session *session = map->session;
	struct qda_bo *bo = map->bo;

	if (session) {
		list_del(&map->node);
		qda_user_uncharge(session->user, qda_mapping_charge(bo));
		atomic_dec(&session->qdev->stats.mappings);
		atomic_long_sub(qda_mapping_pages(map), &session->mapped_pages);
	}
	qda_mapping_destroy(map);
	mutex_unlock(&qda_bo_maps(bo)->lock);
	qda_bo_put(bo);
	kfree(map);
}

/**
 * qda_mapping_put - Drop a reference
 * @map: the mapping
 *
 * Context: may sleep.
 */
void qda_mapping_put(struct qda_mapping *map)
{
	kref_put_mutex(&map->ref, qda_mapping_release, &qda_bo_maps(map->bo)->lock);
}
EXPORT_SYMBOL_FOR_MODULES(qda_mapping_put, "qda_fastrpc_shim");

/**
 * qda_mapping_keep - Keep a mapping until the session's handle of the object is closed
 * @map: the mapping of a session
 *
 * The handle may have been closed already; who can see that must call
 * qda_mapping_unkeep() then.
 *
 * Return: true when it was not kept before.
 */
bool qda_mapping_keep(struct qda_mapping *map)
{
	guard(mutex)(&qda_bo_maps(map->bo)->lock);

	if (map->kept)
		return false;
	map->kept = true;
	kref_get(&map->ref);

	return true;
}

static struct qda_mapping *qda_mapping_find_kept(struct qda_session *session,
						 struct qda_bo *bo)
{
	struct qda_bo_maps *maps = qda_bo_maps(bo);
	struct qda_mapping *map;

	guard(mutex)(&maps->lock);

	map = qda_mapping_find(session, maps);
	if (!map || !map->kept)
		return NULL;
	map->kept = false;

	return map;
}

/**
 * qda_mapping_unkeep - The session's handle of an object is gone
 * @session: the session
 * @bo: the object
 */
void qda_mapping_unkeep(struct qda_session *session, struct qda_bo *bo)
{
	struct qda_mapping *map = qda_mapping_find_kept(session, bo);

	if (map)
		qda_mapping_put(map);
}

/**
 * qda_mapping_dma_address - Where the object is in the bank
 * @map: the mapping
 *
 * Return: the address.
 */
dma_addr_t qda_mapping_dma_address(const struct qda_mapping *map)
{
	return map->addr;
}

/**
 * qda_mapping_bo - What is mapped
 * @map: the mapping
 *
 * Return: the object, which the mapping has a reference to.
 */
struct qda_bo *qda_mapping_bo(const struct qda_mapping *map)
{
	return map->bo;
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
EXPORT_SYMBOL_FOR_MODULES(qda_mapping_address, "qda_fastrpc_shim");

static int qda_mapping_find_assigned(struct qda_mapping *map, struct device *dev, u64 *addr)
{
	int ret;

	if (!map->assigned) {
		ret = qda_assignment_get(map->bo, dev, map->addr);
		if (ret)
			return ret;
		map->assigned = true;
	}
	if (!qda_assignment_address(map->bo, addr))
		*addr = qda_mapping_address(map);

	return 0;
}

/**
 * qda_mapping_assign - Let a virtual machine of the DSP access the object, too
 * @map: the mapping of a session; it is so until that ends or is revoked
 * @addr: where to store the object's address for the DSP: the physical one if that is one,
 *	as the virtual machine has nothing of the context bank, else the mapping's own
 *
 * Return: 0, -ENODEV when the bank was revoked, or as qda_assignment_get().
 */
int qda_mapping_assign(struct qda_mapping *map, u64 *addr)
{
	struct device *dev = qda_cb_lock(map->cb);
	int ret = dev ? qda_mapping_find_assigned(map, dev, addr) : -ENODEV;

	qda_cb_unlock(map->cb);

	return ret;
}
EXPORT_SYMBOL_FOR_MODULES(qda_mapping_assign, "qda_fastrpc_shim");

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
EXPORT_SYMBOL_FOR_MODULES(qda_mapping_size, "qda_fastrpc_shim");

/*
 * Imported memory is the exporter's to synchronise, when somebody accesses it through
 * the exporter; the table's pages, if it has any, are not ours to touch.
 */
static bool qda_mapping_needs_sync(const struct qda_mapping *map, struct device *dev)
{
	return dev && qda_bo_is_cached(map->bo) && dma_dev_need_sync(dev);
}

/**
 * qda_mapping_sync_for_device - Hand the object's memory to the DSP
 * @map: the mapping
 * @dir: what the DSP is going to do
 *
 * It is always the whole table: a part of a table cannot be named in the DMA API.
 *
 * Return: false when the bank was revoked.
 */
bool qda_mapping_sync_for_device(struct qda_mapping *map, enum dma_data_direction dir)
{
	struct device *dev = qda_cb_lock(map->cb);

	if (qda_mapping_needs_sync(map, dev)) {
		dma_sync_sgtable_for_device(dev, map->sgt, dir);
		atomic_long_inc(&qda_bo_device(map->bo)->stats.syncs);
	}
	qda_cb_unlock(map->cb);

	return dev;
}

/**
 * qda_mapping_sync_for_cpu - Take the object's memory back from the DSP
 * @map: the mapping
 * @dir: what the DSP has done
 *
 * Return: false when the bank was revoked.
 */
bool qda_mapping_sync_for_cpu(struct qda_mapping *map, enum dma_data_direction dir)
{
	struct device *dev = qda_cb_lock(map->cb);

	if (qda_mapping_needs_sync(map, dev)) {
		dma_sync_sgtable_for_cpu(dev, map->sgt, dir);
		atomic_long_inc(&qda_bo_device(map->bo)->stats.syncs);
	}
	qda_cb_unlock(map->cb);

	return dev;
}

/**
 * qda_mapping_sync_all_for_device - The CPU is done with an object
 * @bo: the object
 * @dir: what DSPs are going to do
 */
void qda_mapping_sync_all_for_device(struct qda_bo *bo, enum dma_data_direction dir)
{
	struct qda_bo_maps *maps = qda_bo_maps(bo);
	struct qda_mapping *map;

	guard(mutex)(&maps->lock);

	list_for_each_entry(map, &maps->list, node)
		qda_mapping_sync_for_device(map, dir);
}

/**
 * qda_mapping_sync_all_for_cpu - The CPU is going to access an object
 * @bo: the object
 * @dir: what DSPs may have done
 */
void qda_mapping_sync_all_for_cpu(struct qda_bo *bo, enum dma_data_direction dir)
{
	struct qda_bo_maps *maps = qda_bo_maps(bo);
	struct qda_mapping *map;

	guard(mutex)(&maps->lock);

	list_for_each_entry(map, &maps->list, node)
		qda_mapping_sync_for_cpu(map, dir);
}
