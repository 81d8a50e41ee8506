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

#endif
