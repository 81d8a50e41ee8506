/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_ANSWERS_H__
#define __QDA_ANSWERS_H__

#include <linux/atomic.h>
#include <linux/types.h>

struct drm_printer;

#define QDA_ANSWERS	16

/**
 * struct qda_answer - What the DSP said
 * @time: when, in jiffies
 * @ctx: context word
 * @status: what the method returned
 * @known: a call in flight had this context word
 */
struct qda_answer {
	unsigned long time;
	u64 ctx;
	u32 status;
	bool known;
};

/**
 * struct qda_answers - The last answers of the DSP
 * @count: how many there were
 * @last: the last ones, by number modulo their number
 *
 * There is no lock: this is on the way of each call and only for people to look at. An
 * answer that comes during a look may be seen with parts of an older one.
 */
struct qda_answers {
	atomic_t count;
	struct qda_answer last[QDA_ANSWERS];
};

void qda_answers_add(struct qda_answers *answers, u64 ctx, u32 status, bool known);
void qda_answers_print(const struct qda_answers *answers, struct drm_printer *p);

#endif /* __QDA_ANSWERS_H__ */
