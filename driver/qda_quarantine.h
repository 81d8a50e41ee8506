/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_QUARANTINE_H__
#define __QDA_QUARANTINE_H__

#include <linux/types.h>

struct device;
struct qda_bo;
struct qda_contig;
struct qda_device;
struct qda_quarantined;

struct qda_quarantined *qda_quarantine_prepare(struct qda_bo *bo);
struct qda_quarantined *qda_quarantine_prepare_pages(const struct qda_device *qdev,
						     struct qda_contig *contig, size_t size);
void qda_quarantine_cancel(struct qda_quarantined *item);
void qda_quarantine_add(struct qda_quarantined *item);
void qda_quarantine_end(u32 domain_id);
unsigned long qda_quarantine_pages(u32 domain_id);
void qda_quarantine_channel_removed(const struct device *channel);
void qda_quarantine_exit(void);

#endif /* __QDA_QUARANTINE_H__ */
