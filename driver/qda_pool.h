/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_POOL_H__
#define __QDA_POOL_H__

#include <linux/types.h>

struct qda_invocation;
struct qda_patience;
struct qda_pool;
struct qda_session;
struct qda_staging;

/* Calls of users that one process can have in flight: half of the ids */
#define QDA_POOL_CALLS	111

struct qda_pool *qda_pool_create(struct qda_session *session, u32 pd);
void qda_pool_get(struct qda_pool *pool);
void qda_pool_put(struct qda_pool *pool);
struct qda_session *qda_pool_session(const struct qda_pool *pool);
u32 qda_pool_pd(const struct qda_pool *pool);

struct qda_invocation *qda_pool_take(struct qda_pool *pool, const struct qda_patience *patience);
struct qda_invocation *qda_pool_take_reserved(struct qda_pool *pool);
void qda_pool_return(struct qda_invocation *inv);
void qda_pool_return_slot(struct qda_invocation *inv);
size_t qda_pool_slot_size(void);
void *qda_pool_slot_cpu(const struct qda_invocation *inv);
u64 qda_pool_slot_address(const struct qda_invocation *inv);

struct qda_staging *qda_pool_take_staging(struct qda_pool *pool, size_t size);
void qda_pool_return_staging(struct qda_pool *pool, struct qda_staging *staging);

#endif /* __QDA_POOL_H__ */
