// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What user space is told when a DSP goes away with somebody's work on it: a dump of what
 * the driver knows, which is not in the DSP's memory that remoteproc dumps, and an event.
 */
#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/devcoredump.h>
#include <linux/kobject.h>
#include <linux/limits.h>
#include <linux/sprintf.h>
#include <linux/vmalloc.h>

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include "qda_answers.h"
#include "qda_crash.h"
#include "qda_device.h"
#include "qda_ras.h"
#include "qda_report.h"

static void qda_crash_print(struct qda_device *qdev, struct drm_printer *p)
{
	drm_printf(p, "QDA dump, version 1\n");
	drm_printf(p, "driver: %s\n", qdev->drm.driver->name);
	drm_printf(p, "domain: %s\n", qdev->domain->name);
	drm_printf(p, "device: %s\n", dev_name(qdev->drm.dev));
	drm_printf(p, "calls in flight:\n");
	qda_report_calls(qdev, p);
	drm_printf(p, "sessions:\n");
	qda_report_sessions(qdev, p);
	drm_printf(p, "last answers:\n");
	qda_answers_print(&qdev->answers, p);
}

static ssize_t qda_crash_print_to(struct qda_device *qdev, void *data, ssize_t size)
{
	struct drm_print_iterator iter = { .data = data, .remain = size };
	struct drm_printer p = drm_coredump_printer(&iter);

	qda_crash_print(qdev, &p);

	return size - iter.remain;
}

/*
 * The dump belongs to the accel device, not to its parent as with most drivers. That is
 * being removed with the transport, and a dump would keep it, and need the code that
 * releases it, for minutes. It is also the device that the event is about.
 */
static void qda_crash_dump(struct qda_device *qdev)
{
	/* A call or an answer that comes now can make it longer; then its end is cut off. */
	ssize_t size = qda_crash_print_to(qdev, NULL, INT_MAX);
	void *data = vmalloc(size);

	if (!data)
		return;
	size = qda_crash_print_to(qdev, data, size);
	dev_coredumpv(qdev->drm.accel->kdev, data, size, GFP_KERNEL);
}

/*
 * The event of drm_dev_wedged_event(), which uses the primary minor; accel devices do not
 * have one. Nobody has to recover anything: remoteproc restarts the DSP, which is a new
 * accel device then.
 */
static void qda_crash_send_event(struct qda_device *qdev)
{
	char pid[sizeof("PID=") + 10] = "", task[sizeof("TASK=") + TASK_COMM_LEN] = "";
	struct qda_culprit culprit;
	char *envp[4] = {};

	envp[0] = "WEDGED=none";
	qda_report_culprit(qdev, &culprit);
	if (culprit.pid) {
		snprintf(pid, sizeof(pid), "PID=%d", culprit.pid);
		snprintf(task, sizeof(task), "TASK=%s", culprit.comm);
		envp[1] = pid;
		envp[2] = task;
	}
	kobject_uevent_env(&qdev->drm.accel->kdev->kobj, KOBJ_CHANGE, envp);
}

/**
 * qda_crash_announce - Tell user space that the DSP went away
 * @qdev: the DSP, whose calls in flight are still there; it is registered
 *
 * An idle DSP that goes away is nothing to tell.
 */
void qda_crash_announce(struct qda_device *qdev)
{
	if (!atomic_read(&qdev->stats.processes) && !qda_slots_count(&qdev->slots))
		return;

	qda_ras_count(qdev, QDA_RAS_LOST);
	/* First the dump, so that who gets the event finds it. */
	qda_crash_dump(qdev);
	qda_crash_send_event(qdev);
}
