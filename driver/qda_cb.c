// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Context banks: each is a child node of the DSP's node, a device with its own
 * address space behind the SoC's IOMMU. A session's memory is mapped for one.
 */
#include <linux/cleanup.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/kref.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "qda_cb.h"
#include "qda_device.h"
#include "qda_rpmsg.h"
#include "qda_user.h"

/* Each session with a bank can have a call of the kernel in flight, and so can the DSP. */
#define QDA_CB_PLACES_MAX	(QDA_SLOTS_KERNEL - 1)

static unsigned int share_banks = 1;
module_param(share_banks, uint, 0644);
MODULE_PARM_DESC(share_banks,
		 "Sessions that may share a context bank when none is free, and then reach each other's memory (default 1: none do)");

static unsigned int user_sessions;
module_param(user_sessions, uint, 0644);
MODULE_PARM_DESC(user_sessions,
		 "Sessions with a context bank that a user other than root may have on a DSP (default 0: half of those there can be)");

/**
 * struct qda_cb - Context bank
 * @ref: keeps this structure; it does not keep the device, nothing can
 * @qdev: the DSP it belongs to
 * @node: entry in the DSP's list of banks
 * @sid: stream id, by which the DSP names the bank
 * @direct: it has no address space of its own, addresses are physical
 * @places: how many sessions the device tree says that it is for
 * @sessions: how many have it; protected by the lock of the DSP's banks
 * @lock: protects @dev and @items, and serialises DMA mapping against revoking
 * @dev: device for the DMA API, NULL once revoked
 * @items: what uses @dev, &struct qda_cb_item
 */
struct qda_cb {
	struct kref ref;
	struct qda_device *qdev;
	struct list_head node;
	u32 sid;
	bool direct;
	u32 places;
	u32 sessions;

	/* Protects the DMA device and the list of its users. */
	struct mutex lock;
	struct device *dev;
	struct list_head items;
};

static void qda_cb_free(struct kref *ref)
{
	struct qda_cb *cb = container_of(ref, struct qda_cb, ref);

	WARN_ON(!list_empty(&cb->items));
	mutex_destroy(&cb->lock);
	kfree(cb);
}

/**
 * qda_cb_get - Take a reference
 * @cb: the bank
 */
void qda_cb_get(struct qda_cb *cb)
{
	kref_get(&cb->ref);
}

/**
 * qda_cb_put - Drop a reference
 * @cb: the bank
 */
void qda_cb_put(struct qda_cb *cb)
{
	kref_put(&cb->ref, qda_cb_free);
}

/* Two parties have a say: who wrote the device tree, and who runs the system. */
static u32 qda_cb_places(const struct qda_cb *cb)
{
	return clamp(max(cb->places, READ_ONCE(share_banks)), 1U, QDA_CB_PLACES_MAX);
}

/*
 * This is the whole policy of who gets which bank: the one with the fewest sessions. So a
 * session shares a bank only when none is free, and only if sharing is allowed.
 * Otherwise no session's memory is ever in reach of another session's process.
 */
static struct qda_cb *qda_cb_choose(struct qda_banks *banks)
{
	struct qda_cb *cb, *best = NULL;

	lockdep_assert_held(&banks->lock);

	list_for_each_entry(cb, &banks->list, node)
		if (cb->sessions < qda_cb_places(cb) && (!best || cb->sessions < best->sessions))
			best = cb;

	return best;
}

static u32 qda_cb_sum_places(const struct qda_banks *banks)
{
	const struct qda_cb *cb;
	u32 places = 0;

	lockdep_assert_held(&banks->lock);

	list_for_each_entry(cb, &banks->list, node)
		places += qda_cb_places(cb);

	return min(places, QDA_CB_PLACES_MAX);
}

/* There are few banks, and each is worth much: one user must not have all of them. */
static u32 qda_cb_user_places(const struct qda_banks *banks, const struct qda_user *user)
{
	u32 places = qda_cb_sum_places(banks);
	u32 limit = READ_ONCE(user_sessions) ?: DIV_ROUND_UP(places, 2);

	return qda_user_is_root(user) ? places : min(places, limit);
}

static bool qda_cb_user_has_all(const struct qda_banks *banks, const struct qda_user *user)
{
	const struct qda_cb_place *place;
	u32 count = 0;

	lockdep_assert_held(&banks->lock);

	if (!user || qda_user_is_root(user))
		return false;

	list_for_each_entry(place, &banks->places, node)
		count += place->user == user;

	return count >= qda_cb_user_places(banks, user);
}

/**
 * qda_cb_acquire - Give a session a place in a bank
 * @qdev: the DSP
 * @place: where to store it, with the user it is to count for
 *
 * Return: 0, -EDQUOT when the user has as many as one may have, -EBUSY when all
 * are taken, -ENODEV when the DSP is gone.
 */
int qda_cb_acquire(struct qda_device *qdev, struct qda_cb_place *place)
{
	struct qda_banks *banks = &qdev->banks;
	struct qda_cb *cb;

	guard(mutex)(&banks->lock);

	if (banks->gone)
		return -ENODEV;
	if (qda_cb_user_has_all(banks, place->user))
		return -EDQUOT;

	cb = qda_cb_choose(banks);
	if (!cb || list_count_nodes(&banks->places) >= QDA_CB_PLACES_MAX)
		return -EBUSY;

	cb->sessions++;
	list_add_tail(&place->node, &banks->places);
	qda_cb_get(cb);
	/* Pairs with the acquire in qda_session_sid(). */
	smp_store_release(&place->cb, cb);

	return 0;
}

/**
 * qda_cb_release - Undo qda_cb_acquire()
 * @place: the place; nothing of the session is mapped in the bank any more
 */
void qda_cb_release(struct qda_cb_place *place)
{
	struct qda_cb *cb = place->cb;

	scoped_guard(mutex, &cb->qdev->banks.lock) {
		cb->sessions--;
		list_del(&place->node);
	}
	place->cb = NULL;
	qda_cb_put(cb);
}

/**
 * qda_cb_user_limit - How many sessions with a bank a user may have
 * @qdev: the DSP
 * @user: the user
 *
 * Return: their number.
 */
u32 qda_cb_user_limit(struct qda_device *qdev, const struct qda_user *user)
{
	guard(mutex)(&qdev->banks.lock);
	return qda_cb_user_places(&qdev->banks, user);
}

/**
 * qda_cb_count_places - How many sessions can have a bank
 * @qdev: the DSP
 *
 * Return: their number.
 */
u32 qda_cb_count_places(struct qda_device *qdev)
{
	guard(mutex)(&qdev->banks.lock);
	return qda_cb_sum_places(&qdev->banks);
}

/**
 * qda_cb_count - How many banks there are
 * @qdev: the DSP
 *
 * Return: their number.
 */
u32 qda_cb_count(struct qda_device *qdev)
{
	guard(mutex)(&qdev->banks.lock);
	return qdev->banks.count;
}

/**
 * qda_cb_is_direct - Whether a bank takes physical addresses
 * @cb: the bank
 *
 * Return: true when there is no IOMMU that makes a range of addresses of any pages.
 */
bool qda_cb_is_direct(const struct qda_cb *cb)
{
	return cb->direct;
}

/**
 * qda_cb_any_is_direct - Whether there is a bank that takes physical addresses
 * @qdev: the DSP
 *
 * Return: what it is.
 */
bool qda_cb_any_is_direct(struct qda_device *qdev)
{
	guard(mutex)(&qdev->banks.lock);
	return qdev->banks.direct;
}

static bool qda_cb_needs_sync(struct qda_cb *cb)
{
	guard(mutex)(&cb->lock);
	return cb->dev && dma_dev_need_sync(cb->dev);
}

/**
 * qda_cb_any_needs_sync - Whether there is a bank that does not see the CPU's caches
 * @qdev: the DSP
 *
 * Return: true when there is.
 */
bool qda_cb_any_needs_sync(struct qda_device *qdev)
{
	struct qda_cb *cb;

	guard(mutex)(&qdev->banks.lock);

	list_for_each_entry(cb, &qdev->banks.list, node)
		if (qda_cb_needs_sync(cb))
			return true;

	return false;
}

/**
 * qda_cb_lock - Begin to work with the bank's DMA device
 * @cb: the bank
 *
 * Return: the device, or NULL when the bank was revoked. In both cases
 * qda_cb_unlock() must follow.
 */
struct device *qda_cb_lock(struct qda_cb *cb)
{
	mutex_lock(&cb->lock);
	return cb->dev;
}

/**
 * qda_cb_unlock - End what qda_cb_lock() began
 * @cb: the bank
 */
void qda_cb_unlock(struct qda_cb *cb)
{
	mutex_unlock(&cb->lock);
}

/**
 * qda_cb_add - Record that something uses the bank's DMA device
 * @cb: the locked bank
 * @item: what uses it
 */
void qda_cb_add(struct qda_cb *cb, struct qda_cb_item *item)
{
	lockdep_assert_held(&cb->lock);
	list_add_tail(&item->node, &cb->items);
}

/**
 * qda_cb_remove - Undo qda_cb_add()
 * @cb: the locked bank
 * @item: what used it
 *
 * Return: true when the caller has to give up what needs the DMA device, false when
 * revoking the bank has done so.
 */
bool qda_cb_remove(struct qda_cb *cb, struct qda_cb_item *item)
{
	lockdep_assert_held(&cb->lock);

	if (list_empty(&item->node))
		return false;
	list_del_init(&item->node);

	return true;
}

/**
 * qda_cb_sid - By which number the DSP names a bank
 * @cb: the bank
 *
 * Return: its stream id.
 */
u32 qda_cb_sid(const struct qda_cb *cb)
{
	return cb->sid;
}

/**
 * qda_cb_address - Address as the DSP uses it
 * @cb: the bank
 * @addr: DMA address in the bank
 *
 * The DSP's messages have no field for the bank: it is named by the upper bits of
 * each address. The DMA API must never see those.
 *
 * Return: the address.
 */
u64 qda_cb_address(const struct qda_cb *cb, dma_addr_t addr)
{
	return ((u64)cb->sid << cb->qdev->soc->sid_pos) | addr;
}

/**
 * qda_cb_account - Count pages that are mapped or unmapped
 * @cb: the bank
 * @pages: how many more are mapped than before
 */
void qda_cb_account(struct qda_cb *cb, long pages)
{
	atomic_long_add(pages, &cb->qdev->stats.mapped_pages);
}

/**
 * qda_cb_device - The DSP that a bank belongs to
 * @cb: the bank
 *
 * Return: the DSP.
 */
struct qda_device *qda_cb_device(const struct qda_cb *cb)
{
	return cb->qdev;
}

static void qda_cb_revoke(struct qda_cb *cb)
{
	struct qda_cb_item *item, *next;

	guard(mutex)(&cb->lock);

	list_for_each_entry_safe(item, next, &cb->items, node) {
		list_del_init(&item->node);
		item->revoke(item, cb->dev);
	}
	cb->dev = NULL;
}

/**
 * qda_cb_revoke_all - Take everything out of all banks while their devices are bound
 * @qdev: the DSP, whose gate is closed
 *
 * When a bank's device goes, so does its IOMMU domain; a reference cannot keep it.
 */
void qda_cb_revoke_all(struct qda_device *qdev)
{
	struct qda_cb *cb;

	guard(mutex)(&qdev->banks.lock);

	qdev->banks.gone = true;
	list_for_each_entry(cb, &qdev->banks.list, node)
		qda_cb_revoke(cb);
}

static int qda_cb_setup_dma(struct device *dev, u32 bits)
{
	/*
	 * Only buffers may lie above 4 GiB: the mask for coherent memory stays at
	 * the 32 bits it has by default, as payloads must have short addresses.
	 */
	int ret = dma_set_mask(dev, DMA_BIT_MASK(bits));

	if (ret)
		return ret;

	/* An argument is one range of addresses, however many pages it has. */
	dma_set_max_seg_size(dev, UINT_MAX);
	dma_set_seg_boundary(dev, DMA_BIT_MASK(bits));

	return 0;
}

static int qda_cb_attach(struct qda_cb *cb)
{
	struct qda_banks *banks = &cb->qdev->banks;

	guard(mutex)(&banks->lock);

	if (banks->gone)
		return -ENODEV;
	if (banks->count == QDA_CB_PLACES_MAX)
		return -ENOSPC;
	/* Those without an IOMMU are of less use, so they are the last to be given. */
	if (cb->direct)
		list_add_tail(&cb->node, &banks->list);
	else
		list_add(&cb->node, &banks->list);
	banks->direct |= cb->direct;
	banks->count++;

	return 0;
}

/* An IOMMU can also be told to pass addresses on as they are. */
static bool qda_cb_has_no_domain(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return !domain || domain->type == IOMMU_DOMAIN_IDENTITY;
}

static struct qda_cb *qda_cb_create(struct qda_device *qdev, struct device *dev)
{
	struct qda_cb *cb = kzalloc_obj(*cb);

	if (!cb)
		return NULL;

	kref_init(&cb->ref);
	mutex_init(&cb->lock);
	INIT_LIST_HEAD(&cb->items);
	cb->qdev = qdev;
	cb->dev = dev;
	cb->direct = qda_cb_has_no_domain(dev);
	cb->places = 1;

	return cb;
}

static int qda_cb_probe(struct platform_device *pdev)
{
	struct qda_device *qdev = qda_rpmsg_device(pdev->dev.parent);
	struct qda_cb *cb;
	int ret;

	/* The DSP's node is bound to another driver, which populated this device. */
	if (!qdev)
		return -ENODEV;

	ret = qda_cb_setup_dma(&pdev->dev, qda_device_dma_bits(qdev));
	if (ret)
		return ret;

	cb = qda_cb_create(qdev, &pdev->dev);
	if (!cb)
		return -ENOMEM;

	ret = of_property_read_u32(pdev->dev.of_node, "reg", &cb->sid);
	if (ret)
		goto err_put_cb;
	if ((u64)cb->sid > U64_MAX >> qdev->soc->sid_pos) {
		ret = -EINVAL;
		goto err_put_cb;
	}

	/* It may be missing, which means that there is one. */
	of_property_read_u32(pdev->dev.of_node, "qcom,nsessions", &cb->places);

	ret = qda_cb_attach(cb);
	if (ret)
		goto err_put_cb;
	platform_set_drvdata(pdev, cb);

	return 0;

err_put_cb:
	qda_cb_put(cb);
	return ret;
}

static void qda_cb_remove_device(struct platform_device *pdev)
{
	struct qda_cb *cb = platform_get_drvdata(pdev);
	struct qda_banks *banks = &cb->qdev->banks;

	/*
	 * Banks go because the DSP went. If somebody takes a single one away, its
	 * memory can only be taken back safely by treating it the same.
	 */
	qda_device_disconnect(cb->qdev);

	scoped_guard(mutex, &banks->lock) {
		list_del(&cb->node);
		banks->count--;
	}
	qda_cb_put(cb);
}

static const struct of_device_id qda_cb_of_match[] = {
	{ .compatible = "qcom,fastrpc-compute-cb" },
	{ }
};

struct platform_driver qda_cb_driver = {
	.probe = qda_cb_probe,
	.remove = qda_cb_remove_device,
	.driver = {
		.name = "qda-cb",
		.of_match_table = qda_cb_of_match,
		.suppress_bind_attrs = true,
	},
};
