/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_OPERANDS_H__
#define __QDA_OPERANDS_H__

#include <linux/types.h>

struct qda_mapping;

/* Calls with more mapped arguments than this allocate memory for them. */
#define QDA_OPERANDS_FEW	4

/**
 * struct qda_operand - A mapping that a call uses
 * @map: the mapping, with a reference
 * @written: the DSP may write to it
 */
struct qda_operand {
	struct qda_mapping *map;
	bool written;
};

/**
 * struct qda_operands - The mappings that a call uses, each of them once
 * @list: the mappings
 * @count: how many there are
 * @room: how many fit in @list
 * @few: the list, if there are not many
 */
struct qda_operands {
	struct qda_operand *list;
	u32 count;
	u32 room;
	struct qda_operand few[QDA_OPERANDS_FEW];
};

void qda_operands_init(struct qda_operands *operands);
void qda_operands_drop(struct qda_operands *operands);
int qda_operands_add(struct qda_operands *operands, struct qda_mapping *map, bool written);
bool qda_operands_sync_for_device(const struct qda_operands *operands);
bool qda_operands_sync_for_cpu(const struct qda_operands *operands);

/**
 * qda_operands_fini - Drop all mappings
 * @operands: the mappings; more can be added afterwards
 */
static inline void qda_operands_fini(struct qda_operands *operands)
{
	/* Most calls have none, and each gets here twice. */
	if (operands->count)
		qda_operands_drop(operands);
}

#endif /* __QDA_OPERANDS_H__ */
