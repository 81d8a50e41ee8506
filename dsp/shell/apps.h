/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The modules that an application has for the DSP, and what the shell itself wants of them. */
#ifndef SHELL_APPS_H
#define SHELL_APPS_H

#include <stddef.h>
#include <stdint.h>

#include "remote.h"

enum apps_module {
	APPS_STD,
	APPS_MEM,
	APPS_LOG,
	APPS_COUNT,
};

/* Calls a method of the module, which it opens first when that was not done yet. */
uint32_t apps_invoke(enum apps_module module, uint32_t sc, remote_arg *args);

/* A whole file from the application's search path, to be freed; 0 or a code. */
uint32_t apps_read_file(const char *name, uint8_t **bytes, size_t *len);

/* Pages for the heap: len is a multiple of 1 MiB; NULL when there are none. */
void *apps_more_heap(size_t len);

#endif
