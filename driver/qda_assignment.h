/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_ASSIGNMENT_H__
#define __QDA_ASSIGNMENT_H__

#include <linux/types.h>

struct device;
struct qda_bo;

int qda_assignment_get(struct qda_bo *bo, struct device *dev, dma_addr_t addr);
void qda_assignment_put(struct qda_bo *bo);
bool qda_assignment_address(struct qda_bo *bo, u64 *addr);

#endif /* __QDA_ASSIGNMENT_H__ */
