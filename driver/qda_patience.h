/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_PATIENCE_H__
#define __QDA_PATIENCE_H__

#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/types.h>

long qda_patience_for_answer(void);

/**
 * struct qda_patience - What ends the waiting of a caller
 * @state: TASK_KILLABLE, maybe with TASK_NOLOAD, or TASK_INTERRUPTIBLE
 * @end: time in jiffies, U64_MAX for never
 *
 * It holds for all waits of an ioctl together.
 */
struct qda_patience {
	unsigned int state;
	u64 end;
};

static inline void qda_patience_init(struct qda_patience *patience, unsigned int state,
				     long timeout)
{
	patience->state = state;
	patience->end = U64_MAX;
	if (timeout != MAX_SCHEDULE_TIMEOUT)
		patience->end = get_jiffies_64() + timeout;
}

/* Return: for how many jiffies the caller still waits. */
static inline long qda_patience_left(const struct qda_patience *patience)
{
	u64 now;

	if (patience->end == U64_MAX)
		return MAX_SCHEDULE_TIMEOUT;

	now = get_jiffies_64();

	return patience->end > now ? patience->end - now : 0;
}

static inline bool qda_patience_is_disturbed(const struct qda_patience *patience)
{
	return signal_pending_state(patience->state, current);
}

/* What a wait returns that a signal ended: a handler may run, then it goes on. */
static inline int qda_patience_error(const struct qda_patience *patience)
{
	if (patience->state != TASK_INTERRUPTIBLE || fatal_signal_pending(current))
		return -EINTR;

	return -ERESTARTSYS;
}

#endif /* __QDA_PATIENCE_H__ */
