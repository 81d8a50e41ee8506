// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Reads the payload of a FastRPC call as a DSP does: through the SMMU.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <fastrpc_wire.h>
#include <vdsp.h>

#include "bank.h"
#include "payload.h"
#include "smmu.h"

/* pgidx is the driver's: no more pages than arguments are ever described. */
#define VDSP_ARG_SIZE \
	(sizeof(struct frpc_arg) + sizeof(struct frpc_list) + sizeof(struct frpc_page))

static int vdsp_payload_split(const struct vdsp_payload *payload, u64 addr, u64 *iova)
{
	if (addr >> payload->sid_pos != payload->sid)
		return -EINVAL;

	*iova = addr & (BIT_ULL(payload->sid_pos) - 1);
	return 0;
}

/**
 * vdsp_payload_init() - Find the payload of a call
 * @payload: result
 * @smmu: translates
 * @sid_pos: bit of an address where the stream id starts
 * @msg: the call
 *
 * Return: 0, or -EINVAL when the message cannot be right
 */
int vdsp_payload_init(struct vdsp_payload *payload, struct vdsp_smmu *smmu, u32 sid_pos,
		      const struct vdsp_msg *msg)
{
	*payload = (struct vdsp_payload){ .sid_pos = sid_pos, .count = FRPC_SC_COUNT(msg->sc) };
	if (!payload->count)
		return 0;

	payload->sid = msg->addr >> sid_pos;
	payload->base = msg->addr & (BIT_ULL(sid_pos) - 1);
	payload->bank = vdsp_smmu_bank(smmu, payload->sid);
	if (!payload->bank)
		return -EINVAL;

	return msg->size < payload->count * VDSP_ARG_SIZE ? -EINVAL : 0;
}

static int vdsp_payload_read(const struct vdsp_payload *payload, u64 offset, void *buf, size_t len)
{
	return vdsp_bank_read(payload->bank, payload->base + offset, buf, len);
}

static int vdsp_payload_page(const struct vdsp_payload *payload, u32 index, struct frpc_page *page)
{
	u64 start = payload->count * (sizeof(struct frpc_arg) + sizeof(struct frpc_list));

	if (index >= payload->count)
		return -EINVAL;

	return vdsp_payload_read(payload, start + index * sizeof(*page), page, sizeof(*page));
}

/**
 * vdsp_payload_buffer() - Find an argument of a call
 * @payload: the call
 * @index: which argument, in the order of the scalars
 * @buffer: result
 *
 * Return: 0, -EFAULT, or -EINVAL when the description cannot be right
 */
int vdsp_payload_buffer(const struct vdsp_payload *payload, u32 index, struct vdsp_buffer *buffer)
{
	struct frpc_page page;
	struct frpc_list list;
	struct frpc_arg arg;
	int ret;

	*buffer = (struct vdsp_buffer){};
	if (index >= payload->count)
		return -EINVAL;

	ret = vdsp_payload_read(payload, index * sizeof(arg), &arg, sizeof(arg));
	if (!ret)
		ret = vdsp_payload_read(payload, payload->count * sizeof(arg) +
					index * sizeof(list), &list, sizeof(list));
	if (ret || !list.num || !arg.len)
		return ret;

	ret = vdsp_payload_page(payload, list.pgidx, &page);
	if (!ret)
		ret = vdsp_payload_split(payload, page.addr, &buffer->iova);
	if (ret)
		return ret;

	buffer->iova = (buffer->iova & ~0xfffULL) | (arg.pv & 0xfff);
	buffer->len = arg.len;
	return 0;
}
