/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(const char *format, va_list args, const char *why)
{
	char line[512];

	vsnprintf(line, sizeof(line), format, args);
	fprintf(stderr, "dspd: %s%s%s\n", line, why ? ": " : "", why ? why : "");
}

void log_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args, NULL);
	va_end(args);
}

_Noreturn void log_die(const char *format, ...)
{
	const char *why = strerror(errno);
	va_list args;

	va_start(args, format);
	say(format, args, why);
	va_end(args);
	exit(1);
}
