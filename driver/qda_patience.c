// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/time64.h>

#include "qda_patience.h"

/* Long enough for a DSP that is busy, short enough for somebody who looks at a terminal. */
#define QDA_ANSWER_MS	(10 * MSEC_PER_SEC)
#define QDA_ANSWER_MAX	(600 * MSEC_PER_SEC)

static unsigned int answer_ms;
module_param(answer_ms, uint, 0644);
MODULE_PARM_DESC(answer_ms,
		 "milliseconds a DSP has to answer the driver itself (default 0: 10000, at most 600000)");

/**
 * qda_patience_for_answer - How long the DSP has for an answer to the driver itself
 *
 * That is for what it is asked about processes, their memory and itself, not for calls.
 *
 * Return: jiffies.
 */
long qda_patience_for_answer(void)
{
	return msecs_to_jiffies(min(READ_ONCE(answer_ms) ?: QDA_ANSWER_MS, QDA_ANSWER_MAX));
}
