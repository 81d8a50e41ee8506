// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The states of a session's process. The DSP answers when it likes or not at all, it
 * may go away at any time, and whoever waits may be killed; so each step that an
 * answer allows is taken either by who waits for it or by the work.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include <drm/qda_accel.h>

#include "qda_create.h"
#include "qda_device.h"
#include "qda_init_mem.h"
#include "qda_invocation.h"
#include "qda_patience.h"
#include "qda_pool.h"
#include "qda_process.h"
#include "qda_ras.h"
#include "qda_session.h"
#include "qda_trace.h"

static struct qda_session *qda_process_session(struct qda_process *process)
{
	return container_of(process, struct qda_session, process);
}

static void qda_process_set_state(struct qda_process *process, enum qda_process_state state)
{
	lockdep_assert_held(&process->lock);

	trace_qda_process_state(qda_process_session(process), process->state, state);
	WRITE_ONCE(process->state, state);
}

/* What the DSP was offered for the process is the DSP's if there was one. */
static void qda_process_settle_offer(struct qda_process *process, bool accepted)
{
	if (process->offers && !accepted)
		qda_heap_take_back(qda_process_session(process)->qdev);
	process->offers = false;
}

/*
 * Everything that the process had is dropped by now or is dropped here, but for the
 * memory of one that the DSP has ended: the session's next one may need it.
 */
static void qda_process_finish(struct qda_process *process, bool released)
{
	struct qda_session *session = qda_process_session(process);
	struct qda_process_result result = {};

	if (released) {
		result.error = process->release->error;
		result.status = process->release->status;
	}
	qda_create_drop(process);
	if (!released || result.error || result.status)
		qda_init_mem_drop(&process->init_mem);
	qda_process_settle_offer(process, released);
	/* Callers may still come for those of this process. */
	qda_parking_drop(&session->parking, process->generation);

	scoped_guard(spinlock_irq, &process->lock) {
		qda_process_set_state(process, QDA_PROCESS_NONE);
		if (released) {
			process->releases++;
			process->released = result;
		}
	}
	atomic_dec(&session->qdev->stats.processes);
	wake_up_all(&process->idle);
	qda_session_put(session);
}

static void qda_process_queue_work(struct qda_process *process)
{
	struct qda_session *session = qda_process_session(process);

	/* The caller has a reference, too, so the put cannot be the last one. */
	qda_session_get(session);
	if (!queue_work(qda_wq, &process->work))
		qda_session_put(session);
}

/* Called in any context, so it only takes note. */
static void qda_process_answered(struct qda_invocation *inv)
{
	struct qda_process *process = &qda_pool_session(inv->pool)->process;

	guard(spinlock_irqsave)(&process->lock);

	process->answered = true;
	if (process->state != QDA_PROCESS_CREATING)
		qda_process_queue_work(process);
}

static void qda_process_leave_unsent(struct qda_process *process, u64 generation)
{
	guard(spinlock_irq)(&process->lock);

	/* If it is completed the work knows, and the process may be another one. */
	if (process->answered || process->generation != generation)
		return;
	process->unsent = true;
	qda_process_queue_work(process);
}

/*
 * Once the call is published the work may finish the process at any time, so the
 * sender needs a reference of its own.
 */
static void qda_process_send_release(struct qda_process *process)
{
	struct qda_invocation *inv = process->release;
	u64 generation = process->generation;

	qda_invocation_get(inv);
	inv->answered = qda_process_answered;
	qda_invocation_publish(inv);
	if (qda_invocation_send(inv, 0))
		qda_process_leave_unsent(process, generation);
	qda_invocation_put(inv);
}

/* What is to be done next, and the state that follows from it. */
enum qda_process_step {
	QDA_PROCESS_STEP_NOTHING,
	QDA_PROCESS_STEP_RELEASE,
	QDA_PROCESS_STEP_SEND,
	QDA_PROCESS_STEP_FINISH_CREATE,
	QDA_PROCESS_STEP_FINISH_RELEASE,
};

static void qda_process_set_releasing(struct qda_process *process)
{
	lockdep_assert_held(&process->lock);

	qda_process_set_state(process, QDA_PROCESS_RELEASING);
	process->answered = false;
	process->unsent = false;
}

static enum qda_process_step qda_process_next_step(struct qda_process *process)
{
	guard(spinlock_irq)(&process->lock);

	switch (process->state) {
	case QDA_PROCESS_ORPHAN:
		if (!process->answered)
			return QDA_PROCESS_STEP_NOTHING;
		if (!qda_invocation_succeeded(process->create))
			return QDA_PROCESS_STEP_FINISH_CREATE;
		qda_process_set_releasing(process);
		return QDA_PROCESS_STEP_RELEASE;
	case QDA_PROCESS_RELEASING:
		if (process->answered)
			return QDA_PROCESS_STEP_FINISH_RELEASE;
		return process->unsent ? QDA_PROCESS_STEP_SEND : QDA_PROCESS_STEP_NOTHING;
	default:
		return QDA_PROCESS_STEP_NOTHING;
	}
}

static void qda_process_work(struct work_struct *work)
{
	struct qda_process *process = container_of(work, struct qda_process, work);

	switch (qda_process_next_step(process)) {
	case QDA_PROCESS_STEP_RELEASE:
		qda_create_drop_call(process);
		qda_process_send_release(process);
		break;
	case QDA_PROCESS_STEP_SEND:
		qda_invocation_send(process->release, MAX_SCHEDULE_TIMEOUT);
		break;
	case QDA_PROCESS_STEP_FINISH_CREATE:
		qda_process_finish(process, false);
		break;
	case QDA_PROCESS_STEP_FINISH_RELEASE:
		qda_process_finish(process, true);
		break;
	case QDA_PROCESS_STEP_NOTHING:
		break;
	}
	qda_session_put(qda_process_session(process));
}

/**
 * qda_process_init - A session begins without a process
 * @process: zeroed memory inside the session
 */
void qda_process_init(struct qda_process *process)
{
	spin_lock_init(&process->lock);
	qda_remote_maps_init(&process->maps);
	init_waitqueue_head(&process->idle);
	INIT_WORK(&process->work, qda_process_work);
}

/* Return: 0 when the process was live or dead and is now the caller's to release. */
static int qda_process_begin_release(struct qda_process *process, u64 *releases)
{
	guard(spinlock_irq)(&process->lock);

	switch (process->state) {
	case QDA_PROCESS_NONE:
		return -ENOTCONN;
	case QDA_PROCESS_LIVE:
	case QDA_PROCESS_DEAD:
		qda_process_set_releasing(process);
		*releases = process->releases;
		return 0;
	default:
		return -EBUSY;
	}
}

static bool qda_process_is_released(struct qda_process *process, u64 releases,
				    struct qda_process_result *result)
{
	guard(spinlock_irq)(&process->lock);

	*result = process->released;

	return process->releases != releases;
}

/**
 * qda_process_release - End the process
 * @process: the process
 * @status: what the DSP answered
 *
 * Return: 0, -ENOTCONN when there is none, -EBUSY when it is being created or
 * released, -EREMOTEIO when the DSP refused, -ETIMEDOUT, -EINTR when killed, -EPIPE
 * or -ENODEV when the channel ended. After all but the first two the process is gone,
 * or will be with the answer.
 */
int qda_process_release(struct qda_process *process, u32 *status)
{
	struct qda_process_result result;
	u64 releases;
	long ret;

	ret = qda_process_begin_release(process, &releases);
	if (ret)
		return ret;

	qda_process_send_release(process);
	ret = wait_event_killable_timeout(process->idle,
					  qda_process_is_released(process, releases, &result),
					  qda_patience_for_answer());
	if (ret < 0)
		return -EINTR;
	if (!ret) {
		qda_ras_count(qda_process_session(process)->qdev, QDA_RAS_TIMEOUT);
		return -ETIMEDOUT;
	}
	*status = result.status;
	if (result.status)
		return -EREMOTEIO;

	return result.error;
}

/**
 * qda_process_close - Nobody can use the process any more
 * @process: the process
 *
 * Begins to release it if need be. It keeps the session until the DSP has answered
 * or is gone.
 */
void qda_process_close(struct qda_process *process)
{
	u64 releases;

	if (!qda_process_begin_release(process, &releases))
		qda_process_send_release(process);
}

/* Return: 0 when the caller now owns the process, -ECHILD when there is a dead one. */
static int qda_process_claim(struct qda_process *process,
			     const struct qda_process_image *image)
{
	guard(spinlock_irq)(&process->lock);

	switch (process->state) {
	case QDA_PROCESS_NONE:
		qda_process_set_state(process, QDA_PROCESS_CREATING);
		process->exited = false;
		process->answered = false;
		process->kind = image->kind;
		process->attrs = image->attrs;
		process->generation++;
		qda_session_get(qda_process_session(process));
		return 0;
	case QDA_PROCESS_DEAD:
		return -ECHILD;
	default:
		return -EBUSY;
	}
}

static int qda_process_claim_or_release(struct qda_process *process,
					const struct qda_process_image *image)
{
	u32 status;
	int ret = qda_process_claim(process, image);

	if (ret != -ECHILD)
		return ret;

	/* A refusal is of no interest: the process counts as gone. */
	ret = qda_process_release(process, &status);
	if (ret && ret != -EREMOTEIO && ret != -ENOTCONN)
		return ret;

	ret = qda_process_claim(process, image);

	return ret == -ECHILD ? -EBUSY : ret;
}

/* Return: true when nobody but the DSP's answer decides from now on. */
static bool qda_process_is_orphaned(struct qda_process *process)
{
	guard(spinlock_irq)(&process->lock);

	if (process->answered)
		return false;
	qda_process_set_state(process, QDA_PROCESS_ORPHAN);

	return true;
}

static void qda_process_set_live(struct qda_process *process)
{
	guard(spinlock_irq)(&process->lock);
	qda_process_set_state(process, process->exited ? QDA_PROCESS_DEAD : QDA_PROCESS_LIVE);
}

static int qda_process_conclude(struct qda_process *process, u32 *status)
{
	int ret = process->create->error;

	*status = process->create->status;
	if (!ret && *status)
		ret = -EREMOTEIO;

	return ret;
}

/**
 * qda_process_create - Make a process on the DSP, or attach to one
 * @session: the session
 * @image: what the process is made from
 * @status: what the DSP answered
 *
 * Return: 0, -EBUSY when there is a process or one is being made or released, or when
 * no context bank is free, -EREMOTEIO when the DSP refused, -ETIMEDOUT, -EINTR when
 * killed, -EPIPE or -ENODEV when the channel ended, or another negative error code.
 */
int qda_process_create(struct qda_session *session, const struct qda_process_image *image,
		       u32 *status)
{
	struct qda_process *process = &session->process;
	int ret, wait;

	ret = qda_process_claim_or_release(process, image);
	if (ret)
		return ret;
	atomic_inc(&session->qdev->stats.processes);

	ret = qda_create_prepare(session, image);
	if (ret)
		goto err_finish;

	process->create->answered = qda_process_answered;
	wait = qda_invocation_run(process->create, qda_patience_for_answer());
	if (wait && qda_process_is_orphaned(process))
		return wait;

	ret = qda_process_conclude(process, status);
	if (ret)
		goto err_finish;
	qda_create_drop_call(process);
	qda_process_set_live(process);

	return 0;

err_finish:
	qda_process_finish(process, false);
	return ret;
}
EXPORT_SYMBOL_FOR_MODULES(qda_process_create, "qda_fastrpc_shim");

/**
 * qda_process_exited - The DSP says that the process ended
 * @process: the process
 *
 * Context: any.
 */
void qda_process_exited(struct qda_process *process)
{
	guard(spinlock_irqsave)(&process->lock);

	switch (process->state) {
	case QDA_PROCESS_LIVE:
		qda_process_set_state(process, QDA_PROCESS_DEAD);
		fallthrough;
	case QDA_PROCESS_CREATING:
		process->exited = true;
		process->exited_generation = process->generation;
		break;
	default:
		break;
	}
}

static int qda_process_state_error(const struct qda_process *process)
{
	lockdep_assert_held(&process->lock);

	switch (process->state) {
	case QDA_PROCESS_LIVE:
		return 0;
	case QDA_PROCESS_DEAD:
		return -EPIPE;
	default:
		return -ENOTCONN;
	}
}

/**
 * qda_process_use - Begin a call to the process
 * @process: the process
 * @generation: which process of the session it is
 *
 * Return: the memory for its calls with a reference, or an error pointer: -EPIPE when
 * the process is dead, -ENOTCONN when there is none that serves calls.
 */
struct qda_pool *qda_process_use(struct qda_process *process, u64 *generation)
{
	int ret;

	guard(spinlock_irq)(&process->lock);

	ret = qda_process_state_error(process);
	if (ret)
		return ERR_PTR(ret);

	*generation = process->generation;
	qda_pool_get(process->pool);

	return process->pool;
}

/**
 * qda_process_check - Whether the process is still the same and serves calls
 * @process: the process
 * @generation: which one it was
 *
 * Return: 0, -EPIPE when it died, -ENOTCONN when it was released.
 */
int qda_process_check(struct qda_process *process, u64 generation)
{
	guard(spinlock_irq)(&process->lock);

	if (process->exited_generation == generation)
		return -EPIPE;
	if (process->generation != generation)
		return -ENOTCONN;

	return qda_process_state_error(process);
}

/**
 * qda_process_admit - Let a call be sent to the process
 * @process: the process
 * @generation: which one of the session's processes it is for
 * @inv: a user's call, which gets an id, waiting for its turn
 * @patience: for how long
 *
 * That may take long, so it is checked again that the call will not reach the next
 * process.
 *
 * Return: 0, what qda_invocation_take_id() says, or what qda_process_check() says.
 */
int qda_process_admit(struct qda_process *process, u64 generation, struct qda_invocation *inv,
		      const struct qda_patience *patience)
{
	int ret = qda_invocation_take_id(inv, patience);

	if (ret)
		return ret;

	ret = qda_process_check(process, generation);
	if (ret)
		qda_invocation_return_id(inv);

	return ret;
}

/**
 * qda_process_pd_type - What kind of protection domain a process is
 * @process: the process
 *
 * Context: any.
 *
 * Return: a word for users, "none" when there is no process.
 */
const char *qda_process_pd_type(struct qda_process *process)
{
	static const char *const attached[] = {
		[QDA_PROCESS_ATTACH_ROOT] = "root",
		[QDA_PROCESS_ATTACH_SENSORS] = "sensors",
		[QDA_PROCESS_ATTACH_STATIC] = "static",
	};

	guard(spinlock_irqsave)(&process->lock);

	if (process->state == QDA_PROCESS_NONE)
		return "none";
	if (process->kind != QDA_PROCESS_CREATE)
		return attached[process->kind];

	return process->attrs & QDA_ATTR_UNSIGNED_MODULE ? "unsigned" : "signed";
}

/**
 * qda_process_state_name - What a process is doing
 * @process: the process
 *
 * Context: any.
 *
 * Return: a word for users.
 */
const char *qda_process_state_name(struct qda_process *process)
{
	static const char *const names[] = {
		[QDA_PROCESS_NONE] = "none",
		[QDA_PROCESS_CREATING] = "creating",
		[QDA_PROCESS_LIVE] = "live",
		[QDA_PROCESS_RELEASING] = "releasing",
		[QDA_PROCESS_DEAD] = "dead",
		[QDA_PROCESS_ORPHAN] = "orphan",
	};

	return names[READ_ONCE(process->state)];
}

/**
 * qda_process_has_exited - Whether a process ended by itself
 * @process: the process
 * @generation: which one of the session's processes
 *
 * Context: any.
 *
 * Return: true when the DSP announced its end.
 */
bool qda_process_has_exited(struct qda_process *process, u64 generation)
{
	guard(spinlock_irqsave)(&process->lock);
	return process->exited_generation == generation;
}
