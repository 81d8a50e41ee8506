/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_SHIM_BUFFER_H__
#define __QDA_SHIM_BUFFER_H__

#include <linux/types.h>

struct dma_buf;
struct qda_bo;
struct qda_device;

struct qda_bo *qda_shim_buffer_get(struct qda_device *qdev, int fd, struct dma_buf **dmabuf);
int qda_shim_buffer_offset(struct qda_device *qdev, struct dma_buf *dmabuf, u64 ptr, u64 length,
			   u64 *offset);

#endif /* __QDA_SHIM_BUFFER_H__ */
