// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What making a process on the DSP takes: the image, memory for the DSP, and the
 * two calls that begin and end the process.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/qda_accel.h>

#include "qda_attach.h"
#include "qda_bo.h"
#include "qda_create.h"
#include "qda_device.h"
#include "qda_init_mem.h"
#include "qda_invocation.h"
#include "qda_kernel_call.h"
#include "qda_mapping.h"
#include "qda_payload.h"
#include "qda_pool.h"
#include "qda_session.h"
#include "qda_wire.h"

/*
 * How many inputs a CREATE counts: the description, the name, the image and the
 * range of memory for the DSP. drivers/misc/fastrpc.c prepares two more, the
 * attributes and the length of the signature, but counts four as well: the firmware
 * takes both of these from the description.
 */
#define QDA_CREATE_INPUTS	4

/*
 * The choice between the two methods that create a process. They take the same
 * inputs, and the description has fields for attributes and signature in both of
 * them. But only with CREATE_ATTR does the firmware apply these to the new PD; CREATE
 * is older than they are and makes a PD as if both were zero. So CREATE serves
 * who wants nothing special, on every firmware.
 */
static u32 qda_create_scalars(u32 attrs)
{
	u32 method = attrs ? QDA_WIRE_INIT_CREATE_ATTR : QDA_WIRE_INIT_CREATE;

	return QDA_SCALARS(method, QDA_CREATE_INPUTS, 0);
}

static struct qda_mapping *qda_create_map_bo(struct qda_session *session, struct qda_bo *bo)
{
	struct qda_mapping *map = qda_mapping_create(qda_session_cb(session), bo);

	/* The mapping has a reference, or nobody needs the object. */
	qda_bo_put(bo);

	return map;
}

static int qda_create_copy_image(struct qda_bo *bo, const struct qda_process_image *image)
{
	void *cpu = qda_bo_vmap(bo);
	int ret = 0;

	if (IS_ERR(cpu))
		return PTR_ERR(cpu);
	if (copy_from_user(cpu, u64_to_user_ptr(image->file), image->filelen))
		ret = -EFAULT;
	qda_bo_vunmap(bo, cpu);

	return ret;
}

static struct qda_mapping *qda_create_map_buffer(struct qda_session *session, struct qda_bo *bo)
{
	struct qda_mapping *map = qda_mapping_use(session, bo);

	/* It may have been mapped before the image was written. */
	if (!IS_ERR(map) && !qda_mapping_sync_for_device(map, DMA_TO_DEVICE)) {
		qda_mapping_put(map);
		return ERR_PTR(-ENODEV);
	}

	return map;
}

static struct qda_mapping *qda_create_map_image(struct qda_session *session,
						const struct qda_process_image *image)
{
	struct qda_bo *bo;
	int ret;

	if (image->bo)
		return qda_create_map_buffer(session, image->bo);

	bo = qda_bo_create_for(qda_session_cb(session), image->filelen);
	if (IS_ERR(bo))
		return ERR_CAST(bo);

	ret = qda_create_copy_image(bo, image);
	if (ret) {
		qda_bo_put(bo);
		return ERR_PTR(ret);
	}

	return qda_create_map_bo(session, bo);
}

static int qda_create_map_memory(struct qda_session *session, const struct qda_process_image *image)
{
	struct qda_process *process = &session->process;
	struct qda_mapping *map;

	/* A PD that runs already has all that it needs. */
	if (image->kind != QDA_PROCESS_CREATE)
		return 0;

	if (image->filelen) {
		map = qda_create_map_image(session, image);
		if (IS_ERR(map))
			return PTR_ERR(map);
		process->image = map;
	}

	return qda_init_mem_prepare(session, image->filelen, image->attrs);
}

static int qda_create_make_call(struct qda_session *session, const struct qda_process_image *image)
{
	struct qda_process *process = &session->process;
	struct qda_invocation *inv = process->create;
	char name[TASK_COMM_LEN];
	struct qda_wire_create desc = {
		.client_id = cpu_to_le32(session->id),
		.namelen = cpu_to_le32(strlen(get_task_comm(name, current)) + 1),
		.filelen = cpu_to_le32(image->filelen),
		.pageslen = cpu_to_le32(1),
		.attrs = cpu_to_le32(image->attrs),
		.siglen = cpu_to_le32(image->siglen),
	};
	struct qda_wire_page page = {
		.addr = cpu_to_le64(qda_mapping_address(process->init_mem.map)),
		.size = cpu_to_le64(qda_mapping_size(process->init_mem.map)),
	};
	struct qda_payload_arg args[QDA_CREATE_INPUTS] = {
		{ .length = sizeof(desc) },
		{ .length = strlen(name) + 1 },
		{ .length = image->filelen, .kind = QDA_PAYLOAD_MAPPED },
		{ .length = sizeof(page) },
	};
	const void *data[QDA_CREATE_INPUTS] = { &desc, name, NULL, &page };
	struct qda_payload payload = { .args = args, .count = QDA_CREATE_INPUTS };

	if (process->image)
		args[2].addr = qda_mapping_address(process->image) + image->offset;
	inv->handle = QDA_WIRE_HANDLE_INIT;
	inv->sc = qda_create_scalars(image->attrs);

	return qda_kernel_call_write(inv, &payload, data);
}

static int qda_create_make_release_call(struct qda_session *session)
{
	struct qda_invocation *inv = session->process.release;
	__le32 id = cpu_to_le32(session->id);
	struct qda_payload_arg arg = { .length = sizeof(id) };
	const void *data[] = { &id };
	struct qda_payload payload = { .args = &arg, .count = 1 };

	inv->handle = QDA_WIRE_HANDLE_INIT;
	inv->sc = QDA_SCALARS(QDA_WIRE_INIT_RELEASE, 1, 0);

	return qda_kernel_call_write(inv, &payload, data);
}

static int qda_create_make_calls(struct qda_session *session, const struct qda_process_image *image)
{
	struct qda_process *process = &session->process;
	struct qda_invocation *inv;
	int ret;

	inv = qda_pool_take_reserved(process->pool);
	if (IS_ERR(inv))
		return PTR_ERR(inv);
	process->release = inv;

	ret = qda_create_make_release_call(session);
	if (ret)
		return ret;

	inv = qda_pool_take_reserved(process->pool);
	if (IS_ERR(inv))
		return PTR_ERR(inv);
	process->create = inv;
	if (image->kind != QDA_PROCESS_CREATE)
		return qda_attach_make_call(session, image);

	return qda_create_make_call(session, image);
}

/**
 * qda_create_prepare - Get everything that a process needs
 * @session: the session; the caller owns its process
 * @image: what the process is made from
 *
 * Whatever it returns, qda_create_drop() must follow in the end.
 *
 * Return: 0 or a negative error code: -EBUSY when no context bank is free, -EDQUOT when the
 * user has too many or has too much mapped, -EFAULT when the image cannot be read,
 * -ENODEV when the DSP is gone.
 */
int qda_create_prepare(struct qda_session *session, const struct qda_process_image *image)
{
	struct qda_process *process = &session->process;
	struct qda_pool *pool;
	int ret;

	ret = qda_session_acquire_cb(session);
	if (ret)
		return ret;

	ret = qda_create_map_memory(session, image);
	if (ret)
		return ret;

	pool = qda_pool_create(session, qda_attach_pd(image->kind));
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	scoped_guard(spinlock_irq, &process->lock)
		process->pool = pool;

	return qda_create_make_calls(session, image);
}

/**
 * qda_create_drop_call - Drop what was only needed to create the process
 * @process: the process, whose creating call is completed or was not published
 */
void qda_create_drop_call(struct qda_process *process)
{
	if (process->create)
		qda_invocation_put(process->create);
	process->create = NULL;

	if (process->image)
		qda_mapping_put(process->image);
	process->image = NULL;
}

/**
 * qda_create_drop - Drop what the process had
 * @process: the process, which the DSP does not have or does not have any more
 *
 * The memory for the DSP is not dropped.
 */
void qda_create_drop(struct qda_process *process)
{
	struct qda_pool *pool;

	qda_create_drop_call(process);

	qda_remote_maps_drop(process);

	if (process->release)
		qda_invocation_put(process->release);
	process->release = NULL;

	scoped_guard(spinlock_irq, &process->lock) {
		pool = process->pool;
		process->pool = NULL;
	}
	if (pool)
		qda_pool_put(pool);
}
