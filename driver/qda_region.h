/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_REGION_H__
#define __QDA_REGION_H__

#include "qda_scm.h"

struct cma;
struct device;
struct qda_device;

/**
 * struct qda_region - Where the contiguous memory of a DSP has to be
 * @pool: area to take it from, or NULL for anywhere
 * @vmids: virtual machines that have to be let in; none if the DSP can reach all memory
 */
struct qda_region {
	struct cma *pool;
	struct qda_scm_vmids vmids;
};

bool qda_region_is_pool(const struct device *dev);
struct cma *qda_region_find_pool(struct device *dev);
int qda_region_init(struct qda_device *qdev);

#endif /* __QDA_REGION_H__ */
