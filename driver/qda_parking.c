// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Where calls wait for their callers. When a signal interrupts a call's ioctl, the DSP
 * may be running the method already, so the call must not be made again when
 * the ioctl is restarted. The call goes on here, and the caller gets a number with
 * which the restarted ioctl finds it.
 */
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#include "qda_parking.h"

/**
 * qda_parking_init - Begin with no calls
 * @parking: zeroed memory
 */
void qda_parking_init(struct qda_parking *parking)
{
	spin_lock_init(&parking->lock);
	INIT_LIST_HEAD(&parking->list);
}

/**
 * qda_parking_add - Park a call
 * @parking: the calls of the session
 * @parked: the call, with its generation and how to drop it. It gets a cookie if it has
 *	none; with an old one it can be found at once, as it was before
 * @cookie: its cookie is stored here
 *
 * Another thread of the caller's may guess the cookie and end the call, so on success the
 * caller has no business with @parked any more.
 *
 * Return: 0, or -EBUSY when there are too many.
 */
int qda_parking_add(struct qda_parking *parking, struct qda_parked *parked, u64 *cookie)
{
	guard(spinlock)(&parking->lock);

	if (parking->count >= QDA_PARKING_MAX)
		return -EBUSY;

	if (!parked->cookie) {
		parked->cookie = ++parking->cookie;
		mmgrab(current->mm);
		parked->mm = current->mm;
	}
	*cookie = parked->cookie;
	list_add_tail(&parked->node, &parking->list);
	parking->count++;

	return 0;
}

/**
 * qda_parking_take - The caller of a parked call is back
 * @parking: the calls of the session
 * @cookie: what the caller says is the call's number; any number
 *
 * Return: the call, which is the caller's now, or NULL when there is none with this
 * number that was made in this address space.
 */
struct qda_parked *qda_parking_take(struct qda_parking *parking, u64 cookie)
{
	struct qda_parked *parked;

	guard(spinlock)(&parking->lock);

	list_for_each_entry(parked, &parking->list, node) {
		if (parked->cookie != cookie || parked->mm != current->mm)
			continue;
		list_del(&parked->node);
		parking->count--;
		return parked;
	}

	return NULL;
}

/**
 * qda_parking_drop - Drop calls that nobody has come for
 * @parking: the calls of the session
 * @generation: those for older processes than this one
 */
void qda_parking_drop(struct qda_parking *parking, u64 generation)
{
	struct qda_parked *parked, *next;
	LIST_HEAD(old);

	scoped_guard(spinlock, &parking->lock) {
		list_for_each_entry_safe(parked, next, &parking->list, node) {
			if (parked->generation >= generation)
				continue;
			list_move(&parked->node, &old);
			parking->count--;
		}
	}

	list_for_each_entry_safe(parked, next, &old, node)
		parked->drop(parked);
}

/**
 * qda_parked_fini - A call that was parked ends
 * @parked: the call, which is in no list
 */
void qda_parked_fini(struct qda_parked *parked)
{
	mmdrop(parked->mm);
}
