/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * resources: memory of every kind, power and times, as objects for real DSPs use them. Each method
 * gives a word: 0 when all was right, else the line that was not.
 *
 *	2 VTCM		3 cache		4 heap		5 power and times
 *	6 mapped	in {s32 key, u32 length}: sum of the bytes, by HAP_mmap, of all, then of a part
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "AEEStdErr.h"
#include "HAP_compute_res.h"
#include "HAP_mem.h"
#include "HAP_power.h"
#include "HAP_timer.h"
#include "remote.h"

#define WRONG	    ((uint32_t)__LINE__)
#define MIB	    0x100000u

#define PART_OFFSET 64

SKEL_EXPORT int resources_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

/* Nobody has it: features are found out like this. */
int HAP_mem_request(void *payload) __attribute__((weak));

static uint32_t asked;

static int release_it(unsigned int context, void *arg)
{
	asked += arg == &asked;
	return compute_resource_release(context);
}

static int keep_it(unsigned int context, void *arg)
{
	(void)context;
	asked += arg == &asked;
	return 0;
}

static uint32_t vtcm_free(void)
{
	compute_res_vtcm_page_t total_pages, free_pages;
	unsigned int total, free;

	if (compute_resource_query_VTCM(0, &total, &total_pages, &free, &free_pages) ||
	    total != 8 * MIB || total_pages.block_size != total || total_pages.page_list_len != 1 ||
	    free_pages.block_size != free)
		return ~0u;
	return free;
}

static unsigned int get_vtcm(compute_res_attr_t *attr, uint32_t size, uint32_t least,
			     int (*callback)(unsigned int context, void *arg))
{
	if (compute_resource_attr_init(attr) ||
	    compute_resource_attr_set_vtcm_param_v2(attr, size, 0, least))
		return 0;
	if (callback && compute_resource_attr_set_release_callback(attr, callback, &asked))
		return 0;
	return compute_resource_acquire(attr, 1000);
}

static uint32_t vtcm(void)
{
	compute_res_attr_t first, second;
	unsigned int one, two, size = 0;
	void *place = NULL;

	asked = 0;
	if (vtcm_free() != 8 * MIB)
		return WRONG;
	one = get_vtcm(&first, 6 * MIB, 0, keep_it);
	if (!one || vtcm_free() != 2 * MIB || !compute_resource_attr_get_vtcm_ptr(&first))
		return WRONG;
	memset(compute_resource_attr_get_vtcm_ptr(&first), 0x5a, 6 * MIB);
	if (get_vtcm(&second, 3 * MIB, 0, NULL) || asked != 1 ||
	    !compute_resource_check_release_request(one))
		return WRONG;
	two = get_vtcm(&second, 3 * MIB, MIB, release_it);
	if (!two || compute_resource_attr_get_vtcm_ptr_v2(&second, &place, &size) ||
	    size != 2 * MIB || vtcm_free() || compute_resource_check_release_request(two))
		return WRONG;
	memset(place, 0x33, size);
	if (*((uint8_t *)compute_resource_attr_get_vtcm_ptr(&first) + 6 * MIB - 1) != 0x5a)
		return WRONG;
	if (compute_resource_release(one) || !compute_resource_release(one))
		return WRONG;
	one = get_vtcm(&first, 8 * MIB, 0, NULL);
	if (!one || asked != 2 || !compute_resource_release(two))
		return WRONG;
	if (compute_resource_release(one) || vtcm_free() != 8 * MIB)
		return WRONG;
	return get_vtcm(&first, 9 * MIB, 0, NULL) ? WRONG : 0;
}

/* Two who share memory by turns: each has it when the other does not. */
static uint32_t cached_vtcm(void)
{
	compute_res_attr_t attr;
	unsigned int one, two;

	asked = 0;
	compute_resource_attr_init(&attr);
	if (compute_resource_attr_set_cache_mode(&attr, 1) ||
	    compute_resource_attr_set_vtcm_param_v2(&attr, 8 * MIB, 0, 0) ||
	    compute_resource_attr_set_release_callback(&attr, keep_it, &asked))
		return WRONG;
	one = compute_resource_acquire(&attr, 0);
	two = compute_resource_acquire(&attr, 0);
	if (!one || !two || vtcm_free() != 8 * MIB)
		return WRONG;
	if (compute_resource_acquire_cached(one, 0) || vtcm_free() ||
	    !compute_resource_acquire_cached(one, 0))
		return WRONG;
	if (!compute_resource_acquire_cached(two, 1000) || asked != 1 ||
	    !compute_resource_check_release_request(one))
		return WRONG;
	if (compute_resource_release_cached(one) || !compute_resource_release_cached(one) ||
	    compute_resource_acquire_cached(two, 0))
		return WRONG;
	if (compute_resource_release(one) || vtcm_free() || compute_resource_release(two) ||
	    vtcm_free() != 8 * MIB)
		return WRONG;
	one = get_vtcm(&attr, MIB, 0, NULL);
	if (!one || !compute_resource_acquire_cached(one, 0) ||
	    !compute_resource_release_cached(one))
		return WRONG;
	return compute_resource_release(one) ? WRONG : 0;
}

/* One at a time has the unit, with or without memory. */
static uint32_t unit(void)
{
	compute_res_attr_t attr;
	unsigned int one;

	compute_resource_attr_init(&attr);
	if (compute_resource_attr_set_serialize(&attr, 1))
		return WRONG;
	one = compute_resource_acquire(&attr, 0);
	if (!one || compute_resource_acquire(&attr, 0) || compute_resource_release(one))
		return WRONG;
	one = compute_resource_acquire(&attr, 0);
	return one && !compute_resource_release(one) ? 0 : WRONG;
}

static uint32_t cache(void)
{
	int total = HAP_query_total_cachelock();
	void *place, *other, *paddr;

	if (total <= 0 || HAP_query_avail_cachelock() != total)
		return WRONG;
	place = HAP_cache_lock((unsigned int)total / 2, &paddr);
	if (!place || (uintptr_t)place % 128 || HAP_query_avail_cachelock() != total - total / 2)
		return WRONG;
	memset(place, 1, (size_t)total / 2);
	other = HAP_cache_lock((unsigned int)total / 2 + 1, &paddr);
	if (other || HAP_cache_lock(0, &paddr) || HAP_cache_lock(~0u, &paddr))
		return WRONG;
	if (HAP_cache_unlock(place) || !HAP_cache_unlock(place) || !HAP_cache_unlock(NULL))
		return WRONG;
	return HAP_query_avail_cachelock() == total ? 0 : WRONG;
}

static uint32_t heap(void)
{
	struct HAP_mem_stats before, after;
	void *mem;

	if (HAP_mem_get_stats(&before) || !(mem = malloc(100000)) || HAP_mem_get_stats(&after))
		return WRONG;
	if (after.bytes_used < before.bytes_used + 100000 ||
	    after.bytes_used > before.bytes_used + 100100 || after.seg_free > after.bytes_free)
		return WRONG;
	free(mem);
	if (HAP_mem_get_stats(&after) || after.bytes_used != before.bytes_used)
		return WRONG;
	if (HAP_mem_set_grow_size(2 * MIB, MIB) == 0 || HAP_mem_set_grow_size(2 * MIB, 0) ||
	    HAP_mem_get_stats(&after) || after.min_grow_bytes != 2 * MIB)
		return WRONG;
	return HAP_mem_set_grow_size(0, 0) ? WRONG : 0;
}

static uint32_t power(void)
{
	uint32_t request[16] = { 1 };

	if (HAP_power_set(request, request) ||
	    HAP_power_get(request, request) != (int)AEE_EUNSUPPORTED)
		return WRONG;
	if (HAP_power_destroy_client(request) || HAP_perf_qtimer_count_to_us(19200000) != 1000000)
		return WRONG;
	return HAP_mem_request ? WRONG : 0;
}

/* From somewhere to the end: what is mapped for that is as long as all of it. */
static uint32_t mapped_part(const uint32_t *in)
{
	int len = (int)in[1] - PART_OFFSET;
	void *place = HAP_mmap(NULL, len, 3, 0, (int)in[0], PART_OFFSET);

	if (place == (void *)-1 || (uintptr_t)place % PART_OFFSET)
		return WRONG;
	return HAP_munmap(place, len) ? WRONG : 0;
}

static uint32_t mapped(const uint32_t *in, uint32_t *sum)
{
	uint8_t *place = HAP_mmap(NULL, (int)in[1], 3, 0, (int)in[0], 0);

	if (place == (void *)-1)
		return WRONG;
	*sum = 0;
	for (uint32_t i = 0; i < in[1]; i++)
		*sum += place[i];
	if (HAP_munmap(place, (int)in[1] + 1) == 0 || HAP_munmap(place, (int)in[1]))
		return WRONG;
	return HAP_munmap(place, (int)in[1]) ? mapped_part(in) : WRONG;
}

static int answer(const remote_arg *out, uint32_t value)
{
	memcpy(out->buf.pv, &value, sizeof(value));
	return AEE_SUCCESS;
}

int resources_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	uint32_t in[2], sum, error;

	(void)h;
	switch (sc) {
	case REMOTE_SCALARS_OPEN:
	case REMOTE_SCALARS_CLOSE:
		return AEE_SUCCESS;
	case REMOTE_SCALARS_MAKE(2, 0, 1):
		error = vtcm();
		error = error ? error : cached_vtcm();
		return answer(&pra[0], error ? error : unit());
	case REMOTE_SCALARS_MAKE(3, 0, 1):
		return answer(&pra[0], cache());
	case REMOTE_SCALARS_MAKE(4, 0, 1):
		return answer(&pra[0], heap());
	case REMOTE_SCALARS_MAKE(5, 0, 1):
		return answer(&pra[0], power());
	case REMOTE_SCALARS_MAKE(6, 1, 1):
		memcpy(in, pra[0].buf.pv, sizeof(in));
		error = mapped(in, &sum);
		return error ? (int)error : answer(&pra[1], sum);
	default:
		return AEE_EUNSUPPORTED;
	}
}
