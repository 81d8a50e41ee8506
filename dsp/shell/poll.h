/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Poll mode: a word in the payload says that a call has succeeded, and the answer follows.
 * The caller may take the one or the other, whichever it sees first.
 */
#ifndef SHELL_POLL_H
#define SHELL_POLL_H

#include "remote.h"
#include "vdsp.h"

/* The DSP has poll mode; without this the process refuses to switch it on. */
void poll_allow(void);

/* Method poll_mode of current_process: in {enable, microseconds}. A FRPC_E code, or 0. */
uint32_t poll_set_mode(uint32_t sc, const remote_arg *args);

/* Writes the word of a call whose outputs are written, if it is one that has a word. */
void poll_succeed(const struct vdsp_msg *msg);

#endif
