/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * threads: QuRT threads and what they wait with, of the shape that objects for real DSPs have. Each
 * method gives a word: 0 when all was right, else the line that was not.
 *
 *	2 sum		four threads add 100000 times each, behind a mutex and at a barrier
 *	3 order		who gets a mutex that many wait for
 *	4 signals
 *	5 names		numbers, names, priorities, ends
 *	6 stack		a thread uses more than the 4 KiB that it asked for
 *	7 crash		a thread stores to address 0
 *	8 overflow	a thread needs more stack than it has
 *	9 assert	10 stack smashed	11 exit of a thread that serves a call
 *	12 words	a word to wait for, and what the processor is
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "AEEStdErr.h"
#include "HAP_mem.h"
#include "HAP_timer.h"
#include "qurt.h"
#include "remote.h"

#define THREADS 4
#define TURNS	20000
#define WRONG	((uint32_t)__LINE__)

SKEL_EXPORT int threads_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);
_Noreturn void _Assert(const char *msg, const char *function);
_Noreturn void __stack_chk_fail(void);

/* No object that we know of needs it; they test the pointer. */
int qurt_hvx_lock(int mode) __attribute__((weak));

static qurt_mutex_t mutex;
static qurt_barrier_t barrier;
static qurt_signal_t signal;
static volatile uint32_t total;
static volatile uint32_t last_ones;
static volatile uint32_t order[8];
static volatile uint32_t order_count;
static volatile uint32_t all_done;

static qurt_thread_t start(void (*fn)(void *), void *arg, const char *name, uint16_t priority)
{
	static char stacks[8][4096];
	static uint32_t next;
	qurt_thread_attr_t attr;
	qurt_thread_t thread;

	qurt_thread_attr_init(&attr);
	memcpy(attr.name, name, strlen(name) + 1);
	attr.priority = priority;
	attr.stack_size = 4096;
	attr.stack_addr = stacks[next++ % 8];
	return qurt_thread_create(&thread, &attr, fn, arg) ? 0 : thread;
}

/* True when it ended with this status, before or while we wait. */
static bool join(qurt_thread_t thread, int want)
{
	int status = ~want, error = qurt_thread_join(thread, &status);

	return (error == QURT_EOK || error == QURT_ENOTHREAD) && status == want;
}

static void add(void *arg)
{
	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		qurt_mutex_lock(&mutex);
		total = total + 1;
		qurt_mutex_unlock(&mutex);
	}
	for (int i = 0; i < 3; i++) {
		bool last = qurt_barrier_wait(&barrier);

		/* Nobody comes past the barrier before all have added. */
		qurt_mutex_lock(&mutex);
		if (total != THREADS * TURNS)
			last_ones += 100;
		last_ones += last;
		qurt_mutex_unlock(&mutex);
		qurt_barrier_wait(&barrier);
	}
	qurt_thread_exit(7);
}

static uint32_t sum(void)
{
	qurt_thread_t threads[THREADS];

	total = 0;
	last_ones = 0;
	qurt_mutex_init(&mutex);
	if (!qurt_barrier_init(&barrier, 0) || qurt_barrier_init(&barrier, THREADS))
		return WRONG;
	for (int i = 0; i < THREADS; i++)
		threads[i] = start(add, NULL, "adder", 100);
	for (int i = 0; i < THREADS; i++) {
		if (!threads[i] || !join(threads[i], 7))
			return WRONG;
	}
	qurt_barrier_destroy(&barrier);
	qurt_mutex_destroy(&mutex);
	return total == THREADS * TURNS && last_ones == 3 ? 0 : WRONG;
}

static void enter(void *arg)
{
	qurt_mutex_lock(&mutex);
	order[order_count] = (uint32_t)arg;
	order_count = order_count + 1;
	qurt_mutex_unlock(&mutex);
}

/* How many wait is in the object: a list. Looked at from outside, to know when all do. */
static uint32_t count_waiters(void)
{
	uint32_t *const *volatile at = (uint32_t *const *)&mutex;
	uint32_t count = 0;

	for (uint32_t *one = *at; one; one = (uint32_t *)*one)
		count++;
	return count;
}

static uint32_t hand_over(void)
{
	static const uint16_t priorities[] = { 100, 50, 200, 50, 10 };
	static const uint32_t wanted[] = { 4, 1, 3, 0, 2 };
	qurt_thread_t threads[5];

	order_count = 0;
	qurt_mutex_init(&mutex);
	qurt_mutex_lock(&mutex);
	for (uint32_t i = 0; i < 5; i++) {
		threads[i] = start(enter, (void *)i, "waiter", priorities[i]);
		while (count_waiters() != i + 1)
			HAP_timer_sleep(100);
	}
	if (qurt_thread_set_priority(threads[4], 11))
		return WRONG;
	qurt_mutex_unlock(&mutex);
	for (int i = 0; i < 5; i++) {
		if (!join(threads[i], 0))
			return WRONG;
	}
	return memcmp((const void *)order, wanted, sizeof(wanted)) ? WRONG : 0;
}

static void wait_any(void *arg)
{
	qurt_thread_exit((int)qurt_signal_wait(&signal, (uint32_t)arg, QURT_SIGNAL_ATTR_WAIT_ANY));
}

static void wait_all(void *arg)
{
	uint32_t bits = qurt_signal_wait(&signal, (uint32_t)arg, QURT_SIGNAL_ATTR_WAIT_ALL);

	all_done = 1;
	qurt_thread_exit((int)bits);
}

static uint32_t signals(void)
{
	qurt_thread_t any, all;

	all_done = 0;
	qurt_signal_init(&signal);
	all = start(wait_all, (void *)6, "all", 100);
	any = start(wait_any, (void *)6, "any", 100);
	if (qurt_anysignal_set(&signal, 1) != 0 || qurt_anysignal_set(&signal, 2) != 1)
		return WRONG;
	if (!join(any, 3) || all_done)
		return WRONG;
	if (qurt_anysignal_set(&signal, 4) != 3 || !join(all, 7))
		return WRONG;
	if (qurt_signal_wait(&signal, 1, QURT_SIGNAL_ATTR_WAIT_ANY) != 7)
		return WRONG;
	qurt_signal_destroy(&signal);
	return 0;
}

static void check_name(void *arg)
{
	char name[QURT_NAME_LEN];
	bool good;

	qurt_thread_get_name(name, sizeof(name));
	good = !strcmp(name, "a name") && qurt_thread_get_priority(qurt_thread_get_id()) == 42;
	qurt_thread_get_name(name, 4);
	*(qurt_thread_t *)arg = qurt_thread_get_id();
	qurt_signal_wait(&signal, 1, QURT_SIGNAL_ATTR_WAIT_ANY);
	qurt_thread_exit(good && !strcmp(name, "a n") ? 5 : 6);
}

static uint32_t names(void)
{
	qurt_thread_t seen = 0, thread, self = qurt_thread_get_id();
	int status = 0;

	qurt_signal_init(&signal);
	thread = start(check_name, &seen, "a name", 42);
	if (!thread || !self || thread == self || self != qurt_thread_get_id())
		return WRONG;
	if (qurt_thread_get_priority(thread) != 42 || qurt_thread_set_priority(thread, 43) ||
	    qurt_thread_get_priority(thread) != 43)
		return WRONG;
	if (qurt_thread_set_priority(thread, 42))
		return WRONG;
	qurt_anysignal_set(&signal, 1);
	if (!join(thread, 5) || seen != thread)
		return WRONG;
	if (qurt_thread_join(thread, &status) != QURT_ENOTHREAD ||
	    qurt_thread_get_priority(thread) != -1 ||
	    qurt_thread_set_priority(thread, 1) != QURT_ENOTHREAD)
		return WRONG;
	/* As many as never before, which nobody joins. */
	for (int i = 0; i < 1500; i++) {
		qurt_signal_init(&signal);
		qurt_anysignal_set(&signal, 1);
		if (!start(wait_any, (void *)1, "short", 1))
			return WRONG;
	}
	return 0;
}

static void use_stack(void *arg)
{
	volatile char room[0xc000];

	for (uint32_t i = 0; i < sizeof(room); i++)
		room[i] = (char)i;
	qurt_thread_exit(HAP_mem_available_stack() > 1000 && HAP_mem_available_stack() < 0x4000 &&
					 room[77] == 77 ?
				 *(int *)arg :
				 1);
}

static uint32_t stack(void)
{
	int status = 9;

	return join(start(use_stack, &status, "deep", 1), 9) ? 0 : WRONG;
}

static void crash(void *arg)
{
	volatile uintptr_t nowhere = (uintptr_t)arg;

	*(volatile uint32_t *)nowhere = 1;
}

static void recurse(void *arg)
{
	volatile char room[1024];

	room[0] = 1;
	if (arg)
		recurse((char *)arg + room[0]);
	room[1] = 2;
}

static uint32_t die(uint32_t method)
{
	if (method == 7)
		join(start(crash, NULL, "crash", 1), 0);
	if (method == 8)
		join(start(recurse, (void *)1, "deep", 1), 0);
	if (method == 9)
		_Assert("two is three", "die");
	if (method == 10)
		__stack_chk_fail();
	qurt_thread_exit(1);
	return WRONG;
}

static void wait_for_word(void *arg)
{
	int *word = arg;

	while (!__atomic_load_n(word, __ATOMIC_SEQ_CST))
		qurt_futex_wait(word, 0);
	qurt_thread_exit(3);
}

static uint32_t words(void)
{
	qurt_sysenv_max_hthreads_t processor = { 0 };
	int word = 0;
	qurt_thread_t thread = start(wait_for_word, &word, "waits", 1);

	if (!thread || qurt_futex_wake((void *)&order_count, 1))
		return WRONG;
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	qurt_futex_wake(&word, 1);
	if (!join(thread, 3) || qurt_futex_wait(&word, 0))
		return WRONG;
	qurt_sleep(1000);
	if (!qurt_hvx_lock || qurt_hvx_lock(0) || qurt_hvx_unlock() || qurt_pmu_get(0) ||
	    qurt_mem_cache_clean(0, 0, 0, 0))
		return WRONG;
	if (qurt_sysenv_get_max_hw_threads(&processor))
		return WRONG;
	return processor.max_hthreads == QURT_HVX_UNITS_128B(qurt_hvx_get_units()) ? 0 : WRONG;
}

static uint32_t run(uint32_t method)
{
	switch (method) {
	case 2:
		return sum();
	case 3:
		return hand_over();
	case 4:
		return signals();
	case 5:
		return names();
	case 6:
		return stack();
	case 12:
		return words();
	default:
		return die(method);
	}
}

int threads_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	uint32_t method = REMOTE_SCALARS_METHOD(sc), result;

	(void)h;
	if (sc == REMOTE_SCALARS_OPEN || sc == REMOTE_SCALARS_CLOSE)
		return AEE_SUCCESS;
	if (sc != REMOTE_SCALARS_MAKE(method, 0, 1) || method > 12)
		return AEE_EUNSUPPORTED;
	result = run(method);
	memcpy(pra[0].buf.pv, &result, sizeof(result));
	return AEE_SUCCESS;
}
