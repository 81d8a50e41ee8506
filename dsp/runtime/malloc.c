/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * First fit over a list of free blocks in order of address; neighbours are joined.
 * Enough for skels that take a few buffers; a skel with other wishes brings its own.
 */
#include "heap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys.h"
#include "thread.h"

#define UNIT	8u
#define CHUNK	0x100000u
#define OWN	0x2000000u
#define LARGEST 0x40000000u

/* In front of every block, free or not. */
struct block {
	size_t size;	    /* with this header, multiple of UNIT */
	struct block *next; /* of a free block */
};

/* lock protects all of this; free_list is in order of address. */
static struct rt_mutex lock;
static struct block *free_list;
static size_t own;  /* bytes that came from the system */
static size_t more; /* bytes that came from elsewhere */
static size_t grow_least, grow_most;
static void *(*ask_more)(size_t len);

void rt_heap_ask(void *(*ask)(size_t len))
{
	ask_more = ask;
}

static void join(struct block *block)
{
	if (block->next && (char *)block + block->size == (char *)block->next) {
		block->size += block->next->size;
		block->next = block->next->next;
	}
}

static void insert(struct block *block)
{
	struct block **at = &free_list;
	struct block *before = NULL;

	while (*at && *at < block) {
		before = *at;
		at = &(*at)->next;
	}
	block->next = *at;
	*at = block;
	join(block);
	if (before)
		join(before);
}

static struct block *take(size_t size)
{
	for (struct block **at = &free_list; *at; at = &(*at)->next) {
		struct block *block = *at;

		if (block->size < size)
			continue;
		if (block->size - size < 2 * sizeof(*block)) {
			*at = block->next;
			return block;
		}
		block->size -= size;
		block = (struct block *)((char *)block + block->size);
		block->size = size;
		return block;
	}
	return NULL;
}

static void add(void *mem, size_t len)
{
	struct block *block = mem;

	block->size = len;
	insert(block);
}

static bool grow(size_t len)
{
	long addr;

	if (len > OWN - own)
		return false;
	addr = sys_mmap(NULL, len, SYS_PROT_READ | SYS_PROT_WRITE,
			SYS_MAP_PRIVATE | SYS_MAP_ANONYMOUS, -1, 0);
	if ((unsigned long)addr > -(unsigned long)SYS_PAGE)
		return false;
	own += len;
	add((void *)addr, len);
	return true;
}

/* Others must be able to allocate while somebody is asked: perhaps it is they who answer. */
static void *take_more(size_t size, size_t len)
{
	struct block *block;
	void *mem = NULL;

	if (len < grow_least)
		len = grow_least;
	if (ask_more && (!grow_most || len <= grow_most))
		mem = ask_more(len);

	if (!mem)
		return NULL;
	rt_mutex_lock(&lock);
	add(mem, len);
	more += len;
	block = take(size);
	rt_mutex_unlock(&lock);
	return block;
}

void *malloc(size_t size)
{
	struct block *block;
	size_t len;

	if (size > LARGEST)
		return NULL;
	size = (size + sizeof(*block) + UNIT - 1) & ~(size_t)(UNIT - 1);
	len = (size + CHUNK - 1) / CHUNK * CHUNK;
	rt_mutex_lock(&lock);
	block = take(size);
	if (!block && grow(len))
		block = take(size);
	rt_mutex_unlock(&lock);
	if (!block)
		block = take_more(size, len);
	return block ? block + 1 : NULL;
}

/* What is in front of the aligned address becomes a free block of its own: it is a whole one. */
void *memalign(size_t align, size_t size)
{
	struct block *block, *aligned;
	uintptr_t start;
	char *mem;

	if (align & (align - 1) || align > LARGEST || size > LARGEST)
		return NULL;
	if (align <= UNIT)
		return malloc(size);
	mem = malloc(size + align);
	start = ((uintptr_t)mem + align - 1) & ~(uintptr_t)(align - 1);
	if (!mem || start == (uintptr_t)mem)
		return mem;
	block = (struct block *)mem - 1;
	aligned = (struct block *)start - 1;
	aligned->size = block->size - (start - (uintptr_t)mem);
	block->size = start - (uintptr_t)mem;
	free(mem);
	return (void *)start;
}

void *calloc(size_t count, size_t size)
{
	void *mem;

	if (size && count > LARGEST / size)
		return NULL;
	mem = malloc(count * size);
	return mem ? memset(mem, 0, count * size) : NULL;
}

void free(void *mem)
{
	if (!mem)
		return;
	rt_mutex_lock(&lock);
	insert((struct block *)mem - 1);
	rt_mutex_unlock(&lock);
}

struct rt_heap rt_heap_look(void)
{
	struct rt_heap heap = { 0 };

	rt_mutex_lock(&lock);
	heap.size = own + more;
	for (const struct block *block = free_list; block; block = block->next) {
		heap.free += block->size;
		if (block->size > heap.largest)
			heap.largest = block->size;
	}
	rt_mutex_unlock(&lock);
	return heap;
}

void rt_heap_set_growth(size_t least, size_t most)
{
	rt_mutex_lock(&lock);
	grow_least = least > LARGEST ? LARGEST : (least + CHUNK - 1) / CHUNK * CHUNK;
	grow_most = most;
	rt_mutex_unlock(&lock);
}

size_t rt_heap_growth(void)
{
	size_t least;

	rt_mutex_lock(&lock);
	least = grow_least ? grow_least : CHUNK;
	rt_mutex_unlock(&lock);
	return least;
}

_Noreturn void exit(int code)
{
	sys_exit(code);
}
