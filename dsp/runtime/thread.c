/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "thread.h"

#include <stdbool.h>

#include "sys.h"

/* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: what QEMU takes as "a thread" */
#define THREAD_FLAGS 0x00050f00

/* Values of the mutex word. */
enum {
	UNLOCKED = 0,
	LOCKED = 1,
	CONTENDED = 2, /* locked, and somebody may sleep on the word */
};

void rt_mutex_lock(struct rt_mutex *mutex)
{
	int old = UNLOCKED;

	if (__atomic_compare_exchange_n(&mutex->word, &old, LOCKED, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&mutex->word, CONTENDED, __ATOMIC_ACQUIRE) != UNLOCKED)
		sys_futex_wait(&mutex->word, CONTENDED);
}

void rt_mutex_unlock(struct rt_mutex *mutex)
{
	if (__atomic_exchange_n(&mutex->word, UNLOCKED, __ATOMIC_RELEASE) == CONTENDED)
		sys_futex_wake(&mutex->word, 1);
}

int rt_thread_start(void (*fn)(void *arg), void *arg, void *stack, size_t size)
{
	long id = sys_thread(fn, arg, (char *)stack + size, THREAD_FLAGS);

	return id < 0 ? (int)id : 0;
}
