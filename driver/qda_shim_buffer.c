// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffers of the legacy interface: a dma-buf by its file descriptor, and what is meant in
 * it by the address where the caller has mapped it.
 */
#include <linux/cleanup.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include <drm/drm_gem.h>
#include <drm/drm_prime.h>
#include <drm/drm_vma_manager.h>

#include <uapi/misc/fastrpc.h>

#include "qda_bo.h"
#include "qda_device.h"
#include "qda_prime.h"
#include "qda_session.h"
#include "qda_shim.h"
#include "qda_shim_buffer.h"

/**
 * qda_shim_buffer_get - Find the buffer of a file descriptor
 * @qdev: the DSP
 * @fd: any number
 * @dmabuf: where to store the dma-buf, with a reference
 *
 * Return: the buffer with a reference, or an error pointer: -EBADF when there is no such
 * descriptor, -EINVAL when it is not a dma-buf that can be used.
 */
struct qda_bo *qda_shim_buffer_get(struct qda_device *qdev, int fd, struct dma_buf **dmabuf)
{
	struct qda_bo *bo;

	*dmabuf = dma_buf_get(fd);
	if (IS_ERR(*dmabuf))
		return ERR_CAST(*dmabuf);

	bo = qda_prime_bo_from_dmabuf(qdev, *dmabuf);
	if (IS_ERR(bo))
		dma_buf_put(*dmabuf);

	return bo;
}

/*
 * DRM gives each object a range of page offsets of its own, and mappings of a
 * dma-buf made from one are counted from there. Where that begins is known only of our
 * own objects; a mapping of somebody else's is taken to begin where the buffer does.
 */
static u64 qda_shim_vma_start(const struct vm_area_struct *vma, struct qda_device *qdev,
			      struct dma_buf *dmabuf)
{
	unsigned long start = vma->vm_pgoff;

	if (drm_gem_is_prime_exported_dma_buf(&qdev->drm, dmabuf)) {
		struct drm_gem_object *obj = dmabuf->priv;

		start -= drm_vma_node_start(&obj->vma_node);
	} else if (start >= dmabuf->size >> PAGE_SHIFT) {
		start = 0;
	}

	return (u64)start << PAGE_SHIFT;
}

/**
 * qda_shim_buffer_offset - Find what is meant in a buffer
 * @qdev: the DSP
 * @dmabuf: the buffer
 * @ptr: address in the caller's mapping of it; if nothing is mapped there, only its
 *	offset in a page counts
 * @length: bytes
 * @offset: where to store where that is in the buffer
 *
 * Return: 0, or -EINVAL when something else is mapped there, or the buffer ends before.
 */
int qda_shim_buffer_offset(struct qda_device *qdev, struct dma_buf *dmabuf, u64 ptr, u64 length,
			   u64 *offset)
{
	struct vm_area_struct *vma;

	*offset = offset_in_page(ptr);
	scoped_guard(mmap_read_lock, current->mm) {
		vma = vma_lookup(current->mm, ptr);
		if (vma && vma->vm_file != dmabuf->file)
			return -EINVAL;
		if (vma)
			*offset = qda_shim_vma_start(vma, qdev, dmabuf) + ptr - vma->vm_start;
	}
	if (*offset > dmabuf->size || length > dmabuf->size - *offset)
		return -EINVAL;

	return 0;
}

/**
 * qda_shim_alloc - Implements FASTRPC_IOCTL_ALLOC_DMA_BUFF
 * @shim: the caller's file
 * @user: &struct fastrpc_alloc_dma_buf
 *
 * Return: 0, -EFAULT, -EMFILE, -ENFILE, -ENOMEM, also for sizes that nothing can have, or
 * -EDQUOT when the user has too much contiguous memory.
 */
long qda_shim_alloc(struct qda_shim *shim, void __user *user)
{
	struct fastrpc_alloc_dma_buf args;
	struct dma_buf *dmabuf;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (!args.size || args.size > QDA_BO_SIZE_MAX)
		return -ENOMEM;

	dmabuf = qda_prime_alloc(shim->session->qdev, args.size);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	args.fd = get_unused_fd_flags(O_CLOEXEC);
	if (args.fd < 0) {
		dma_buf_put(dmabuf);
		return args.fd;
	}
	/* Nobody can use the number before it stands for the buffer. */
	if (copy_to_user(user, &args, sizeof(args))) {
		put_unused_fd(args.fd);
		dma_buf_put(dmabuf);
		return -EFAULT;
	}
	fd_install(args.fd, dmabuf->file);

	return 0;
}

MODULE_IMPORT_NS("DMA_BUF");
