/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "sys.h"

/* Linux numbers its calls for Hexagon as in asm-generic/unistd.h. */
enum {
	NR_CLOSE = 57,
	NR_READ = 63,
	NR_WRITE = 64,
	NR_EXIT = 93,
	NR_EXIT_GROUP = 94,
	NR_FUTEX = 98,
	NR_NANOSLEEP = 101,
	NR_CLOCK_GETTIME = 113,
	NR_KILL = 129,
	NR_SIGALTSTACK = 132,
	NR_RT_SIGACTION = 134,
	NR_GETPID = 172,
	NR_MUNMAP = 215,
	NR_MMAP2 = 222,
	NR_MPROTECT = 226,
};

#define FUTEX_WAIT	   0
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129
#define CLOCK_MONOTONIC	   1

struct sys_timespec {
	long sec;
	long nsec;
};

struct sys_sigaction {
	sys_handler handler;
	unsigned long flags;
	unsigned long mask[2];
};

struct sys_stack {
	void *sp;
	int flags;
	size_t size;
};

long sys_read(int fd, void *buf, size_t len)
{
	return sys_call(NR_READ, fd, (long)buf, (long)len, 0, 0, 0);
}

long sys_write(int fd, const void *buf, size_t len)
{
	return sys_call(NR_WRITE, fd, (long)buf, (long)len, 0, 0, 0);
}

long sys_close(int fd)
{
	return sys_call(NR_CLOSE, fd, 0, 0, 0, 0, 0);
}

long sys_mmap(void *addr, size_t len, int prot, int flags, int fd, uint32_t page_offset)
{
	return sys_call(NR_MMAP2, (long)addr, (long)len, prot, flags, fd, (long)page_offset);
}

long sys_munmap(void *addr, size_t len)
{
	return sys_call(NR_MUNMAP, (long)addr, (long)len, 0, 0, 0, 0);
}

long sys_mprotect(void *addr, size_t len, int prot)
{
	return sys_call(NR_MPROTECT, (long)addr, (long)len, prot, 0, 0, 0);
}

long sys_futex_wait(const int *word, int value)
{
	return sys_call(NR_FUTEX, (long)word, FUTEX_WAIT_PRIVATE, value, 0, 0, 0);
}

long sys_futex_wait_shared(const int *word, int value)
{
	return sys_call(NR_FUTEX, (long)word, FUTEX_WAIT, value, 0, 0, 0);
}

long sys_futex_wait_us(const int *word, int value, uint64_t us)
{
	struct sys_timespec time = { .sec = (long)(us / 1000000),
				     .nsec = (long)(us % 1000000) * 1000 };

	return sys_call(NR_FUTEX, (long)word, FUTEX_WAIT_PRIVATE, value, (long)&time, 0, 0);
}

long sys_futex_wake(const int *word, int count)
{
	return sys_call(NR_FUTEX, (long)word, FUTEX_WAKE_PRIVATE, count, 0, 0, 0);
}

long sys_signal(int sig, sys_handler handler, unsigned int flags)
{
	struct sys_sigaction action = { .handler = handler, .flags = flags };

	return sys_call(NR_RT_SIGACTION, sig, (long)&action, 0, sizeof(action.mask), 0, 0);
}

long sys_signal_stack(void *stack, size_t len)
{
	struct sys_stack alt = { .sp = stack, .size = len };

	return sys_call(NR_SIGALTSTACK, (long)&alt, 0, 0, 0, 0, 0);
}

void sys_sleep_us(uint64_t us)
{
	struct sys_timespec left = { .sec = (long)(us / 1000000),
				     .nsec = (long)(us % 1000000) * 1000 };

	while (sys_call(NR_NANOSLEEP, (long)&left, (long)&left, 0, 0, 0, 0) == -SYS_EINTR)
		;
}

uint64_t sys_time_us(void)
{
	struct sys_timespec now = { 0 };

	sys_call(NR_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
	return (uint64_t)now.sec * 1000000 + (uint64_t)(now.nsec / 1000);
}

_Noreturn void sys_exit(int code)
{
	for (;;)
		sys_call(NR_EXIT_GROUP, code, 0, 0, 0, 0, 0);
}

_Noreturn void sys_thread_exit(void)
{
	for (;;)
		sys_call(NR_EXIT, 0, 0, 0, 0, 0, 0);
}

_Noreturn void sys_abort(void)
{
	for (;;)
		sys_call(NR_KILL, sys_call(NR_GETPID, 0, 0, 0, 0, 0, 0), SYS_SIGABRT, 0, 0, 0, 0);
}
