/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Arguments of a call that the driver made of dspd itself, checked. */
#ifndef DSPD_PAYLOAD_H
#define DSPD_PAYLOAD_H

#include "memory.h"

/* The kernel's own calls have 6 at most. */
#define PAYLOAD_MAX_ARGS 8

struct payload_arg {
	__u32 iova;
	__u32 len; /* 0: empty */
};

struct payload {
	__u32 sid;
	__u32 count;
	struct payload_arg args[PAYLOAD_MAX_ARGS];
};

/* 0 or a FRPC_E code. */
__u32 payload_decode(const struct device *device, struct memory *memory, const struct vdsp_msg *msg,
		     struct payload *payload);

/* Copies argument i, which must have exactly len bytes; 0 or a FRPC_E code. */
__u32 payload_get(struct memory *memory, const struct payload *payload, __u32 i, void *to,
		  size_t len);

#endif
