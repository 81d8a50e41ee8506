/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Threads, and what they wait with: a mutex and a condition. */
#ifndef QDA_RT_THREAD_H
#define QDA_RT_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero is an unlocked mutex. */
struct rt_mutex {
	int word;
};

void rt_mutex_lock(struct rt_mutex *mutex);
void rt_mutex_unlock(struct rt_mutex *mutex);

/* Zero is a condition for which nobody waits. */
struct rt_cond {
	int turn;
};

/* Leaves the mutex while it waits. Both can end for no reason: look again. */
void rt_cond_wait(struct rt_cond *cond, struct rt_mutex *mutex);
void rt_cond_wait_us(struct rt_cond *cond, struct rt_mutex *mutex, uint64_t us);

/* All who wait; the mutex is held. */
void rt_cond_wake(struct rt_cond *cond);

/*
 * A thread, with the memory that it runs in. The pointer is what rt_thread_self gives in
 * the thread itself, and NULL in the process's first one.
 */
struct rt_thread {
	char *memory; /* a page that nobody can touch, then the stack */
	size_t size;
	int running; /* the kernel clears it when the thread is gone */
};

/* Runs fn(arg) in a new thread with a stack of this size; 0 or -errno. */
int rt_thread_start(struct rt_thread *thread, void (*fn)(void *arg), void *arg, size_t stack);

/* Waits for its end, then frees its stack. */
void rt_thread_join(struct rt_thread *thread);

struct rt_thread *rt_thread_self(void);

#endif
