/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The program of a PD, in a file that it is started from. */
#ifndef DSPD_IMAGE_H
#define DSPD_IMAGE_H

#include <stddef.h>

#include "memory.h"

/* Both give a file descriptor or -errno; -ENOEXEC: not a Hexagon program. */
int image_from_memory(struct memory *memory, __u32 sid, __u32 iova, size_t len);
int image_from_path(const char *path);

#endif
