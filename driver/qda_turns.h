/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_TURNS_H__
#define __QDA_TURNS_H__

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

struct qda_patience;

#define QDA_TURNS_WAITED_FOR	(-1)

/**
 * struct qda_turns - A number of something that callers take turns with
 * @free: how many are free; QDA_TURNS_WAITED_FOR: none, and somebody waits
 * @lock: protects @waiters and whether @free says that there are some; taken with
 *	interrupts off
 * @waiters: who waits, the longest first
 *
 * A semaphore that one can wait for with a time limit as well as with signals. As long as
 * nobody waits, taking and giving is one atomic operation.
 */
struct qda_turns {
	atomic_t free;
	/* Protects those who wait. */
	spinlock_t lock;
	struct list_head waiters;
};

void qda_turns_init(struct qda_turns *turns, u32 count);
int qda_turns_take(struct qda_turns *turns, const struct qda_patience *patience);
bool qda_turns_try_take(struct qda_turns *turns);
void qda_turns_give(struct qda_turns *turns);

#endif /* __QDA_TURNS_H__ */
