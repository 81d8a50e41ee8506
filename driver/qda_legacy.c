// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What only the legacy interface needs of this driver. That interface is a module of
 * its own, qda_fastrpc_shim, which binds to an auxiliary device of each DSP.
 */
#include <linux/auxiliary_bus.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include <drm/drm_print.h>
#include <drm/qda_accel.h>

#include "qda_call.h"
#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_invoke.h"
#include "qda_legacy.h"
#include "qda_patience.h"
#include "qda_session.h"
#include "qda_wire.h"

/**
 * qda_legacy_offer - Let the legacy interface bind to a DSP
 * @qdev: the DSP
 *
 * If that fails, the DSP just has no legacy interface.
 */
void qda_legacy_offer(struct qda_device *qdev)
{
	lockdep_assert_held(&qdev->disconnect_lock);

	qdev->legacy = auxiliary_device_create(qdev->drm.dev, KBUILD_MODNAME, QDA_LEGACY_NAME,
					       qdev, qdev->domain_id);
	if (!qdev->legacy)
		drm_notice(&qdev->drm, "no legacy interface for want of memory\n");
}

/**
 * qda_legacy_withdraw - Undo qda_legacy_offer()
 * @qdev: the DSP, for which it may not have been called
 *
 * Nobody opens the nodes of the legacy interface from now on.
 */
void qda_legacy_withdraw(struct qda_device *qdev)
{
	lockdep_assert_held(&qdev->disconnect_lock);

	if (qdev->legacy)
		auxiliary_device_destroy(qdev->legacy);
	qdev->legacy = NULL;
}

/* The call that lent them was not and will not be sent. */
static void qda_legacy_take_back(const struct qda_call *call)
{
	for (u32 i = call->buffers; i < call->payload.count; i++) {
		const struct qda_payload_arg *arg = &call->payload.args[i];

		if (arg->kind == QDA_PAYLOAD_HANDLE && arg->range)
			qda_remote_map_give_back(&call->session->process, call->parked.generation,
						 arg->key);
	}
}

static int qda_legacy_read_done(const struct qda_call *call)
{
	struct qda_process *process = &call->session->process;
	__le64 done[QDA_WIRE_DONE_MAX];
	int ret;

	if (!READ_ONCE(process->maps.lent))
		return 0;

	ret = qda_call_read_done(call, call->inv, done);
	for (u32 i = 0; !ret && i < QDA_WIRE_DONE_MAX && done[i]; i++)
		qda_remote_map_give_back(process, call->parked.generation, le64_to_cpu(done[i]));

	return ret;
}

/*
 * Outputs go to the caller even when the DSP says that it failed. What was lent to a call
 * that the DSP has seen stays lent, however the call ended.
 */
static int qda_legacy_conclude(const struct qda_call *call, u32 *status)
{
	struct qda_invocation *inv = call->inv;
	int ret;

	if (inv->unsent)
		qda_legacy_take_back(call);
	if (inv->error)
		return inv->error;
	if (!qda_operands_sync_for_cpu(&inv->operands))
		return -EPIPE;

	ret = qda_legacy_read_done(call);
	if (ret)
		return ret;
	*status = inv->status;

	return qda_call_store(call, inv);
}

/**
 * qda_legacy_invoke - Call a function of the DSP and wait for its end
 * @call: the call with its arguments
 * @handle: handle of the callee
 * @sc: scalars word
 * @status: what the DSP answered
 *
 * A call is not sent to a process that has ended; its status is what the DSP would say.
 *
 * Return: 0 when the DSP has answered, -EINTR when killed, -ENOTCONN when there is no
 * process, -EPIPE or -ENODEV when the channel has ended, or another negative error code.
 */
int qda_legacy_invoke(struct qda_call *call, u32 handle, u32 sc, u32 *status)
{
	const struct drm_qda_invoke args = { .handle = handle, .sc = sc };
	struct qda_patience patience;
	int ret;

	ret = qda_payload_layout(&call->payload);
	if (ret)
		return ret;

	/* A listener waits for ever, which is neither work to do nor a task that hangs. */
	qda_patience_init(&patience, TASK_KILLABLE | TASK_NOLOAD, MAX_SCHEDULE_TIMEOUT);
	ret = qda_invoke_prepare(call, &args, &patience);
	if (ret) {
		qda_legacy_take_back(call);
		*status = ret == -EPIPE ? QDA_WIRE_EBADSTATE : 0;
		return ret == -EPIPE ? 0 : ret;
	}

	ret = qda_invocation_perform(call->inv, &patience);
	if (!ret) {
		ret = qda_legacy_conclude(call, status);
		qda_invocation_let_go(call->inv);
	}
	qda_invocation_put(call->inv);

	return ret;
}
EXPORT_SYMBOL_FOR_MODULES(qda_legacy_invoke, "qda_fastrpc_shim");
