/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_CREATE_H__
#define __QDA_CREATE_H__

struct qda_process;
struct qda_process_image;
struct qda_session;

int qda_create_prepare(struct qda_session *session, const struct qda_process_image *image);
void qda_create_drop_call(struct qda_process *process);
void qda_create_drop(struct qda_process *process);

#endif /* __QDA_CREATE_H__ */
