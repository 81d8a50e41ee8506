/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The virtual DSP's character device: messages in, answers out, sessions. */
#ifndef DSPD_DEVICE_H
#define DSPD_DEVICE_H

#include <stdbool.h>

#include "fastrpc_wire.h"
#include "vdsp.h"

struct device {
	int fd;
	struct vdsp_info info;
};

/* All of them give -errno when they fail. */
int device_open(struct device *device, const char *path);
int device_up(struct device *device);

/* 1 and a record, or 0 when there is none now. */
int device_read(struct device *device, struct vdsp_msg *msg);
int device_answer(struct device *device, __u64 ctx, __u32 code);
int device_notify(struct device *device, __s32 client_id, __u32 status);

/* The file of a new session. */
int device_session(struct device *device, __s32 client_id, __u32 sid);

/* The SoC is one whose firmware has poll mode. */
bool device_has_poll_mode(const struct device *device);

/* The stream id in an address on the wire, and whether there is such a bank. */
bool device_sid(const struct device *device, __u64 addr, __u32 *sid);

/* The IOVA in an address on the wire, and whether the address is one of that bank. */
bool device_iova(const struct device *device, __u64 addr, __u32 sid, __u32 *iova);

#endif
