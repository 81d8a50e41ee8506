/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_CONTIG_H__
#define __QDA_CONTIG_H__

#include <linux/mm_types.h>
#include <linux/types.h>

struct cma;
struct qda_contig;
struct qda_region;
struct sg_table;
struct vm_area_struct;
struct vm_fault;

struct qda_contig *qda_contig_create(size_t size, const struct qda_region *region);
struct qda_contig *qda_contig_create_in_pool(size_t size, struct cma *pool);
void qda_contig_get(struct qda_contig *contig);
void qda_contig_put(struct qda_contig *contig);
int qda_contig_set_write_combined(struct qda_contig *contig);
bool qda_contig_is_write_combined(const struct qda_contig *contig);
struct page *qda_contig_page(struct qda_contig *contig);
struct sg_table *qda_contig_sg_table(struct qda_contig *contig);
void *qda_contig_vmap(struct qda_contig *contig);
void qda_contig_mmap(struct qda_contig *contig, struct vm_area_struct *vma);
vm_fault_t qda_contig_fault(struct qda_contig *contig, struct vm_fault *vmf, pgoff_t index);

#endif /* __QDA_CONTIG_H__ */
