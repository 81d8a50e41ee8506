/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The Linux system calls of qemu-hexagon that the runtime and the shell use. */
#ifndef QDA_RT_SYS_H
#define QDA_RT_SYS_H

#include <stddef.h>
#include <stdint.h>

#define SYS_ENOENT	  2
#define SYS_EINTR	  4
#define SYS_ENOMEM	  12
#define SYS_EPIPE	  32
#define SYS_ETIMEDOUT	  110

#define SYS_SIGILL	  4
#define SYS_SIGABRT	  6
#define SYS_SIGBUS	  7
#define SYS_SIGSEGV	  11

#define SYS_SA_SIGINFO	  0x00000004u
#define SYS_SA_ONSTACK	  0x08000000u
#define SYS_SA_RESETHAND  0x80000000u

#define SYS_PROT_NONE	  0x0
#define SYS_PROT_READ	  0x1
#define SYS_PROT_WRITE	  0x2
#define SYS_PROT_EXEC	  0x4
#define SYS_MAP_SHARED	  0x01
#define SYS_MAP_PRIVATE	  0x02
#define SYS_MAP_FIXED	  0x10
#define SYS_MAP_ANONYMOUS 0x20
#define SYS_MAP_NORESERVE 0x4000

#define SYS_PAGE	  4096u

/* A signal handler gets siginfo and ucontext as arrays of words. */
typedef void (*sys_handler)(int sig, const uint32_t *info, const uint32_t *context);

/* All of them give -errno when they fail. */
long sys_read(int fd, void *buf, size_t len);
long sys_write(int fd, const void *buf, size_t len);
long sys_close(int fd);
long sys_mmap(void *addr, size_t len, int prot, int flags, int fd, uint32_t page_offset);
long sys_munmap(void *addr, size_t len);
long sys_mprotect(void *addr, size_t len, int prot);
long sys_futex_wait(const int *word, int value);
long sys_futex_wait_shared(const int *word, int value);
long sys_futex_wait_us(const int *word, int value, uint64_t us);
long sys_futex_wake(const int *word, int count);
long sys_signal(int sig, sys_handler handler, unsigned int flags);
long sys_signal_stack(void *stack, size_t len);
void sys_sleep_us(uint64_t us);
uint64_t sys_time_us(void);
_Noreturn void sys_exit(int code);
_Noreturn void sys_thread_exit(void);

/* Ends the process as a crash does. */
_Noreturn void sys_abort(void);

/* Asm, crt.S */
long sys_call(long nr, long a0, long a1, long a2, long a3, long a4, long a5);
long sys_thread(void (*fn)(void *), void *arg, void *stack_top, long flags, int *cleared_at_end,
		void *thread_pointer);

#endif
