/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* What shared objects find in this process by name. */
#ifndef SHELL_EXPORTS_H
#define SHELL_EXPORTS_H

#include <stdbool.h>
#include <stdint.h>

bool exports_find(const char *name, uint32_t *value);

/* Is it one of the C library's objects, all of which is in this process already? */
bool exports_replace(const char *object);

#endif
