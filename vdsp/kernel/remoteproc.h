/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_REMOTEPROC_H__
#define __VDSP_REMOTEPROC_H__

struct device;
struct rproc;

struct rproc *vdsp_remoteproc_add(struct device *parent, const char *name);
void vdsp_remoteproc_remove(struct rproc *rproc);

#endif /* __VDSP_REMOTEPROC_H__ */
