/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_KERNEL_CALL_H__
#define __QDA_KERNEL_CALL_H__

#include <linux/types.h>

struct qda_invocation;
struct qda_payload;

int qda_kernel_call_write(struct qda_invocation *inv, struct qda_payload *payload,
			  const void *const *data);
int qda_kernel_call_read(struct qda_invocation *inv, u32 offset, void *dst, size_t size);

#endif /* __QDA_KERNEL_CALL_H__ */
