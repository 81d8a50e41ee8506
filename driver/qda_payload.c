// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Marshalling: arithmetic and stores, with no knowledge of devices or users.
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/string.h>

#include <kunit/visibility.h>

#include "qda_payload.h"
#include "qda_wire.h"

static u32 qda_payload_head_size(u32 count)
{
	return count * (sizeof(struct qda_wire_arg) + sizeof(struct qda_wire_list) +
			sizeof(struct qda_wire_page)) +
	       sizeof(struct qda_wire_tail);
}

/**
 * qda_payload_layout - Decide where each inline argument lies
 * @payload: the arguments and their count; at most 540, as many as a scalars word
 *	can count
 *
 * Return: 0, or -E2BIG when the inline arguments are too long.
 */
int qda_payload_layout(struct qda_payload *payload)
{
	u32 size = qda_payload_head_size(payload->count);
	u32 left = payload->room ?: QDA_PAYLOAD_INLINE_MAX;

	for (u32 i = 0; i < payload->count; i++) {
		struct qda_payload_arg *arg = &payload->args[i];

		arg->offset = 0;
		if (arg->kind != QDA_PAYLOAD_INLINE || !arg->length)
			continue;
		if (arg->length > left)
			return -E2BIG;

		left -= arg->length;
		arg->offset = ALIGN(size, QDA_PAYLOAD_ALIGN);
		size = arg->offset + arg->length;
	}
	payload->head = qda_payload_head_size(payload->count);
	payload->size = size;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(qda_payload_layout);

static void qda_payload_write_range(struct qda_wire_page *page, u64 addr, u64 length)
{
	u64 start = ALIGN_DOWN(addr, QDA_WIRE_PAGE_SIZE);

	page->addr = cpu_to_le64(start);
	page->size = cpu_to_le64(ALIGN(addr + length, QDA_WIRE_PAGE_SIZE) - start);
}

static void qda_payload_write_buffer(const struct qda_payload_arg *arg, struct qda_wire_arg *wire,
				     struct qda_wire_page *page, u64 base)
{
	u64 addr = arg->kind == QDA_PAYLOAD_MAPPED ? arg->addr : base + arg->offset;

	wire->len = cpu_to_le64(arg->length);
	if (arg->length) {
		wire->pv = cpu_to_le64(addr);
		qda_payload_write_range(page, addr, arg->length);
	} else {
		wire->pv = 0;
		memset(page, 0, sizeof(*page));
	}
}

static void qda_payload_write_handle(const struct qda_payload_arg *arg, struct qda_wire_arg *wire,
				     struct qda_wire_page *page)
{
	struct qda_wire_handle *handle = (void *)wire;

	handle->key = cpu_to_le32(arg->key);
	handle->offset = cpu_to_le32(arg->offset);
	handle->length = cpu_to_le32(arg->length);
	handle->pad = 0;
	qda_payload_write_range(page, arg->addr, arg->range);
}

/**
 * qda_payload_write_head - Write everything but the bytes of inline arguments
 * @payload: shape as qda_payload_layout() left it
 * @dst: memory of the payload
 * @base: address of @dst for the DSP
 */
void qda_payload_write_head(const struct qda_payload *payload, void *dst, u64 base)
{
	struct qda_wire_arg *wire = dst;
	struct qda_wire_list *list = (void *)(wire + payload->count);
	struct qda_wire_page *page = (void *)(list + payload->count);

	for (u32 i = 0; i < payload->count; i++, wire++, list++, page++) {
		const struct qda_payload_arg *arg = &payload->args[i];

		list->num = cpu_to_le32(arg->length ? 1 : 0);
		list->pgidx = cpu_to_le32(i);
		if (arg->kind == QDA_PAYLOAD_HANDLE)
			qda_payload_write_handle(arg, wire, page);
		else
			qda_payload_write_buffer(arg, wire, page, base);
	}

	memset(page, 0, sizeof(struct qda_wire_tail));
}
EXPORT_SYMBOL_IF_KUNIT(qda_payload_write_head);
