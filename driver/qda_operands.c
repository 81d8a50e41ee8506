// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "qda_bo.h"
#include "qda_mapping.h"
#include "qda_operands.h"

/**
 * qda_operands_init - Begin with no mappings
 * @operands: memory that is not moved until qda_operands_fini()
 */
void qda_operands_init(struct qda_operands *operands)
{
	operands->list = operands->few;
	operands->count = 0;
	operands->room = QDA_OPERANDS_FEW;
}

/**
 * qda_operands_drop - Drop all mappings, of which there are some
 * @operands: the mappings
 */
void qda_operands_drop(struct qda_operands *operands)
{
	for (u32 i = 0; i < operands->count; i++) {
		qda_bo_end_call(qda_mapping_bo(operands->list[i].map));
		qda_mapping_put(operands->list[i].map);
	}
	if (operands->list != operands->few)
		kvfree(operands->list);
	qda_operands_init(operands);
}

static int qda_operands_grow(struct qda_operands *operands)
{
	u32 room = 4 * operands->room;
	struct qda_operand *list = kvmalloc_objs(*list, room, GFP_KERNEL_ACCOUNT);

	if (!list)
		return -ENOMEM;

	memcpy(list, operands->list, operands->count * sizeof(*list));
	if (operands->list != operands->few)
		kvfree(operands->list);
	operands->list = list;
	operands->room = room;

	return 0;
}

static struct qda_operand *qda_operands_find(const struct qda_operands *operands,
					     const struct qda_mapping *map)
{
	/* Arguments in the same buffer mostly come one after another. */
	for (u32 i = operands->count; i > 0; i--)
		if (operands->list[i - 1].map == map)
			return &operands->list[i - 1];

	return NULL;
}

/**
 * qda_operands_add - Add a mapping
 * @operands: the mappings
 * @map: a mapping, whose reference is taken over even on error
 * @written: the DSP may write to it
 *
 * Return: 0 or -ENOMEM.
 */
int qda_operands_add(struct qda_operands *operands, struct qda_mapping *map, bool written)
{
	struct qda_operand *operand = qda_operands_find(operands, map);
	int ret;

	if (operand) {
		operand->written |= written;
		qda_mapping_put(map);
		return 0;
	}

	if (operands->count == operands->room) {
		ret = qda_operands_grow(operands);
		if (ret) {
			qda_mapping_put(map);
			return ret;
		}
	}
	qda_bo_begin_call(qda_mapping_bo(map));
	operands->list[operands->count].map = map;
	operands->list[operands->count].written = written;
	operands->count++;

	return 0;
}
EXPORT_SYMBOL_FOR_MODULES(qda_operands_add, "qda_fastrpc_shim");

/**
 * qda_operands_sync_for_device - Hand all memory to the DSP
 * @operands: the mappings
 *
 * What is only written is handed over in both directions nevertheless: an output may
 * be a part of a buffer, and the rest has to survive that the caches are emptied.
 *
 * Return: false when the bank was revoked.
 */
bool qda_operands_sync_for_device(const struct qda_operands *operands)
{
	for (u32 i = 0; i < operands->count; i++) {
		const struct qda_operand *operand = &operands->list[i];

		if (!qda_mapping_sync_for_device(operand->map, operand->written ?
						 DMA_BIDIRECTIONAL : DMA_TO_DEVICE))
			return false;
	}

	return true;
}

/**
 * qda_operands_sync_for_cpu - Take what was written back from the DSP
 * @operands: the mappings
 *
 * Return: false when the bank was revoked.
 */
bool qda_operands_sync_for_cpu(const struct qda_operands *operands)
{
	for (u32 i = 0; i < operands->count; i++) {
		const struct qda_operand *operand = &operands->list[i];

		if (operand->written && !qda_mapping_sync_for_cpu(operand->map, DMA_FROM_DEVICE))
			return false;
	}

	return true;
}
