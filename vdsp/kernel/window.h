/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_WINDOW_H__
#define __VDSP_WINDOW_H__

#include <linux/types.h>

struct file;
struct vdsp_bank;
struct vdsp_window;
struct vm_area_struct;

struct vdsp_window *vdsp_window_create(void);
void vdsp_window_destroy(struct vdsp_window *window);
void vdsp_window_connect(struct vdsp_window *window, u32 sid, struct vdsp_bank *bank);

void vdsp_window_adopt(struct vdsp_window *window, struct file *file);
int vdsp_window_mmap(struct vdsp_window *window, struct vm_area_struct *vma);
int vdsp_window_mmap_bank(struct vdsp_window *window, struct vm_area_struct *vma, u32 sid);

void vdsp_window_revoke(struct vdsp_window *window, u32 sid, u64 iova, size_t size);
void vdsp_window_revoke_all(struct vdsp_window *window, u32 sid);

#endif /* __VDSP_WINDOW_H__ */
