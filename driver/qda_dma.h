/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_DMA_H__
#define __QDA_DMA_H__

#include <linux/types.h>

#include "qda_cb.h"

struct qda_staging;

/**
 * struct qda_dma - Coherent memory in a context bank
 * @item: for revoking
 * @cb: the bank, with a reference
 * @staging: what the memory is in a bank without an IOMMU, else NULL
 * @cpu: address for the CPU, which may only be used inside the channel's gate;
 *	NULL once revoked
 * @addr: DMA address
 * @size: bytes, whole pages
 */
struct qda_dma {
	struct qda_cb_item item;
	struct qda_cb *cb;
	struct qda_staging *staging;
	void *cpu;
	dma_addr_t addr;
	size_t size;
};

int qda_dma_alloc(struct qda_dma *dma, struct qda_cb *cb, size_t size);
void qda_dma_free(struct qda_dma *dma);

#endif /* __QDA_DMA_H__ */
