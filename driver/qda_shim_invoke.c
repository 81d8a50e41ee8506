// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls by the legacy interface.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include <uapi/misc/fastrpc.h>

#include "qda_bo.h"
#include "qda_call.h"
#include "qda_invocation.h"
#include "qda_legacy.h"
#include "qda_mapping.h"
#include "qda_operands.h"
#include "qda_session.h"
#include "qda_shim.h"
#include "qda_shim_buffer.h"
#include "qda_wire.h"

/* Most bytes of arguments without a buffer. More than a program can want to be copied. */
#define QDA_SHIM_INLINE_MAX	SZ_64M

/* Arguments that are read at once */
#define QDA_SHIM_BATCH		8

static bool qda_shim_has_buffer(s32 fd, u64 length)
{
	return fd && fd != -1 && length;
}

static void qda_shim_take_arg(struct qda_payload_arg *to, const struct fastrpc_invoke_args *arg,
			      bool handle)
{
	*to = (struct qda_payload_arg){
		.addr = arg->ptr,
		.length = arg->length,
		.key = arg->fd,
	};
	to->assign = qda_shim_has_buffer(arg->fd, arg->length) &&
		     arg->attr & FASTRPC_ATTR_SECUREMAP;
	if (handle)
		to->kind = QDA_PAYLOAD_HANDLE;
	else if (qda_shim_has_buffer(arg->fd, arg->length))
		to->kind = QDA_PAYLOAD_MAPPED;
	else
		to->kind = QDA_PAYLOAD_INLINE;
}

static int qda_shim_read_args(struct qda_call *call, const struct fastrpc_invoke_args __user *user)
{
	struct fastrpc_invoke_args batch[QDA_SHIM_BATCH] __uninitialized;

	for (u32 i = 0; i < call->payload.count; i++) {
		const struct fastrpc_invoke_args *arg = &batch[i % QDA_SHIM_BATCH];
		u32 count = min(call->payload.count - i, QDA_SHIM_BATCH);

		if (arg == batch && copy_from_user(batch, user + i, count * sizeof(*batch)))
			return -EFAULT;
		qda_shim_take_arg(&call->payload.args[i], arg, i >= call->buffers);
	}

	return 0;
}

/* Where a buffer is for the DSP. */
static int qda_shim_find_start(const struct qda_payload_arg *arg, struct qda_mapping *map,
			       u64 *start)
{
	if (arg->assign)
		return qda_mapping_assign(map, start);
	*start = qda_mapping_address(map);

	return 0;
}

static int qda_shim_find_handle(const struct qda_call *call, struct qda_payload_arg *arg,
				struct qda_mapping *map)
{
	size_t size = qda_mapping_size(map);
	u64 start;
	int ret;

	if (arg->length > size)
		return -EINVAL;

	ret = qda_shim_find_start(arg, map, &start);
	if (ret)
		return ret;
	ret = qda_remote_map_lend(&call->session->process, call->parked.generation, map, arg->key);
	if (ret)
		return ret;
	arg->addr = start;
	arg->range = size;

	return 0;
}

static int qda_shim_find_buffer(const struct qda_call *call, struct qda_payload_arg *arg,
				struct dma_buf *dmabuf, struct qda_mapping *map)
{
	u64 start, offset;
	int ret;

	ret = qda_shim_buffer_offset(call->session->qdev, dmabuf, arg->addr, arg->length,
				     &offset);
	if (ret)
		return ret;
	ret = qda_shim_find_start(arg, map, &start);
	if (ret)
		return ret;
	arg->addr = start + offset;

	return 0;
}

static struct qda_mapping *qda_shim_find_mapping(const struct qda_call *call, int fd,
						 struct dma_buf **dmabuf)
{
	struct qda_bo *bo = qda_shim_buffer_get(call->session->qdev, fd, dmabuf);
	struct qda_mapping *map;

	if (IS_ERR(bo))
		return bo == ERR_PTR(-EBADF) ? ERR_PTR(-EINVAL) : ERR_CAST(bo);

	map = qda_mapping_use(call->session, bo);
	qda_bo_put(bo);
	if (IS_ERR(map))
		dma_buf_put(*dmabuf);

	return map;
}

/* A DMA handle may have no buffer; the DSP is told just its numbers then. */
static int qda_shim_find(const struct qda_call *call, struct qda_invocation *inv, u32 index)
{
	struct qda_payload_arg *arg = &call->payload.args[index];
	bool handle = arg->kind == QDA_PAYLOAD_HANDLE;
	struct qda_mapping *map;
	struct dma_buf *dmabuf;
	int ret;

	if (handle) {
		arg->offset = arg->addr;
		arg->addr = 0;
		if (!qda_shim_has_buffer(arg->key, arg->length))
			return 0;
	}

	map = qda_shim_find_mapping(call, arg->key, &dmabuf);
	if (IS_ERR(map))
		return PTR_ERR(map);

	if (handle)
		ret = qda_shim_find_handle(call, arg, map);
	else
		ret = qda_shim_find_buffer(call, arg, dmabuf, map);
	dma_buf_put(dmabuf);
	if (ret) {
		qda_mapping_put(map);
		return ret;
	}

	return qda_operands_add(&inv->operands, map, qda_call_is_output(call, index));
}

static long qda_shim_run(struct qda_call *call, const struct fastrpc_invoke *args)
{
	u32 status = 0;
	int ret;

	ret = qda_shim_read_args(call, u64_to_user_ptr(args->args));
	if (!ret)
		ret = qda_legacy_invoke(call, args->handle, args->sc, &status);
	if (ret == -E2BIG)
		ret = -ENOMEM;

	return qda_shim_result(ret, status);
}

/**
 * qda_shim_invoke - Implements FASTRPC_IOCTL_INVOKE
 * @shim: the caller's file
 * @user: &struct fastrpc_invoke
 *
 * Return: 0, the DSP's code, -EPERM for the handle that is the kernel's, -EINVAL when a
 * descriptor is not a buffer or the argument not in it, -ENOTCONN when there is no
 * process, -ENOMEM, also for arguments that are too long, -EOPNOTSUPP or -EIO for a secure
 * mapping, as qda_mapping_assign(), -EFAULT, -EINTR when killed, or another negative error
 * code.
 */
long qda_shim_invoke(struct qda_shim *shim, void __user *user)
{
	struct fastrpc_invoke args;
	/* Most calls use a small part of it. */
	struct qda_call call __uninitialized;
	long ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.handle == QDA_WIRE_HANDLE_INIT)
		return -EPERM;

	ret = qda_call_alloc(&call, shim->session, args.sc);
	if (ret)
		return ret;
	call.find = qda_shim_find;
	call.payload.room = QDA_SHIM_INLINE_MAX;

	ret = qda_shim_run(&call, &args);
	qda_call_fini(&call);

	return ret;
}
