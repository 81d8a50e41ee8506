/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_SESSION_H__
#define __VDSP_SESSION_H__

struct vdsp_dsp;

int vdsp_session_open(struct vdsp_dsp *dsp, void __user *arg);

#endif /* __VDSP_SESSION_H__ */
