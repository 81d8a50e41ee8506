/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "HAP_mem.h"

#include "maps.h"

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
