/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_SMMU_H__
#define __VDSP_SMMU_H__

#include <linux/types.h>

struct device;
struct device_node;
struct vdsp_bank;
struct vdsp_config;
struct vdsp_smmu;
struct vdsp_window;

struct vdsp_smmu *vdsp_smmu_create(const struct vdsp_config *cfg, struct vdsp_window *window);
void vdsp_smmu_destroy(struct vdsp_smmu *smmu);
int vdsp_smmu_register(struct vdsp_smmu *smmu, struct device *parent, struct device_node *np);
void vdsp_smmu_unregister(struct vdsp_smmu *smmu);
struct vdsp_bank *vdsp_smmu_bank(struct vdsp_smmu *smmu, u32 sid);

#endif /* __VDSP_SMMU_H__ */
