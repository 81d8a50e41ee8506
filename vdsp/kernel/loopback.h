/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_LOOPBACK_H__
#define __VDSP_LOOPBACK_H__

#include <linux/gfp_types.h>
#include <linux/types.h>

struct vdsp_dsp;
struct vdsp_loopback;

struct vdsp_loopback *vdsp_loopback_create(struct vdsp_dsp *dsp);
void vdsp_loopback_destroy(struct vdsp_loopback *loopback);
void vdsp_loopback_open(struct vdsp_loopback *loopback);
void vdsp_loopback_close(struct vdsp_loopback *loopback);
void vdsp_loopback_flush(struct vdsp_loopback *loopback);
int vdsp_loopback_call(struct vdsp_loopback *loopback, const void *wire, gfp_t gfp);
u32 *vdsp_loopback_delay_us(struct vdsp_loopback *loopback);

#endif /* __VDSP_LOOPBACK_H__ */
