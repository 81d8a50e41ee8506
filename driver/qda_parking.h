/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_PARKING_H__
#define __QDA_PARKING_H__

#include <linux/list.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

struct mm_struct;

/* Calls that a session can have parked. With more, calls are not interrupted. */
#define QDA_PARKING_MAX	64

/**
 * struct qda_parked - A call whose ioctl was interrupted by a signal
 * @node: entry in the list
 * @cookie: number by which it is found, not 0
 * @mm: the caller's address space, whose structure is kept from being used for another
 *	one; the call's outputs go there and nowhere else
 * @generation: for which of the session's processes the call is
 * @drop: frees the call, when nobody comes for it
 */
struct qda_parked {
	struct list_head node;
	u64 cookie;
	struct mm_struct *mm;
	u64 generation;
	void (*drop)(struct qda_parked *parked);
};

/**
 * struct qda_parking - The interrupted calls of a session
 * @lock: protects everything below
 * @list: &struct qda_parked
 * @count: how many there are
 * @cookie: the last number that was given
 */
struct qda_parking {
	/* Protects the list of parked calls. */
	spinlock_t lock;
	struct list_head list;
	u32 count;
	u64 cookie;
};

void qda_parking_init(struct qda_parking *parking);
int qda_parking_add(struct qda_parking *parking, struct qda_parked *parked, u64 *cookie);
struct qda_parked *qda_parking_take(struct qda_parking *parking, u64 cookie);
void qda_parking_drop(struct qda_parking *parking, u64 generation);
void qda_parked_fini(struct qda_parked *parked);

#endif /* __QDA_PARKING_H__ */
