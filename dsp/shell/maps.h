/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Buffers that DSP code finds by a key: those that the driver mapped, which are in the table
 * that dspd shares with us, and those of the DMA handles of calls that run now.
 */
#ifndef SHELL_MAPS_H
#define SHELL_MAPS_H

#include <stdbool.h>
#include <stdint.h>

/* Keys that calls or references hold at the same time. */
#define MAPS_MAX_HELD 512

struct range {
	uint32_t iova;
	uint32_t size;
};

/* Maps the table; once, before all else. 0 or -errno. */
long maps_attach(int fd);

/*
 * For the time of a call, a key stands for a range. 0, FRPC_ENOMEMORY, or FRPC_EBADPARM when
 * it stands for another one already: then an offset in it would have two meanings.
 */
uint32_t maps_begin_call(int32_t key, struct range range);
void maps_end_call(int32_t key);

/* Has the driver added [address, address + len) to the heap? */
bool maps_is_heap(uint64_t address, uint64_t len);

/* 0 or an AEE code; see HAP_mem.h. */
int maps_find(int32_t key, struct range *range);
int maps_get(int32_t key, struct range *range);
int maps_put(int32_t key);

#endif
