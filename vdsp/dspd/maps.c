/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Only dspd writes, so it may believe what it reads here: no new mapping of the file, by
 * whomever, can be written to. dspd's own was there before.
 */
#include "maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fastrpc_wire.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

static int map_and_seal(int fd, struct pd_maps **maps)
{
	void *table;

	if (ftruncate(fd, sizeof(**maps)))
		return -errno;
	table = mmap(NULL, sizeof(**maps), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (table == MAP_FAILED)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, SEALS)) {
		int err = -errno;

		munmap(table, sizeof(**maps));
		return err;
	}
	*maps = table;
	return 0;
}

int maps_create(struct pd_maps **maps)
{
	int err, fd = memfd_create("pd-maps", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	err = map_and_seal(fd, maps);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

void maps_destroy(struct pd_maps *maps)
{
	if (maps)
		munmap(maps, sizeof(*maps));
}

static void change_begin(struct pd_maps *maps)
{
	__atomic_store_n(&maps->sequence, maps->sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void change_end(struct pd_maps *maps)
{
	__atomic_store_n(&maps->sequence, maps->sequence + 1, __ATOMIC_RELEASE);
}

/* The caller's mistake: one key for two ranges, or the same pages twice in a heap. */
static bool clash(const struct pd_map *a, const struct pd_map *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == PD_MAP_KEY)
		return a->key == b->key;
	return a->iova - b->iova < b->size || b->iova - a->iova < a->size;
}

static bool same(const struct pd_map *a, const struct pd_map *b)
{
	return a->kind == b->kind && a->key == b->key && a->iova == b->iova && a->size == b->size;
}

__u32 maps_add(struct pd_maps *maps, const struct pd_map *map)
{
	for (__u32 i = 0; i < maps->count; i++) {
		if (clash(&maps->maps[i], map))
			return FRPC_EBADPARM;
	}
	if (maps->count == PD_MAPS_MAX)
		return FRPC_ENOMEMORY;
	change_begin(maps);
	maps->maps[maps->count++] = *map;
	change_end(maps);
	return 0;
}

/* The last one takes the place that gets free. */
__u32 maps_remove(struct pd_maps *maps, const struct pd_map *map)
{
	__u32 i = 0;

	while (i < maps->count && !same(&maps->maps[i], map))
		i++;
	if (i == maps->count)
		return FRPC_EBADPARM;
	change_begin(maps);
	maps->maps[i] = maps->maps[--maps->count];
	change_end(maps);
	return 0;
}
