/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_SHIM_H__
#define __QDA_SHIM_H__

#include <linux/types.h>

struct qda_session;

/**
 * struct qda_shim - An open file of the legacy interface
 * @session: its session, with the only reference of the file
 * @rejects_signed: the node is for everyone and the DSP's are not, so that only unsigned
 *	PDs can be created
 * @rejects_all: and the DSP knows no unsigned ones
 */
struct qda_shim {
	struct qda_session *session;
	bool rejects_signed;
	bool rejects_all;
};

long qda_shim_result(int ret, u32 status);

long qda_shim_alloc(struct qda_shim *shim, void __user *user);
long qda_shim_attach(struct qda_shim *shim, bool sensors);
long qda_shim_create(struct qda_shim *shim, void __user *user);
long qda_shim_create_static(struct qda_shim *shim, void __user *user);
long qda_shim_get_info(struct qda_shim *shim, void __user *user);
long qda_shim_invoke(struct qda_shim *shim, void __user *user);
long qda_shim_mem_map(struct qda_shim *shim, void __user *user);
long qda_shim_mem_unmap(struct qda_shim *shim, void __user *user);
long qda_shim_mmap(struct qda_shim *shim, void __user *user);
long qda_shim_munmap(struct qda_shim *shim, void __user *user);
long qda_shim_set_option(struct qda_shim *shim, void __user *user);

#endif /* __QDA_SHIM_H__ */
