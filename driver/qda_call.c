// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The arguments of users' calls, on their way from and to user space.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/drm_file.h>
#include <drm/qda_accel.h>

#include "qda_call.h"
#include "qda_device.h"
#include "qda_gem.h"
#include "qda_invocation.h"
#include "qda_kernel_call.h"
#include "qda_mapping.h"
#include "qda_pool.h"
#include "qda_session.h"
#include "qda_staging.h"

/*
 * Most bytes of inline arguments in coherent memory. That is uncached on banks that do
 * not snoop the CPU's caches, where more is faster copied to cached memory and synced.
 */
#define QDA_CALL_SMALL	SZ_4K

/**
 * qda_call_is_output - Whether the DSP may write to an argument
 * @call: the call
 * @index: number of the argument
 *
 * Return: true when it may.
 */
bool qda_call_is_output(const struct qda_call *call, u32 index)
{
	return index < call->buffers ? index >= call->inputs :
				       index >= call->buffers + call->in_handles;
}
EXPORT_SYMBOL_FOR_MODULES(qda_call_is_output, "qda_fastrpc_shim");

static bool qda_call_is_copied(const struct qda_payload_arg *arg)
{
	return arg->kind == QDA_PAYLOAD_INLINE && arg->length;
}

/* Arguments after the first @buffers are DMA handles, which must be keys. */
static int qda_call_check_arg(const struct drm_qda_arg *arg, bool buffer)
{
	switch (arg->kind) {
	case QDA_ARG_INLINE:
		return buffer && !arg->handle ? 0 : -EINVAL;
	case QDA_ARG_BO:
		return buffer ? 0 : -EINVAL;
	case QDA_ARG_KEY:
		return buffer ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static u32 qda_call_payload_kind(u32 kind)
{
	switch (kind) {
	case QDA_ARG_BO:
		return QDA_PAYLOAD_MAPPED;
	case QDA_ARG_KEY:
		return QDA_PAYLOAD_HANDLE;
	default:
		return QDA_PAYLOAD_INLINE;
	}
}

static void qda_call_take_arg(struct qda_payload_arg *to, const struct drm_qda_arg *arg)
{
	to->kind = qda_call_payload_kind(arg->kind);
	to->addr = arg->addr;
	to->length = arg->length;
	to->key = arg->handle;
}

static int qda_call_read_args(struct qda_call *call, const struct drm_qda_arg __user *user)
{
	struct drm_qda_arg batch[QDA_CALL_FEW] __uninitialized;

	for (u32 i = 0; i < call->payload.count; i++) {
		const struct drm_qda_arg *arg = &batch[i % QDA_CALL_FEW];
		u32 count = min(call->payload.count - i, QDA_CALL_FEW);
		int ret;

		if (arg == batch && copy_from_user(batch, user + i, count * sizeof(*batch)))
			return -EFAULT;

		ret = qda_call_check_arg(arg, i < call->buffers);
		if (ret)
			return ret;

		qda_call_take_arg(&call->payload.args[i], arg);
	}

	return 0;
}

/**
 * qda_call_fini - Undo qda_call_init()
 * @call: the call
 */
void qda_call_fini(struct qda_call *call)
{
	if (call->payload.args != call->few)
		kvfree(call->payload.args);
}
EXPORT_SYMBOL_FOR_MODULES(qda_call_fini, "qda_fastrpc_shim");

/**
 * qda_call_alloc - Make room for the arguments of a call
 * @call: memory
 * @session: the caller's session
 * @sc: scalars word, which tells how many there are
 *
 * The caller sets what is not zeroed here: @find and the arguments.
 *
 * Return: 0 or -ENOMEM.
 */
int qda_call_alloc(struct qda_call *call, struct qda_session *session, u32 sc)
{
	u32 count;

	call->parked.cookie = 0;
	call->session = session;
	call->file = NULL;
	call->inputs = QDA_SCALARS_IN(sc);
	call->buffers = call->inputs + QDA_SCALARS_OUT(sc);
	call->in_handles = QDA_SCALARS_IN_HANDLES(sc);
	count = call->buffers + call->in_handles + QDA_SCALARS_OUT_HANDLES(sc);

	call->payload.count = count;
	call->payload.room = QDA_PAYLOAD_INLINE_MAX;
	call->payload.args = call->few;
	if (count <= QDA_CALL_FEW)
		return 0;
	call->payload.args = kvmalloc_objs(*call->payload.args, count, GFP_KERNEL_ACCOUNT);

	return call->payload.args ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_FOR_MODULES(qda_call_alloc, "qda_fastrpc_shim");

static int qda_call_find_native(const struct qda_call *call, struct qda_invocation *inv, u32 index);

/**
 * qda_call_init - Read the arguments of a call
 * @call: memory
 * @args: what the caller said
 * @file: the caller's file
 *
 * Return: 0, or a negative error code when they are not right.
 */
int qda_call_init(struct qda_call *call, const struct drm_qda_invoke *args,
		  struct drm_file *file)
{
	int ret = qda_call_alloc(call, file->driver_priv, args->sc);

	if (ret)
		return ret;
	call->file = file;
	call->find = qda_call_find_native;

	ret = qda_call_read_args(call, u64_to_user_ptr(args->args));
	if (ret)
		goto err_fini;

	ret = qda_payload_layout(&call->payload);
	if (ret)
		goto err_fini;

	return 0;

err_fini:
	qda_call_fini(call);
	return ret;
}

static int qda_call_map_key(const struct qda_call *call, struct qda_invocation *inv, u32 index)
{
	struct qda_payload_arg *arg = &call->payload.args[index];
	struct qda_remote_map *remote;
	int ret;

	remote = qda_remote_map_get_key(&call->session->process, arg->key);
	if (!remote)
		return -ENOENT;

	if (arg->addr > remote->size || arg->length > remote->size - arg->addr) {
		ret = -EINVAL;
		goto out_put_remote;
	}
	arg->offset = arg->addr;
	arg->addr = qda_remote_map_address(remote);
	arg->range = remote->size;

	qda_mapping_get(remote->map);
	ret = qda_operands_add(&inv->operands, remote->map, qda_call_is_output(call, index));

out_put_remote:
	qda_remote_map_put(remote);
	return ret;
}

static int qda_call_map_buffer(const struct qda_call *call, struct qda_invocation *inv, u32 index)
{
	struct qda_payload_arg *arg = &call->payload.args[index];
	struct qda_mapping *map = qda_gem_map(call->file, arg->key);
	size_t size;

	if (IS_ERR(map))
		return PTR_ERR(map);

	size = qda_mapping_size(map);
	if (arg->addr > size || arg->length > size - arg->addr) {
		qda_mapping_put(map);
		return -EINVAL;
	}
	arg->addr += qda_mapping_address(map);

	return qda_operands_add(&inv->operands, map, qda_call_is_output(call, index));
}

/* Of an empty buffer neither offset nor handle mean anything. */
static int qda_call_find_native(const struct qda_call *call, struct qda_invocation *inv, u32 index)
{
	const struct qda_payload_arg *arg = &call->payload.args[index];

	if (arg->kind == QDA_PAYLOAD_HANDLE)
		return qda_call_map_key(call, inv, index);

	return arg->length ? qda_call_map_buffer(call, inv, index) : 0;
}

/**
 * qda_call_map - Find the buffers that are arguments and map them
 * @call: the call
 * @inv: gets them
 *
 * Return: 0 or a negative error code.
 */
int qda_call_map(const struct qda_call *call, struct qda_invocation *inv)
{
	int ret = 0;

	for (u32 i = 0; i < call->payload.count && !ret; i++)
		if (call->payload.args[i].kind != QDA_PAYLOAD_INLINE)
			ret = call->find(call, inv, i);

	return ret;
}

static u64 qda_call_copied_bytes(const struct qda_call *call, bool outputs)
{
	u64 bytes = 0;

	for (u32 i = outputs ? call->inputs : 0; i < (outputs ? call->buffers : call->inputs); i++)
		if (qda_call_is_copied(&call->payload.args[i]))
			bytes += call->payload.args[i].length;

	return bytes;
}

/*
 * Coherent memory may only be touched inside the channel's gate, where one must not
 * wait for a user's page: a user can make that take for ever, and it would hold up
 * the removal of the device. There @nofault is said; this is on the way of each call, so
 * it is decided when this is compiled.
 */
static __always_inline int qda_call_copy_in(const struct qda_call *call, void *cpu,
					    bool nofault)
{
	for (u32 i = 0; i < call->payload.count; i++) {
		const struct qda_payload_arg *arg = &call->payload.args[i];
		const void __user *user = u64_to_user_ptr(arg->addr);
		void *to = cpu + arg->offset;

		/* The address of an empty argument may be anything. */
		if (!qda_call_is_copied(arg))
			continue;
		if (i >= call->inputs)
			memset(to, 0, arg->length);
		else if (nofault ? copy_from_user_nofault(to, user, arg->length) :
				   copy_from_user(to, user, arg->length))
			return -EFAULT;
	}

	return 0;
}

static int qda_call_load_slot(const struct qda_call *call, struct qda_invocation *inv)
{
	int idx, ret;
	void *cpu;

	if (!qda_channel_enter(&inv->qdev->channel, &idx))
		return -ENODEV;

	cpu = qda_pool_slot_cpu(inv);
	ret = qda_call_copy_in(call, cpu, true);
	if (!ret)
		qda_payload_write_head(&call->payload, cpu, qda_pool_slot_address(inv));
	qda_channel_exit(&inv->qdev->channel, idx);

	return ret;
}

/**
 * qda_call_has_copied_outputs - Whether something is copied when the call has ended
 * @call: the call
 *
 * Return: true when it has INLINE outputs that are not empty.
 */
bool qda_call_has_copied_outputs(const struct qda_call *call)
{
	return qda_call_copied_bytes(call, true);
}

static int qda_call_load_staging(const struct qda_call *call, struct qda_invocation *inv)
{
	struct qda_staging *staging = qda_pool_take_staging(inv->pool, call->payload.size);
	int ret;

	if (IS_ERR(staging))
		return PTR_ERR(staging);
	inv->staging = staging;

	ret = qda_call_copy_in(call, staging->cpu, false);
	if (ret)
		return ret;
	qda_payload_write_head(&call->payload, staging->cpu, qda_mapping_address(staging->map));

	return qda_mapping_sync_for_device(staging->map, DMA_BIDIRECTIONAL) ? 0 : -ENODEV;
}

static bool qda_call_is_small(const struct qda_payload *payload)
{
	return payload->size <= qda_pool_slot_size() &&
	       payload->size - payload->head <= QDA_CALL_SMALL;
}

/**
 * qda_call_load - Write the payload
 * @call: the call, mapped
 * @inv: gets it
 *
 * Small payloads go to the slot's coherent memory. Large ones, and those whose
 * inputs are not in memory just now, go to cached memory of their own.
 *
 * Return: 0 or a negative error code.
 */
int qda_call_load(const struct qda_call *call, struct qda_invocation *inv)
{
	int ret;

	atomic_long_add(qda_call_copied_bytes(call, false), &inv->qdev->stats.copied);
	inv->size = call->payload.size;
	if (qda_call_is_small(&call->payload)) {
		ret = qda_call_load_slot(call, inv);
		if (ret != -EFAULT)
			return ret;
	}

	return qda_call_load_staging(call, inv);
}

static __always_inline int qda_call_copy_out(const struct qda_call *call, const void *cpu,
					     bool nofault)
{
	for (u32 i = call->inputs; i < call->payload.count; i++) {
		const struct qda_payload_arg *arg = &call->payload.args[i];
		void __user *user = u64_to_user_ptr(arg->addr);
		const void *from = cpu + arg->offset;

		if (!qda_call_is_copied(arg))
			continue;
		if (nofault ? copy_to_user_nofault(user, from, arg->length) :
			      copy_to_user(user, from, arg->length))
			return -EFAULT;
	}

	return 0;
}

/* Outputs that the caller has not touched yet are copied in two steps. */
static int qda_call_store_bounced(const struct qda_call *call, struct qda_invocation *inv)
{
	void *bounce = kmalloc(call->payload.size, GFP_KERNEL_ACCOUNT);
	int idx, ret;

	if (!bounce)
		return -ENOMEM;

	if (!qda_channel_enter(&inv->qdev->channel, &idx)) {
		ret = -EPIPE;
		goto out_free;
	}
	memcpy(bounce, qda_pool_slot_cpu(inv), call->payload.size);
	qda_channel_exit(&inv->qdev->channel, idx);

	ret = qda_call_copy_out(call, bounce, false);

out_free:
	kfree(bounce);
	return ret;
}

static int qda_call_store_slot(const struct qda_call *call, struct qda_invocation *inv)
{
	int idx, ret;

	if (!qda_channel_enter(&inv->qdev->channel, &idx))
		return -EPIPE;
	ret = qda_call_copy_out(call, qda_pool_slot_cpu(inv), true);
	qda_channel_exit(&inv->qdev->channel, idx);

	return ret == -EFAULT ? qda_call_store_bounced(call, inv) : ret;
}

/**
 * qda_call_store - Copy the outputs to the caller
 * @call: the call
 * @inv: completed, with success
 *
 * What the DSP did not write of an output is zero: it was before the call.
 *
 * Return: 0 or a negative error code.
 */
int qda_call_store(const struct qda_call *call, struct qda_invocation *inv)
{
	u64 bytes = qda_call_copied_bytes(call, true);

	if (!bytes)
		return 0;
	atomic_long_add(bytes, &inv->qdev->stats.copied);
	if (!inv->staging)
		return qda_call_store_slot(call, inv);
	if (!qda_mapping_sync_for_cpu(inv->staging->map, DMA_BIDIRECTIONAL))
		return -EPIPE;

	return qda_call_copy_out(call, inv->staging->cpu, false);
}

/**
 * qda_call_read_done - Read which DMA handles the DSP has finished with
 * @call: the call
 * @inv: completed, and nothing was stored before
 * @done: keys, the first 0 ends them; the DSP may have put anything there
 *
 * Return: 0, or -EPIPE when the channel has ended.
 */
int qda_call_read_done(const struct qda_call *call, struct qda_invocation *inv,
		       __le64 done[QDA_WIRE_DONE_MAX])
{
	u32 offset = call->payload.head - sizeof(struct qda_wire_tail);
	size_t size = QDA_WIRE_DONE_MAX * sizeof(*done);

	if (!inv->staging)
		return qda_kernel_call_read(inv, offset, done, size);
	if (!qda_mapping_sync_for_cpu(inv->staging->map, DMA_BIDIRECTIONAL))
		return -EPIPE;
	memcpy(done, inv->staging->cpu + offset, size);

	return 0;
}
