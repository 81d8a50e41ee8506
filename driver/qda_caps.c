// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The DSP's capabilities. It is asked for all of them at once, when somebody first wants
 * to know one, and once. There is one question at a time: if the DSP is silent, those
 * who ask later wait for the answer to the same one.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include <drm/drm_drv.h>
#include <drm/qda_accel.h>

#include "qda_caps.h"
#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_kernel_call.h"
#include "qda_patience.h"
#include "qda_payload.h"
#include "qda_pool.h"
#include "qda_ras.h"
#include "qda_session.h"
#include "qda_wire.h"

static struct qda_device *qda_caps_device(struct qda_caps *caps)
{
	return container_of(caps, struct qda_device, caps);
}

/* What it means that the question is completed; it is over then. */
static int qda_caps_conclude(struct qda_caps *caps)
{
	struct qda_invocation *call = caps->call;
	int ret = call->error;

	lockdep_assert_held(&caps->lock);

	caps->status = call->status;
	if (!ret && call->status == QDA_WIRE_EUNSUPPORTED) {
		caps->state = QDA_CAPS_REFUSED;
		ret = -EOPNOTSUPP;
	} else if (!ret && call->status) {
		ret = -EREMOTEIO;
	} else if (!ret) {
		ret = qda_kernel_call_read(call, caps->result, caps->value, sizeof(caps->value));
		if (!ret)
			caps->state = QDA_CAPS_KNOWN;
	}
	caps->call = NULL;
	qda_invocation_put(call);
	qda_session_put_cb(caps->lender);

	return ret;
}

/* It may run while who completes the question has not quite done so. */
static void qda_caps_take_answer(struct qda_caps *caps)
{
	struct qda_patience patience;

	guard(mutex)(&caps->lock);

	if (!caps->call || !READ_ONCE(caps->answered))
		return;
	qda_patience_init(&patience, TASK_KILLABLE, MAX_SCHEDULE_TIMEOUT);
	if (!qda_invocation_wait(caps->call, &patience))
		qda_caps_conclude(caps);
}

static void qda_caps_work(struct work_struct *work)
{
	struct qda_caps *caps = container_of(work, struct qda_caps, work);

	qda_caps_take_answer(caps);
	drm_dev_put(&qda_caps_device(caps)->drm);
}

/* Called in any context. The call still keeps the device, so the put is not the last. */
static void qda_caps_answered(struct qda_invocation *inv)
{
	struct qda_device *qdev = inv->qdev;

	WRITE_ONCE(qdev->caps.answered, true);
	drm_dev_get(&qdev->drm);
	if (!queue_work(qda_wq, &qdev->caps.work))
		drm_dev_put(&qdev->drm);
}

/**
 * qda_caps_init - Begin without knowing anything
 * @caps: zeroed memory inside the device
 */
void qda_caps_init(struct qda_caps *caps)
{
	mutex_init(&caps->lock);
	INIT_WORK(&caps->work, qda_caps_work);
}

/**
 * qda_caps_fini - Undo qda_caps_init()
 * @caps: what nobody uses any more
 */
void qda_caps_fini(struct qda_caps *caps)
{
	mutex_destroy(&caps->lock);
}

/**
 * qda_caps_disconnect - The DSP went away and will not answer
 * @caps: the capabilities; all calls in flight have been completed
 */
void qda_caps_disconnect(struct qda_caps *caps)
{
	guard(mutex)(&caps->lock);

	if (caps->call)
		qda_caps_conclude(caps);
}

/*
 * The DSP is told for how many words there is room. Number 1 comes first: number 0
 * would be what user space finds out without the DSP.
 */
static int qda_caps_write(struct qda_caps *caps, struct qda_invocation *inv)
{
	__le32 count = cpu_to_le32(QDA_CAPS_COUNT);
	struct qda_payload_arg args[] = {
		{ .length = sizeof(count) },
		{ .length = sizeof(caps->value) },
	};
	const void *data[ARRAY_SIZE(args)] = { &count };
	struct qda_payload payload = { .args = args, .count = ARRAY_SIZE(args) };
	int ret;

	inv->handle = QDA_WIRE_HANDLE_UTILITIES;
	inv->sc = QDA_SCALARS(QDA_WIRE_UTILITIES_CAPABILITIES, 1, 1);
	ret = qda_kernel_call_write(inv, &payload, data);
	caps->result = args[1].offset;

	return ret;
}

static struct qda_invocation *qda_caps_make_call(struct qda_caps *caps,
						 struct qda_session *session)
{
	struct qda_pool *pool = qda_pool_create(session, QDA_CTX_PD_USER);
	struct qda_invocation *inv;
	int ret;

	if (IS_ERR(pool))
		return ERR_CAST(pool);

	inv = qda_pool_take_reserved(pool);
	qda_pool_put(pool);
	if (IS_ERR(inv))
		return inv;

	ret = qda_caps_write(caps, inv);
	if (ret) {
		qda_invocation_put(inv);
		return ERR_PTR(ret);
	}
	inv->answered = qda_caps_answered;

	return inv;
}

/*
 * The question needs memory that the DSP can write to, so it needs a context bank. It
 * keeps that as long as the DSP may write: until the answer or the end of the channel.
 */
static int qda_caps_ask(struct qda_caps *caps, struct qda_session *session)
{
	struct qda_session *lender = qda_session_with_cb(session);
	long timeout = qda_patience_for_answer();
	struct qda_invocation *inv;
	struct qda_patience patience;

	lockdep_assert_held(&caps->lock);

	if (IS_ERR(lender))
		return PTR_ERR(lender);

	inv = qda_caps_make_call(caps, lender);
	if (IS_ERR(inv)) {
		qda_session_put_cb(lender);
		return PTR_ERR(inv);
	}

	caps->call = inv;
	caps->lender = lender;
	WRITE_ONCE(caps->answered, false);
	caps->deadline = jiffies + timeout;
	qda_patience_init(&patience, TASK_KILLABLE, timeout);
	qda_invocation_start(inv, &patience);

	return 0;
}

static int qda_caps_fetch(struct qda_caps *caps, struct qda_session *session)
{
	struct qda_patience patience;
	long left;
	int ret;

	lockdep_assert_held(&caps->lock);

	if (!caps->call) {
		ret = qda_caps_ask(caps, session);
		if (ret)
			return ret;
	}

	left = max((long)(caps->deadline - jiffies), 0L);
	qda_patience_init(&patience, TASK_KILLABLE, left);
	ret = qda_invocation_wait(caps->call, &patience);
	/* Who asks when the time is over already does not make it worse. */
	if (ret == -ETIMEDOUT && left)
		qda_ras_count(session->qdev, QDA_RAS_TIMEOUT);
	if (ret)
		return ret;

	return qda_caps_conclude(caps);
}

/**
 * qda_caps_get - Get the value of a capability
 * @session: who wants to know
 * @number: which one, 1 to QDA_CAPS_COUNT
 * @value: where to store it; what the DSP says is not judged
 * @status: where to store what the DSP answered, if it refused
 *
 * Return: 0, -EOPNOTSUPP when the DSP tells none, -EREMOTEIO when it refused otherwise,
 * -EBUSY when no context bank is free to ask it, -ETIMEDOUT, -EINTR when killed, -EPIPE
 * or -ENODEV when the channel ended, or another negative error code.
 */
int qda_caps_get(struct qda_session *session, u32 number, u32 *value, u32 *status)
{
	struct qda_caps *caps = &session->qdev->caps;
	int ret = 0;

	if (mutex_lock_killable(&caps->lock))
		return -EINTR;

	if (caps->state == QDA_CAPS_UNKNOWN)
		ret = qda_caps_fetch(caps, session);
	else if (caps->state == QDA_CAPS_REFUSED)
		ret = -EOPNOTSUPP;
	if (!ret)
		*value = le32_to_cpu(caps->value[number - 1]);
	else if (ret == -EREMOTEIO)
		*status = caps->status;
	mutex_unlock(&caps->lock);

	return ret;
}
EXPORT_SYMBOL_FOR_MODULES(qda_caps_get, "qda_fastrpc_shim");
