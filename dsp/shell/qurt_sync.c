/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The objects are the caller's memory of 16 bytes each; who waits for one is in a list whose
 * entries are in the frames of the threads that wait. One lock for all objects.
 */
#include <stdbool.h>

#include "qurt.h"
#include "thread.h"

struct waiter {
	struct waiter *next;
	struct rt_cond cond;
	int priority;
	unsigned int mask; /* of a signal: what it waits for */
	bool all;
	bool woken;
};

struct mutex {
	struct waiter *waiters;
	uint32_t locked;
};

struct barrier {
	struct waiter *waiters;
	uint32_t threads;
	uint32_t missing;
};

struct signal {
	struct waiter *waiters;
	uint32_t bits;
};

_Static_assert(sizeof(struct barrier) <= sizeof(qurt_barrier_t), "fits into the caller's object");

/* lock protects what is in all objects, and the waiters; that of the threads goes inside of it. */
static struct rt_mutex lock;

static void wait(struct waiter **list, struct waiter *waiter)
{
	while (*list)
		list = &(*list)->next;
	*list = waiter;
	while (!waiter->woken)
		rt_cond_wait(&waiter->cond, &lock);
}

static void wake(struct waiter **place)
{
	struct waiter *waiter = *place;

	*place = waiter->next;
	waiter->woken = true;
	rt_cond_wake(&waiter->cond);
}

void qurt_mutex_init(qurt_mutex_t *mutex)
{
	*(struct mutex *)mutex = (struct mutex){ 0 };
}

void qurt_mutex_destroy(qurt_mutex_t *mutex)
{
	(void)mutex;
}

void qurt_mutex_lock(qurt_mutex_t *opaque)
{
	struct mutex *mutex = (struct mutex *)opaque;
	struct waiter waiter = { 0 };

	rt_mutex_lock(&lock);
	if (mutex->locked) {
		waiter.priority = qurt_thread_get_priority(qurt_thread_get_id());
		wait(&mutex->waiters, &waiter);
	}
	mutex->locked = true;
	rt_mutex_unlock(&lock);
}

/* It stays locked when it is handed over: nobody can come in between. */
void qurt_mutex_unlock(qurt_mutex_t *opaque)
{
	struct mutex *mutex = (struct mutex *)opaque;
	struct waiter **best = &mutex->waiters;

	rt_mutex_lock(&lock);
	for (struct waiter **at = best; *at; at = &(*at)->next) {
		if ((*at)->priority < (*best)->priority)
			best = at;
	}
	if (*best)
		wake(best);
	else
		mutex->locked = false;
	rt_mutex_unlock(&lock);
}

int qurt_barrier_init(qurt_barrier_t *opaque, unsigned int threads)
{
	if (!threads)
		return QURT_EVAL;
	*(struct barrier *)opaque = (struct barrier){ .threads = threads, .missing = threads };
	return QURT_EOK;
}

int qurt_barrier_destroy(qurt_barrier_t *opaque)
{
	(void)opaque;
	return QURT_EOK;
}

int qurt_barrier_wait(qurt_barrier_t *opaque)
{
	struct barrier *barrier = (struct barrier *)opaque;
	struct waiter waiter = { 0 };
	bool last;

	rt_mutex_lock(&lock);
	last = --barrier->missing == 0;
	if (last) {
		barrier->missing = barrier->threads;
		while (barrier->waiters)
			wake(&barrier->waiters);
	} else {
		wait(&barrier->waiters, &waiter);
	}
	rt_mutex_unlock(&lock);
	return last;
}

void qurt_signal_init(qurt_signal_t *opaque)
{
	*(struct signal *)opaque = (struct signal){ 0 };
}

void qurt_signal_destroy(qurt_signal_t *opaque)
{
	(void)opaque;
}

static bool enough(const struct signal *signal, const struct waiter *waiter)
{
	uint32_t there = signal->bits & waiter->mask;

	return waiter->all ? there == waiter->mask : there != 0;
}

unsigned int qurt_signal_wait(qurt_signal_t *opaque, unsigned int mask, unsigned int attr)
{
	struct signal *signal = (struct signal *)opaque;
	struct waiter waiter = { .mask = mask, .all = attr & QURT_SIGNAL_ATTR_WAIT_ALL };
	unsigned int bits;

	rt_mutex_lock(&lock);
	if (!enough(signal, &waiter))
		wait(&signal->waiters, &waiter);
	bits = signal->bits;
	rt_mutex_unlock(&lock);
	return bits;
}

unsigned int qurt_anysignal_set(qurt_signal_t *opaque, unsigned int mask)
{
	struct signal *signal = (struct signal *)opaque;
	struct waiter **at = &signal->waiters;
	unsigned int before;

	rt_mutex_lock(&lock);
	before = signal->bits;
	signal->bits |= mask;
	while (*at) {
		if (enough(signal, *at))
			wake(at);
		else
			at = &(*at)->next;
	}
	rt_mutex_unlock(&lock);
	return before;
}

void qurt_signal_set(qurt_signal_t *signal, unsigned int mask)
{
	qurt_anysignal_set(signal, mask);
}

void qurt_signal_clear(qurt_signal_t *opaque, unsigned int mask)
{
	rt_mutex_lock(&lock);
	((struct signal *)opaque)->bits &= ~mask;
	rt_mutex_unlock(&lock);
}

unsigned int qurt_signal_get(qurt_signal_t *opaque)
{
	unsigned int bits;

	rt_mutex_lock(&lock);
	bits = ((struct signal *)opaque)->bits;
	rt_mutex_unlock(&lock);
	return bits;
}
