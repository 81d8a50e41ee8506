// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Attaching to a PD that the DSP's firmware runs by itself. To the session that PD is its
 * process, which begins with the attachment and ends with the release of it; what else
 * the PD does is none of the session's business.
 */
#include <linux/string.h>

#include <drm/qda_accel.h>

#include "qda_attach.h"
#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_kernel_call.h"
#include "qda_payload.h"
#include "qda_session.h"
#include "qda_slots.h"
#include "qda_wire.h"

/**
 * qda_attach_pd - In which of the DSP's queues the calls of a process go
 * @kind: how the session gets the process
 *
 * A PD with a name counts as one of a user, as in drivers/misc/fastrpc.c.
 *
 * Return: PD type, QDA_CTX_PD_*.
 */
u32 qda_attach_pd(enum qda_process_kind kind)
{
	switch (kind) {
	case QDA_PROCESS_ATTACH_ROOT:
		return QDA_CTX_PD_ROOT;
	case QDA_PROCESS_ATTACH_SENSORS:
		return QDA_CTX_PD_SENSORS;
	default:
		return QDA_CTX_PD_USER;
	}
}

/* The context word tells the DSP which PD it is. */
static int qda_attach_make_plain_call(struct qda_session *session)
{
	struct qda_invocation *inv = session->process.create;
	__le32 id = cpu_to_le32(session->id);
	struct qda_payload_arg arg = { .length = sizeof(id) };
	const void *data[] = { &id };
	struct qda_payload payload = { .args = &arg, .count = 1 };

	inv->sc = QDA_SCALARS(QDA_WIRE_INIT_ATTACH, 1, 0);

	return qda_kernel_call_write(inv, &payload, data);
}

/*
 * Such a PD goes on after the release, with whatever memory it got, so the session's own
 * would be taken away from under it. What the device tree has for it is offered, if any is
 * left to offer. The firmware refuses if it needs more.
 */
static int qda_attach_make_static_call(struct qda_session *session, const char *name)
{
	struct qda_invocation *inv = session->process.create;
	struct qda_wire_create_static desc = {
		.client_id = cpu_to_le32(session->id),
		.namelen = cpu_to_le32(strlen(name) + 1),
	};
	struct qda_heap_range heap;
	struct qda_wire_page page;
	struct qda_payload_arg args[] = {
		{ .length = sizeof(desc) },
		{ .length = strlen(name) + 1 },
		{ .length = sizeof(page) },
	};
	const void *data[ARRAY_SIZE(args)] = { &desc, name, &page };
	struct qda_payload payload = { .args = args, .count = ARRAY_SIZE(args) };
	int ret;

	ret = qda_heap_offer(session->qdev, &heap);
	if (ret)
		return ret;
	session->process.offers = heap.size;
	desc.pageslen = cpu_to_le32(heap.size ? 1 : 0);
	page.addr = cpu_to_le64(heap.addr);
	page.size = cpu_to_le64(heap.size);

	inv->sc = QDA_SCALARS(QDA_WIRE_INIT_CREATE_STATIC, ARRAY_SIZE(args), 0);

	return qda_kernel_call_write(inv, &payload, data);
}

/**
 * qda_attach_make_call - Write the call that attaches a session
 * @session: the session, whose process has a call for that
 * @image: what to attach to
 *
 * Return: 0, -ENODEV when the channel has ended, or another negative error code.
 */
int qda_attach_make_call(struct qda_session *session, const struct qda_process_image *image)
{
	session->process.create->handle = QDA_WIRE_HANDLE_INIT;
	if (image->kind == QDA_PROCESS_ATTACH_STATIC)
		return qda_attach_make_static_call(session, image->name);

	return qda_attach_make_plain_call(session);
}
