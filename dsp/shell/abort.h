/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Names that compilers give to what they call by themselves. */
#ifndef SHELL_ABORT_H
#define SHELL_ABORT_H

#include <stddef.h>
#include <stdint.h>

/* Lies behind the variables of a function and must be the same at its end. */
extern uint32_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);
_Noreturn void _Assert(const char *msg, const char *function);

/* Tables for exceptions, and destructors of static objects: nobody here has either. */
void __register_frame_info_bases(const void *begin, void *object, void *text, void *data);
void *__deregister_frame_info_bases(const void *begin);
void __cxa_finalize(void *object);

#endif
