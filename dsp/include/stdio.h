/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The part of ISO C's stdio that the runtime has. Formats: %d %i %u %x %X %c %s %p
 * %%, the sizes l, ll and z, the flags - and 0, width and precision (also as *).
 */
#ifndef QDA_STDIO_H
#define QDA_STDIO_H

#include <stdarg.h>
#include <stddef.h>

int vsnprintf(char *buf, size_t size, const char *format, va_list args);
int snprintf(char *buf, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* One line to the DSP's log: dspd prints it with the PD's number in front. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
