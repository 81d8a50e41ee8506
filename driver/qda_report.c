// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Tables for people: which sessions there are and which calls are in flight. Each line is
 * right in itself; the next one may be about a later moment.
 */
#include <linux/atomic.h>
#include <linux/bitfield.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/xarray.h>

#include <drm/drm_print.h>
#include <drm/qda_accel.h>

#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_process.h"
#include "qda_report.h"
#include "qda_session.h"

/**
 * struct qda_report_session - A session at some moment
 * @id: its number
 * @owner: who opened it
 * @kind: kind of its process
 * @state: what its process is doing
 * @sid: its context bank, 0 if it has none
 * @mapped: KiB of buffers that are mapped
 * @usage: what it has used
 */
struct qda_report_session {
	u32 id;
	struct qda_caller owner;
	const char *kind;
	const char *state;
	u32 sid;
	unsigned long mapped;
	struct qda_usage_sums usage;
};

/**
 * struct qda_report_call - A call in flight at some moment
 * @ctx: its context word
 * @session: number of its session
 * @owner: process that opened the session
 * @caller: who made it
 * @user: call of a user
 * @handle: handle of the callee
 * @sc: scalars word
 * @size: bytes of the payload
 */
struct qda_report_call {
	u64 ctx;
	u32 session;
	struct qda_caller owner;
	struct qda_caller caller;
	bool user;
	u32 handle;
	u32 sc;
	u32 size;
};

static void qda_report_take_session(struct qda_session *session, struct qda_report_session *view)
{
	view->id = session->id;
	view->owner = session->owner;
	view->kind = qda_process_pd_type(&session->process);
	view->state = qda_process_state_name(&session->process);
	if (!qda_session_sid(session, &view->sid))
		view->sid = 0;
	view->mapped = atomic_long_read(&session->mapped_pages) << (PAGE_SHIFT - 10);
	qda_usage_read(&session->usage, &view->usage);
}

static bool qda_report_next_session(struct qda_device *qdev, unsigned long id,
				    struct qda_report_session *view)
{
	struct qda_session *session;
	unsigned long flags;

	xa_lock_irqsave(&qdev->sessions, flags);
	session = xa_find(&qdev->sessions, &id, ULONG_MAX, XA_PRESENT);
	if (session)
		qda_report_take_session(session, view);
	xa_unlock_irqrestore(&qdev->sessions, flags);

	return session;
}

/**
 * qda_report_sessions - Print the sessions
 * @qdev: the DSP
 * @p: where to print
 */
void qda_report_sessions(struct qda_device *qdev, struct drm_printer *p)
{
	struct qda_report_session view = {};

	drm_printf(p, "# session pid comm pd state bank mapped_kib calls errors busy_us\n");
	while (qda_report_next_session(qdev, view.id + 1, &view))
		drm_printf(p, "%u %d \"%s\" %s %s %u %lu %llu %llu %llu\n", view.id,
			   view.owner.pid, view.owner.comm, view.kind, view.state, view.sid,
			   view.mapped, view.usage.calls, view.usage.errors,
			   div_u64(view.usage.busy_ns, NSEC_PER_USEC));
}

static void qda_report_take_call(const struct qda_invocation *inv, void *arg)
{
	struct qda_report_call *view = arg;

	view->ctx = inv->ctx;
	view->session = inv->session->id;
	view->owner = inv->session->owner;
	view->caller = inv->caller;
	view->user = inv->user;
	view->handle = inv->handle;
	view->sc = inv->sc;
	view->size = inv->size;
}

/**
 * qda_report_calls - Print the calls in flight
 * @qdev: the DSP
 * @p: where to print
 */
void qda_report_calls(struct qda_device *qdev, struct drm_printer *p)
{
	struct qda_report_call view;
	u32 id = 0;

	drm_printf(p, "# slot seq session pid comm by handle method inputs outputs size age_us\n");
	while (qda_slots_next(&qdev->slots, &id, qda_report_take_call, &view))
		drm_printf(p, "%llu %llu %u %d \"%s\" %s %#x %u %u %u %u %llu\n",
			   FIELD_GET(QDA_CTX_ID, view.ctx), FIELD_GET(QDA_CTX_SEQ, view.ctx),
			   view.session, view.caller.pid, view.caller.comm,
			   view.user ? "user" : "kernel", view.handle,
			   QDA_SCALARS_METHOD(view.sc), QDA_SCALARS_IN(view.sc),
			   QDA_SCALARS_OUT(view.sc), view.size,
			   div_u64(qda_caller_age(&view.caller), NSEC_PER_USEC));
}

/**
 * qda_report_culprit - Find the process that may have to do with a crash
 * @qdev: the DSP
 * @culprit: result
 *
 * That is only known if nobody else had a call in flight.
 */
void qda_report_culprit(struct qda_device *qdev, struct qda_culprit *culprit)
{
	struct qda_report_call view;
	u32 id = 0;

	culprit->pid = 0;
	while (qda_slots_next(&qdev->slots, &id, qda_report_take_call, &view)) {
		if (culprit->pid && culprit->pid != view.owner.pid) {
			culprit->pid = 0;
			return;
		}
		culprit->pid = view.owner.pid;
		strscpy(culprit->comm, view.owner.comm);
	}
}
