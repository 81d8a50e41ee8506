/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* From a message to the arguments of the method it calls. */
#ifndef SHELL_PAYLOAD_H
#define SHELL_PAYLOAD_H

#include "fastrpc_wire.h"
#include "remote.h"
#include "vdsp.h"

/* Input and output buffers; calls with DMA handles are refused. */
#define PAYLOAD_MAX_ARGS (255 + 255)

/* 0 or a FRPC_E code; args has room for PAYLOAD_MAX_ARGS. */
uint32_t payload_decode(const struct vdsp_msg *msg, remote_arg *args);

#endif
