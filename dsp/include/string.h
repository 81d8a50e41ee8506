/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The strings of ISO C that the runtime has. */
#ifndef QDA_STRING_H
#define QDA_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t len);
char *strchr(const char *text, int letter);
char *strrchr(const char *text, int letter);
char *strtok_r(char *text, const char *delims, char **state);
char *strstr(const char *text, const char *part);

/* Not ISO C: copies what fits and always ends it; the length of from. */
size_t strlcpy(char *to, const char *from, size_t size);

#endif
