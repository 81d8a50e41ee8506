// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls on their way to the DSP and back. A call that is in the table of calls in
 * flight is completed exactly once, by whoever takes it out: the answer, a failure
 * to send it, or the end of the channel.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_mapping.h"
#include "qda_patience.h"
#include "qda_poll.h"
#include "qda_pool.h"
#include "qda_ras.h"
#include "qda_session.h"
#include "qda_staging.h"
#include "qda_trace.h"
#include "qda_usage.h"
#include "qda_wire.h"

/* How long a full transport is tried again before the blocking form is used */
#define QDA_SEND_PATIENCE_MS	50
#define QDA_SEND_DELAY_MIN_US	50
#define QDA_SEND_DELAY_MAX_US	2000

static void qda_invocation_put_work(struct work_struct *work)
{
	qda_invocation_put(container_of(work, struct qda_invocation, put_work));
}

static void qda_invocation_put_atomic(struct qda_invocation *inv);

static void qda_invocation_timer(struct timer_list *timer)
{
	struct qda_invocation *inv = timer_container_of(inv, timer, timer);

	inv->timeout(inv);
	qda_invocation_put_atomic(inv);
}

/**
 * qda_invocation_setup - Prepare the memory of a call, once
 * @inv: zeroed memory
 * @qdev: the DSP
 * @index: slot in the pool
 */
void qda_invocation_setup(struct qda_invocation *inv, struct qda_device *qdev, u32 index)
{
	inv->qdev = qdev;
	inv->index = index;
	init_completion(&inv->done);
	INIT_WORK(&inv->put_work, qda_invocation_put_work);
	timer_setup(&inv->timer, qda_invocation_timer, 0);
}

/**
 * qda_invocation_begin - Begin a new call
 * @inv: the call, to which nobody else has a reference
 * @pool: its pool, with a reference that is the call's from now on
 * @user: call of a user
 */
void qda_invocation_begin(struct qda_invocation *inv, struct qda_pool *pool, bool user)
{
	refcount_set(&inv->ref, 1);
	reinit_completion(&inv->done);
	inv->pool = pool;
	inv->pd = qda_pool_pd(pool);
	inv->session = qda_pool_session(pool);
	inv->user = user;
	inv->staging = NULL;
	qda_operands_init(&inv->operands);
	inv->client_id = 0;
	inv->ctx = 0;
	inv->poll = 0;
	inv->error = 0;
	inv->status = 0;
	inv->unsent = false;
	inv->answered = NULL;
	inv->retired = NULL;
}

/**
 * qda_invocation_get - Take a reference
 * @inv: the call
 */
void qda_invocation_get(struct qda_invocation *inv)
{
	refcount_inc(&inv->ref);
}

/**
 * qda_invocation_put - Drop a reference
 * @inv: the call; its memory goes back to the pool with the last one
 *
 * Context: may sleep.
 */
void qda_invocation_put(struct qda_invocation *inv)
{
	if (!refcount_dec_and_test(&inv->ref))
		return;
	if (inv->retired)
		inv->retired(inv);
	if (inv->ctx)
		trace_qda_call_done(inv, inv->error, inv->status);
	qda_pool_return(inv);
}

/* Whether all that is left to do is to give back the slot, which never sleeps. */
static bool qda_invocation_has_only_slot(const struct qda_invocation *inv)
{
	return !inv->retired && !inv->event && !inv->operands.count && !inv->staging;
}

/*
 * The table's reference is the last one if nobody waits for the call, or not any more.
 * Then what is left to do may sleep, which the caller may not.
 */
static void qda_invocation_put_atomic(struct qda_invocation *inv)
{
	if (refcount_dec_not_one(&inv->ref))
		return;
	/* Pairs with the release of who dropped the other reference. */
	smp_acquire__after_ctrl_dep();
	if (!qda_invocation_has_only_slot(inv)) {
		queue_work(qda_wq, &inv->put_work);
		return;
	}
	if (inv->ctx)
		trace_qda_call_done(inv, inv->error, inv->status);
	qda_pool_return_slot(inv);
}

static void qda_invocation_complete(struct qda_invocation *inv, int error, u32 status)
{
	inv->error = error;
	inv->status = status;
	qda_usage_end(inv);
	if (inv->answered)
		inv->answered(inv);
	complete(&inv->done);
	qda_invocation_put_atomic(inv);
}

/* Return: true when the call, which was not sent, is the caller's again. */
static bool qda_invocation_take_back(struct qda_invocation *inv, int error)
{
	if (!qda_slots_take(&inv->qdev->slots, inv->ctx))
		return false;
	inv->unsent = true;
	trace_qda_call_withdrawn(inv, error, 0);
	/* A caller who did not want to wait any longer is no error of the transport. */
	if (error != -ENODEV && error != -EINTR && error != -ERESTARTSYS)
		qda_ras_count(inv->qdev, QDA_RAS_SEND);

	return true;
}

static void qda_invocation_withdraw(struct qda_invocation *inv, int error)
{
	if (qda_invocation_take_back(inv, error))
		qda_invocation_complete(inv, error, 0);
}

/**
 * qda_invocation_address - Where a call's payload is
 * @inv: the call
 *
 * Return: the address for the DSP.
 */
u64 qda_invocation_address(const struct qda_invocation *inv)
{
	if (inv->staging)
		return qda_mapping_address(inv->staging->map);

	return qda_pool_slot_address(inv);
}

/**
 * qda_invocation_take_id - Take an id for a user's call, waiting for its turn
 * @inv: the call
 * @patience: for how long
 *
 * qda_invocation_publish() uses it up.
 *
 * Return: 0, -ETIMEDOUT, -EINTR or -ERESTARTSYS.
 */
int qda_invocation_take_id(struct qda_invocation *inv, const struct qda_patience *patience)
{
	return qda_turns_take(&inv->qdev->slots.user_ids, patience);
}

/**
 * qda_invocation_return_id - Undo qda_invocation_take_id()
 * @inv: the call
 */
void qda_invocation_return_id(struct qda_invocation *inv)
{
	qda_turns_give(&inv->qdev->slots.user_ids);
}

/**
 * qda_invocation_publish - Put a call into the table of calls in flight
 * @inv: the call, complete in every respect; a user's call has taken an id
 *
 * When the channel has ended, the call is completed with -ENODEV.
 */
void qda_invocation_publish(struct qda_invocation *inv)
{
	struct qda_slots *slots = &inv->qdev->slots;
	int ret;

	refcount_inc(&inv->ref);
	qda_caller_set(&inv->caller);
	qda_usage_begin(inv);
	/* The payload before the message that announces it. */
	dma_wmb();
	ret = qda_slots_publish(slots, inv, inv->pd, inv->user, &inv->ctx);
	if (ret) {
		if (inv->user)
			qda_invocation_return_id(inv);
		inv->unsent = true;
		qda_invocation_complete(inv, ret, 0);
		return;
	}
	trace_qda_call_submit(inv);
}

static void qda_invocation_fill_message(const struct qda_invocation *inv, struct qda_wire_msg *msg)
{
	msg->client_id = cpu_to_le32(inv->client_id);
	msg->tid = cpu_to_le32(current->pid);
	msg->ctx = cpu_to_le64(inv->ctx);
	msg->handle = cpu_to_le32(inv->handle);
	msg->sc = cpu_to_le32(inv->sc);
	msg->addr = cpu_to_le64(qda_invocation_address(inv));
	msg->size = cpu_to_le64(PAGE_ALIGN(inv->size));
}

static int qda_invocation_transmit(struct qda_invocation *inv, const struct qda_wire_msg *msg,
				   bool blocking)
{
	struct qda_channel *channel = &inv->qdev->channel;
	int ret = blocking ? qda_channel_send(channel, msg) : qda_channel_trysend(channel, msg);

	if (!ret)
		trace_qda_call_sent(inv);

	return ret;
}

static int qda_invocation_send_again(struct qda_invocation *inv, struct qda_wire_msg *msg,
				     const struct qda_patience *patience)
{
	unsigned long blocking = jiffies + msecs_to_jiffies(QDA_SEND_PATIENCE_MS);
	u32 delay = QDA_SEND_DELAY_MIN_US;
	int ret;

	for (;;) {
		if (!qda_patience_left(patience))
			return -EAGAIN;
		if (qda_patience_is_disturbed(patience))
			return qda_patience_error(patience);

		usleep_range(delay, 2 * delay);
		delay = min_t(u32, 2 * delay, QDA_SEND_DELAY_MAX_US);

		/* The end of the channel completes it. */
		if (completion_done(&inv->done))
			return 0;

		ret = qda_invocation_transmit(inv, msg, time_after(jiffies, blocking));
		if (ret != -EAGAIN)
			return ret;
	}
}

static int qda_invocation_try_send(struct qda_invocation *inv, const struct qda_patience *patience)
{
	struct qda_wire_msg msg;
	int ret;

	if (completion_done(&inv->done))
		return 0;

	qda_invocation_fill_message(inv, &msg);
	ret = qda_invocation_transmit(inv, &msg, false);
	if (ret == -EAGAIN)
		ret = qda_invocation_send_again(inv, &msg, patience);

	return ret;
}

/**
 * qda_invocation_send - Send a call to the DSP
 * @inv: the call, which is or was in the table of calls in flight
 * @timeout: for how many jiffies to try again when the transport is full
 *
 * Return: 0 when the call was sent or is completed already; else it is still in the
 * table and was not sent: -EAGAIN when the transport was full all the time, -EINTR
 * when it was full and the caller was killed.
 */
int qda_invocation_send(struct qda_invocation *inv, long timeout)
{
	struct qda_patience patience;
	int ret;

	qda_patience_init(&patience, TASK_KILLABLE, timeout);

	ret = qda_invocation_try_send(inv, &patience);
	if (!ret || ret == -EAGAIN || ret == -EINTR)
		return ret;

	qda_invocation_withdraw(inv, ret);

	return 0;
}

static long qda_invocation_wait_done(struct qda_invocation *inv, unsigned int state, long timeout)
{
	/* Who waits for ever must not keep the system from being suspended. */
	if (timeout == MAX_SCHEDULE_TIMEOUT)
		return wait_for_completion_state(&inv->done, state | TASK_FREEZABLE) ?: 1;
	if (state == TASK_INTERRUPTIBLE)
		return wait_for_completion_interruptible_timeout(&inv->done, timeout);

	return wait_for_completion_killable_timeout(&inv->done, timeout);
}

/* Whether the DSP writes the word does not depend on how long the caller spins. */
static long qda_invocation_watch(struct qda_invocation *inv, const struct qda_patience *patience)
{
	long left, ret;

	do {
		/* A caller that no signal wakes looks here whether it is to be frozen. */
		try_to_freeze();
		qda_poll_look(inv);
		left = min_t(long, qda_patience_left(patience), QDA_POLL_INTERVAL);
		ret = qda_invocation_wait_done(inv, patience->state, left);
	} while (!ret && left == QDA_POLL_INTERVAL);

	return ret;
}

/**
 * qda_invocation_wait - Wait until a call is completed
 * @inv: the call
 * @patience: for how long
 *
 * If the caller gives up, the call goes on without it: the DSP may still write to its
 * memory, so that stays until the answer comes or the channel ends.
 *
 * Return: 0 when the call is completed, else -ETIMEDOUT, -EINTR or -ERESTARTSYS.
 */
int qda_invocation_wait(struct qda_invocation *inv, const struct qda_patience *patience)
{
	long ret;

	if (inv->poll)
		ret = qda_invocation_watch(inv, patience);
	else
		ret = qda_invocation_wait_done(inv, patience->state, qda_patience_left(patience));
	/* After a signal somebody may come back for it. */
	if (!ret || (ret < 0 && qda_patience_error(patience) == -EINTR))
		trace_qda_call_abandoned(inv);
	if (ret < 0)
		return qda_patience_error(patience);
	if (!ret)
		return -ETIMEDOUT;
	/* The answer before the memory that it announces. */
	dma_rmb();

	return 0;
}

/**
 * qda_invocation_start - Publish and send a call
 * @inv: the call; it is completed when it could not be sent
 * @patience: for how long to try again when the transport is full
 */
void qda_invocation_start(struct qda_invocation *inv, const struct qda_patience *patience)
{
	int ret;

	qda_invocation_publish(inv);

	ret = qda_invocation_try_send(inv, patience);
	if (ret)
		qda_invocation_withdraw(inv, ret == -EAGAIN ? -ETIMEDOUT : ret);
}

/**
 * qda_invocation_perform - Publish and send a call and wait until it is completed
 * @inv: the call
 * @patience: for how long
 *
 * Return: as qda_invocation_wait(). A call that could not be sent is completed with one
 * of these errors.
 */
int qda_invocation_perform(struct qda_invocation *inv, const struct qda_patience *patience)
{
	qda_invocation_start(inv, patience);
	if (inv->poll)
		qda_poll_spin(inv, patience);

	return qda_invocation_wait(inv, patience);
}

/**
 * qda_invocation_submit - Publish and send a call
 * @inv: the call
 * @patience: for how long to try
 *
 * Return: 0 when the call is or will be completed; else it was not sent and will not be
 * completed: -ETIMEDOUT, -EINTR, -ERESTARTSYS, or what the transport says.
 */
int qda_invocation_submit(struct qda_invocation *inv, const struct qda_patience *patience)
{
	int ret;

	qda_invocation_publish(inv);

	ret = qda_invocation_try_send(inv, patience);
	if (ret == -EAGAIN)
		ret = -ETIMEDOUT;
	if (!ret || !qda_invocation_take_back(inv, ret))
		return 0;

	inv->error = ret;
	qda_usage_end(inv);
	qda_invocation_put(inv);

	return ret;
}

/**
 * qda_invocation_run - Perform a call of the kernel
 * @inv: the call
 * @timeout: for how many jiffies to wait
 *
 * Return: 0 when the call is completed, else -ETIMEDOUT, or -EINTR when killed.
 */
int qda_invocation_run(struct qda_invocation *inv, long timeout)
{
	struct qda_patience patience;
	int ret;

	qda_patience_init(&patience, TASK_KILLABLE, timeout);

	ret = qda_invocation_perform(inv, &patience);
	if (ret == -ETIMEDOUT)
		qda_ras_count(inv->qdev, QDA_RAS_TIMEOUT);

	return ret;
}

/**
 * qda_invocation_is_done - Whether a call is completed
 * @inv: the call
 *
 * Return: true when it is.
 */
bool qda_invocation_is_done(struct qda_invocation *inv)
{
	return completion_done(&inv->done);
}

/**
 * qda_invocation_let_go - Let go of the buffers of a call that is completed
 * @inv: the call, for which the caller has waited
 *
 * Who completed it may have its reference a moment longer than the caller's ioctl
 * lasts, which then must not keep buffers mapped.
 */
void qda_invocation_let_go(struct qda_invocation *inv)
{
	qda_operands_fini(&inv->operands);
}

/**
 * qda_invocation_succeeded - Whether a completed call did what it should
 * @inv: the call
 *
 * Return: true when the DSP answered with success.
 */
bool qda_invocation_succeeded(const struct qda_invocation *inv)
{
	return !inv->error && !inv->status;
}

/**
 * qda_invocation_succeed - The DSP has done a call and said so without an answer
 * @qdev: the DSP
 * @ctx: the call's context word; it may have been completed meanwhile
 *
 * Context: any.
 */
void qda_invocation_succeed(struct qda_device *qdev, u64 ctx)
{
	struct qda_invocation *inv = qda_slots_take_polled(&qdev->slots, ctx);

	if (!inv)
		return;
	atomic_long_inc(&qdev->stats.polled);
	trace_qda_call_answered(inv, 0, 0);
	qda_invocation_complete(inv, 0, 0);
}

/**
 * qda_invocation_answer - An answer came from the DSP
 * @qdev: the DSP
 * @ctx: context word of the answer
 * @status: what the method returned
 *
 * Context: any.
 */
void qda_invocation_answer(struct qda_device *qdev, u64 ctx, u32 status)
{
	struct qda_invocation *inv = qda_slots_take(&qdev->slots, ctx);

	qda_answers_add(&qdev->answers, ctx, status, inv);
	if (!inv) {
		if (qda_slots_is_late(&qdev->slots, ctx))
			return;
		atomic_long_inc(&qdev->stats.dropped);
		qda_ras_count(qdev, QDA_RAS_STALE);
		return;
	}
	trace_qda_call_answered(inv, 0, status);
	qda_invocation_complete(inv, 0, status);
}

/**
 * qda_invocation_flush - The channel ended: complete all calls in flight
 * @qdev: the DSP, whose table of calls in flight is dead
 */
void qda_invocation_flush(struct qda_device *qdev)
{
	struct qda_invocation *inv;

	while ((inv = qda_slots_take_any(&qdev->slots))) {
		trace_qda_call_flushed(inv, -EPIPE, 0);
		qda_invocation_complete(inv, -EPIPE, 0);
	}
}
