/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * An allocator over pages: who has which one is in a table. "Serialize" means that one has
 * the processor's unit for itself; it is a lock here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "HAP_compute_res.h"
#include "sys.h"
#include "thread.h"

#define PAGE	     0x10000u
#define PAGES	     128u
#define SIZE	     (PAGE * PAGES)
#define MAX_CONTEXTS 32
#define MAGIC	     0x5652u

/* What is in a compute_res_attr_t. */
struct attr {
	uint32_t magic;
	uint32_t size;
	uint32_t min_size;
	uint16_t serialize;
	uint16_t cached;
	int (*callback)(unsigned int context, void *arg);
	void *arg;
	uint8_t *got;
	uint32_t got_size;
};

_Static_assert(sizeof(struct attr) <= sizeof(compute_res_attr_t), "fits into the caller's object");

struct context {
	uint32_t id; /* 0: the place is free */
	uint32_t first;
	uint32_t count;
	bool serialize;
	bool cached; /* comes and goes while the number stays */
	bool held;
	bool wanted;
	int (*callback)(unsigned int context, void *arg);
	void *arg;
};

/* lock protects all of this; cond tells when something is given back. */
static struct rt_mutex lock;
static struct rt_cond cond;
static struct context contexts[MAX_CONTEXTS];
static bool used[PAGES];
static uint8_t *memory; /* NULL until somebody wants some */
static uint32_t last_id;

static struct attr *attr_of(compute_res_attr_t *attr)
{
	struct attr *mine = (struct attr *)attr;

	return mine && mine->magic == MAGIC ? mine : NULL;
}

int compute_resource_attr_init(compute_res_attr_t *attr)
{
	if (!attr)
		return -1;
	memset(attr, 0, sizeof(*attr));
	((struct attr *)attr)->magic = MAGIC;
	return 0;
}

int compute_resource_attr_set_serialize(compute_res_attr_t *attr, unsigned char serialize)
{
	struct attr *mine = attr_of(attr);

	if (!mine)
		return -1;
	mine->serialize = serialize;
	return 0;
}

int compute_resource_attr_set_cache_mode(compute_res_attr_t *attr, unsigned char cached)
{
	struct attr *mine = attr_of(attr);

	if (!mine)
		return -1;
	mine->cached = cached;
	return 0;
}

int compute_resource_attr_set_vtcm_param_v2(compute_res_attr_t *attr, unsigned int size,
					    unsigned int min_page, unsigned int min_size)
{
	struct attr *mine = attr_of(attr);

	if (!mine || size > SIZE || min_size > size || min_page > SIZE)
		return -1;
	mine->size = size;
	mine->min_size = min_size ? min_size : size;
	return 0;
}

/* All of it is one piece here, in any case. */
int compute_resource_attr_set_vtcm_param(compute_res_attr_t *attr, unsigned int size,
					 unsigned char single_page)
{
	(void)single_page;
	return compute_resource_attr_set_vtcm_param_v2(attr, size, 0, size);
}

int compute_resource_attr_set_release_callback(compute_res_attr_t *attr,
					       int (*callback)(unsigned int context, void *arg),
					       void *arg)
{
	struct attr *mine = attr_of(attr);

	if (!mine)
		return -1;
	mine->callback = callback;
	mine->arg = arg;
	return 0;
}

void *compute_resource_attr_get_vtcm_ptr(compute_res_attr_t *attr)
{
	struct attr *mine = attr_of(attr);

	return mine ? mine->got : NULL;
}

int compute_resource_attr_get_vtcm_ptr_v2(compute_res_attr_t *attr, void **ptr, unsigned int *size)
{
	struct attr *mine = attr_of(attr);

	if (!mine || !mine->got)
		return -1;
	*ptr = mine->got;
	*size = mine->got_size;
	return 0;
}

static bool have_memory(void)
{
	long addr;

	if (memory)
		return true;
	addr = sys_mmap(NULL, SIZE + PAGE, SYS_PROT_READ | SYS_PROT_WRITE,
			SYS_MAP_PRIVATE | SYS_MAP_ANONYMOUS, -1, 0);
	if ((unsigned long)addr > -(unsigned long)SYS_PAGE)
		return false;
	memory = (uint8_t *)(((uint32_t)addr + PAGE - 1) & ~(PAGE - 1));
	return true;
}

/* The longest row of free pages; wish ends the search early. */
static uint32_t find_row(uint32_t wish, uint32_t *first)
{
	uint32_t best = 0, len = 0;

	for (uint32_t i = 0; i < PAGES && best < wish; i++) {
		len = used[i] ? 0 : len + 1;
		if (len > best) {
			best = len;
			*first = i + 1 - len;
		}
	}
	return best;
}

static bool unit_is_free(void)
{
	for (int i = 0; i < MAX_CONTEXTS; i++) {
		if (contexts[i].id && contexts[i].held && contexts[i].serialize)
			return false;
	}
	return true;
}

static void hold(struct context *context, bool held)
{
	context->held = held;
	memset(&used[context->first], held, context->count);
}

/*
 * A place, with its pages taken, unless that is to be done later; NULL when there is not enough
 * at the moment.
 */
static struct context *take(struct attr *attr)
{
	uint32_t wish = (attr->size + PAGE - 1) / PAGE, first = 0, row = 0;
	struct context *context = NULL;

	for (int i = 0; i < MAX_CONTEXTS && !context; i++) {
		if (!contexts[i].id)
			context = &contexts[i];
	}
	if (wish)
		row = find_row(wish, &first);
	if (!context || row * PAGE < attr->min_size || (attr->serialize && !unit_is_free()))
		return NULL;
	*context = (struct context){ .id = ++last_id,
				     .first = first,
				     .count = row,
				     .serialize = attr->serialize,
				     .cached = attr->cached,
				     .callback = attr->callback,
				     .arg = attr->arg };
	hold(context, !attr->cached);
	attr->got = row ? memory + first * PAGE : NULL;
	attr->got_size = row * PAGE;
	return context;
}

/* One who was not asked yet is asked, without the lock; false when all were. */
static bool ask_one(void)
{
	for (int i = 0; i < MAX_CONTEXTS; i++) {
		struct context asked = contexts[i];

		if (!asked.id || !asked.held || asked.wanted)
			continue;
		contexts[i].wanted = true;
		if (!asked.callback)
			continue;
		rt_mutex_unlock(&lock);
		asked.callback(asked.id, asked.arg);
		rt_mutex_lock(&lock);
		return true;
	}
	return false;
}

unsigned int compute_resource_acquire(compute_res_attr_t *attr, unsigned int timeout_us)
{
	uint64_t end = sys_time_us() + timeout_us;
	struct attr *mine = attr_of(attr);
	struct context *context = NULL;
	uint32_t id = 0;

	if (!mine)
		return 0;
	rt_mutex_lock(&lock);
	while (have_memory() && !(context = take(mine))) {
		uint64_t now = sys_time_us();

		if (ask_one())
			continue;
		if (now >= end)
			break;
		rt_cond_wait_us(&cond, &lock, end - now);
	}
	if (context)
		id = context->id;
	rt_mutex_unlock(&lock);
	return id;
}

static struct context *find(uint32_t id)
{
	for (int i = 0; i < MAX_CONTEXTS; i++) {
		if (id && contexts[i].id == id)
			return &contexts[i];
	}
	return NULL;
}

int compute_resource_release(unsigned int id)
{
	struct context *context;

	rt_mutex_lock(&lock);
	context = find(id);
	if (context) {
		if (context->held)
			hold(context, false);
		context->id = 0;
		rt_cond_wake(&cond);
	}
	rt_mutex_unlock(&lock);
	return context ? 0 : -1;
}

/* A context whose pages come and go, and that has them or not; NULL: there is none. */
static struct context *find_cached(uint32_t id, bool held)
{
	struct context *context = find(id);

	return context && context->cached && context->held == held ? context : NULL;
}

static bool can_hold(const struct context *context)
{
	for (uint32_t i = 0; i < context->count; i++) {
		if (used[context->first + i])
			return false;
	}
	return !context->serialize || unit_is_free();
}

int compute_resource_acquire_cached(unsigned int id, unsigned int timeout_us)
{
	uint64_t end = sys_time_us() + timeout_us, now;
	struct context *context;
	bool held = false;

	rt_mutex_lock(&lock);
	while ((context = find_cached(id, false)) && !(held = can_hold(context))) {
		if (ask_one())
			continue;
		now = sys_time_us();
		if (now >= end)
			break;
		rt_cond_wait_us(&cond, &lock, end - now);
	}
	if (held) {
		hold(context, true);
		context->wanted = false;
	}
	rt_mutex_unlock(&lock);
	return held ? 0 : -1;
}

int compute_resource_release_cached(unsigned int id)
{
	struct context *context;

	rt_mutex_lock(&lock);
	context = find_cached(id, true);
	if (context) {
		hold(context, false);
		rt_cond_wake(&cond);
	}
	rt_mutex_unlock(&lock);
	return context ? 0 : -1;
}

int compute_resource_check_release_request(unsigned int id)
{
	const struct context *context;
	int wanted;

	rt_mutex_lock(&lock);
	context = find(id);
	wanted = context && context->wanted;
	rt_mutex_unlock(&lock);
	return wanted;
}

/* As one page: everything that can be had is one piece. */
static void fill(compute_res_vtcm_page_t *pages, uint32_t size)
{
	if (!pages)
		return;
	*pages = (compute_res_vtcm_page_t){ .block_size = size, .page_list_len = !!size };
	pages->page_list[0].page_size = size;
	pages->page_list[0].num_pages = !!size;
}

int compute_resource_query_VTCM(unsigned int application, unsigned int *total,
				compute_res_vtcm_page_t *total_pages, unsigned int *free,
				compute_res_vtcm_page_t *free_pages)
{
	uint32_t row, first = 0;

	(void)application;
	rt_mutex_lock(&lock);
	row = find_row(PAGES, &first);
	rt_mutex_unlock(&lock);
	if (total)
		*total = SIZE;
	if (free)
		*free = row * PAGE;
	fill(total_pages, SIZE);
	fill(free_pages, row * PAGE);
	return 0;
}
