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

struct rt_heap {
	size_t size;	/* all memory that malloc has */
	size_t free;	/* of that, not given out */
	size_t largest; /* free, in one piece */
};

struct rt_heap rt_heap_look(void);

/* How much is asked for at least, and at most; 0: any. At least 1 MiB is asked for. */
void rt_heap_set_growth(size_t least, size_t most);
size_t rt_heap_growth(void);

#endif
