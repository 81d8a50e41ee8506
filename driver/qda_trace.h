/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#if !defined(__QDA_TRACE_H__) || defined(TRACE_HEADER_MULTI_READ)
#define __QDA_TRACE_H__

#include <linux/bitfield.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

#include <drm/qda_accel.h>

#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_process.h"
#include "qda_session.h"

#undef TRACE_SYSTEM
#define TRACE_SYSTEM qda
#define TRACE_INCLUDE_FILE qda_trace

/**
 * DOC: trace events
 *
 * Stable, for tools: the names of the events, and the names and meaning of their
 * fields. Later kernels may add events, and fields at the end of one.
 *
 * A call has the fields ``domain`` (name of the DSP), ``session`` (its id at the DSP),
 * ``pid`` (thread that made the call), ``handle`` and ``method`` (what is called),
 * ``inputs`` and ``outputs`` (number of buffers), ``size`` (bytes of the payload),
 * ``slot`` and ``seq`` (which call it is; together unique as long as the DSP is up). Its
 * events are, in this order:
 *
 * - qda_call_submit: it can be answered from now on
 * - qda_call_sent: the transport has taken its message. A DSP that is fast is seen to
 *   answer before that
 * - qda_call_abandoned: nobody waits for it any more, but the DSP may still work on it
 * - one of qda_call_answered (``status``: what the method returned), qda_call_withdrawn
 *   (it could not be sent; ``error``) and qda_call_flushed (the DSP went away; ``error``);
 *   ``duration``: nanoseconds since the submit
 * - qda_call_done: nothing of it is left; ``duration`` as before
 *
 * qda_process_state says that the process of a session goes from one state to another.
 */

TRACE_DEFINE_ENUM(QDA_PROCESS_NONE);
TRACE_DEFINE_ENUM(QDA_PROCESS_CREATING);
TRACE_DEFINE_ENUM(QDA_PROCESS_LIVE);
TRACE_DEFINE_ENUM(QDA_PROCESS_RELEASING);
TRACE_DEFINE_ENUM(QDA_PROCESS_DEAD);
TRACE_DEFINE_ENUM(QDA_PROCESS_ORPHAN);

#define qda_trace_state_name(state)				\
	__print_symbolic(state,					\
			 { QDA_PROCESS_NONE, "none" },		\
			 { QDA_PROCESS_CREATING, "creating" },	\
			 { QDA_PROCESS_LIVE, "live" },		\
			 { QDA_PROCESS_RELEASING, "releasing" }, \
			 { QDA_PROCESS_DEAD, "dead" },		\
			 { QDA_PROCESS_ORPHAN, "orphan" })

DECLARE_EVENT_CLASS(qda_call,
		    TP_PROTO(const struct qda_invocation *inv),

		    TP_ARGS(inv),

		    TP_STRUCT__entry(__string(domain, inv->qdev->domain->name)
				     __field(u32, session)
				     __field(u32, pid)
				     __field(u32, handle)
				     __field(u32, method)
				     __field(u32, inputs)
				     __field(u32, outputs)
				     __field(u32, size)
				     __field(u32, slot)
				     __field(u64, seq)),

		    TP_fast_assign(__assign_str(domain);
				   __entry->session = inv->session->id;
				   __entry->pid = inv->caller.pid;
				   __entry->handle = inv->handle;
				   __entry->method = QDA_SCALARS_METHOD(inv->sc);
				   __entry->inputs = QDA_SCALARS_IN(inv->sc);
				   __entry->outputs = QDA_SCALARS_OUT(inv->sc);
				   __entry->size = inv->size;
				   __entry->slot = FIELD_GET(QDA_CTX_ID, inv->ctx);
				   __entry->seq = FIELD_GET(QDA_CTX_SEQ, inv->ctx);),

		    TP_printk("domain=%s session=%u pid=%u handle=%#x method=%u inputs=%u outputs=%u size=%u slot=%u seq=%llu",
			      __get_str(domain), __entry->session, __entry->pid,
			      __entry->handle, __entry->method,
			      __entry->inputs, __entry->outputs,
			      __entry->size, __entry->slot, __entry->seq)
);

DEFINE_EVENT(qda_call, qda_call_submit,
	     TP_PROTO(const struct qda_invocation *inv),
	     TP_ARGS(inv)
);

DEFINE_EVENT(qda_call, qda_call_sent,
	     TP_PROTO(const struct qda_invocation *inv),
	     TP_ARGS(inv)
);

DEFINE_EVENT(qda_call, qda_call_abandoned,
	     TP_PROTO(const struct qda_invocation *inv),
	     TP_ARGS(inv)
);

DECLARE_EVENT_CLASS(qda_call_end,
		    TP_PROTO(const struct qda_invocation *inv, int error, u32 status),

		    TP_ARGS(inv, error, status),

		    TP_STRUCT__entry(__string(domain, inv->qdev->domain->name)
				     __field(u32, session)
				     __field(u32, pid)
				     __field(u32, handle)
				     __field(u32, method)
				     __field(u32, slot)
				     __field(u64, seq)
				     __field(int, error)
				     __field(u32, status)
				     __field(u64, duration)),

		    TP_fast_assign(__assign_str(domain);
				   __entry->session = inv->session->id;
				   __entry->pid = inv->caller.pid;
				   __entry->handle = inv->handle;
				   __entry->method = QDA_SCALARS_METHOD(inv->sc);
				   __entry->slot = FIELD_GET(QDA_CTX_ID, inv->ctx);
				   __entry->seq = FIELD_GET(QDA_CTX_SEQ, inv->ctx);
				   __entry->error = error;
				   __entry->status = status;
				   __entry->duration = qda_caller_age(&inv->caller);),

		    TP_printk("domain=%s session=%u pid=%u handle=%#x method=%u slot=%u seq=%llu error=%d status=%#x duration=%llu",
			      __get_str(domain), __entry->session, __entry->pid,
			      __entry->handle, __entry->method,
			      __entry->slot, __entry->seq,
			      __entry->error, __entry->status, __entry->duration)
);

DEFINE_EVENT(qda_call_end, qda_call_answered,
	     TP_PROTO(const struct qda_invocation *inv, int error, u32 status),
	     TP_ARGS(inv, error, status)
);

DEFINE_EVENT(qda_call_end, qda_call_withdrawn,
	     TP_PROTO(const struct qda_invocation *inv, int error, u32 status),
	     TP_ARGS(inv, error, status)
);

DEFINE_EVENT(qda_call_end, qda_call_flushed,
	     TP_PROTO(const struct qda_invocation *inv, int error, u32 status),
	     TP_ARGS(inv, error, status)
);

DEFINE_EVENT(qda_call_end, qda_call_done,
	     TP_PROTO(const struct qda_invocation *inv, int error, u32 status),
	     TP_ARGS(inv, error, status)
);

TRACE_EVENT(qda_process_state,
	    TP_PROTO(const struct qda_session *session, enum qda_process_state from,
		     enum qda_process_state to),

	    TP_ARGS(session, from, to),

	    TP_STRUCT__entry(__string(domain, session->qdev->domain->name)
			     __field(u32, session)
			     __field(u32, from)
			     __field(u32, to)),

	    TP_fast_assign(__assign_str(domain);
			   __entry->session = session->id;
			   __entry->from = from;
			   __entry->to = to;),

	    TP_printk("domain=%s session=%u from=%s to=%s",
		      __get_str(domain), __entry->session,
		      qda_trace_state_name(__entry->from),
		      qda_trace_state_name(__entry->to))
);

#endif /* __QDA_TRACE_H__ */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#include <trace/define_trace.h>
