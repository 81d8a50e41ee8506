/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Program start, system calls and thread start for a static Hexagon program
 * under qemu-hexagon (Linux user mode): call number in r6, arguments in r0 to r5,
 * trap0(#1), result or -errno in r0.
 */
	.text

	.globl	_start
	.type	_start, @function
	.balign	16
_start:
	{
		r0 = r29
		r31 = #0
		r30 = #0
	}
	r29 = and(r29, #-8)
	call	rt_start
	.size	_start, .-_start

/* long sys_call(long nr, long a0, .., long a5): the last one is on the stack */
	.globl	sys_call
	.type	sys_call, @function
	.balign	16
sys_call:
	{
		r6 = r0
		r0 = r1
		r1 = r2
		r2 = r3
	}
	{
		r3 = r4
		r4 = r5
		r5 = memw(r29 + #0)
	}
	trap0(#1)
	jumpr	r31
	.size	sys_call, .-sys_call

/*
 * long sys_thread(void (*fn)(void *), void *arg, void *stack_top, long flags,
 *		   int *cleared_at_end, void *thread_pointer)
 * gives the thread's id or -errno; the new thread runs fn(arg) and ends.
 */
	.globl	sys_thread
	.type	sys_thread, @function
	.balign	16
sys_thread:
	r2 = and(r2, #-8)
	r2 = add(r2, #-8)
	memw(r2 + #0) = r0
	memw(r2 + #4) = r1
	{
		r0 = r3
		r1 = r2
		r6 = #220
	}
	{
		r2 = #0
		r3 = r4
		r4 = r5
	}
	trap0(#1)
	p0 = cmp.eq(r0, #0)
	if (!p0) jumpr r31
	r1 = memw(r29 + #0)
	r0 = memw(r29 + #4)
	{
		r30 = #0
		r31 = #0
	}
	callr	r1
	{
		r0 = #0
		r6 = #93
	}
	trap0(#1)
	.size	sys_thread, .-sys_thread
