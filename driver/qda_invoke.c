// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * DRM_IOCTL_QDA_REMOTE_INVOKE: calls of users.
 */
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <drm/drm_file.h>
#include <drm/drm_utils.h>
#include <drm/qda_accel.h>

#include "qda_async.h"
#include "qda_call.h"
#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_invoke.h"
#include "qda_parking.h"
#include "qda_patience.h"
#include "qda_poll.h"
#include "qda_pool.h"
#include "qda_session.h"
#include "qda_wire.h"

#define QDA_SCALARS_ATTR	GENMASK(31, 29)

static_assert(sizeof(struct drm_qda_invoke) == QDA_INVOKE_SIZE_MIN);

static void qda_invoke_limit(struct qda_patience *patience, u64 deadline)
{
	long timeout = MAX_SCHEDULE_TIMEOUT;

	if (deadline)
		timeout = drm_timeout_abs_to_jiffies(min_t(u64, deadline, KTIME_MAX));
	qda_patience_init(patience, TASK_INTERRUPTIBLE, timeout);
}

static int qda_invoke_check(const struct drm_qda_invoke *args)
{
	if (args->flags & ~QDA_INVOKE_ASYNC)
		return -EINVAL;
	if (args->sc & QDA_SCALARS_ATTR)
		return -EINVAL;
	if (args->handle == QDA_HANDLE_KERNEL)
		return -EPERM;

	return 0;
}

static int qda_invoke_conclude(const struct qda_call *call, u32 *status)
{
	struct qda_session *session = call->session;
	struct qda_invocation *inv = call->inv;

	if (inv->error)
		return inv->error;

	/* The DSP may have written something even if it says that it failed. */
	if (!qda_operands_sync_for_cpu(&inv->operands))
		return -EPIPE;

	*status = inv->status;
	if (!inv->status)
		return qda_call_store(call, inv);

	/* Only together with the announcement: skels use this code for their own ends. */
	if (inv->status == QDA_WIRE_EBADSTATE &&
	    qda_process_has_exited(&session->process, call->parked.generation))
		return -EPIPE;

	return 0;
}

/* For a call that the caller has waited for */
static int qda_invoke_end(const struct qda_call *call, struct drm_qda_invoke *args)
{
	int ret = qda_invoke_conclude(call, &args->dsp_status);

	qda_invocation_let_go(call->inv);

	return ret;
}

/*
 * A program that reads its completions does not want to wait for a place before: it is
 * the one who makes some, by reading.
 */
static struct qda_invocation *qda_invoke_take(struct qda_pool *pool, bool async,
					      const struct qda_patience *patience)
{
	struct qda_patience none;
	struct qda_invocation *inv;

	if (!async)
		return qda_pool_take(pool, patience);

	qda_patience_init(&none, TASK_INTERRUPTIBLE, 0);
	inv = qda_pool_take(pool, &none);

	return inv == ERR_PTR(-ETIMEDOUT) ? ERR_PTR(-EAGAIN) : inv;
}

static int qda_invoke_fill(const struct qda_call *call, const struct drm_qda_invoke *args,
			   struct qda_invocation *inv, const struct qda_patience *patience)
{
	struct qda_session *session = call->session;
	u64 generation = call->parked.generation;
	int ret;

	inv->client_id = session->id;
	inv->handle = args->handle;
	inv->sc = args->sc;
	ret = qda_call_map(call, inv);
	if (ret)
		return ret;
	ret = qda_call_load(call, inv);
	if (ret)
		return ret;
	if (!qda_operands_sync_for_device(&inv->operands))
		return -ENODEV;

	if (args->flags & QDA_INVOKE_ASYNC) {
		ret = qda_async_begin(inv, call->file, args->user_data, generation);
		if (ret)
			return ret;
	} else if (READ_ONCE(session->poll_mode)) {
		qda_poll_prepare(inv, &call->payload);
	}

	return qda_process_admit(&session->process, generation, inv, patience);
}

/**
 * qda_invoke_prepare - Make the call to the DSP, so that it only has to be published
 * @call: the caller's call
 * @args: what else the caller said
 * @patience: for how long to wait for a place
 *
 * Return: 0 or a negative error code.
 */
int qda_invoke_prepare(struct qda_call *call, const struct drm_qda_invoke *args,
		       const struct qda_patience *patience)
{
	struct qda_session *session = call->session;
	struct qda_invocation *inv;
	struct qda_pool *pool;
	int ret;

	pool = qda_process_use(&session->process, &call->parked.generation);
	if (IS_ERR(pool))
		return PTR_ERR(pool);

	inv = qda_invoke_take(pool, args->flags & QDA_INVOKE_ASYNC, patience);
	qda_pool_put(pool);
	if (IS_ERR(inv))
		return PTR_ERR(inv);

	ret = qda_invoke_fill(call, args, inv, patience);
	if (ret) {
		qda_invocation_put(inv);
		return ret;
	}
	call->inv = inv;

	return 0;
}

/* Frees a call that is not on a stack any more. */
static void qda_invoke_drop(struct qda_parked *parked)
{
	struct qda_call *call = container_of(parked, struct qda_call, parked);

	qda_invocation_put(call->inv);
	qda_parked_fini(parked);
	qda_call_fini(call);
	kfree(call);
}

/*
 * Only what is needed to end the call: its invocation and its arguments are those of
 * the new one from now on.
 */
static int qda_invoke_park(const struct qda_call *call, u64 *cookie)
{
	struct qda_session *session = call->session;
	struct qda_call *kept = kmemdup(call, sizeof(*call), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!kept)
		return -ENOMEM;
	if (call->payload.args == call->few)
		kept->payload.args = kept->few;
	kept->parked.drop = qda_invoke_drop;

	ret = qda_parking_add(&session->parking, &kept->parked, cookie);
	if (ret)
		kfree(kept);

	return ret;
}

static int qda_invoke_run(struct qda_call *call, struct drm_qda_invoke *args,
			  struct qda_patience *patience)
{
	int ret;

	ret = qda_invoke_prepare(call, args, patience);
	if (ret)
		goto out_fini;

	ret = qda_invocation_perform(call->inv, patience);
	if (ret == -ERESTARTSYS) {
		if (!qda_invoke_park(call, &args->cookie))
			return ret;
		/* It must not be sent again, so now it has to be waited for. */
		patience->state = TASK_KILLABLE;
		ret = qda_invocation_wait(call->inv, patience);
	}
	if (!ret)
		ret = qda_invoke_end(call, args);
	qda_invocation_put(call->inv);

out_fini:
	qda_call_fini(call);
	return ret;
}

static int qda_invoke_start(struct qda_call *call, const struct drm_qda_invoke *args,
			    const struct qda_patience *patience)
{
	int ret;

	if (qda_call_has_copied_outputs(call)) {
		ret = -EINVAL;
		goto out_fini;
	}
	ret = qda_invoke_prepare(call, args, patience);
	if (ret)
		goto out_fini;

	ret = qda_async_submit(call->inv, patience);
	qda_invocation_put(call->inv);

out_fini:
	qda_call_fini(call);
	return ret;
}

static int qda_invoke_begin(struct drm_qda_invoke *args, struct drm_file *file,
			    struct qda_patience *patience)
{
	/* Most calls use a small part of it. */
	struct qda_call call __uninitialized;
	int ret;

	ret = qda_invoke_check(args);
	if (ret)
		return ret;
	if (!qda_patience_left(patience))
		return -ETIMEDOUT;
	ret = qda_call_init(&call, args, file);
	if (ret)
		return ret;

	if (args->flags & QDA_INVOKE_ASYNC)
		return qda_invoke_start(&call, args, patience);

	return qda_invoke_run(&call, args, patience);
}

/*
 * Until somebody else takes the call, or the file is closed, it is as if it had never
 * left the parking.
 */
static int qda_invoke_resume(struct drm_qda_invoke *args, u64 cookie, struct drm_file *file,
			     struct qda_patience *patience)
{
	struct qda_session *session = file->driver_priv;
	struct qda_parked *parked;
	struct qda_call *call;
	int ret;

	if (args->flags)
		return -EINVAL;
	parked = qda_parking_take(&session->parking, cookie);
	if (!parked)
		return -ENOENT;

	call = container_of(parked, struct qda_call, parked);
	ret = qda_invocation_wait(call->inv, patience);
	if (ret == -ERESTARTSYS) {
		if (!qda_parking_add(&session->parking, parked, &args->cookie))
			return ret;
		patience->state = TASK_KILLABLE;
		ret = qda_invocation_wait(call->inv, patience);
	}
	if (!ret)
		ret = qda_invoke_end(call, args);
	qda_invoke_drop(parked);

	return ret;
}

/**
 * qda_invoke_submit - Make one of several calls that nobody waits for
 * @args: the call, with QDA_INVOKE_ASYNC
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_invoke describes.
 */
int qda_invoke_submit(struct drm_qda_invoke *args, struct drm_file *file)
{
	struct qda_patience patience;
	int ret;

	if (args->cookie)
		return -EINVAL;

	qda_invoke_limit(&patience, args->deadline);
	ret = qda_invoke_begin(args, file, &patience);

	return ret == -ENODEV ? -EPIPE : ret;
}

/**
 * qda_ioctl_remote_invoke - Implements DRM_IOCTL_QDA_REMOTE_INVOKE
 * @drm: the DRM device
 * @data: &struct drm_qda_invoke
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_invoke describes.
 */
int qda_ioctl_remote_invoke(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_qda_invoke *args = data;
	struct qda_patience patience;
	u64 cookie = args->cookie;
	int ret;

	args->dsp_status = 0;
	args->cookie = 0;

	qda_invoke_limit(&patience, args->deadline);
	if (cookie)
		ret = qda_invoke_resume(args, cookie, file, &patience);
	else
		ret = qda_invoke_begin(args, file, &patience);

	/* New calls do not get this far without a DSP: it went while this one waited. */
	return ret == -ENODEV ? -EPIPE : ret;
}
