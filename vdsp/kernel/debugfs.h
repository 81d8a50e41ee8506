/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_DEBUGFS_H__
#define __VDSP_DEBUGFS_H__

struct vdsp_dsp;

void vdsp_debugfs_init(void);
void vdsp_debugfs_exit(void);
void vdsp_debugfs_add(struct vdsp_dsp *dsp);
void vdsp_debugfs_remove(struct vdsp_dsp *dsp);

#endif /* __VDSP_DEBUGFS_H__ */
