/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Memory of the application on the DSP, by the names that the DSP's software has for it.
 *
 * A key is the number under which the application mapped a buffer (its file descriptor,
 * for many) or which comes as a DMA handle in a call. The first kind is there until the
 * application unmaps it, the second kind while the method that got it runs. Nothing here can
 * hold a buffer: a skel that uses one which is unmapped faults, and its process ends.
 */
#ifndef QDA_HAP_MEM_H
#define QDA_HAP_MEM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where the buffer is, and takes a reference; vaddr and paddr can be NULL. The SMMU is in
 * between, so paddr is what the DSP knows, the same number as vaddr. AEE_ENOSUCHMAP
 * when there is no such key, AEE_ENOMEMORY when too many keys have references.
 */
int HAP_mmap_get(int fd, void **vaddr, uint64_t *paddr);

/*
 * Gives the reference back. AEE_EBADMAPREFCNT when there is none, AEE_ENOSUCHMAP when there is
 * no such key either.
 */
int HAP_mmap_put(int fd);

/* Length of the buffer in bytes, what a DMA handle does not say; AEE_ENOSUCHMAP. */
int adsp_mmap_fd_getinfo(int fd, uint32_t *len);

/*
 * len bytes of the buffer, from offset on; (void *)-1 when there is no such key, or it is shorter. A
 * buffer that nobody mapped is asked for, when the application has a listener (remote.h). addr,
 * prot and flags mean nothing here: all is readable and writable where it is.
 */
void *HAP_mmap(void *addr, int len, int prot, int flags, int fd, long offset);
void *HAP_mmap2(void *addr, size_t len, int prot, int flags, int fd, long offset);

/* Of what HAP_mmap gave; AEE_ENOSUCHMAP. */
int HAP_munmap(void *addr, int len);
int HAP_munmap2(void *addr, size_t len);

/* The heap of the process, all in bytes. */
struct HAP_mem_stats {
	uint64_t bytes_free;
	uint64_t bytes_used;
	uint64_t seg_free; /* largest piece */
	uint64_t seg_used;
	uint64_t min_grow_bytes;
};

int HAP_mem_get_stats(struct HAP_mem_stats *stats);

/* How much the heap asks the application for at a time; 0 as max: any. */
int HAP_mem_set_grow_size(uint64_t min, uint64_t max);

/* Bytes that the thread has left. */
int HAP_mem_available_stack(void);

/* Memory that stays in the cache; here there is none, so it is 512 KiB of ordinary memory. */
void *HAP_cache_lock(unsigned int size, void **paddr);
int HAP_cache_unlock(void *vaddr);
int HAP_query_total_cachelock(void);
int HAP_query_avail_cachelock(void);

#endif
