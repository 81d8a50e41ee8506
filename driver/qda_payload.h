/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_PAYLOAD_H__
#define __QDA_PAYLOAD_H__

#include <linux/sizes.h>
#include <linux/types.h>

/* Most bytes of inline arguments in one call, if nothing else is said */
#define QDA_PAYLOAD_INLINE_MAX	SZ_4M

/* Inline arguments start at multiples of this, which is a vector of HVX. */
#define QDA_PAYLOAD_ALIGN	128

/**
 * enum qda_payload_kind - Where an argument's bytes are
 * @QDA_PAYLOAD_INLINE: in the payload itself
 * @QDA_PAYLOAD_MAPPED: in other memory that is mapped for the DSP
 * @QDA_PAYLOAD_HANDLE: in memory that the process has mapped under a key
 */
enum qda_payload_kind {
	QDA_PAYLOAD_INLINE,
	QDA_PAYLOAD_MAPPED,
	QDA_PAYLOAD_HANDLE,
};

/**
 * struct qda_payload_arg - Argument of a call
 * @addr: mapped: address for the DSP; handle: address of the range under the key for
 *	the DSP; inline: for the caller's own use
 * @length: bytes, 0 for an empty argument
 * @range: handle: bytes of the range under the key
 * @offset: inline: where the bytes are in the payload, set by qda_payload_layout(); handle:
 *	where they are in the range under the key, set after that
 * @kind: &enum qda_payload_kind
 * @key: handle: the key; else for the caller's own use
 * @assign: for the caller's own use: a virtual machine of the DSP is to have the memory
 */
struct qda_payload_arg {
	u64 addr;
	u64 length;
	u64 range;
	u32 offset;
	u32 kind;
	u32 key;
	bool assign;
};

/**
 * struct qda_payload - Shape of a payload
 * @args: the arguments, inputs first
 * @count: number of arguments
 * @room: most bytes of inline arguments, inputs and outputs together; 0 for
 *	QDA_PAYLOAD_INLINE_MAX
 * @head: bytes before the inline arguments, set by qda_payload_layout()
 * @size: bytes of the whole payload, set by qda_payload_layout()
 *
 * This is the kernel's own record of where everything is. The payload's memory is
 * written by the DSP, so no length or position is ever read back from there.
 */
struct qda_payload {
	struct qda_payload_arg *args;
	u32 count;
	u32 room;
	u32 head;
	u32 size;
};

int qda_payload_layout(struct qda_payload *payload);
void qda_payload_write_head(const struct qda_payload *payload, void *dst, u64 base);

#endif /* __QDA_PAYLOAD_H__ */
