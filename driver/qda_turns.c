// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * First come, first served. Who gives something back hands it to who has waited
 * longest, so nobody who comes later can be faster.
 */
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
	turns->free = count;
	INIT_LIST_HEAD(&turns->waiters);
}
EXPORT_SYMBOL_IF_KUNIT(qda_turns_init);

static bool qda_turns_take_free(struct qda_turns *turns)
{
	lockdep_assert_held(&turns->lock);

	if (!turns->free)
		return false;
	turns->free--;

	return true;
}

/**
 * qda_turns_try_take - Take one without waiting
 * @turns: what to take from
 *
 * Return: true when one was free.
 */
bool qda_turns_try_take(struct qda_turns *turns)
{
	guard(spinlock_irqsave)(&turns->lock);
	return qda_turns_take_free(turns);
}
EXPORT_SYMBOL_IF_KUNIT(qda_turns_try_take);

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

	if (qda_turns_take_free(turns))
		return 0;

	list_add_tail(&waiter.node, &turns->waiters);
	ret = qda_turns_wait(turns, &waiter, patience);
	if (ret)
		list_del(&waiter.node);

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

/**
 * qda_turns_give - Give one back
 * @turns: what it was taken from
 *
 * Context: any.
 */
void qda_turns_give(struct qda_turns *turns)
{
	struct qda_turns_waiter *waiter;

	guard(spinlock_irqsave)(&turns->lock);

	waiter = list_first_entry_or_null(&turns->waiters, struct qda_turns_waiter, node);
	if (!waiter) {
		turns->free++;
		return;
	}
	list_del(&waiter->node);
	waiter->served = true;
	wake_up_process(waiter->task);
}
EXPORT_SYMBOL_IF_KUNIT(qda_turns_give);
