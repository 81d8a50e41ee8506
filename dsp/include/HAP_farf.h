/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The DSP's log, by the names that the DSP's software has for it. A line goes to the log of the
 * DSP's own software, and to that of the application when it has a listener (remote.h). Nobody
 * waits for that: when lines come faster than the application takes them, some are lost.
 *
 *	FARF(HIGH, "%d pixels", count);
 */
#ifndef QDA_HAP_FARF_H
#define QDA_HAP_FARF_H

enum {
	HAP_LEVEL_LOW = 0,
	HAP_LEVEL_MEDIUM = 1,
	HAP_LEVEL_HIGH = 2,
	HAP_LEVEL_ERROR = 3,
	HAP_LEVEL_FATAL = 4,
};

#define FARF(level, ...) HAP_debug_v2(HAP_LEVEL_##level, __FILE__, __LINE__, __VA_ARGS__)

/* Formats as in stdio.h. */
void HAP_debug(const char *msg, int level, const char *file, int line);
void HAP_debug_v2(int level, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void HAP_debug_runtime(int level, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Chooses what HAP_debug_runtime prints. Here it prints all of it, always. */
int HAP_setFARFRuntimeLoggingParams(unsigned int mask, const char *files[], unsigned short count);

#endif
