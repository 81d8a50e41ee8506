/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The calls by which the driver maps memory into a PD for good: MEM_MAP, MMAP and their ends. */
#ifndef DSPD_MAPPING_H
#define DSPD_MAPPING_H

#include "dspd.h"
#include "payload.h"

/* Is the method of handle 1 one of them? */
bool mapping_is(__u32 method);

/* 0 or a FRPC_E code. */
__u32 mapping_call(struct dspd *dspd, const struct vdsp_msg *msg, const struct payload *payload);

#endif
