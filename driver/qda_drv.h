/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_DRV_H__
#define __QDA_DRV_H__

struct drm_driver;

extern const struct drm_driver qda_drm_driver;

#endif /* __QDA_DRV_H__ */
