// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Suspend of the system. The DSP is not suspended with it, but the IOMMU that it reaches
 * memory through may be; so no work is taken into a suspend.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/pm.h>
#include <linux/time64.h>
#include <linux/types.h>

#include <drm/drm_print.h>

#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_pm.h"
#include "qda_poll.h"

/* How long a suspend waits for calls in flight, and how often it looks */
#define QDA_PM_PATIENCE		(2 * HZ)
#define QDA_PM_INTERVAL_MS	10

/* A call that has been in flight for this long waits for something to happen. */
#define QDA_PM_LONG_NS		(10ULL * NSEC_PER_SEC)

/**
 * struct qda_pm_search - What looking at a call in flight has found
 * @busy: it must be waited for
 * @ctx: its context word, if the DSP has done it without an answer, else 0
 */
struct qda_pm_search {
	bool busy;
	u64 ctx;
};

/*
 * Listeners, and threads that wait for an event on the DSP, are in calls that may never
 * end; they are no work. The protocol does not tell what a call does, only how long
 * it takes. A word in memory is seen by whoever looks, and callers are frozen by now.
 */
static void qda_pm_look(const struct qda_invocation *inv, void *arg)
{
	struct qda_pm_search *search = arg;

	if (qda_poll_has_succeeded(inv))
		search->ctx = inv->ctx;
	else
		search->busy = !qda_invocation_is_listener(inv) &&
			       qda_caller_age(&inv->caller) < QDA_PM_LONG_NS;
}

static bool qda_pm_is_busy(struct qda_device *qdev)
{
	struct qda_pm_search search = {};
	u32 id = 0;
	int idx;

	if (!qda_channel_enter(&qdev->channel, &idx))
		return false;
	while (!search.busy && qda_slots_next(&qdev->slots, &id, qda_pm_look, &search)) {
		if (search.ctx)
			qda_invocation_succeed(qdev, search.ctx);
		search.ctx = 0;
	}
	qda_channel_exit(&qdev->channel, idx);

	return search.busy;
}

/*
 * User space is frozen, so nothing new comes. It is before the first device, maybe an
 * IOMMU, is suspended.
 */
static int qda_pm_prepare(struct device *dev)
{
	struct qda_device *qdev = dev_get_drvdata(dev);
	unsigned long end = jiffies + QDA_PM_PATIENCE;

	while (qda_pm_is_busy(qdev)) {
		if (time_after(jiffies, end)) {
			drm_dbg(&qdev->drm, "no suspend, as calls are in flight\n");
			return -EBUSY;
		}
		fsleep(QDA_PM_INTERVAL_MS * USEC_PER_MSEC);
	}

	return 0;
}

/* What the rpmsg device of a DSP does in a suspend */
const struct dev_pm_ops qda_pm_ops = {
	.prepare = pm_sleep_ptr(qda_pm_prepare),
};
