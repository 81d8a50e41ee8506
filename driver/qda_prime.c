// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffers of others. Importing one only takes a reference to the dma-buf, as it is
 * not known yet which context banks will use it, and the DRM device itself does no
 * DMA. The dma-buf is attached to the device of a context bank when a session
 * maps it, so that its exporter provides addresses in that bank's IOMMU domain.
 */
#include <linux/dma-buf.h>
#include <linux/dma-direction.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/fcntl.h>
#include <linux/module.h>

#include <drm/drm_gem.h>
#include <drm/drm_prime.h>

#include "qda_bo.h"
#include "qda_cb.h"
#include "qda_device.h"
#include "qda_prime.h"

/**
 * qda_prime_import - Implements &drm_driver.gem_prime_import
 * @drm: the DRM device
 * @dmabuf: what is to be imported
 *
 * Return: the object with a reference, or an error pointer. A dma-buf that this device
 * exported is the object it was made from.
 */
struct drm_gem_object *qda_prime_import(struct drm_device *drm, struct dma_buf *dmabuf)
{
	struct qda_bo *bo;

	if (drm_gem_is_prime_exported_dma_buf(drm, dmabuf)) {
		struct drm_gem_object *obj = dmabuf->priv;

		drm_gem_object_get(obj);
		return obj;
	}

	bo = qda_bo_import(to_qda_device(drm), dmabuf);

	return IS_ERR(bo) ? ERR_CAST(bo) : qda_bo_object(bo);
}

/**
 * qda_prime_bo_from_fd - Import a dma-buf for the kernel's own use
 * @qdev: the DSP
 * @fd: the caller's file descriptor
 *
 * Return: the object with a reference, or an error pointer: -EBADF when there is no
 * such descriptor, -EINVAL when it is not a dma-buf that can be used.
 */
struct qda_bo *qda_prime_bo_from_fd(struct qda_device *qdev, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct drm_gem_object *obj;

	if (IS_ERR(dmabuf))
		return ERR_CAST(dmabuf);

	obj = qda_prime_import(&qdev->drm, dmabuf);
	dma_buf_put(dmabuf);

	return IS_ERR(obj) ? ERR_CAST(obj) : qda_bo_from_object(obj);
}

/**
 * qda_prime_bo_from_dmabuf - Find the object of a dma-buf for a user without handles
 * @qdev: the DSP
 * @dmabuf: the dma-buf
 *
 * Return: the object with a reference, or an error pointer, as qda_bo_import_shared().
 */
struct qda_bo *qda_prime_bo_from_dmabuf(struct qda_device *qdev, struct dma_buf *dmabuf)
{
	if (drm_gem_is_prime_exported_dma_buf(&qdev->drm, dmabuf)) {
		struct qda_bo *bo = qda_bo_from_object(dmabuf->priv);

		qda_bo_get(bo);
		return bo;
	}

	return qda_bo_import_shared(qdev, dmabuf);
}
EXPORT_SYMBOL_FOR_MODULES(qda_prime_bo_from_dmabuf, "qda_fastrpc_shim");

/**
 * qda_prime_alloc - Make a buffer for a user without handles
 * @qdev: the DSP
 * @size: bytes, rounded up to pages
 *
 * Its user does not tell when the CPU and when the DSP accesses it.
 *
 * Return: the only reference to a new dma-buf, or an error pointer, as qda_bo_create().
 */
struct dma_buf *qda_prime_alloc(struct qda_device *qdev, size_t size)
{
	struct qda_bo *bo = qda_bo_create(qdev, size);
	struct dma_buf *dmabuf;
	int ret = 0;

	if (IS_ERR(bo))
		return ERR_CAST(bo);

	if (qda_cb_any_needs_sync(qdev))
		ret = qda_bo_set_write_combined(bo);
	dmabuf = ret ? ERR_PTR(ret) : drm_gem_prime_export(qda_bo_object(bo), O_RDWR | O_CLOEXEC);
	qda_bo_put(bo);

	return dmabuf;
}
EXPORT_SYMBOL_FOR_MODULES(qda_prime_alloc, "qda_fastrpc_shim");

/**
 * qda_prime_attach - Map a dma-buf for a device
 * @dmabuf: the dma-buf
 * @dev: the device of a context bank
 * @sgt: its table of addresses is stored here; the pages in it, if any, belong to the
 *	exporter alone
 *
 * The attachment is not dynamic: without a way to stop the DSP there is no moment at
 * which an exporter could move the memory, so it pins it.
 *
 * Return: the attachment, or an error pointer.
 */
struct dma_buf_attachment *qda_prime_attach(struct dma_buf *dmabuf, struct device *dev,
					    struct sg_table **sgt)
{
	struct dma_buf_attachment *attach = dma_buf_attach(dmabuf, dev);

	if (IS_ERR(attach))
		return attach;

	*sgt = dma_buf_map_attachment_unlocked(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(*sgt)) {
		dma_buf_detach(dmabuf, attach);
		return ERR_CAST(*sgt);
	}

	return attach;
}

/**
 * qda_prime_detach - Undo qda_prime_attach()
 * @attach: the attachment, whose device still exists
 * @sgt: its table
 */
void qda_prime_detach(struct dma_buf_attachment *attach, struct sg_table *sgt)
{
	dma_buf_unmap_attachment_unlocked(attach, sgt, DMA_BIDIRECTIONAL);
	dma_buf_detach(attach->dmabuf, attach);
}

MODULE_IMPORT_NS("DMA_BUF");
