/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_MAPPING_H__
#define __QDA_MAPPING_H__

#include <linux/dma-direction.h>
#include <linux/types.h>

struct qda_bo;
struct qda_cb;
struct qda_mapping;
struct qda_session;

struct qda_mapping *qda_mapping_create(struct qda_cb *cb, struct qda_bo *bo);
struct qda_mapping *qda_mapping_use(struct qda_session *session, struct qda_bo *bo);
void qda_mapping_get(struct qda_mapping *map);
void qda_mapping_put(struct qda_mapping *map);
int qda_mapping_assign(struct qda_mapping *map, u64 *addr);
bool qda_mapping_keep(struct qda_mapping *map);
void qda_mapping_unkeep(struct qda_session *session, struct qda_bo *bo);
dma_addr_t qda_mapping_dma_address(const struct qda_mapping *map);
struct qda_bo *qda_mapping_bo(const struct qda_mapping *map);
u64 qda_mapping_address(const struct qda_mapping *map);
size_t qda_mapping_size(const struct qda_mapping *map);
bool qda_mapping_sync_for_device(struct qda_mapping *map, enum dma_data_direction dir);
bool qda_mapping_sync_for_cpu(struct qda_mapping *map, enum dma_data_direction dir);
void qda_mapping_sync_all_for_device(struct qda_bo *bo, enum dma_data_direction dir);
void qda_mapping_sync_all_for_cpu(struct qda_bo *bo, enum dma_data_direction dir);

#endif /* __QDA_MAPPING_H__ */
