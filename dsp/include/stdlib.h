/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The part of ISO C's stdlib that the runtime has. */
#ifndef QDA_STDLIB_H
#define QDA_STDLIB_H

#include <stddef.h>

/* Memory is aligned to 8 bytes; NULL when there is none. Any thread may free. */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void free(void *mem);

/* Not ISO C: at a multiple of align, which is a power of two. */
void *memalign(size_t align, size_t size);

/* As ISO C has them, but a number that is too large wraps in atoi. */
int atoi(const char *text);
unsigned long strtoul(const char *text, char **end, int base);

/* Ends the whole process. */
_Noreturn void exit(int code);

/* The same, as a crash; in the shell only. */
_Noreturn void abort(void);

#endif
