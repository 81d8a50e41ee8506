// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Memory that a process has for longer than a call, by the legacy interface.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/uaccess.h>

#include <uapi/misc/fastrpc.h>

#include "qda_bo.h"
#include "qda_map.h"
#include "qda_session.h"
#include "qda_shim.h"
#include "qda_shim_buffer.h"
#include "qda_wire.h"

static long qda_shim_unmap(struct qda_shim *shim, struct qda_map_request *req)
{
	int ret = qda_munmap_perform(shim->session, req);

	/* Also if somebody else is about to unmap it. */
	if (ret == -ENOENT || ret == -EBUSY)
		return -EINVAL;

	return qda_shim_result(ret, req->status);
}

/* On success, unless the caller cannot be told where: then it is as if nothing had been. */
static long qda_shim_map(struct qda_shim *shim, struct qda_map_request *req,
			 u64 __user *vaddrout)
{
	int ret = qda_map_perform(shim->session, req);

	if (ret)
		return qda_shim_result(ret, req->status);
	if (!copy_to_user(vaddrout, &req->vaddr, sizeof(req->vaddr)))
		return 0;
	qda_shim_unmap(shim, req);

	return -EFAULT;
}

/**
 * qda_shim_mmap - Implements FASTRPC_IOCTL_MMAP
 * @shim: the caller's file
 * @user: &struct fastrpc_req_mmap
 *
 * Return: 0, the DSP's code when it refused, -EINVAL when it is not about pages of the
 * kernel for the heap, -ENOMEM, also for sizes that nothing can have, -EFAULT, or another
 * negative error code.
 */
long qda_shim_mmap(struct qda_shim *shim, void __user *user)
{
	struct fastrpc_req_mmap __user *out = user;
	struct qda_map_request req = { .kind = QDA_REMOTE_MAP_HEAP };
	struct fastrpc_req_mmap args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.flags != QDA_WIRE_MMAP_ADD_PAGES || args.vaddrin)
		return -EINVAL;
	if (!args.size || args.size > QDA_BO_SIZE_MAX)
		return -ENOMEM;
	req.size = args.size;

	return qda_shim_map(shim, &req, &out->vaddrout);
}

/**
 * qda_shim_munmap - Implements FASTRPC_IOCTL_MUNMAP
 * @shim: the caller's file
 * @user: &struct fastrpc_req_munmap
 *
 * Return: 0, the DSP's code when it refused, in which case they stay mapped, -EINVAL when
 * there are no such pages, -EFAULT, or another negative error code.
 */
long qda_shim_munmap(struct qda_shim *shim, void __user *user)
{
	struct qda_map_request req = { .kind = QDA_REMOTE_MAP_HEAP };
	struct fastrpc_req_munmap args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	req.vaddr = args.vaddrout;
	req.size = args.size;

	return qda_shim_unmap(shim, &req);
}

/**
 * qda_shim_mem_map - Implements FASTRPC_IOCTL_MEM_MAP
 * @shim: the caller's file
 * @user: &struct fastrpc_mem_map
 *
 * Return: 0, the DSP's code when it refused, -EBADF or -EINVAL when it is not a buffer or
 * not that long, -EFAULT, or another negative error code.
 */
long qda_shim_mem_map(struct qda_shim *shim, void __user *user)
{
	struct fastrpc_mem_map __user *out = user;
	struct qda_map_request req = { .kind = QDA_REMOTE_MAP_FD };
	struct fastrpc_mem_map args;
	struct dma_buf *dmabuf;
	long ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;

	req.bo = qda_shim_buffer_get(shim->session->qdev, args.fd, &dmabuf);
	if (IS_ERR(req.bo))
		return PTR_ERR(req.bo);
	dma_buf_put(dmabuf);

	req.key = args.fd;
	req.size = args.length;
	req.offset = args.offset;
	req.flags = args.flags;
	req.vaddrin = args.vaddrin;
	ret = qda_shim_map(shim, &req, &out->vaddrout);
	qda_bo_put(req.bo);

	return ret;
}

/**
 * qda_shim_mem_unmap - Implements FASTRPC_IOCTL_MEM_UNMAP
 * @shim: the caller's file
 * @user: &struct fastrpc_mem_unmap; with a negative descriptor the address alone decides
 *
 * Return: 0, the DSP's code when it refused, in which case it stays mapped, -EINVAL when
 * there is no such mapping, -EFAULT, or another negative error code.
 */
long qda_shim_mem_unmap(struct qda_shim *shim, void __user *user)
{
	struct qda_map_request req = { .kind = QDA_REMOTE_MAP_FD };
	struct fastrpc_mem_unmap args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	req.key = args.fd;
	req.vaddr = args.vaddr;

	return qda_shim_unmap(shim, &req);
}
