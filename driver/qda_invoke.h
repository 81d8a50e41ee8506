/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_INVOKE_H__
#define __QDA_INVOKE_H__

struct drm_device;
struct drm_file;
struct drm_qda_invoke;
struct qda_call;
struct qda_patience;

/* Bytes of &struct drm_qda_invoke in its first version */
#define QDA_INVOKE_SIZE_MIN	48

int qda_invoke_prepare(struct qda_call *call, const struct drm_qda_invoke *args,
		       const struct qda_patience *patience);
int qda_invoke_submit(struct drm_qda_invoke *args, struct drm_file *file);
int qda_ioctl_remote_invoke(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* __QDA_INVOKE_H__ */
