/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* What the compiler and the C library of other objects call when nothing else is left to do. */
#include "abort.h"

#include <stdio.h>
#include <stdlib.h>

#include "sys.h"

uint32_t __stack_chk_guard = 0x51da51da;

void __stack_chk_fail(void)
{
	log_line("crash: a function wrote over the end of its stack frame, lr=0x%08x",
		 (unsigned int)__builtin_return_address(0));
	sys_abort();
}

void abort(void)
{
	log_line("crash: abort() was called, lr=0x%08x", (unsigned int)__builtin_return_address(0));
	sys_abort();
}

void _Assert(const char *msg, const char *function)
{
	log_line("crash: assertion failed in %s: %s", function ? function : "?", msg ? msg : "");
	sys_abort();
}

void __register_frame_info_bases(const void *begin, void *object, void *text, void *data)
{
	(void)begin, (void)object, (void)text, (void)data;
}

void *__deregister_frame_info_bases(const void *begin)
{
	(void)begin;
	return NULL;
}

void __cxa_finalize(void *object)
{
	(void)object;
}
