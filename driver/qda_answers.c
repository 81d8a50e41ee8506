// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/bitfield.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>

#include <drm/drm_print.h>

#include "qda_answers.h"
#include "qda_slots.h"

/**
 * qda_answers_add - The DSP has answered
 * @answers: where to take note
 * @ctx: context word; any number
 * @status: what the method returned
 * @known: a call in flight had this context word
 *
 * Context: any.
 */
void qda_answers_add(struct qda_answers *answers, u64 ctx, u32 status, bool known)
{
	u32 number = atomic_inc_return(&answers->count) - 1;
	struct qda_answer *answer = &answers->last[number % QDA_ANSWERS];

	WRITE_ONCE(answer->time, jiffies);
	WRITE_ONCE(answer->ctx, ctx);
	WRITE_ONCE(answer->status, status);
	WRITE_ONCE(answer->known, known);
}

/**
 * qda_answers_print - Print the last answers, the last one first
 * @answers: the answers
 * @p: where to print
 */
void qda_answers_print(const struct qda_answers *answers, struct drm_printer *p)
{
	u32 count = atomic_read(&answers->count);

	drm_printf(p, "# age_ms slot seq status call\n");
	for (u32 i = 0; i < min(count, QDA_ANSWERS); i++) {
		const struct qda_answer *answer = &answers->last[(count - 1 - i) % QDA_ANSWERS];
		u64 ctx = READ_ONCE(answer->ctx);
		unsigned long age = jiffies - READ_ONCE(answer->time);

		drm_printf(p, "%u %llu %llu %#x %s\n", jiffies_to_msecs(age),
			   FIELD_GET(QDA_CTX_ID, ctx), FIELD_GET(QDA_CTX_SEQ, ctx),
			   READ_ONCE(answer->status),
			   READ_ONCE(answer->known) ? "in-flight" : "none");
	}
}
