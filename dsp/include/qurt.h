/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Threads and what they wait with, by the names that the DSP's operating system (QuRT) has for
 * them. A lower number is a better priority; here it decides who gets a mutex next, and nothing
 * else. Objects are opaque and belong to the caller.
 */
#ifndef QDA_QURT_H
#define QDA_QURT_H

#include <stdint.h>

#define QURT_EOK       0
#define QURT_EVAL      1 /* a wrong value */
#define QURT_EMEM      2
#define QURT_EINVALID  4
#define QURT_ENOTHREAD 30 /* it has ended, or never was */

#define QURT_NAME_LEN  16
#define QURT_PRIORITY  254 /* of who did not say */

/* As the DSP's software lays it out; what has no name here means nothing here. */
typedef struct {
	char name[QURT_NAME_LEN];
	uint8_t reserved[2];
	uint16_t priority;
	uint32_t reserved2;
	uint32_t stack_size;
	void *stack_addr;
	uint16_t reserved3;
} qurt_thread_attr_t;

typedef uint32_t qurt_thread_t;

typedef struct {
	uint64_t opaque[2];
} qurt_mutex_t;

typedef qurt_mutex_t qurt_barrier_t;
typedef qurt_mutex_t qurt_signal_t;

static inline void qurt_thread_attr_init(qurt_thread_attr_t *attr)
{
	*attr = (qurt_thread_attr_t){ .priority = QURT_PRIORITY };
}

/* The stack has 64 KiB or what attr says, whichever is more; stack_addr is not used. */
int qurt_thread_create(qurt_thread_t *thread, qurt_thread_attr_t *attr, void (*fn)(void *arg),
		       void *arg);

/* QURT_ENOTHREAD, with its status, also when the thread had ended before. */
int qurt_thread_join(qurt_thread_t thread, int *status);
void qurt_thread_exit(int status);
qurt_thread_t qurt_thread_get_id(void);
void qurt_thread_get_name(char *name, unsigned char max_len);

/* Of a thread that was not joined; -1 when there is none. */
int qurt_thread_get_priority(qurt_thread_t thread);
int qurt_thread_set_priority(qurt_thread_t thread, unsigned short priority);

/* Given to the waiter with the best priority, of several to the one that waits longest. */
void qurt_mutex_init(qurt_mutex_t *mutex);
void qurt_mutex_lock(qurt_mutex_t *mutex);
void qurt_mutex_unlock(qurt_mutex_t *mutex);
void qurt_mutex_destroy(qurt_mutex_t *mutex);

int qurt_barrier_init(qurt_barrier_t *barrier, unsigned int threads);

/* 1 for the thread that came last, 0 for the others. */
int qurt_barrier_wait(qurt_barrier_t *barrier);
int qurt_barrier_destroy(qurt_barrier_t *barrier);

#define QURT_SIGNAL_ATTR_WAIT_ANY 0
#define QURT_SIGNAL_ATTR_WAIT_ALL 1

/* Bits stay until they are cleared. wait gives all bits that are set. */
void qurt_signal_init(qurt_signal_t *signal);
unsigned int qurt_signal_wait(qurt_signal_t *signal, unsigned int mask, unsigned int attr);
void qurt_signal_set(qurt_signal_t *signal, unsigned int mask);
void qurt_signal_clear(qurt_signal_t *signal, unsigned int mask);
unsigned int qurt_signal_get(qurt_signal_t *signal);
void qurt_signal_destroy(qurt_signal_t *signal);

/* The bits as they were before. */
unsigned int qurt_anysignal_set(qurt_signal_t *signal, unsigned int mask);

/* Waits while the word has this value, until it is woken; it can end for no reason. */
int qurt_futex_wait(void *word, int value);

/* How many were woken. */
int qurt_futex_wake(void *word, int count);

/* The processor. Here every thread has one of its own, with a vector unit; so many are said. */
typedef struct {
	uint32_t max_hthreads;
} qurt_sysenv_max_hthreads_t;

#define QURT_HVX_UNITS_128B(units) ((units) >> 8 & 0xff)

int qurt_sysenv_get_max_hw_threads(qurt_sysenv_max_hthreads_t *threads);

/* Units for vectors of 64 bytes in the lowest byte, of 128 bytes in the next. */
int qurt_hvx_get_units(void);

/* A vector unit for the thread; it has one already. */
int qurt_hvx_lock(int mode);
int qurt_hvx_unlock(void);
void qurt_sleep(unsigned long long us);

/* There are no caches here that could be wrong. */
int qurt_mem_cache_clean(uint32_t address, uint32_t size, int operation, int type);

/* Counters of the processor's events; there are none, so all of them stay 0. */
void qurt_pmu_set(int number, unsigned int value);
unsigned int qurt_pmu_get(int number);
void qurt_pmu_enable(int enable);

#endif
