// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * How much of a DSP each session uses. The DSP does not tell what it spends on whom;
 * what can be seen from here is how long it had something to do for a session.
 */
#include <linux/cleanup.h>
#include <linux/sched/clock.h>
#include <linux/spinlock.h>

#include "qda_invocation.h"
#include "qda_session.h"
#include "qda_usage.h"

/**
 * qda_usage_init - Begin with nothing used
 * @usage: zeroed memory
 */
void qda_usage_init(struct qda_usage *usage)
{
	spin_lock_init(&usage->lock);
}

static u64 qda_usage_elapsed(const struct qda_usage *usage)
{
	lockdep_assert_held(&usage->lock);

	if (!usage->busy)
		return 0;

	/* The clocks of two CPUs may differ a little. */
	return max_t(s64, local_clock() - usage->since, 0);
}

/**
 * qda_usage_begin - A call is about to be in flight
 * @inv: the call, with its caller
 */
void qda_usage_begin(const struct qda_invocation *inv)
{
	struct qda_usage *usage = &inv->session->usage;

	guard(spinlock_irqsave)(&usage->lock);

	usage->calls += inv->user;
	if (qda_invocation_is_listener(inv))
		return;
	if (!usage->busy++)
		usage->since = inv->caller.since;
}

/**
 * qda_usage_end - A call is not in flight any more
 * @inv: the call, with its result
 *
 * Context: any.
 */
void qda_usage_end(const struct qda_invocation *inv)
{
	struct qda_usage *usage = &inv->session->usage;

	guard(spinlock_irqsave)(&usage->lock);

	if (inv->user && !qda_invocation_succeeded(inv))
		usage->errors++;
	if (qda_invocation_is_listener(inv))
		return;
	if (usage->busy == 1)
		usage->busy_ns += qda_usage_elapsed(usage);
	usage->busy--;
}

/**
 * qda_usage_read - What has been used up to now
 * @usage: of a session
 * @sums: result
 */
void qda_usage_read(struct qda_usage *usage, struct qda_usage_sums *sums)
{
	guard(spinlock_irqsave)(&usage->lock);

	sums->busy_ns = usage->busy_ns + qda_usage_elapsed(usage);
	sums->calls = usage->calls;
	sums->errors = usage->errors;
}
