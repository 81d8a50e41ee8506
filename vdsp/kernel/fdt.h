/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_FDT_H__
#define __VDSP_FDT_H__

#include <linux/types.h>

struct vdsp_config;

void *vdsp_fdt_build(const struct vdsp_config *cfg, size_t *size);

#endif /* __VDSP_FDT_H__ */
