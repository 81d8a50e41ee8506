/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "maps.h"

#include <stddef.h>

#include "AEEStdErr.h"
#include "fastrpc_wire.h"
#include "pd_maps.h"
#include "sys.h"
#include "thread.h"

/* A key in use here; the place is free when nothing counts. */
struct held {
	int32_t key;
	struct range range; /* of the calls; means something while calls > 0 */
	uint32_t calls;
	uint32_t references;
};

/* Not written to here, and read without a lock: see pd_maps.h. */
static const struct pd_maps *table;

/* lock protects held[]. */
static struct rt_mutex lock;
static struct held held[MAPS_MAX_HELD];

long maps_attach(int fd)
{
	long addr = sys_mmap(NULL, sizeof(*table), SYS_PROT_READ, SYS_MAP_SHARED, fd, 0);

	if ((unsigned long)addr > -(unsigned long)SYS_PAGE)
		return addr;
	table = (const struct pd_maps *)addr;
	return 0;
}

static bool in_use(const struct held *one)
{
	return one->calls || one->references;
}

static struct held *find_held(int32_t key)
{
	for (int i = 0; i < MAPS_MAX_HELD; i++) {
		if (in_use(&held[i]) && held[i].key == key)
			return &held[i];
	}
	return NULL;
}

/* The one of this key, or a free place for it. */
static struct held *find_or_take(int32_t key)
{
	struct held *one = find_held(key);

	for (int i = 0; i < MAPS_MAX_HELD && !one; i++) {
		if (!in_use(&held[i])) {
			one = &held[i];
			one->key = key;
		}
	}
	return one;
}

/* What the driver mapped comes first: that is what HAP_mmap_get gave in earlier calls. */
static bool find_range(int32_t key, struct range *range)
{
	const struct held *one;
	struct pd_map map;

	if (pd_maps_find(table, key, &map)) {
		*range = (struct range){ .iova = map.iova, .size = map.size };
		return true;
	}
	one = find_held(key);
	if (!one || !one->calls)
		return false;
	*range = one->range;
	return true;
}

uint32_t maps_begin_call(int32_t key, struct range range)
{
	uint32_t error = 0;
	struct held *one;
	struct range old;

	rt_mutex_lock(&lock);
	one = find_or_take(key);
	if (!one) {
		error = FRPC_ENOMEMORY;
	} else if (find_range(key, &old) && old.iova != range.iova) {
		error = FRPC_EBADPARM;
	} else {
		if (!one->calls)
			one->range = range;
		one->calls++;
	}
	rt_mutex_unlock(&lock);
	return error;
}

void maps_end_call(int32_t key)
{
	struct held *one;

	rt_mutex_lock(&lock);
	one = find_held(key);
	if (one && one->calls)
		one->calls--;
	rt_mutex_unlock(&lock);
}

/* One look at the table, which a change can spoil. */
static bool look_for_heap(uint64_t address, uint64_t len)
{
	uint32_t count = PD_MAPS_READ(table->count);

	for (uint32_t i = 0; i < count && i < PD_MAPS_MAX; i++) {
		const struct pd_map *map = &table->maps[i];
		uint64_t start = PD_MAPS_READ(map->iova), size = PD_MAPS_READ(map->size);

		if (PD_MAPS_READ(map->kind) == PD_MAP_HEAP && address >= start && len <= size &&
		    address - start <= size - len)
			return true;
	}
	return false;
}

bool maps_is_heap(uint64_t address, uint64_t len)
{
	uint32_t before;
	bool there;

	do {
		before = __atomic_load_n(&table->sequence, __ATOMIC_ACQUIRE);
		there = look_for_heap(address, len);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (before % 2 || PD_MAPS_READ(table->sequence) != before);
	return there;
}

int maps_find(int32_t key, struct range *range)
{
	bool found;

	rt_mutex_lock(&lock);
	found = find_range(key, range);
	rt_mutex_unlock(&lock);
	return found ? AEE_SUCCESS : AEE_ENOSUCHMAP;
}

int maps_get(int32_t key, struct range *range)
{
	int error = AEE_SUCCESS;
	struct held *one;

	rt_mutex_lock(&lock);
	if (!find_range(key, range)) {
		error = AEE_ENOSUCHMAP;
	} else {
		one = find_or_take(key);
		if (one)
			one->references++;
		else
			error = AEE_ENOMEMORY;
	}
	rt_mutex_unlock(&lock);
	return error;
}

int maps_put(int32_t key)
{
	int error = AEE_SUCCESS;
	struct range range;
	struct held *one;

	rt_mutex_lock(&lock);
	one = find_held(key);
	if (one && one->references)
		one->references--;
	else
		error = find_range(key, &range) ? AEE_EBADMAPREFCNT : AEE_ENOSUCHMAP;
	rt_mutex_unlock(&lock);
	return error;
}
