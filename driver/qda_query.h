/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_QUERY_H__
#define __QDA_QUERY_H__

struct drm_device;
struct drm_file;

int qda_ioctl_query(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* __QDA_QUERY_H__ */
