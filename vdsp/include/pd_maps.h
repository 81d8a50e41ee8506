/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The memory that the driver has mapped into a PD for good: under a key, by which DSP
 * code finds it, or as pages for its heap. dspd keeps one such table per PD in a file
 * that the process gets as fd 5 and can only read. Addresses need no translation: the
 * process maps its whole context bank so that an IOVA is a pointer.
 *
 * A PD has at most PD_MAPS_MAX ranges, of both kinds together; every range lies inside the
 * window of VDSP_IOVA_SIZE bytes. A key is there once; any number can be one.
 */
#ifndef PD_MAPS_H
#define PD_MAPS_H

#include <linux/types.h>

#define PD_MAPS_MAX 1023

enum pd_map_kind {
	PD_MAP_KEY = 1,
	PD_MAP_HEAP = 2, /* key is 0 */
};

struct pd_map {
	__s32 key;
	__u32 kind;
	__u32 iova;
	__u32 size;
};

/*
 * The first count places are in use, in no order. sequence is odd while something changes and
 * never the same again after it, so a reader that saw one even number before and
 * after has seen one state of the table.
 */
struct pd_maps {
	__u32 sequence;
	__u32 count;
	__u32 pad[2];
	struct pd_map maps[PD_MAPS_MAX];
};

_Static_assert(sizeof(struct pd_maps) == 16384, "both sides lay the table out alike");

/* A value that the other side may be changing. */
#define PD_MAPS_READ(value) __atomic_load_n(&(value), __ATOMIC_RELAXED)

/* One look at the table, which a change can spoil; 1 when the key is in it. */
static inline int pd_maps_look(const struct pd_maps *maps, __s32 key, struct pd_map *found)
{
	__u32 count = PD_MAPS_READ(maps->count);

	for (__u32 i = 0; i < count && i < PD_MAPS_MAX; i++) {
		const struct pd_map *map = &maps->maps[i];

		if (PD_MAPS_READ(map->key) != key || PD_MAPS_READ(map->kind) != PD_MAP_KEY)
			continue;
		found->key = key;
		found->kind = PD_MAP_KEY;
		found->iova = PD_MAPS_READ(map->iova);
		found->size = PD_MAPS_READ(map->size);
		return 1;
	}
	return 0;
}

/* 1 when the key is in the table, and then what it stands for. */
static inline int pd_maps_find(const struct pd_maps *maps, __s32 key, struct pd_map *found)
{
	__u32 before;
	int there;

	do {
		before = __atomic_load_n(&maps->sequence, __ATOMIC_ACQUIRE);
		there = pd_maps_look(maps, key, found);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (before % 2 || PD_MAPS_READ(maps->sequence) != before);
	return there;
}

#endif
