/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The table of what is mapped into a PD; vdsp/include/pd_maps.h says how the PD reads it. */
#ifndef DSPD_MAPS_H
#define DSPD_MAPS_H

#include "pd_maps.h"

/* An empty table, and the file for the PD, which cannot be written to; or -errno. */
int maps_create(struct pd_maps **maps);
void maps_destroy(struct pd_maps *maps);

/*
 * 0, FRPC_ENOMEMORY when the table is full, or FRPC_EBADPARM when the key is there or heap
 * pages are there already.
 */
__u32 maps_add(struct pd_maps *maps, const struct pd_map *map);

/* FRPC_EBADPARM when exactly this range is not there. */
__u32 maps_remove(struct pd_maps *maps, const struct pd_map *map);

#endif
