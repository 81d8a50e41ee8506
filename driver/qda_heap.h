/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_HEAP_H__
#define __QDA_HEAP_H__

#include <linux/mutex_types.h>
#include <linux/types.h>

#include "qda_scm.h"

struct qda_contig;
struct qda_device;
struct qda_quarantined;

/**
 * struct qda_heap - Memory for the PDs that a DSP's firmware runs
 * @lock: protects everything below
 * @offered: the DSP has taken it, or is being asked whether it does
 * @gone: the DSP went away
 * @addr: where it is for the DSP, a physical address
 * @size: bytes, 0 before it is needed for the first time
 * @vmids: virtual machines that it is assigned to, if any
 * @contig: its pages, mapped, if they are Linux's when the DSP has no use for them, else
 *	NULL
 * @quarantined: for the end of a DSP that nothing keeps from using them, else NULL
 */
struct qda_heap {
	/* Protects the heap and whether it is offered. */
	struct mutex lock;
	bool offered;
	bool gone;
	u64 addr;
	size_t size;
	struct qda_scm_vmids vmids;
	struct qda_contig *contig;
	struct qda_quarantined *quarantined;
};

/**
 * struct qda_heap_range - What is offered to the DSP
 * @addr: start
 * @size: bytes, 0 when nothing is
 */
struct qda_heap_range {
	u64 addr;
	u64 size;
};

int qda_heap_init(struct qda_device *qdev);
int qda_heap_offer(struct qda_device *qdev, struct qda_heap_range *range);
void qda_heap_take_back(struct qda_device *qdev);
void qda_heap_disconnect(struct qda_device *qdev);

#endif /* __QDA_HEAP_H__ */
