/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_CALLER_H__
#define __QDA_CALLER_H__

#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * struct qda_caller - Who made a call, and when
 * @since: time by local_clock(), which is cheap and good for differences
 * @pid: the thread
 * @comm: its name
 */
struct qda_caller {
	u64 since;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/**
 * qda_caller_set - Take note of the running thread
 * @caller: where
 *
 * This is on the way of each call, hence a plain copy of the name: somebody who changes
 * it just now may leave half of it here.
 */
static inline void qda_caller_set(struct qda_caller *caller)
{
	caller->since = local_clock();
	caller->pid = task_pid_nr(current);
	memcpy(caller->comm, current->comm, sizeof(caller->comm));
	caller->comm[sizeof(caller->comm) - 1] = '\0';
}

/**
 * qda_caller_age - How long ago a call was made
 * @caller: who made it
 *
 * Return: nanoseconds.
 */
static inline u64 qda_caller_age(const struct qda_caller *caller)
{
	/* The clocks of two CPUs may differ a little. */
	return max_t(s64, local_clock() - caller->since, 0);
}

#endif /* __QDA_CALLER_H__ */
