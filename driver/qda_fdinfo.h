/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_FDINFO_H__
#define __QDA_FDINFO_H__

struct drm_file;
struct drm_printer;

void qda_fdinfo_show(struct drm_printer *p, struct drm_file *file);

#endif /* __QDA_FDINFO_H__ */
