/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_FIRMWARE_H__
#define __VDSP_FIRMWARE_H__

struct vdsp_dsp;
struct vdsp_firmware;

struct vdsp_firmware *vdsp_firmware_create(struct vdsp_dsp *dsp);
void vdsp_firmware_destroy(struct vdsp_firmware *firmware);
int vdsp_firmware_register(struct vdsp_firmware *firmware);
void vdsp_firmware_unregister(struct vdsp_firmware *firmware);

#endif /* __VDSP_FIRMWARE_H__ */
