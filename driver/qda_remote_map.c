// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What a process has mapped for longer than a call. Each mapping is recorded before
 * the DSP is asked for it and until the DSP has said that it is gone, so the memory
 * stays as long as the process may use it, even when nobody waits for the answer.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_kernel_call.h"
#include "qda_mapping.h"
#include "qda_process.h"
#include "qda_remote_map.h"
#include "qda_session.h"

/**
 * qda_remote_maps_init - Begin with no mappings
 * @maps: zeroed memory
 */
void qda_remote_maps_init(struct qda_remote_maps *maps)
{
	mutex_init(&maps->lock);
	INIT_LIST_HEAD(&maps->list);
}

/**
 * qda_remote_maps_fini - Undo qda_remote_maps_init()
 * @maps: no mappings
 */
void qda_remote_maps_fini(struct qda_remote_maps *maps)
{
	mutex_destroy(&maps->lock);
}

/**
 * qda_remote_map_create - Record that memory is to be mapped
 * @map: the memory; its reference is taken over unless this fails
 * @offset: start of the range
 * @size: bytes
 *
 * Return: the record with a reference, or an error pointer.
 */
struct qda_remote_map *qda_remote_map_create(struct qda_mapping *map, u64 offset, u64 size)
{
	struct qda_remote_map *remote = kzalloc_obj(*remote, GFP_KERNEL_ACCOUNT);

	if (!remote)
		return ERR_PTR(-ENOMEM);

	kref_init(&remote->ref);
	INIT_LIST_HEAD(&remote->node);
	remote->map = map;
	remote->offset = offset;
	remote->size = size;

	return remote;
}

static void qda_remote_map_free(struct kref *ref)
{
	struct qda_remote_map *remote = container_of(ref, struct qda_remote_map, ref);

	qda_mapping_put(remote->map);
	kfree(remote);
}

/**
 * qda_remote_map_get - Take a reference
 * @remote: the mapping
 */
void qda_remote_map_get(struct qda_remote_map *remote)
{
	kref_get(&remote->ref);
}

/**
 * qda_remote_map_put - Drop a reference
 * @remote: the mapping
 */
void qda_remote_map_put(struct qda_remote_map *remote)
{
	kref_put(&remote->ref, qda_remote_map_free);
}

/**
 * qda_remote_map_address - Where the memory is
 * @remote: the mapping
 *
 * Return: address of the range as the DSP uses it in messages.
 */
u64 qda_remote_map_address(const struct qda_remote_map *remote)
{
	return qda_mapping_address(remote->map) + remote->offset;
}

static struct qda_device *qda_remote_maps_device(struct qda_process *process)
{
	return container_of(process, struct qda_session, process)->qdev;
}

static void qda_remote_map_remove(struct qda_process *process, struct qda_remote_map *remote)
{
	lockdep_assert_held(&process->maps.lock);

	if (list_empty(&remote->node))
		return;
	if (remote->kind == QDA_REMOTE_MAP_LENT)
		WRITE_ONCE(process->maps.lent, process->maps.lent - 1);
	list_del_init(&remote->node);
	atomic_dec(&qda_remote_maps_device(process)->stats.remote_maps);
	qda_remote_map_put(remote);
}

/**
 * qda_remote_maps_drop - The process is gone, and its mappings with it
 * @process: the process
 */
void qda_remote_maps_drop(struct qda_process *process)
{
	struct qda_remote_map *remote, *next;

	guard(mutex)(&process->maps.lock);

	list_for_each_entry_safe(remote, next, &process->maps.list, node)
		qda_remote_map_remove(process, remote);
}

/* What the DSP's answer means for the mapping; it may remove it. */
static int qda_remote_map_settle(struct qda_process *process, struct qda_remote_map *remote,
				 struct qda_invocation *call)
{
	bool mapping = remote->state == QDA_REMOTE_MAP_MAPPING;
	__le64 vaddr;
	int ret = call->error;

	lockdep_assert_held(&process->maps.lock);

	if (!ret && call->status)
		ret = -EREMOTEIO;
	if (!ret && mapping)
		ret = qda_kernel_call_read(call, remote->result, &vaddr, sizeof(vaddr));
	if (!ret && mapping)
		remote->vaddr = le64_to_cpu(vaddr);

	if (mapping == !ret)
		remote->state = QDA_REMOTE_MAP_MAPPED;
	else
		qda_remote_map_remove(process, remote);

	return ret;
}

static struct qda_remote_map *qda_remote_map_find_key(struct qda_process *process, s32 key)
{
	struct qda_remote_map *remote;

	lockdep_assert_held(&process->maps.lock);

	list_for_each_entry(remote, &process->maps.list, node)
		if (remote->kind == QDA_REMOTE_MAP_KEY && remote->key == key)
			return remote;

	return NULL;
}

static struct qda_remote_map *qda_remote_map_find_heap(struct qda_process *process, u64 vaddr,
						       u64 size)
{
	struct qda_remote_map *remote;

	lockdep_assert_held(&process->maps.lock);

	list_for_each_entry(remote, &process->maps.list, node)
		if (remote->kind == QDA_REMOTE_MAP_HEAP && remote->vaddr == vaddr &&
		    remote->size == size && remote->state != QDA_REMOTE_MAP_MAPPING)
			return remote;

	return NULL;
}

/**
 * qda_remote_map_reserve - Enter a mapping before the DSP is asked for it
 * @process: the process
 * @generation: which process of the session it is for
 * @remote: the mapping, with its key if it has one
 *
 * Return: 0, -EEXIST when the key is taken, or what qda_process_check() says.
 */
int qda_remote_map_reserve(struct qda_process *process, u64 generation,
			   struct qda_remote_map *remote)
{
	int ret;

	guard(mutex)(&process->maps.lock);

	/* Who drops all mappings has made this fail before. */
	ret = qda_process_check(process, generation);
	if (ret)
		return ret;
	if (remote->kind == QDA_REMOTE_MAP_KEY && qda_remote_map_find_key(process, remote->key))
		return -EEXIST;

	remote->state = QDA_REMOTE_MAP_MAPPING;
	kref_get(&remote->ref);
	list_add_tail(&remote->node, &process->maps.list);
	atomic_inc(&qda_remote_maps_device(process)->stats.remote_maps);

	return 0;
}

static struct qda_remote_map *qda_remote_map_claim(struct qda_process *process,
						   struct qda_remote_map *remote)
{
	lockdep_assert_held(&process->maps.lock);

	if (!remote)
		return ERR_PTR(-ENOENT);
	if (remote->state != QDA_REMOTE_MAP_MAPPED)
		return ERR_PTR(-EBUSY);

	remote->state = QDA_REMOTE_MAP_UNMAPPING;
	kref_get(&remote->ref);

	return remote;
}

/**
 * qda_remote_map_claim_key - Find a mapping in order to unmap it
 * @process: the process
 * @key: its key
 *
 * Return: the mapping with a reference, or an error pointer: -ENOENT when there is none,
 * -EBUSY when the DSP has not answered yet what it was asked about it.
 */
struct qda_remote_map *qda_remote_map_claim_key(struct qda_process *process, s32 key)
{
	guard(mutex)(&process->maps.lock);
	return qda_remote_map_claim(process, qda_remote_map_find_key(process, key));
}

/**
 * qda_remote_map_claim_heap - Find pages of the heap in order to unmap them
 * @process: the process
 * @vaddr: the DSP's own address of them
 * @size: bytes
 *
 * Return: as qda_remote_map_claim_key().
 */
struct qda_remote_map *qda_remote_map_claim_heap(struct qda_process *process, u64 vaddr,
						 u64 size)
{
	guard(mutex)(&process->maps.lock);
	return qda_remote_map_claim(process, qda_remote_map_find_heap(process, vaddr, size));
}

/* Any key will do if it is negative. One that is free comes before one that is not. */
static struct qda_remote_map *qda_remote_map_find_fd(struct qda_process *process, s32 key,
						     u64 vaddr)
{
	struct qda_remote_map *remote, *busy = NULL;

	lockdep_assert_held(&process->maps.lock);

	list_for_each_entry(remote, &process->maps.list, node) {
		if (remote->kind != QDA_REMOTE_MAP_FD || remote->vaddr != vaddr ||
		    (key >= 0 && remote->key != key) || remote->state == QDA_REMOTE_MAP_MAPPING)
			continue;
		if (remote->state == QDA_REMOTE_MAP_MAPPED)
			return remote;
		busy = remote;
	}

	return busy;
}

/**
 * qda_remote_map_claim_fd - Find a mapping of the legacy interface in order to unmap it
 * @process: the process
 * @key: its key, or negative for any
 * @vaddr: the DSP's own address of it
 *
 * Return: as qda_remote_map_claim_key().
 */
struct qda_remote_map *qda_remote_map_claim_fd(struct qda_process *process, s32 key, u64 vaddr)
{
	guard(mutex)(&process->maps.lock);
	return qda_remote_map_claim(process, qda_remote_map_find_fd(process, key, vaddr));
}

static struct qda_remote_map *qda_remote_map_find_lent(struct qda_process *process,
						       u64 generation, s32 key,
						       const struct qda_mapping *map)
{
	struct qda_remote_map *remote;

	lockdep_assert_held(&process->maps.lock);

	list_for_each_entry(remote, &process->maps.list, node)
		if (remote->kind == QDA_REMOTE_MAP_LENT && remote->key == key &&
		    remote->generation == generation && (!map || remote->map == map))
			return remote;

	return NULL;
}

static struct qda_remote_map *qda_remote_map_create_lent(struct qda_mapping *map, s32 key)
{
	struct qda_remote_map *remote;

	qda_mapping_get(map);
	remote = qda_remote_map_create(map, 0, qda_mapping_size(map));
	if (IS_ERR(remote)) {
		qda_mapping_put(map);
		return remote;
	}
	remote->kind = QDA_REMOTE_MAP_LENT;
	remote->state = QDA_REMOTE_MAP_MAPPED;
	remote->key = key;

	return remote;
}

/**
 * qda_remote_map_lend - Keep memory mapped that is a DMA handle in a call
 * @process: the process
 * @generation: which process of the session the call is for
 * @map: the memory
 * @key: its key
 *
 * The DSP may use it after the call, until it says that it does not or the process ends.
 *
 * Return: 0, -ENOMEM, or what qda_process_check() says.
 */
int qda_remote_map_lend(struct qda_process *process, u64 generation, struct qda_mapping *map,
			s32 key)
{
	struct qda_remote_map *remote;
	int ret;

	guard(mutex)(&process->maps.lock);

	ret = qda_process_check(process, generation);
	if (ret)
		return ret;

	remote = qda_remote_map_find_lent(process, generation, key, map);
	if (!remote) {
		remote = qda_remote_map_create_lent(map, key);
		if (IS_ERR(remote))
			return PTR_ERR(remote);
		remote->generation = generation;
		list_add_tail(&remote->node, &process->maps.list);
		WRITE_ONCE(process->maps.lent, process->maps.lent + 1);
		atomic_inc(&qda_remote_maps_device(process)->stats.remote_maps);
	}
	remote->uses++;

	return 0;
}
EXPORT_SYMBOL_FOR_MODULES(qda_remote_map_lend, "qda_fastrpc_shim");

/**
 * qda_remote_map_give_back - The DSP has finished with a DMA handle
 * @process: the process
 * @generation: which process of the session it was lent to
 * @key: its key; any number, it may come from the DSP
 *
 * It undoes one qda_remote_map_lend() with that key and nothing else.
 */
void qda_remote_map_give_back(struct qda_process *process, u64 generation, s32 key)
{
	struct qda_remote_map *remote;

	guard(mutex)(&process->maps.lock);

	remote = qda_remote_map_find_lent(process, generation, key, NULL);
	if (remote && !--remote->uses)
		qda_remote_map_remove(process, remote);
}

/**
 * qda_remote_map_unclaim - The DSP could not be asked
 * @process: the process
 * @remote: the mapping, which is being mapped or unmapped
 */
void qda_remote_map_unclaim(struct qda_process *process, struct qda_remote_map *remote)
{
	guard(mutex)(&process->maps.lock);

	if (remote->state == QDA_REMOTE_MAP_MAPPING)
		qda_remote_map_remove(process, remote);
	else
		remote->state = QDA_REMOTE_MAP_MAPPED;
}

/**
 * qda_remote_map_conclude - The call about a mapping is completed
 * @process: the process
 * @remote: the mapping, which is being mapped or unmapped
 * @call: the call
 *
 * Return: 0, -ENOTCONN when the process that had the mapping is gone, -EREMOTEIO when
 * the DSP refused, or the call's error.
 */
int qda_remote_map_conclude(struct qda_process *process, struct qda_remote_map *remote,
			    struct qda_invocation *call)
{
	guard(mutex)(&process->maps.lock);

	if (list_empty(&remote->node))
		return call->error ?: -ENOTCONN;

	return qda_remote_map_settle(process, remote, call);
}

/**
 * qda_remote_map_get_key - Find a mapping in order to use it in a call
 * @process: the process
 * @key: its key
 *
 * Return: the mapping with a reference, or NULL when none is mapped under the key.
 */
struct qda_remote_map *qda_remote_map_get_key(struct qda_process *process, s32 key)
{
	struct qda_remote_map *remote;

	guard(mutex)(&process->maps.lock);

	remote = qda_remote_map_find_key(process, key);
	if (!remote || remote->state != QDA_REMOTE_MAP_MAPPED)
		return NULL;
	kref_get(&remote->ref);

	return remote;
}
