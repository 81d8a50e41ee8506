/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_PRIME_H__
#define __QDA_PRIME_H__

struct device;
struct dma_buf;
struct dma_buf_attachment;
struct drm_device;
struct drm_gem_object;
struct qda_bo;
struct qda_device;
struct sg_table;

struct drm_gem_object *qda_prime_import(struct drm_device *drm, struct dma_buf *dmabuf);
struct dma_buf *qda_prime_alloc(struct qda_device *qdev, size_t size);
struct qda_bo *qda_prime_bo_from_dmabuf(struct qda_device *qdev, struct dma_buf *dmabuf);
struct qda_bo *qda_prime_bo_from_fd(struct qda_device *qdev, int fd);
struct dma_buf_attachment *qda_prime_attach(struct dma_buf *dmabuf, struct device *dev,
					    struct sg_table **sgt);
void qda_prime_detach(struct dma_buf_attachment *attach, struct sg_table *sgt);

#endif /* __QDA_PRIME_H__ */
