/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Skels that are linked into the shell or loaded from files of the application, and the
 * handles under which they are open.
 */
#ifndef SHELL_MODULES_H
#define SHELL_MODULES_H

#include "remote.h"

typedef int (*skel_entry)(uint64_t h, uint32_t sc, remote_arg *pra);

/* A plain one is neither opened nor closed, and all of its methods are the caller's. */
typedef int (*skel_plain_entry)(uint32_t sc, remote_arg *pra);

struct skel {
	const char *name;
	skel_entry invoke; /* one of the two */
	skel_plain_entry plain;
};

/* Ends with an entry without a name; skels.c */
extern const struct skel shell_skels[];

/*
 * name is a plain one ("calc") or a URI as FastRPC's clients make it
 * ("file:///libcalc_skel.so?.."). 0 and a handle, or a FRPC_E code; error has room
 * for error_size > 0 bytes of plain text, and is an empty one. Can wait for the application.
 */
uint32_t modules_open(const char *name, uint32_t *handle, char *error_text, size_t error_size);
uint32_t modules_close(uint32_t handle);
uint32_t modules_invoke(uint32_t handle, uint32_t sc, remote_arg *args);

#endif
