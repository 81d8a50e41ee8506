/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_MAP_H__
#define __QDA_MAP_H__

#include <linux/types.h>

#include "qda_remote_map.h"

struct drm_device;
struct drm_file;
struct qda_bo;
struct qda_session;

/**
 * struct qda_map_request - What a caller wants to map or to unmap
 * @kind: QDA_REMOTE_MAP_KEY, _HEAP or _FD
 * @bo: to map, buffer; if it is NULL it is found by @file and @handle
 * @file: to map, the caller's DRM file
 * @handle: to map, GEM handle of the buffer
 * @start: to map, start of the range in the buffer
 * @size: bytes; not looked at to unmap a buffer
 * @key: number by which DSP code finds it
 * @offset: to map, for the DSP, which is told the range itself
 * @flags: to map, for the DSP
 * @vaddrin: to map, for the DSP
 * @vaddr: the DSP's own address of it: an output when it is mapped, else an input
 * @status: output, what the DSP answered
 */
struct qda_map_request {
	enum qda_remote_map_kind kind;
	struct qda_bo *bo;
	struct drm_file *file;
	u32 handle;
	u64 start;
	u64 size;
	s32 key;
	s32 offset;
	u32 flags;
	u64 vaddrin;
	u64 vaddr;
	u32 status;
};

int qda_map_perform(struct qda_session *session, struct qda_map_request *req);
int qda_munmap_perform(struct qda_session *session, struct qda_map_request *req);
int qda_ioctl_remote_map(struct drm_device *drm, void *data, struct drm_file *file);
int qda_ioctl_remote_munmap(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* __QDA_MAP_H__ */
