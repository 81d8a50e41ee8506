/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_USAGE_H__
#define __QDA_USAGE_H__

#include <linux/spinlock_types.h>
#include <linux/types.h>

struct qda_invocation;

/**
 * struct qda_usage - How much a session uses the DSP
 * @lock: protects everything below; taken with interrupts off
 * @busy: calls in flight that keep the DSP busy
 * @since: when there was the first of them
 * @busy_ns: how long there was one, up to @since
 * @calls: calls of the user that were begun
 * @errors: those of them that ended in another way than with the answer 0
 */
struct qda_usage {
	/* Protects the counters. */
	spinlock_t lock;
	u32 busy;
	u64 since;
	u64 busy_ns;
	u64 calls;
	u64 errors;
};

/**
 * struct qda_usage_sums - What a session has used up to now
 * @busy_ns: how long there was a call in flight that keeps the DSP busy
 * @calls: calls of the user that were begun
 * @errors: those of them that ended in another way than with the answer 0
 */
struct qda_usage_sums {
	u64 busy_ns;
	u64 calls;
	u64 errors;
};

void qda_usage_init(struct qda_usage *usage);
void qda_usage_begin(const struct qda_invocation *inv);
void qda_usage_end(const struct qda_invocation *inv);
void qda_usage_read(struct qda_usage *usage, struct qda_usage_sums *sums);

#endif /* __QDA_USAGE_H__ */
