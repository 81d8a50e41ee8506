// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include <drm/drm_drv.h>

#include "qda_cb.h"
#include "qda_device.h"
#include "qda_init_mem.h"
#include "qda_ras.h"
#include "qda_session.h"
#include "qda_user.h"

#define QDA_SESSION_CLOSE_TIMEOUT	(HZ / 2)

/**
 * qda_session_create - Make a session
 * @qdev: the DSP
 *
 * It has no context bank and nothing on the DSP yet, as programs also open the
 * device just to look.
 *
 * Return: the session with a reference, or an error pointer.
 */
struct qda_session *qda_session_create(struct qda_device *qdev)
{
	struct qda_session *session = kzalloc_obj(*session, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!session)
		return ERR_PTR(-ENOMEM);

	session->user = qda_user_get_current();
	if (IS_ERR(session->user)) {
		ret = PTR_ERR(session->user);
		goto err_free_session;
	}

	kref_init(&session->ref);
	session->qdev = qdev;
	mutex_init(&session->lock);
	qda_process_init(&session->process);
	qda_parking_init(&session->parking);
	qda_usage_init(&session->usage);
	qda_caller_set(&session->owner);
	session->owner.pid = task_tgid_nr(current);

	/*
	 * Ids go round rather than being used again at once, so that what the DSP
	 * says too late about a session does not hit the next one.
	 */
	ret = xa_alloc_cyclic_irq(&qdev->sessions, &session->id, session,
				  XA_LIMIT(1, INT_MAX), &qdev->next_session, GFP_KERNEL);
	if (ret)
		goto err_put_user;

	drm_dev_get(&qdev->drm);
	atomic_inc(&qdev->stats.sessions);

	return session;

err_put_user:
	qda_remote_maps_fini(&session->process.maps);
	mutex_destroy(&session->lock);
	qda_user_put(session->user);
err_free_session:
	kfree(session);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_FOR_MODULES(qda_session_create, "qda_fastrpc_shim");

static void qda_session_free(struct kref *ref)
{
	struct qda_session *session = container_of(ref, struct qda_session, ref);
	struct qda_device *qdev = session->qdev;

	xa_erase_irq(&qdev->sessions, session->id);
	qda_init_mem_drop(&session->process.init_mem);
	if (session->place.cb)
		qda_cb_release(&session->place);
	qda_remote_maps_fini(&session->process.maps);
	mutex_destroy(&session->lock);
	qda_user_put(session->user);
	kfree(session);
	atomic_dec(&qdev->stats.sessions);
	drm_dev_put(&qdev->drm);
}

/**
 * qda_session_get - Take a reference
 * @session: the session
 */
void qda_session_get(struct qda_session *session)
{
	kref_get(&session->ref);
}

/**
 * qda_session_put - Drop a reference
 * @session: the session
 *
 * Context: may sleep.
 */
void qda_session_put(struct qda_session *session)
{
	if (kref_put(&session->ref, qda_session_free))
		return;

	/* The session may be gone by now; its address is only a name here. */
	smp_mb__after_atomic();
	wake_up_var(&session->ref);
}

/**
 * qda_session_close - The user has closed the session
 * @session: the session, whose reference is dropped
 *
 * Waits a little for the DSP, so that who closes and opens again at once finds the
 * context bank free. If that was not enough the rest happens without the user.
 */
void qda_session_close(struct qda_session *session)
{
	qda_parking_drop(&session->parking, U64_MAX);
	qda_process_close(&session->process);
	wait_var_event_timeout(&session->ref, kref_read(&session->ref) == 1,
			       QDA_SESSION_CLOSE_TIMEOUT);
	qda_session_put(session);
}
EXPORT_SYMBOL_FOR_MODULES(qda_session_close, "qda_fastrpc_shim");

/**
 * qda_session_acquire_cb - See to it that the session has a context bank
 * @session: the session
 *
 * Return: 0, -EDQUOT when the user has too many, -EBUSY when no bank is free, -ENODEV
 * when the DSP is gone.
 */
int qda_session_acquire_cb(struct qda_session *session)
{
	guard(mutex)(&session->lock);

	if (session->place.cb)
		return 0;

	session->place.user = session->lender ? NULL : session->user;

	return qda_cb_acquire(session->qdev, &session->place);
}

static bool qda_session_has_cb(struct qda_session *session)
{
	guard(mutex)(&session->lock);
	return session->place.cb;
}

/**
 * qda_session_with_cb - Get a context bank for a call of the kernel
 * @session: who the call is for
 *
 * If the session has no bank it does not get one for that: a session that nobody else
 * knows of borrows one.
 *
 * Return: a session that has a bank, for qda_session_put_cb(), or an error pointer:
 * -EBUSY when no bank is free, -ENODEV when the DSP is gone.
 */
struct qda_session *qda_session_with_cb(struct qda_session *session)
{
	struct qda_session *lender;
	int ret;

	if (qda_session_has_cb(session)) {
		qda_session_get(session);
		return session;
	}

	lender = qda_session_create(session->qdev);
	if (IS_ERR(lender))
		return lender;
	lender->lender = true;

	ret = qda_session_acquire_cb(lender);
	if (ret) {
		qda_session_put(lender);
		return ERR_PTR(ret);
	}

	return lender;
}

/**
 * qda_session_put_cb - Undo qda_session_with_cb()
 * @lender: the session; the call is completed
 *
 * Who then needs a bank at once finds the borrowed one free.
 */
void qda_session_put_cb(struct qda_session *lender)
{
	if (lender->lender)
		qda_session_close(lender);
	else
		qda_session_put(lender);
}

/**
 * qda_session_cb - The session's context bank
 * @session: a session for which qda_session_acquire_cb() has succeeded
 *
 * Return: the bank.
 */
struct qda_cb *qda_session_cb(const struct qda_session *session)
{
	return session->place.cb;
}

/**
 * qda_session_sid - Which context bank a session has
 * @session: the session
 * @sid: the bank's stream id is stored here
 *
 * Context: any.
 *
 * Return: false when it has none.
 */
bool qda_session_sid(struct qda_session *session, u32 *sid)
{
	/* Pairs with the release in qda_cb_acquire(). */
	struct qda_cb *cb = smp_load_acquire(&session->place.cb);

	if (!cb)
		return false;
	*sid = qda_cb_sid(cb);

	return true;
}

/**
 * qda_session_process_exited - The DSP says that the process of a session has ended
 * @qdev: the DSP
 * @id: id of the session; any number, it comes from the DSP
 *
 * Context: any.
 */
void qda_session_process_exited(struct qda_device *qdev, u32 id)
{
	struct qda_session *session;
	unsigned long flags;

	xa_lock_irqsave(&qdev->sessions, flags);
	session = xa_load(&qdev->sessions, id);
	if (session)
		qda_process_exited(&session->process);
	xa_unlock_irqrestore(&qdev->sessions, flags);

	atomic_long_inc(session ? &qdev->stats.notified : &qdev->stats.dropped);
	qda_ras_count(qdev, session ? QDA_RAS_PD_EXIT : QDA_RAS_STALE);
}
