// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * DRM_IOCTL_QDA_REMOTE_MAP and _MUNMAP: memory that a process has for longer than
 * a call.
 */
#include <linux/align.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/jiffies.h>

#include <drm/drm_file.h>
#include <drm/qda_accel.h>

#include "qda_bo.h"
#include "qda_device.h"
#include "qda_gem.h"
#include "qda_invocation.h"
#include "qda_kernel_call.h"
#include "qda_map.h"
#include "qda_mapping.h"
#include "qda_patience.h"
#include "qda_payload.h"
#include "qda_pool.h"
#include "qda_ras.h"
#include "qda_remote_map.h"
#include "qda_session.h"
#include "qda_wire.h"

/**
 * struct qda_map_job - An ioctl that changes a process's mappings
 * @session: whose process it is
 * @generation: which process of the session
 * @patience: how long the whole of it may take
 * @pool: memory for the call, with a reference
 * @inv: the call, with a reference, once there is one
 */
struct qda_map_job {
	struct qda_session *session;
	u64 generation;
	struct qda_patience patience;
	struct qda_pool *pool;
	struct qda_invocation *inv;
};

static int qda_map_job_init(struct qda_map_job *job, struct qda_session *session)
{
	struct qda_pool *pool;

	job->session = session;
	job->inv = NULL;
	qda_patience_init(&job->patience, TASK_KILLABLE, qda_patience_for_answer());
	pool = qda_process_use(&job->session->process, &job->generation);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	job->pool = pool;

	return 0;
}

static void qda_map_job_fini(struct qda_map_job *job)
{
	if (job->inv)
		qda_invocation_put(job->inv);
	qda_pool_put(job->pool);
}

/* The call holds the memory until the DSP has answered, whatever comes of the record. */
static int qda_map_job_begin(struct qda_map_job *job, struct qda_remote_map *remote, u32 sc)
{
	struct qda_invocation *inv = qda_pool_take(job->pool, &job->patience);

	if (IS_ERR(inv))
		return PTR_ERR(inv);
	job->inv = inv;
	inv->handle = QDA_WIRE_HANDLE_INIT;
	inv->sc = sc;
	qda_mapping_get(remote->map);

	return qda_operands_add(&inv->operands, remote->map, true);
}

static int qda_map_write_buffer(struct qda_map_job *job, struct qda_remote_map *remote,
				const struct qda_map_request *req)
{
	struct qda_wire_mem_map desc = {
		.client_id = cpu_to_le32(job->session->id),
		.key = cpu_to_le32(remote->key),
		.offset = cpu_to_le32(req->offset),
		.flags = cpu_to_le32(req->flags),
		.vaddrin = cpu_to_le64(req->vaddrin),
		.num = cpu_to_le32(sizeof(struct qda_wire_page)),
	};
	struct qda_wire_page page = {
		.addr = cpu_to_le64(qda_remote_map_address(remote)),
		.size = cpu_to_le64(remote->size),
	};
	struct qda_payload_arg args[] = {
		{ .length = sizeof(desc) },
		{ .length = sizeof(page) },
		{ .length = 0 },
		{ .length = sizeof(__le64) },
	};
	const void *data[ARRAY_SIZE(args)] = { &desc, &page };
	struct qda_payload payload = { .args = args, .count = ARRAY_SIZE(args) };
	int ret;

	ret = qda_map_job_begin(job, remote, QDA_SCALARS(QDA_WIRE_INIT_MEM_MAP, 3, 1));
	if (ret)
		return ret;
	ret = qda_kernel_call_write(job->inv, &payload, data);
	remote->result = args[3].offset;

	return ret;
}

static int qda_map_write_heap(struct qda_map_job *job, struct qda_remote_map *remote)
{
	struct qda_wire_mmap desc = {
		.client_id = cpu_to_le32(job->session->id),
		.flags = cpu_to_le32(QDA_WIRE_MMAP_ADD_PAGES),
		.num = cpu_to_le32(sizeof(struct qda_wire_page)),
	};
	struct qda_wire_page page = {
		.addr = cpu_to_le64(qda_remote_map_address(remote)),
		.size = cpu_to_le64(remote->size),
	};
	struct qda_payload_arg args[] = {
		{ .length = sizeof(desc) },
		{ .length = sizeof(page) },
		{ .length = sizeof(__le64) },
	};
	const void *data[ARRAY_SIZE(args)] = { &desc, &page };
	struct qda_payload payload = { .args = args, .count = ARRAY_SIZE(args) };
	int ret;

	ret = qda_map_job_begin(job, remote, QDA_SCALARS(QDA_WIRE_INIT_MMAP, 2, 1));
	if (ret)
		return ret;
	ret = qda_kernel_call_write(job->inv, &payload, data);
	remote->result = args[2].offset;

	return ret;
}

static int qda_map_write_unmap(struct qda_map_job *job, struct qda_remote_map *remote)
{
	struct qda_wire_unmap desc = {
		.client_id = cpu_to_le32(job->session->id),
		.key = cpu_to_le32(remote->key),
		.vaddr = cpu_to_le64(remote->vaddr),
		.size = cpu_to_le64(remote->size),
	};
	bool heap = remote->kind == QDA_REMOTE_MAP_HEAP;
	u32 method = heap ? QDA_WIRE_INIT_MUNMAP : QDA_WIRE_INIT_MEM_UNMAP;
	struct qda_payload_arg arg = { .length = sizeof(desc) };
	const void *data[] = { &desc };
	struct qda_payload payload = { .args = &arg, .count = 1 };
	int ret;

	ret = qda_map_job_begin(job, remote, QDA_SCALARS(method, 1, 0));
	if (ret)
		return ret;

	return qda_kernel_call_write(job->inv, &payload, data);
}

/* The DSP has answered, or is gone, after the caller of the ioctl gave up waiting. */
static void qda_map_answered_late(struct qda_invocation *inv)
{
	struct qda_remote_map *remote = inv->owner;

	qda_remote_map_conclude(&qda_pool_session(inv->pool)->process, remote, inv);
	qda_remote_map_put(remote);
}

static int qda_map_job_conclude(struct qda_map_job *job, struct qda_remote_map *remote, u32 *status)
{
	struct qda_process *process = &job->session->process;
	struct qda_invocation *inv = job->inv;
	int ret;

	ret = qda_remote_map_conclude(process, remote, inv);
	qda_invocation_let_go(inv);
	if (ret != -EREMOTEIO)
		return ret;
	if (inv->status == QDA_WIRE_EBADSTATE && qda_process_has_exited(process, job->generation))
		return -EPIPE;
	*status = inv->status;

	return ret;
}

/* The caller has written the call. Afterwards what the record says is true again. */
static int qda_map_job_run(struct qda_map_job *job, struct qda_remote_map *remote, u32 *status)
{
	struct qda_process *process = &job->session->process;
	struct qda_invocation *inv = job->inv;
	int ret;

	ret = qda_process_admit(process, job->generation, inv, &job->patience);
	if (ret) {
		qda_remote_map_unclaim(process, remote);
		return ret;
	}

	qda_remote_map_get(remote);
	inv->owner = remote;
	inv->retired = qda_map_answered_late;
	ret = qda_invocation_perform(inv, &job->patience);
	if (ret == -ETIMEDOUT)
		qda_ras_count(inv->qdev, QDA_RAS_TIMEOUT);
	if (ret)
		return ret;

	inv->retired = NULL;
	qda_remote_map_put(remote);

	return qda_map_job_conclude(job, remote, status);
}

static int qda_map_run(struct qda_map_job *job, struct qda_remote_map *remote,
		       struct qda_map_request *req)
{
	struct qda_process *process = &job->session->process;
	int ret = qda_remote_map_reserve(process, job->generation, remote);

	if (ret)
		return ret;

	if (remote->kind == QDA_REMOTE_MAP_HEAP)
		ret = qda_map_write_heap(job, remote);
	else
		ret = qda_map_write_buffer(job, remote, req);
	if (!ret && !qda_operands_sync_for_device(&job->inv->operands))
		ret = -ENODEV;
	if (ret) {
		qda_remote_map_unclaim(process, remote);
		return ret;
	}

	ret = qda_map_job_run(job, remote, &req->status);
	if (!ret)
		req->vaddr = remote->vaddr;

	return ret;
}

static struct qda_mapping *qda_map_find(struct qda_session *session,
					const struct qda_map_request *req)
{
	return req->bo ? qda_mapping_use(session, req->bo) : qda_gem_map(req->file, req->handle);
}

static struct qda_remote_map *qda_map_make_buffer(struct qda_session *session,
						  const struct qda_map_request *req)
{
	struct qda_mapping *map = qda_map_find(session, req);
	u64 length = req->size;
	struct qda_remote_map *remote;
	size_t size;

	if (IS_ERR(map))
		return ERR_CAST(map);

	size = qda_mapping_size(map);
	if (req->kind == QDA_REMOTE_MAP_KEY)
		length = ALIGN(length, QDA_WIRE_PAGE_SIZE);
	if (req->start > size || req->size > size - req->start)
		remote = ERR_PTR(-EINVAL);
	else
		remote = qda_remote_map_create(map, req->start, length);
	if (IS_ERR(remote)) {
		qda_mapping_put(map);
		return remote;
	}
	remote->kind = req->kind;
	remote->key = req->key;

	return remote;
}

static struct qda_remote_map *qda_map_make_heap(struct qda_session *session, u64 size)
{
	struct qda_bo *bo = qda_bo_create_for(qda_session_cb(session), size);
	struct qda_remote_map *remote;
	struct qda_mapping *map;

	if (IS_ERR(bo))
		return ERR_CAST(bo);

	map = qda_mapping_use(session, bo);
	qda_bo_put(bo);
	if (IS_ERR(map))
		return ERR_CAST(map);

	remote = qda_remote_map_create(map, 0, qda_mapping_size(map));
	if (IS_ERR(remote))
		qda_mapping_put(map);
	else
		remote->kind = QDA_REMOTE_MAP_HEAP;

	return remote;
}

static struct qda_remote_map *qda_map_make(struct qda_session *session,
					   const struct qda_map_request *req)
{
	if (req->kind == QDA_REMOTE_MAP_HEAP)
		return qda_map_make_heap(session, req->size);

	return qda_map_make_buffer(session, req);
}

/**
 * qda_map_perform - Map memory into a session's process
 * @session: the session
 * @req: what to map
 *
 * Return: 0, -EREMOTEIO when the DSP refused, or another negative error code as
 * &struct drm_qda_remote_map describes.
 */
int qda_map_perform(struct qda_session *session, struct qda_map_request *req)
{
	struct qda_remote_map *remote;
	struct qda_map_job job;
	int ret;

	ret = qda_map_job_init(&job, session);
	if (ret)
		return ret;

	remote = qda_map_make(session, req);
	ret = PTR_ERR_OR_ZERO(remote);
	if (!ret) {
		ret = qda_map_run(&job, remote, req);
		qda_remote_map_put(remote);
	}
	qda_map_job_fini(&job);

	return ret;
}
EXPORT_SYMBOL_FOR_MODULES(qda_map_perform, "qda_fastrpc_shim");

static int qda_map_check(const struct drm_qda_remote_map *args)
{
	if (args->attrs || args->pad)
		return -EINVAL;
	if (!args->size || args->size > QDA_BO_SIZE_MAX)
		return -EINVAL;

	switch (args->flags) {
	case QDA_MAP_BO:
		return args->key < 0 || !IS_ALIGNED(args->offset, QDA_WIRE_PAGE_SIZE) ?
			-EINVAL : 0;
	case QDA_MAP_HEAP:
		return args->handle || args->offset || args->vaddrin || args->key ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/**
 * qda_ioctl_remote_map - Implements DRM_IOCTL_QDA_REMOTE_MAP
 * @drm: the DRM device
 * @data: &struct drm_qda_remote_map
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_remote_map describes.
 */
int qda_ioctl_remote_map(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_qda_remote_map *args = data;
	struct qda_map_request req = {
		.kind = args->flags == QDA_MAP_HEAP ? QDA_REMOTE_MAP_HEAP : QDA_REMOTE_MAP_KEY,
		.file = file,
		.handle = args->handle,
		.start = args->offset,
		.size = args->size,
		.key = args->key,
		.flags = QDA_WIRE_MAP_FD,
		.vaddrin = args->vaddrin,
	};
	int ret;

	args->vaddrout = 0;
	args->dsp_status = 0;

	ret = qda_map_check(args);
	if (ret)
		return ret;

	ret = qda_map_perform(file->driver_priv, &req);
	args->vaddrout = req.vaddr;
	args->dsp_status = req.status;

	return ret;
}

static int qda_munmap_check(const struct drm_qda_remote_munmap *args)
{
	if (args->pad)
		return -EINVAL;

	switch (args->flags) {
	case QDA_MAP_BO:
		return args->vaddr || args->size || args->key < 0 ? -EINVAL : 0;
	case QDA_MAP_HEAP:
		return args->key || !args->size || args->size > QDA_BO_SIZE_MAX ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static struct qda_remote_map *qda_munmap_claim(struct qda_process *process,
					       const struct qda_map_request *req)
{
	switch (req->kind) {
	case QDA_REMOTE_MAP_HEAP:
		return qda_remote_map_claim_heap(process, req->vaddr, PAGE_ALIGN(req->size));
	case QDA_REMOTE_MAP_FD:
		return qda_remote_map_claim_fd(process, req->key, req->vaddr);
	default:
		return qda_remote_map_claim_key(process, req->key);
	}
}

static int qda_munmap_run(struct qda_map_job *job, struct qda_remote_map *remote, u32 *status)
{
	int ret = qda_map_write_unmap(job, remote);

	if (ret) {
		qda_remote_map_unclaim(&job->session->process, remote);
		return ret;
	}

	ret = qda_map_job_run(job, remote, status);
	if (!ret)
		qda_mapping_sync_for_cpu(remote->map, DMA_FROM_DEVICE);

	return ret;
}

/**
 * qda_munmap_perform - Undo qda_map_perform()
 * @session: the session
 * @req: what to unmap
 *
 * Return: 0, -EREMOTEIO when the DSP refused, or another negative error code as
 * &struct drm_qda_remote_munmap describes.
 */
int qda_munmap_perform(struct qda_session *session, struct qda_map_request *req)
{
	struct qda_remote_map *remote;
	struct qda_map_job job;
	int ret;

	ret = qda_map_job_init(&job, session);
	if (ret)
		return ret;

	remote = qda_munmap_claim(&session->process, req);
	ret = PTR_ERR_OR_ZERO(remote);
	if (!ret) {
		ret = qda_munmap_run(&job, remote, &req->status);
		qda_remote_map_put(remote);
	}
	qda_map_job_fini(&job);

	return ret;
}
EXPORT_SYMBOL_FOR_MODULES(qda_munmap_perform, "qda_fastrpc_shim");

/**
 * qda_ioctl_remote_munmap - Implements DRM_IOCTL_QDA_REMOTE_MUNMAP
 * @drm: the DRM device
 * @data: &struct drm_qda_remote_munmap
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_remote_munmap describes.
 */
int qda_ioctl_remote_munmap(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_qda_remote_munmap *args = data;
	struct qda_map_request req = {
		.kind = args->flags == QDA_MAP_HEAP ? QDA_REMOTE_MAP_HEAP : QDA_REMOTE_MAP_KEY,
		.key = args->key,
		.size = args->size,
		.vaddr = args->vaddr,
	};
	int ret;

	args->dsp_status = 0;

	ret = qda_munmap_check(args);
	if (ret)
		return ret;

	ret = qda_munmap_perform(file->driver_priv, &req);
	args->dsp_status = req.status;

	return ret;
}
