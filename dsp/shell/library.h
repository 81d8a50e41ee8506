/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Shared objects that are loaded from files of the application. Each is there once, however
 * many use it, and goes with its last user.
 */
#ifndef SHELL_LIBRARY_H
#define SHELL_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include "elf.h"

struct library;

/*
 * Loads the file, with all that it needs, or finds it. Waits for the application. 0, or a
 * FRPC_E code and why in text.
 */
uint32_t library_get(const char *file, struct library **library, struct elf_text *text);
void library_put(struct library *library);

/* A function of it */
bool library_find(const struct library *library, const char *name, uint32_t *value);

/* Which one has this address of code? For the report of a crash, so without a lock. */
const char *library_at(uint32_t address, uint32_t *offset);

#endif
