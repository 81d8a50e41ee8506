/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* From a message to the arguments of the method it calls. */
#ifndef SHELL_PAYLOAD_H
#define SHELL_PAYLOAD_H

#include "fastrpc_wire.h"
#include "remote.h"
#include "vdsp.h"

/* DMA handles, inputs and outputs, and with them all that a scalars word can count. */
#define PAYLOAD_MAX_HANDLES (15 + 15)
#define PAYLOAD_MAX_ARGS    (255 + 255 + PAYLOAD_MAX_HANDLES)

struct payload {
	remote_arg args[PAYLOAD_MAX_ARGS];
	int32_t keys[PAYLOAD_MAX_HANDLES]; /* those that HAP_mmap_get knows by this call */
	uint32_t keys_count;
};

/* 0, and then payload_end must follow when the method is done, or a FRPC_E code. */
uint32_t payload_decode(const struct vdsp_msg *msg, struct payload *payload);
void payload_end(const struct payload *payload);

#endif
