// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * First come, first served. Who gives something back hands it to who has waited
 * longest, so nobody who comes later can be faster.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include <kunit/visibility.h>

#include "qda_patience.h"
#include "qda_turns.h"

/**
 * struct qda_turns_waiter - Somebody who waits
 * @node: entry in the list
 * @task: whom to wake
 * @served: it is the waiter's turn
 */
struct qda_turns_waiter {
	struct list_head node;
	struct task_struct *task;
	bool served;
};

/**
 * qda_turns_init - Begin with everything free
 * @turns: memory
 * @count: how many there are
 */
void qda_turns_init(struct qda_turns *turns, u32 count)
{
	spin_lock_init(&turns->lock);
	atomic_set(&turns->free, count);
	INIT_LIST_HEAD(&turns->waiters);
}
EXPORT_SYMBOL_IF_KUNIT(qda_turns_init);

/**
 * qda_turns_try_take - Take one without waiting
 * @turns: what to take from
 *
 * Return: true when one was free.
 */
bool qda_turns_try_take(struct qda_turns *turns)
{
	return atomic_dec_if_positive(&turns->free) >= 0;
}
EXPORT_SYMBOL_IF_KUNIT(qda_turns_try_take);

/* Return: true when one could be taken; else who gives one knows now that somebody waits. */
static bool qda_turns_take_or_announce(struct qda_turns *turns)
{
	int free;

	lockdep_assert_held(&turns->lock);

	do {
		if (qda_turns_try_take(turns))
			return true;
		free = 0;
	} while (!atomic_try_cmpxchg(&turns->free, &free, QDA_TURNS_WAITED_FOR) &&
		 free != QDA_TURNS_WAITED_FOR);

	return false;
}

static void qda_turns_remove(struct qda_turns *turns, struct qda_turns_waiter *waiter)
{
	lockdep_assert_held(&turns->lock);

	list_del(&waiter->node);
	if (list_empty(&turns->waiters))
		atomic_set(&turns->free, 0);
}

/*
 * Who cannot be interrupted is frozen where it waits, as it would hold up a suspend; what
 * it is given then waits with it. Others leave when they are to be frozen and come back.
 */
static unsigned int qda_turns_state(const struct qda_patience *patience)
{
	return patience->state == TASK_INTERRUPTIBLE ? patience->state :
						       patience->state | TASK_FREEZABLE;
}

static int qda_turns_wait(struct qda_turns *turns, struct qda_turns_waiter *waiter,
			  const struct qda_patience *patience)
{
	long left;

	lockdep_assert_held(&turns->lock);

	while (!waiter->served) {
		left = qda_patience_left(patience);
		if (!left)
			return -ETIMEDOUT;
		if (qda_patience_is_disturbed(patience))
			return qda_patience_error(patience);

		__set_current_state(qda_turns_state(patience));
		spin_unlock_irq(&turns->lock);
		schedule_timeout(left);
		spin_lock_irq(&turns->lock);
	}

	return 0;
}

static int qda_turns_queue(struct qda_turns *turns, const struct qda_patience *patience)
{
	struct qda_turns_waiter waiter = { .task = current };
	int ret;

	guard(spinlock_irq)(&turns->lock);

	if (qda_turns_take_or_announce(turns))
		return 0;

	list_add_tail(&waiter.node, &turns->waiters);
	ret = qda_turns_wait(turns, &waiter, patience);
	if (ret)
		qda_turns_remove(turns, &waiter);

	return ret;
}

/**
 * qda_turns_take - Take one, waiting for the caller's turn
 * @turns: what to take from
 * @patience: for how long
 *
 * Return: 0, -ETIMEDOUT, -EINTR or -ERESTARTSYS.
 */
int qda_turns_take(struct qda_turns *turns, const struct qda_patience *patience)
{
	if (qda_turns_try_take(turns))
		return 0;

	return qda_turns_queue(turns, patience);
}
EXPORT_SYMBOL_IF_KUNIT(qda_turns_take);

static void qda_turns_hand_over(struct qda_turns *turns)
{
	struct qda_turns_waiter *waiter;

	guard(spinlock_irqsave)(&turns->lock);

	waiter = list_first_entry_or_null(&turns->waiters, struct qda_turns_waiter, node);
	/* The last one can have given up just now. */
	if (!waiter) {
		atomic_inc(&turns->free);
		return;
	}
	qda_turns_remove(turns, waiter);
	waiter->served = true;
	wake_up_process(waiter->task);
}

/**
 * qda_turns_give - Give one back
 * @turns: what it was taken from
 *
 * Context: any.
 */
void qda_turns_give(struct qda_turns *turns)
{
	if (!atomic_inc_unless_negative(&turns->free))
		qda_turns_hand_over(turns);
}
EXPORT_SYMBOL_IF_KUNIT(qda_turns_give);
