/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_MAPPING_H__
#define __QDA_MAPPING_H__

#include <linux/types.h>

struct qda_bo;
struct qda_cb;
struct qda_mapping;

struct qda_mapping *qda_mapping_create(struct qda_cb *cb, struct qda_bo *bo);
void qda_mapping_destroy(struct qda_mapping *map);
u64 qda_mapping_address(const struct qda_mapping *map);
size_t qda_mapping_size(const struct qda_mapping *map);
bool qda_mapping_sync_for_device(struct qda_mapping *map);
bool qda_mapping_sync_for_cpu(struct qda_mapping *map);

#endif /* __QDA_MAPPING_H__ */
