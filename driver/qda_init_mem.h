/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_INIT_MEM_H__
#define __QDA_INIT_MEM_H__

#include <linux/types.h>

struct mm_struct;
struct qda_mapping;
struct qda_session;

/**
 * struct qda_init_mem - Memory from which the DSP takes what a process needs
 * @map: mapping of it, NULL when there is none
 * @mm: who had the process made that has it, or had it last; with a reference to the
 *	structure alone
 * @attrs: what that process was created with
 *
 * It stays with the session when its process has been released, for the next one: to take
 * megabytes and to clear them is most of what making a process costs. They are not
 * cleared again, so only a program's own next process of the same kind gets them.
 */
struct qda_init_mem {
	struct qda_mapping *map;
	struct mm_struct *mm;
	u32 attrs;
};

int qda_init_mem_prepare(struct qda_session *session, u32 filelen, u32 attrs);
void qda_init_mem_drop(struct qda_init_mem *mem);

#endif /* __QDA_INIT_MEM_H__ */
