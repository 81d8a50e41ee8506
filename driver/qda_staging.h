/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_STAGING_H__
#define __QDA_STAGING_H__

#include <linux/list.h>
#include <linux/types.h>

struct qda_bo;
struct qda_cb;
struct qda_mapping;

/**
 * struct qda_staging - Memory for payloads that is a mapped buffer object
 * @node: entry in a list of the owner
 * @cpu: address for the CPU, valid even after the context bank was revoked
 * @size: bytes
 * @bo: the memory
 * @map: the memory in the context bank
 */
struct qda_staging {
	struct list_head node;
	void *cpu;
	size_t size;
	struct qda_bo *bo;
	struct qda_mapping *map;
};

struct qda_staging *qda_staging_create(struct qda_cb *cb, size_t size, bool coherent);
void qda_staging_destroy(struct qda_staging *staging);

#endif /* __QDA_STAGING_H__ */
