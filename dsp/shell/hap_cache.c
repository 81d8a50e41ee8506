/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include <stdbool.h>
#include <stdlib.h>

#include "AEEStdErr.h"
#include "HAP_mem.h"
#include "thread.h"

#define TOTAL	  0x80000u
#define ALIGNMENT 128u
#define MAX_LOCKS 16

struct cache_lock {
	void *vaddr; /* NULL: the place is free */
	void *memory;
	uint32_t size;
};

/* lock protects the table. */
static struct rt_mutex lock;
static struct cache_lock locks[MAX_LOCKS];

static uint32_t in_use(void)
{
	uint32_t size = 0;

	for (int i = 0; i < MAX_LOCKS; i++)
		size += locks[i].vaddr ? locks[i].size : 0;
	return size;
}

static struct cache_lock *find(const void *vaddr)
{
	for (int i = 0; i < MAX_LOCKS; i++) {
		if (locks[i].vaddr == vaddr)
			return &locks[i];
	}
	return NULL;
}

void *HAP_cache_lock(unsigned int size, void **paddr)
{
	void *memory = size && size <= TOTAL ? malloc(size + ALIGNMENT) : NULL;
	struct cache_lock *place;
	void *vaddr = NULL;

	if (!memory)
		return NULL;
	rt_mutex_lock(&lock);
	place = find(NULL);
	if (place && size <= TOTAL - in_use()) {
		vaddr = (void *)(((uintptr_t)memory + ALIGNMENT - 1) & ~(ALIGNMENT - 1));
		*place = (struct cache_lock){ vaddr, memory, size };
	}
	rt_mutex_unlock(&lock);
	if (!vaddr)
		free(memory);
	else if (paddr)
		*paddr = vaddr;
	return vaddr;
}

int HAP_cache_unlock(void *vaddr)
{
	struct cache_lock *place;
	void *memory = NULL;

	rt_mutex_lock(&lock);
	place = vaddr ? find(vaddr) : NULL;
	if (place) {
		memory = place->memory;
		place->vaddr = NULL;
	}
	rt_mutex_unlock(&lock);
	free(memory);
	return place ? AEE_SUCCESS : (int)AEE_ENOSUCHMAP;
}

int HAP_query_total_cachelock(void)
{
	return (int)TOTAL;
}

int HAP_query_avail_cachelock(void)
{
	int size;

	rt_mutex_lock(&lock);
	size = (int)(TOTAL - in_use());
	rt_mutex_unlock(&lock);
	return size;
}
