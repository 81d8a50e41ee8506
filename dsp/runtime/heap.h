/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Where malloc gets memory when the process has used up its own 32 MiB. */
#ifndef QDA_RT_HEAP_H
#define QDA_RT_HEAP_H

#include <stddef.h>

/*
 * more gives len bytes, a multiple of 1 MiB, that stay, or NULL; it is called without
 * a lock. Set it before there are threads.
 */
void rt_heap_ask(void *(*more)(size_t len));

#endif
