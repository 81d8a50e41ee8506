// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls that nobody waits for. Their completion is an event on the caller's file, for
 * which there is room before the call is sent, so that none can be lost. It is sent by
 * who takes it away from the call: the answer, or the deadline.
 */
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/uaccess.h>

#include <drm/drm_file.h>
#include <drm/qda_accel.h>

#include "qda_async.h"
#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_invoke.h"
#include "qda_patience.h"
#include "qda_pool.h"
#include "qda_session.h"
#include "qda_wire.h"

/* What DRM sets aside for the events of a file */
#define QDA_ASYNC_EVENT_BYTES	4096

static_assert(QDA_ASYNC_EVENT_BYTES / sizeof(struct drm_qda_event_invoke) == QDA_ASYNC_EVENTS);
static_assert(sizeof(struct drm_qda_event_invoke) == 24);

/**
 * struct qda_event - Completion of a call
 * @base: for DRM, which frees all of it
 * @invoke: what the user reads
 * @generation: for which of the session's processes the call is
 */
struct qda_event {
	struct drm_pending_event base;
	struct drm_qda_event_invoke invoke;
	u64 generation;
};

static struct qda_event *qda_async_take_event(struct qda_invocation *inv)
{
	return xchg(&inv->event, NULL);
}

/* When the file has been closed meanwhile DRM just frees the event. */
static void qda_async_send(struct qda_invocation *inv, struct qda_event *event, int error,
			   u32 status)
{
	event->invoke.error = error;
	event->invoke.dsp_status = status;
	drm_send_event(&inv->qdev->drm, &event->base);
}

static void qda_async_send_result(struct qda_invocation *inv)
{
	struct qda_process *process = &qda_pool_session(inv->pool)->process;
	struct qda_event *event = qda_async_take_event(inv);
	int error = inv->error;

	if (!event)
		return;

	/* As for who waits: the DSP went while the call was in flight. */
	if (error == -ENODEV)
		error = -EPIPE;
	if (inv->status == QDA_WIRE_EBADSTATE && qda_process_has_exited(process, event->generation))
		error = -EPIPE;
	qda_async_send(inv, event, error, inv->status);
}

/* Whoever stopped the timer has its reference, which is not the last one. */
static void qda_async_stop_timer(struct qda_invocation *inv)
{
	if (timer_delete(&inv->timer))
		qda_invocation_put(inv);
}

/*
 * Called in any context, where buffers cannot be taken back from the DSP: with some
 * the event has to wait until nobody uses the call any more. Without, nothing is left
 * to do then.
 */
static void qda_async_answered(struct qda_invocation *inv)
{
	qda_async_stop_timer(inv);
	if (inv->operands.count)
		return;
	inv->retired = NULL;
	qda_async_send_result(inv);
}

/* The user may look at the buffers and close them when the event comes. */
static void qda_async_retired(struct qda_invocation *inv)
{
	if (!qda_operands_sync_for_cpu(&inv->operands) && !inv->error) {
		inv->error = -EPIPE;
		inv->status = 0;
	}
	qda_operands_fini(&inv->operands);
	qda_async_send_result(inv);
}

static void qda_async_timeout(struct qda_invocation *inv)
{
	struct qda_event *event = qda_async_take_event(inv);

	if (event)
		qda_async_send(inv, event, -ETIMEDOUT, 0);
}

/**
 * qda_async_begin - Make a call one that nobody waits for
 * @inv: the call, not published
 * @file: the caller's file
 * @user_data: what the caller wants to find in the event
 * @generation: for which of the session's processes the call is
 *
 * If the call is not submitted after all, the last put of it undoes this.
 *
 * Return: 0, -ENOMEM, or -EAGAIN when there is no room for the event.
 */
int qda_async_begin(struct qda_invocation *inv, struct drm_file *file, u64 user_data,
		    u64 generation)
{
	struct qda_event *event = kzalloc_obj(*event, GFP_KERNEL_ACCOUNT);

	if (!event)
		return -ENOMEM;

	event->invoke.base.type = QDA_EVENT_INVOKE;
	event->invoke.base.length = sizeof(event->invoke);
	event->invoke.user_data = user_data;
	event->generation = generation;
	if (drm_event_reserve_init(&inv->qdev->drm, file, &event->base, &event->invoke.base)) {
		kfree(event);
		return -EAGAIN;
	}
	inv->event = event;

	return 0;
}

/**
 * qda_async_cancel - There will be no event
 * @inv: the call
 */
void qda_async_cancel(struct qda_invocation *inv)
{
	struct qda_event *event = qda_async_take_event(inv);

	if (event)
		drm_event_cancel_free(&inv->qdev->drm, &event->base);
}

static void qda_async_start_timer(struct qda_invocation *inv, const struct qda_patience *patience)
{
	long left = qda_patience_left(patience);

	if (left == MAX_SCHEDULE_TIMEOUT)
		return;
	qda_invocation_get(inv);
	mod_timer(&inv->timer, jiffies + min_t(unsigned long, left, MAX_JIFFY_OFFSET));
}

/**
 * qda_async_submit - Send a call and do not wait for its answer
 * @inv: the call, ready to be published
 * @patience: until when it must be answered
 *
 * Return: 0 when there is or will be an event, else an error and there will be none.
 */
int qda_async_submit(struct qda_invocation *inv, const struct qda_patience *patience)
{
	struct qda_event *event;
	int ret;

	inv->answered = qda_async_answered;
	inv->retired = qda_async_retired;
	inv->timeout = qda_async_timeout;
	qda_async_start_timer(inv, patience);
	ret = qda_invocation_submit(inv, patience);
	if (!ret)
		return 0;

	qda_async_stop_timer(inv);
	event = qda_async_take_event(inv);
	if (!event)
		return 0;
	drm_event_cancel_free(&inv->qdev->drm, &event->base);

	return ret;
}

/* Structures of callers who know fewer fields are shorter, of others longer. */
static int qda_batch_submit(struct drm_file *file, const void __user *user, u32 stride)
{
	struct drm_qda_invoke args;
	int ret;

	ret = copy_struct_from_user(&args, sizeof(args), user, stride);
	if (ret)
		return ret;
	if (!(args.flags & QDA_INVOKE_ASYNC))
		return -EINVAL;

	return qda_invoke_submit(&args, file);
}

/**
 * qda_ioctl_remote_invoke_batch - Implements DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH
 * @drm: the DRM device
 * @data: &struct drm_qda_invoke_batch
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_invoke_batch describes.
 */
int qda_ioctl_remote_invoke_batch(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_qda_invoke_batch *args = data;
	const char __user *calls = u64_to_user_ptr(args->calls);
	int ret = 0;

	args->submitted = 0;
	args->error = 0;
	if (args->flags || args->pad || args->stride < QDA_INVOKE_SIZE_MIN)
		return -EINVAL;
	/* What a later header may add is looked through without a pause. */
	if (args->stride > SZ_4K)
		return -E2BIG;

	while (!ret && args->submitted < args->count) {
		if (args->submitted && signal_pending(current))
			ret = -EINTR;
		else
			ret = qda_batch_submit(file, calls, args->stride);
		if (!ret)
			args->submitted++;
		calls += args->stride;
	}
	if (!args->submitted)
		return ret;

	/* The signal's handler runs all the same, and nobody restarts a part. */
	args->error = ret == -ERESTARTSYS ? -EINTR : ret;

	return 0;
}
