/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_USER_H__
#define __QDA_USER_H__

#include <linux/types.h>

struct qda_user;

struct qda_user *qda_user_get_current(void);
void qda_user_put(struct qda_user *user);
int qda_user_charge(struct qda_user *user, unsigned long pages);
void qda_user_uncharge(struct qda_user *user, unsigned long pages);
bool qda_user_is_root(const struct qda_user *user);
unsigned long qda_user_limit(void);

#endif /* __QDA_USER_H__ */
