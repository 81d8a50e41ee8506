// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The memory that the calls of a process need, kept from call to call: an ordinary
 * call allocates nothing and maps nothing. It goes with the process, so what one
 * process left in it is never seen by another.
 */
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "qda_async.h"
#include "qda_device.h"
#include "qda_dma.h"
#include "qda_invocation.h"
#include "qda_pool.h"
#include "qda_session.h"
#include "qda_slots.h"
#include "qda_staging.h"
#include "qda_turns.h"

/* Metadata of up to 90 arguments and 4 KiB of inline data, in whole pages. */
#define QDA_POOL_SLOT_SIZE	ALIGN(SZ_8K, PAGE_SIZE)

/* Few processes have more calls in flight than the slots of the first chunk. */
#define QDA_POOL_CHUNK_SLOTS	16
#define QDA_POOL_CHUNKS		7
#define QDA_POOL_SLOTS		(QDA_POOL_CHUNK_SLOTS * QDA_POOL_CHUNKS)

/* The slot beyond those of calls is for the release of the process. */
static_assert(1 + QDA_POOL_CALLS == QDA_POOL_SLOTS);
static_assert(2 * QDA_POOL_CALLS <= QDA_SLOTS_USER);

/* Most bytes of staging memory that are kept for the next large call */
#define QDA_POOL_STAGING_KEPT	SZ_4M
#define QDA_POOL_STAGING_MIN	SZ_64K

/**
 * struct qda_pool_chunk - Slots that are allocated together
 * @dma: payload memory of the slots
 * @inv: calls in the slots
 */
struct qda_pool_chunk {
	struct qda_dma dma;
	struct qda_invocation inv[QDA_POOL_CHUNK_SLOTS];
};

/**
 * struct qda_pool - Memory for the calls of a process
 * @ref: held by the process and by each call
 * @session: whose it is, with a reference
 * @pd: PD type of the process
 * @calls: how many more calls of users may begin; first come, first served
 * @grow: serialises adding a chunk, protects changes of @slots and @chunk
 * @slots: number of slots that exist
 * @chunk: the slots; those that exist are not changed
 * @used: which slots are taken: whoever sets a bit has the slot until the bit is cleared
 * @put_work: drops the last reference where one may sleep
 * @lock: protects everything below
 * @staging: memory kept for large calls
 * @staging_size: bytes in @staging
 */
struct qda_pool {
	refcount_t ref;
	struct qda_session *session;
	u32 pd;
	struct qda_turns calls;
	/* Serialises adding a chunk. */
	struct mutex grow;
	u32 slots;
	struct qda_pool_chunk *chunk[QDA_POOL_CHUNKS];
	DECLARE_BITMAP(used, QDA_POOL_SLOTS);
	struct work_struct put_work;

	/* Protects the kept staging memory. */
	spinlock_t lock;
	struct list_head staging;
	size_t staging_size;
};

static void qda_pool_free(struct qda_pool *pool)
{
	struct qda_staging *staging, *next;

	list_for_each_entry_safe(staging, next, &pool->staging, node)
		qda_staging_destroy(staging);

	for (u32 i = 0; i < pool->slots / QDA_POOL_CHUNK_SLOTS; i++) {
		qda_dma_free(&pool->chunk[i]->dma);
		kfree(pool->chunk[i]);
	}
	mutex_destroy(&pool->grow);
	qda_session_put(pool->session);
	kfree(pool);
}

/**
 * qda_pool_get - Take a reference
 * @pool: the pool
 */
void qda_pool_get(struct qda_pool *pool)
{
	refcount_inc(&pool->ref);
}

/**
 * qda_pool_put - Drop a reference
 * @pool: the pool
 *
 * Context: may sleep.
 */
void qda_pool_put(struct qda_pool *pool)
{
	if (refcount_dec_and_test(&pool->ref))
		qda_pool_free(pool);
}

static void qda_pool_put_work(struct work_struct *work)
{
	qda_pool_put(container_of(work, struct qda_pool, put_work));
}

/**
 * qda_pool_session - Whose pool it is
 * @pool: the pool
 *
 * Return: the session.
 */
struct qda_session *qda_pool_session(const struct qda_pool *pool)
{
	return pool->session;
}

/**
 * qda_pool_pd - What kind of PD the calls are for
 * @pool: the pool
 *
 * Return: PD type, QDA_CTX_PD_*.
 */
u32 qda_pool_pd(const struct qda_pool *pool)
{
	return pool->pd;
}

static int qda_pool_add_chunk(struct qda_pool *pool)
{
	struct qda_pool_chunk *chunk = kzalloc_obj(*chunk, GFP_KERNEL_ACCOUNT |
						   __GFP_RETRY_MAYFAIL);
	int ret;

	lockdep_assert_held(&pool->grow);

	if (!chunk)
		return -ENOMEM;

	ret = qda_dma_alloc(&chunk->dma, qda_session_cb(pool->session),
			    QDA_POOL_CHUNK_SLOTS * QDA_POOL_SLOT_SIZE);
	if (ret) {
		kfree(chunk);
		return ret;
	}

	for (u32 i = 0; i < QDA_POOL_CHUNK_SLOTS; i++)
		qda_invocation_setup(&chunk->inv[i], pool->session->qdev, pool->slots + i);

	pool->chunk[pool->slots / QDA_POOL_CHUNK_SLOTS] = chunk;
	/* Pairs with the acquire in qda_pool_try_take(). */
	smp_store_release(&pool->slots, pool->slots + QDA_POOL_CHUNK_SLOTS);

	return 0;
}

static int qda_pool_grow(struct qda_pool *pool)
{
	guard(mutex)(&pool->grow);

	/* Another call may have been here first. */
	if (!bitmap_full(pool->used, pool->slots))
		return 0;

	return qda_pool_add_chunk(pool);
}

/**
 * qda_pool_create - Make the pool of a process
 * @session: the session, which has a context bank
 * @pd: PD type of the process, QDA_CTX_PD_*
 *
 * Return: the pool with a reference, or an error pointer.
 */
struct qda_pool *qda_pool_create(struct qda_session *session, u32 pd)
{
	struct qda_pool *pool = kzalloc_obj(*pool, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!pool)
		return ERR_PTR(-ENOMEM);

	refcount_set(&pool->ref, 1);
	qda_session_get(session);
	pool->session = session;
	pool->pd = pd;
	qda_turns_init(&pool->calls, QDA_POOL_CALLS);
	mutex_init(&pool->grow);
	INIT_WORK(&pool->put_work, qda_pool_put_work);
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->staging);

	ret = qda_pool_grow(pool);
	if (ret) {
		qda_pool_put(pool);
		return ERR_PTR(ret);
	}

	return pool;
}

static struct qda_invocation *qda_pool_slot(struct qda_pool *pool, u32 index)
{
	return &pool->chunk[index / QDA_POOL_CHUNK_SLOTS]->inv[index % QDA_POOL_CHUNK_SLOTS];
}

static struct qda_invocation *qda_pool_try_take(struct qda_pool *pool, bool user)
{
	/* Pairs with the release in qda_pool_add_chunk(). */
	u32 slots = smp_load_acquire(&pool->slots);
	struct qda_invocation *inv;
	u32 index;

	do {
		index = find_first_zero_bit(pool->used, slots);
		if (index >= slots)
			return NULL;
	} while (test_and_set_bit_lock(index, pool->used));

	inv = qda_pool_slot(pool, index);
	qda_pool_get(pool);
	qda_invocation_begin(inv, pool, user);

	return inv;
}

static struct qda_invocation *qda_pool_take_slot(struct qda_pool *pool, bool user)
{
	struct qda_invocation *inv;
	int ret;

	for (;;) {
		inv = qda_pool_try_take(pool, user);
		if (inv)
			return inv;
		ret = qda_pool_grow(pool);
		if (ret)
			return ERR_PTR(ret);
	}
}

/**
 * qda_pool_take - Begin a call of a user, waiting for its turn
 * @pool: the pool
 * @patience: for how long
 *
 * Return: the call, whose payload fits qda_pool_slot_size(), or an error pointer;
 * -ETIMEDOUT, -EINTR or -ERESTARTSYS when it waited too long.
 */
struct qda_invocation *qda_pool_take(struct qda_pool *pool, const struct qda_patience *patience)
{
	struct qda_invocation *inv;
	int ret;

	ret = qda_turns_take(&pool->calls, patience);
	if (ret)
		return ERR_PTR(ret);

	inv = qda_pool_take_slot(pool, true);
	if (IS_ERR(inv))
		qda_turns_give(&pool->calls);

	return inv;
}

/**
 * qda_pool_take_reserved - Take a slot for a call of the kernel
 * @pool: the new pool of a process; the kernel takes at most one slot for long
 *
 * Return: the call, or an error pointer.
 */
struct qda_invocation *qda_pool_take_reserved(struct qda_pool *pool)
{
	return qda_pool_take_slot(pool, false);
}

/* The slot may be another call's at once, so nothing of the call is looked at afterwards. */
static void qda_pool_clear_slot(const struct qda_invocation *inv)
{
	struct qda_pool *pool = inv->pool;
	bool user = inv->user;

	clear_bit_unlock(inv->index, pool->used);
	if (user)
		qda_turns_give(&pool->calls);
}

/**
 * qda_pool_return - Give back what a call had
 * @inv: the call, to which nobody has a reference
 *
 * Context: may sleep.
 */
void qda_pool_return(struct qda_invocation *inv)
{
	struct qda_pool *pool = inv->pool;

	if (inv->event)
		qda_async_cancel(inv);
	qda_operands_fini(&inv->operands);
	if (inv->staging)
		qda_pool_return_staging(pool, inv->staging);

	qda_pool_clear_slot(inv);
	qda_pool_put(pool);
}

/**
 * qda_pool_return_slot - Give back a call that has nothing but its slot
 * @inv: the call, to which nobody has a reference
 *
 * Context: any.
 */
void qda_pool_return_slot(struct qda_invocation *inv)
{
	struct qda_pool *pool = inv->pool;

	qda_pool_clear_slot(inv);
	if (!refcount_dec_not_one(&pool->ref))
		queue_work(qda_wq, &pool->put_work);
}

/**
 * qda_pool_slot_size - How large a payload fits in a slot
 *
 * Return: bytes.
 */
size_t qda_pool_slot_size(void)
{
	return QDA_POOL_SLOT_SIZE;
}

static size_t qda_pool_slot_offset(const struct qda_invocation *inv)
{
	return (inv->index % QDA_POOL_CHUNK_SLOTS) * QDA_POOL_SLOT_SIZE;
}

static struct qda_dma *qda_pool_slot_dma(const struct qda_invocation *inv)
{
	return &inv->pool->chunk[inv->index / QDA_POOL_CHUNK_SLOTS]->dma;
}

/**
 * qda_pool_slot_cpu - Payload memory of a call's slot
 * @inv: the call
 *
 * Return: the address for the CPU, valid only inside the channel's open gate.
 */
void *qda_pool_slot_cpu(const struct qda_invocation *inv)
{
	qda_channel_assert_inside(&inv->qdev->channel);

	return qda_pool_slot_dma(inv)->cpu + qda_pool_slot_offset(inv);
}

/**
 * qda_pool_slot_address - Payload memory of a call's slot
 * @inv: the call
 *
 * Return: the address for the DSP.
 */
u64 qda_pool_slot_address(const struct qda_invocation *inv)
{
	const struct qda_dma *dma = qda_pool_slot_dma(inv);

	return qda_cb_address(dma->cb, dma->addr) + qda_pool_slot_offset(inv);
}

static struct qda_staging *qda_pool_find_staging(struct qda_pool *pool, size_t size)
{
	struct qda_staging *best = NULL, *staging;

	guard(spinlock)(&pool->lock);

	/* The smallest that is large enough: all of it may have to be synchronised. */
	list_for_each_entry(staging, &pool->staging, node)
		if (staging->size >= size && (!best || staging->size < best->size))
			best = staging;
	if (best) {
		list_del(&best->node);
		pool->staging_size -= best->size;
	}

	return best;
}

/**
 * qda_pool_take_staging - Get memory for a large payload
 * @pool: the pool
 * @size: bytes
 *
 * It may contain what earlier calls of the same process left.
 *
 * Return: the memory, or an error pointer.
 */
struct qda_staging *qda_pool_take_staging(struct qda_pool *pool, size_t size)
{
	struct qda_staging *staging = qda_pool_find_staging(pool, size);

	if (staging)
		return staging;

	/* Calls of like size shall find it fit for them. */
	size = max_t(size_t, size, QDA_POOL_STAGING_MIN);
	size = round_up(size, roundup_pow_of_two(size) / 8);

	return qda_staging_create(qda_session_cb(pool->session), size, false);
}

/* Sorts out what was not used for the longest time, so that the rest is not too much. */
static void qda_pool_trim_staging(struct qda_pool *pool, struct list_head *old)
{
	struct qda_staging *staging;

	lockdep_assert_held(&pool->lock);

	while (pool->staging_size > QDA_POOL_STAGING_KEPT) {
		staging = list_last_entry(&pool->staging, struct qda_staging, node);
		list_move(&staging->node, old);
		pool->staging_size -= staging->size;
	}
}

/**
 * qda_pool_return_staging - Give back memory of a large payload
 * @pool: the pool
 * @staging: the memory
 */
void qda_pool_return_staging(struct qda_pool *pool, struct qda_staging *staging)
{
	struct qda_staging *next;
	LIST_HEAD(old);

	if (staging->size > QDA_POOL_STAGING_KEPT) {
		qda_staging_destroy(staging);
		return;
	}

	scoped_guard(spinlock, &pool->lock) {
		list_add(&staging->node, &pool->staging);
		pool->staging_size += staging->size;
		qda_pool_trim_staging(pool, &old);
	}
	list_for_each_entry_safe(staging, next, &old, node)
		qda_staging_destroy(staging);
}
