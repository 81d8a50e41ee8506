// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * For programs of 32 bits on a kernel without CONFIG_COMPAT_32BIT_TIME. That has futex() only
 * under its newer number, futex_time64; but the C library wakes and locks by the old one,
 * which has no time in it there and so works the same. System calls of this library go
 * through a pointer that each thread inherits; on such a kernel it is led over a stop
 * that changes the number.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

void *futex32_next;
void futex32_entry(void);

/* The pointer is at a fixed place in the thread's control block. */
__asm__(".text\n"
	".globl futex32_entry\n"
	"futex32_entry:\n"
	"	cmpl $240, %eax\n" /* futex */
	"	jne 1f\n"
	"	movl $422, %eax\n" /* futex_time64 */
	"1:	jmp *futex32_next\n");

__attribute__((constructor(101))) static void install(void)
{
	unsigned int word = 0;

	if (syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0) >= 0 || errno != ENOSYS)
		return;
	__asm__ volatile("movl %%gs:0x10, %0" : "=r"(futex32_next));
	__asm__ volatile("movl %0, %%gs:0x10" : : "r"(futex32_entry) : "memory");
}
