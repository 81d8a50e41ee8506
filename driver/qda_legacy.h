/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_LEGACY_H__
#define __QDA_LEGACY_H__

#include <linux/types.h>

struct qda_call;
struct qda_device;

/* What the driver of the legacy interface binds to, after this module's name and a dot */
#define QDA_LEGACY_NAME	"fastrpc"

#if IS_ENABLED(CONFIG_DRM_ACCEL_QDA_FASTRPC)
void qda_legacy_offer(struct qda_device *qdev);
void qda_legacy_withdraw(struct qda_device *qdev);
#else
static inline void qda_legacy_offer(struct qda_device *qdev) {}
static inline void qda_legacy_withdraw(struct qda_device *qdev) {}
#endif

int qda_legacy_invoke(struct qda_call *call, u32 handle, u32 sc, u32 *status);

#endif /* __QDA_LEGACY_H__ */
