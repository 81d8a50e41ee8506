/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_ATTACH_H__
#define __QDA_ATTACH_H__

#include <linux/types.h>

#include "qda_process.h"

struct qda_session;

u32 qda_attach_pd(enum qda_process_kind kind);
int qda_attach_make_call(struct qda_session *session, const struct qda_process_image *image);

#endif /* __QDA_ATTACH_H__ */
