// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Payloads of the kernel's own calls, which are small: they are in a slot of the pool.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_kernel_call.h"
#include "qda_payload.h"
#include "qda_pool.h"

/**
 * qda_kernel_call_write - Write the payload of a call
 * @inv: the call
 * @payload: its arguments, without where they are
 * @data: bytes of each inline argument; NULL for an output, which is cleared
 *
 * Return: 0, -ENODEV when the channel has ended, or another negative error code.
 */
int qda_kernel_call_write(struct qda_invocation *inv, struct qda_payload *payload,
			  const void *const *data)
{
	void *cpu;
	int idx, ret;

	ret = qda_payload_layout(payload);
	if (ret)
		return ret;
	inv->size = payload->size;

	if (!qda_channel_enter(&inv->qdev->channel, &idx))
		return -ENODEV;

	cpu = qda_pool_slot_cpu(inv);
	qda_payload_write_head(payload, cpu, qda_pool_slot_address(inv));
	for (u32 i = 0; i < payload->count; i++) {
		const struct qda_payload_arg *arg = &payload->args[i];

		if (arg->kind != QDA_PAYLOAD_INLINE)
			continue;
		if (data[i])
			memcpy(cpu + arg->offset, data[i], arg->length);
		else
			memset(cpu + arg->offset, 0, arg->length);
	}
	qda_channel_exit(&inv->qdev->channel, idx);

	return 0;
}

/**
 * qda_kernel_call_read - Read an output of a completed call
 * @inv: the call
 * @offset: where the kernel's own record says that the output is
 * @dst: where to copy it; the DSP may have put anything there
 * @size: bytes
 *
 * Return: 0, or -EPIPE when the channel has ended.
 */
int qda_kernel_call_read(struct qda_invocation *inv, u32 offset, void *dst, size_t size)
{
	int idx;

	if (!qda_channel_enter(&inv->qdev->channel, &idx))
		return -EPIPE;
	memcpy(dst, qda_pool_slot_cpu(inv) + offset, size);
	qda_channel_exit(&inv->qdev->channel, idx);

	return 0;
}
