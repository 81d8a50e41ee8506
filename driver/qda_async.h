/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_ASYNC_H__
#define __QDA_ASYNC_H__

#include <linux/types.h>

struct drm_device;
struct drm_file;
struct qda_invocation;
struct qda_patience;

/* Completions of a file that have not been read yet or are still to come */
#define QDA_ASYNC_EVENTS	170

int qda_async_begin(struct qda_invocation *inv, struct drm_file *file, u64 user_data,
		    u64 generation);
void qda_async_cancel(struct qda_invocation *inv);
int qda_async_submit(struct qda_invocation *inv, const struct qda_patience *patience);
int qda_ioctl_remote_invoke_batch(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* __QDA_ASYNC_H__ */
