/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "HAP_mem.h"

#include <stdbool.h>

#include "AEEStdErr.h"
#include "apps.h"
#include "heap.h"
#include "listener.h"
#include "maps.h"
#include "sys.h"
#include "thread.h"

#define MAX_MAPPED	 64
#define DMA_HANDLE_MAP	 REMOTE_SCALARS_MAKE(6, 1, 0)
#define DMA_HANDLE_UNMAP REMOTE_SCALARS_MAKE(7, 1, 0)

/* What HAP_mmap gave. */
struct mapped {
	void *addr; /* NULL: the place is free */
	size_t len;
	int fd;
	uint32_t asked; /* bytes that the application mapped for us, from its start */
};

/* lock protects the table. */
static struct rt_mutex lock;
static struct mapped table[MAX_MAPPED];

int HAP_mmap_get(int fd, void **vaddr, uint64_t *paddr)
{
	struct range range;
	int error = maps_get(fd, &range);

	if (error)
		return error;
	if (vaddr)
		*vaddr = (void *)range.iova;
	if (paddr)
		*paddr = range.iova;
	return 0;
}

int HAP_mmap_put(int fd)
{
	return maps_put(fd);
}

int adsp_mmap_fd_getinfo(int fd, uint32_t *len)
{
	struct range range;
	int error = maps_find(fd, &range);

	if (!error)
		*len = range.size;
	return error;
}

static bool ask_map(int fd, uint32_t size)
{
	int32_t in[3] = { fd, 0, (int32_t)size };
	remote_arg args[1] = { { .buf = { in, sizeof(in) } } };

	return listener_came(0) && !apps_invoke(APPS_MEM, DMA_HANDLE_MAP, args);
}

static void ask_unmap(int fd, uint32_t size)
{
	int32_t in[2] = { fd, (int32_t)size };
	remote_arg args[1] = { { .buf = { in, sizeof(in) } } };

	apps_invoke(APPS_MEM, DMA_HANDLE_UNMAP, args);
}

static bool remember(const struct mapped *mapped)
{
	bool done = false;

	rt_mutex_lock(&lock);
	for (int i = 0; i < MAX_MAPPED && !done; i++) {
		if (!table[i].addr) {
			table[i] = *mapped;
			done = true;
		}
	}
	rt_mutex_unlock(&lock);
	return done;
}

static void give_back(const struct mapped *mapped)
{
	maps_put(mapped->fd);
	if (mapped->asked)
		ask_unmap(mapped->fd, mapped->asked);
}

void *HAP_mmap2(void *addr, size_t len, int prot, int flags, int fd, long offset)
{
	struct mapped mapped = { .len = len, .fd = fd };
	uint64_t end = (uint64_t)(uint32_t)offset + len;
	struct range range;

	(void)addr, (void)prot, (void)flags;
	if (offset < 0 || !len || end > 0x7fffffff)
		return (void *)-1;
	if (maps_get(fd, &range)) {
		if (!ask_map(fd, (uint32_t)end))
			return (void *)-1;
		mapped.asked = (uint32_t)end;
		if (maps_get(fd, &range)) {
			ask_unmap(fd, mapped.asked);
			return (void *)-1;
		}
	}
	mapped.addr = (void *)(range.iova + (uint32_t)offset);
	if (end <= range.size && remember(&mapped))
		return mapped.addr;
	give_back(&mapped);
	return (void *)-1;
}

void *HAP_mmap(void *addr, int len, int prot, int flags, int fd, long offset)
{
	return len < 0 ? (void *)-1 : HAP_mmap2(addr, (size_t)len, prot, flags, fd, offset);
}

int HAP_munmap2(void *addr, size_t len)
{
	struct mapped mapped = { 0 };

	rt_mutex_lock(&lock);
	for (int i = 0; i < MAX_MAPPED && addr && !mapped.addr; i++) {
		if (table[i].addr == addr && table[i].len == len) {
			mapped = table[i];
			table[i].addr = NULL;
		}
	}
	rt_mutex_unlock(&lock);
	if (!mapped.addr)
		return (int)AEE_ENOSUCHMAP;
	give_back(&mapped);
	return AEE_SUCCESS;
}

int HAP_munmap(void *addr, int len)
{
	return HAP_munmap2(addr, (size_t)len);
}

int HAP_mem_get_stats(struct HAP_mem_stats *stats)
{
	struct rt_heap heap = rt_heap_look();

	if (!stats)
		return (int)AEE_EBADPARM;
	stats->bytes_free = heap.free;
	stats->bytes_used = heap.size - heap.free;
	stats->seg_free = heap.largest;
	stats->seg_used = heap.size - heap.free;
	stats->min_grow_bytes = rt_heap_growth();
	return AEE_SUCCESS;
}

int HAP_mem_set_grow_size(uint64_t min, uint64_t max)
{
	if (min > 0x7fffffff || (max && max < min))
		return (int)AEE_EBADPARM;
	rt_heap_set_growth((size_t)min, max > 0xffffffff ? 0 : (size_t)max);
	return AEE_SUCCESS;
}

int HAP_mem_available_stack(void)
{
	const struct rt_thread *self = rt_thread_self();
	char here;

	return self ? (int)(&here - (self->memory + SYS_PAGE)) : 0;
}
