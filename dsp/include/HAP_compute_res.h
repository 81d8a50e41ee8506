/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The DSP's fast memory (VTCM), by the names that the DSP's software has for it. Here it is
 * 8 MiB per process, given out in steps of 64 KiB. Whoever has some keeps it until it gives it back; one who asks for more
 * than is free makes the others' callbacks run, and waits.
 */
#ifndef QDA_HAP_COMPUTE_RES_H
#define QDA_HAP_COMPUTE_RES_H

#include <stdint.h>

/* What somebody wants, and then has; made by compute_resource_attr_init. */
typedef struct {
	uint64_t opaque[8];
} compute_res_attr_t;

typedef struct {
	uint32_t block_size; /* all of it */
	uint32_t page_list_len;
	struct {
		uint32_t page_size;
		uint32_t num_pages;
	} page_list[8];
} compute_res_vtcm_page_t;

/* They give 0 or -1. */
int compute_resource_attr_init(compute_res_attr_t *attr);
int compute_resource_attr_set_serialize(compute_res_attr_t *attr, unsigned char serialize);
int compute_resource_attr_set_vtcm_param(compute_res_attr_t *attr, unsigned int size,
					 unsigned char single_page);

/* As much of size as there is, but min_size at least; 0: all of it. */
int compute_resource_attr_set_vtcm_param_v2(compute_res_attr_t *attr, unsigned int size,
					    unsigned int min_page, unsigned int min_size);

/* The callback runs in the thread of who wants it back, and may release at once, or later. */
int compute_resource_attr_set_release_callback(compute_res_attr_t *attr,
					       int (*callback)(unsigned int context, void *arg),
					       void *arg);
void *compute_resource_attr_get_vtcm_ptr(compute_res_attr_t *attr);
int compute_resource_attr_get_vtcm_ptr_v2(compute_res_attr_t *attr, void **ptr, unsigned int *size);

/* A number for what is had now, or 0. */
unsigned int compute_resource_acquire(compute_res_attr_t *attr, unsigned int timeout_us);
int compute_resource_release(unsigned int context);

/*
 * Memory that comes and goes, at one address. acquire gives only the number; it is had between
 * acquire_cached and release_cached, and lost to others in between. 0 or -1, also when the time is over.
 */
int compute_resource_attr_set_cache_mode(compute_res_attr_t *attr, unsigned char cached);
int compute_resource_acquire_cached(unsigned int context, unsigned int timeout_us);
int compute_resource_release_cached(unsigned int context);

/* 1 when somebody waits for it. */
int compute_resource_check_release_request(unsigned int context);

/* free is the largest piece that can be had. Each of the outputs can be NULL. */
int compute_resource_query_VTCM(unsigned int application, unsigned int *total,
				compute_res_vtcm_page_t *total_pages, unsigned int *free,
				compute_res_vtcm_page_t *free_pages);

#endif
