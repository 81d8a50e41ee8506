/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_SCM_H__
#define __QDA_SCM_H__

#include <linux/types.h>

/* Most virtual machines that a DSP's memory is assigned to */
#define QDA_SCM_VMIDS	16

/**
 * struct qda_scm_vmids - The virtual machines that a DSP consists of for the SoC's
 *	firmware
 * @id: their numbers, less than 64
 * @count: how many there are
 */
struct qda_scm_vmids {
	u32 id[QDA_SCM_VMIDS];
	u32 count;
};

struct device_node;

int qda_scm_read_vmids(const struct device_node *np, struct qda_scm_vmids *vmids);
int qda_scm_read_first_vmid(const struct device_node *np, struct qda_scm_vmids *vmids);
bool qda_scm_is_available(void);
int qda_scm_assign(const struct qda_scm_vmids *vmids, u64 addr, size_t size);
int qda_scm_unassign(const struct qda_scm_vmids *vmids, u64 addr, size_t size);
int qda_scm_share(const struct qda_scm_vmids *vmids, u64 addr, size_t size);
int qda_scm_unshare(const struct qda_scm_vmids *vmids, u64 addr, size_t size);

#endif /* __QDA_SCM_H__ */
