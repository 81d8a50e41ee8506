// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The table that gives answers their calls. Taking a call out of it is what
 * makes the taker, and nobody else, the one who completes the call.
 */
#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/errno.h>

#include <kunit/visibility.h>

#include "qda_slots.h"
#include "qda_wire.h"

/* Bits 7:4 of the context word are never set, but they are in this one. */
static_assert(QDA_WIRE_NOTIFY_CTX & GENMASK_ULL(7, 4));

/**
 * qda_slots_init - Make an empty table
 * @slots: zeroed memory
 */
void qda_slots_init(struct qda_slots *slots)
{
	spin_lock_init(&slots->lock);
	qda_turns_init(&slots->user_ids, QDA_SLOTS_USER);
	__set_bit(0, slots->used);
}
EXPORT_SYMBOL_IF_KUNIT(qda_slots_init);

static u64 qda_slots_next_ctx(struct qda_slots *slots, u32 id, u32 pd)
{
	lockdep_assert_held(&slots->lock);

	return FIELD_PREP(QDA_CTX_SEQ, ++slots->seq & (QDA_CTX_SEQ >> 16)) |
	       FIELD_PREP(QDA_CTX_ID, id) | FIELD_PREP(QDA_CTX_PD, pd);
}

/**
 * qda_slots_publish - Put a call into the table; from now on it can be answered
 * @slots: the table
 * @inv: the call, complete in every respect
 * @pd: PD type, QDA_CTX_PD_*
 * @user: the caller took one of @slots->user_ids for it, which taking the call out
 *	gives back; on error the caller still has it
 * @ctx: the call's context word is stored here before the call can be answered
 *
 * Return: 0, -ENODEV when the table is dead, -EBUSY when no id is free.
 */
int qda_slots_publish(struct qda_slots *slots, struct qda_invocation *inv, u32 pd, bool user,
		      u64 *ctx)
{
	u32 id;

	guard(spinlock_irqsave)(&slots->lock);

	if (slots->dead)
		return -ENODEV;

	id = find_next_zero_bit(slots->used, QDA_SLOTS, slots->last + 1);
	if (id >= QDA_SLOTS)
		id = find_first_zero_bit(slots->used, QDA_SLOTS);
	if (id >= QDA_SLOTS)
		return -EBUSY;

	__set_bit(id, slots->used);
	slots->count++;
	*ctx = qda_slots_next_ctx(slots, id, pd);
	slots->slot[id].ctx = *ctx;
	slots->slot[id].inv = inv;
	slots->slot[id].user = user;
	slots->slot[id].polled = false;
	slots->last = id;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(qda_slots_publish);

static struct qda_invocation *qda_slots_clear(struct qda_slots *slots, u32 id, bool *user)
{
	struct qda_invocation *inv = slots->slot[id].inv;

	lockdep_assert_held(&slots->lock);

	slots->slot[id].inv = NULL;
	*user = slots->slot[id].user;
	slots->count--;
	__clear_bit(id, slots->used);

	return inv;
}

static struct qda_invocation *qda_slots_take_ctx(struct qda_slots *slots, u64 ctx, bool polled)
{
	struct qda_invocation *inv = NULL;
	u32 id = FIELD_GET(QDA_CTX_ID, ctx);
	bool user = false;

	scoped_guard(spinlock_irqsave, &slots->lock) {
		if (!slots->dead && slots->slot[id].inv && slots->slot[id].ctx == ctx) {
			inv = qda_slots_clear(slots, id, &user);
			slots->slot[id].polled = polled;
		}
	}
	if (user)
		qda_turns_give(&slots->user_ids);

	return inv;
}

/**
 * qda_slots_take - Take the call out of the table that a context word belongs to
 * @slots: the table
 * @ctx: the context word; any number, it may come from the DSP
 *
 * Return: the call, which the caller now must complete, or NULL when no call in
 * flight has exactly this context word or the table is dead.
 */
struct qda_invocation *qda_slots_take(struct qda_slots *slots, u64 ctx)
{
	return qda_slots_take_ctx(slots, ctx, false);
}
EXPORT_SYMBOL_IF_KUNIT(qda_slots_take);

/**
 * qda_slots_take_polled - Take a call out of the table that the DSP has not answered
 * @slots: the table
 * @ctx: the call's context word
 *
 * From now on its answer would be late.
 *
 * Return: as qda_slots_take().
 */
struct qda_invocation *qda_slots_take_polled(struct qda_slots *slots, u64 ctx)
{
	return qda_slots_take_ctx(slots, ctx, true);
}
EXPORT_SYMBOL_IF_KUNIT(qda_slots_take_polled);

/**
 * qda_slots_is_late - Whether an answer is for a call that was polled
 * @slots: the table
 * @ctx: context word of the answer; any number
 *
 * Return: true when it is, and the first one.
 */
bool qda_slots_is_late(struct qda_slots *slots, u64 ctx)
{
	u32 id = FIELD_GET(QDA_CTX_ID, ctx);

	guard(spinlock_irqsave)(&slots->lock);

	if (slots->slot[id].ctx != ctx || !slots->slot[id].polled)
		return false;
	slots->slot[id].polled = false;

	return true;
}
EXPORT_SYMBOL_IF_KUNIT(qda_slots_is_late);

/**
 * qda_slots_kill - Let no call into the table any more
 * @slots: the table
 */
void qda_slots_kill(struct qda_slots *slots)
{
	guard(spinlock_irqsave)(&slots->lock);
	slots->dead = true;
}
EXPORT_SYMBOL_IF_KUNIT(qda_slots_kill);

/**
 * qda_slots_take_any - Take some call out of the table
 * @slots: the table
 *
 * Return: a call, which the caller now must complete, or NULL when there is none.
 */
struct qda_invocation *qda_slots_take_any(struct qda_slots *slots)
{
	struct qda_invocation *inv = NULL;
	bool user = false;
	u32 id;

	scoped_guard(spinlock_irqsave, &slots->lock) {
		id = find_next_bit(slots->used, QDA_SLOTS, 1);
		if (id < QDA_SLOTS)
			inv = qda_slots_clear(slots, id, &user);
	}
	if (user)
		qda_turns_give(&slots->user_ids);

	return inv;
}
EXPORT_SYMBOL_IF_KUNIT(qda_slots_take_any);

/**
 * qda_slots_next - Look at the next call in flight
 * @slots: the table
 * @id: where to go on; 0 at first
 * @look: called with the call, which stays in the table meanwhile
 * @arg: its second argument
 *
 * Return: false when there are no more.
 */
bool qda_slots_next(struct qda_slots *slots, u32 *id,
		    void (*look)(const struct qda_invocation *inv, void *arg), void *arg)
{
	guard(spinlock_irqsave)(&slots->lock);

	*id = find_next_bit(slots->used, QDA_SLOTS, *id + 1);
	if (*id >= QDA_SLOTS)
		return false;
	look(slots->slot[*id].inv, arg);

	return true;
}
EXPORT_SYMBOL_IF_KUNIT(qda_slots_next);

/**
 * qda_slots_count - How many calls are in flight
 * @slots: the table
 *
 * Return: their number.
 */
u32 qda_slots_count(struct qda_slots *slots)
{
	guard(spinlock_irqsave)(&slots->lock);
	return slots->count;
}
EXPORT_SYMBOL_IF_KUNIT(qda_slots_count);
