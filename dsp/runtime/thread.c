/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "thread.h"

#include "sys.h"

/*
 * VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: what QEMU takes as "a thread"; SETTLS and
 * CHILD_CLEARTID.
 */
#define THREAD_FLAGS (0x00050f00 | 0x00080000 | 0x00200000)

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

void rt_cond_wait(struct rt_cond *cond, struct rt_mutex *mutex)
{
	int turn = __atomic_load_n(&cond->turn, __ATOMIC_RELAXED);

	rt_mutex_unlock(mutex);
	sys_futex_wait(&cond->turn, turn);
	rt_mutex_lock(mutex);
}

void rt_cond_wait_us(struct rt_cond *cond, struct rt_mutex *mutex, uint64_t us)
{
	int turn = __atomic_load_n(&cond->turn, __ATOMIC_RELAXED);

	rt_mutex_unlock(mutex);
	sys_futex_wait_us(&cond->turn, turn, us);
	rt_mutex_lock(mutex);
}

void rt_cond_wake(struct rt_cond *cond)
{
	__atomic_add_fetch(&cond->turn, 1, __ATOMIC_RELAXED);
	sys_futex_wake(&cond->turn, 0x7fffffff);
}

/* A stack that is full must not go on into other memory. */
static long map_stack(struct rt_thread *thread, size_t stack)
{
	size_t size = SYS_PAGE + ((stack + SYS_PAGE - 1) & ~(size_t)(SYS_PAGE - 1));
	long addr = sys_mmap(NULL, size, SYS_PROT_READ | SYS_PROT_WRITE,
			     SYS_MAP_PRIVATE | SYS_MAP_ANONYMOUS, -1, 0);
	long error;

	if ((unsigned long)addr > -(unsigned long)SYS_PAGE)
		return addr;
	error = sys_mprotect((void *)addr, SYS_PAGE, SYS_PROT_NONE);
	if (error) {
		sys_munmap((void *)addr, size);
		return error;
	}
	thread->memory = (char *)addr;
	thread->size = size;
	return 0;
}

int rt_thread_start(struct rt_thread *thread, void (*fn)(void *arg), void *arg, size_t stack)
{
	long id = map_stack(thread, stack);

	if (id)
		return (int)id;
	thread->running = 1;
	id = sys_thread(fn, arg, thread->memory + thread->size, THREAD_FLAGS, &thread->running,
			thread);
	if (id < 0)
		sys_munmap(thread->memory, thread->size);
	return id < 0 ? (int)id : 0;
}

/* The kernel wakes the word as one that processes can share. */
void rt_thread_join(struct rt_thread *thread)
{
	while (__atomic_load_n(&thread->running, __ATOMIC_ACQUIRE))
		sys_futex_wait_shared(&thread->running, 1);
	sys_munmap(thread->memory, thread->size);
}

struct rt_thread *rt_thread_self(void)
{
	struct rt_thread *self;

	__asm__("%0 = ugp" : "=r"(self));
	return self;
}
