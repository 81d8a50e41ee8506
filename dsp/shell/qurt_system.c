/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* What the DSP's operating system has besides threads and what they wait with. */
#include "qurt.h"
#include "sys.h"

#define UNITS 4

int qurt_futex_wait(void *word, int value)
{
	sys_futex_wait(word, value);
	return QURT_EOK;
}

int qurt_futex_wake(void *word, int count)
{
	long woken = sys_futex_wake(word, count);

	return woken < 0 ? 0 : (int)woken;
}

int qurt_sysenv_get_max_hw_threads(qurt_sysenv_max_hthreads_t *threads)
{
	threads->max_hthreads = UNITS;
	return QURT_EOK;
}

int qurt_hvx_get_units(void)
{
	return UNITS << 8;
}

int qurt_hvx_lock(int mode)
{
	(void)mode;
	return QURT_EOK;
}

int qurt_hvx_unlock(void)
{
	return QURT_EOK;
}

void qurt_sleep(unsigned long long us)
{
	sys_sleep_us(us);
}

int qurt_mem_cache_clean(uint32_t address, uint32_t size, int operation, int type)
{
	(void)address, (void)size, (void)operation, (void)type;
	return QURT_EOK;
}

void qurt_pmu_set(int number, unsigned int value)
{
	(void)number, (void)value;
}

unsigned int qurt_pmu_get(int number)
{
	(void)number;
	return 0;
}

void qurt_pmu_enable(int enable)
{
	(void)enable;
}
