/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Threads that live as long as the process, and a mutex for them. */
#ifndef QDA_RT_THREAD_H
#define QDA_RT_THREAD_H

#include <stddef.h>

/* Zero is an unlocked mutex. */
struct rt_mutex {
	int word;
};

void rt_mutex_lock(struct rt_mutex *mutex);
void rt_mutex_unlock(struct rt_mutex *mutex);

/* Runs fn(arg) in a new thread on the given stack; 0 or -errno. */
int rt_thread_start(void (*fn)(void *arg), void *arg, void *stack, size_t size);

#endif
