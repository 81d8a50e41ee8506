/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "sys.h"

int main(int argc, char **argv);
_Noreturn void rt_start(const uint32_t *stack);

/* Called by _start with the stack as the kernel laid it out: argc, then argv. */
_Noreturn void rt_start(const uint32_t *stack)
{
	sys_exit(main((int)stack[0], (char **)(stack + 1)));
}
