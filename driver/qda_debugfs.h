/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_DEBUGFS_H__
#define __QDA_DEBUGFS_H__

struct qda_device;

#ifdef CONFIG_DEBUG_FS
void qda_debugfs_init(struct qda_device *qdev);
#else
static inline void qda_debugfs_init(struct qda_device *qdev)
{
}
#endif

#endif /* __QDA_DEBUGFS_H__ */
