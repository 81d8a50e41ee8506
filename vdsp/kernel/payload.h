/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_PAYLOAD_H__
#define __VDSP_PAYLOAD_H__

#include <linux/types.h>

struct vdsp_bank;
struct vdsp_msg;
struct vdsp_smmu;

/**
 * struct vdsp_payload - The arguments of a call, where the driver put them
 * @bank: memory that it is in
 * @sid: stream id of @bank, which all addresses have
 * @sid_pos: bit of an address where the stream id starts
 * @base: iova of the payload
 * @count: number of arguments
 */
struct vdsp_payload {
	struct vdsp_bank *bank;
	u32 sid;
	u32 sid_pos;
	u64 base;
	u32 count;
};

/**
 * struct vdsp_buffer - One argument
 * @iova: start
 * @len: bytes, 0 for an empty argument, which has no address
 */
struct vdsp_buffer {
	u64 iova;
	u64 len;
};

int vdsp_payload_init(struct vdsp_payload *payload, struct vdsp_smmu *smmu, u32 sid_pos,
		      const struct vdsp_msg *msg);
int vdsp_payload_buffer(const struct vdsp_payload *payload, u32 index,
			struct vdsp_buffer *buffer);

#endif /* __VDSP_PAYLOAD_H__ */
