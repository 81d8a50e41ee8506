/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_REMOTE_MAP_H__
#define __QDA_REMOTE_MAP_H__

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex_types.h>
#include <linux/types.h>

struct qda_invocation;
struct qda_mapping;
struct qda_process;

/**
 * enum qda_remote_map_state - What the DSP knows of a persistent mapping
 * @QDA_REMOTE_MAP_MAPPING: it has been or is about to be asked to map it
 * @QDA_REMOTE_MAP_MAPPED: it has it mapped
 * @QDA_REMOTE_MAP_UNMAPPING: it has been or is about to be asked to unmap it
 */
enum qda_remote_map_state {
	QDA_REMOTE_MAP_MAPPING,
	QDA_REMOTE_MAP_MAPPED,
	QDA_REMOTE_MAP_UNMAPPING,
};

/**
 * enum qda_remote_map_kind - What a persistent mapping is for
 * @QDA_REMOTE_MAP_KEY: a part of a user's buffer, under a key that nothing else has
 * @QDA_REMOTE_MAP_HEAP: pages for the heap, without a key
 * @QDA_REMOTE_MAP_FD: a user's buffer of the legacy interface, where several may have
 *	one key
 * @QDA_REMOTE_MAP_LENT: a user's buffer that was a DMA handle in calls of the legacy
 *	interface; the DSP has not been asked to map it, it says when it needs it no more
 */
enum qda_remote_map_kind {
	QDA_REMOTE_MAP_KEY,
	QDA_REMOTE_MAP_HEAP,
	QDA_REMOTE_MAP_FD,
	QDA_REMOTE_MAP_LENT,
};

/**
 * struct qda_remote_maps - The persistent mappings of a process
 * @lock: protects @list, writing of @lent and what is said so in &struct qda_remote_map
 * @list: the mappings
 * @lent: how many of them are QDA_REMOTE_MAP_LENT
 */
struct qda_remote_maps {
	/* Protects the list and the state of those in it. */
	struct mutex lock;
	struct list_head list;
	u32 lent;
};

/**
 * struct qda_remote_map - Persistent mapping of memory into a process
 * @ref: held by the list, by the ioctl that works on it and by the call about it
 * @node: entry in the list, empty when it is not there any more; protected by its lock
 * @state: what the DSP knows of it; protected by the lock of the list
 * @kind: what it is for
 * @uses: how often it was lent; protected by the lock of the list
 * @generation: to which of the session's processes it was lent
 * @key: number by which DSP code finds it
 * @vaddr: the DSP's own address of it, once mapped; protected by the lock of the list
 * @offset: start of the range in @map
 * @size: bytes, whole pages of the DSP
 * @result: where the call that maps it has its output
 * @map: memory, with a reference
 */
struct qda_remote_map {
	struct kref ref;
	struct list_head node;
	enum qda_remote_map_state state;
	enum qda_remote_map_kind kind;
	u64 uses;
	u64 generation;
	s32 key;
	u64 vaddr;
	u64 offset;
	u64 size;
	u32 result;
	struct qda_mapping *map;
};

void qda_remote_maps_init(struct qda_remote_maps *maps);
void qda_remote_maps_fini(struct qda_remote_maps *maps);
void qda_remote_maps_drop(struct qda_process *process);

struct qda_remote_map *qda_remote_map_create(struct qda_mapping *map, u64 offset, u64 size);
void qda_remote_map_get(struct qda_remote_map *remote);
void qda_remote_map_put(struct qda_remote_map *remote);
u64 qda_remote_map_address(const struct qda_remote_map *remote);
int qda_remote_map_reserve(struct qda_process *process, u64 generation,
			   struct qda_remote_map *remote);
struct qda_remote_map *qda_remote_map_claim_key(struct qda_process *process, s32 key);
struct qda_remote_map *qda_remote_map_claim_heap(struct qda_process *process, u64 vaddr,
						 u64 size);
struct qda_remote_map *qda_remote_map_claim_fd(struct qda_process *process, s32 key, u64 vaddr);
int qda_remote_map_lend(struct qda_process *process, u64 generation, struct qda_mapping *map,
			s32 key);
void qda_remote_map_give_back(struct qda_process *process, u64 generation, s32 key);
void qda_remote_map_unclaim(struct qda_process *process, struct qda_remote_map *remote);
int qda_remote_map_conclude(struct qda_process *process, struct qda_remote_map *remote,
			    struct qda_invocation *call);
struct qda_remote_map *qda_remote_map_get_key(struct qda_process *process, s32 key);

#endif /* __QDA_REMOTE_MAP_H__ */
