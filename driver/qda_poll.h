/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_POLL_H__
#define __QDA_POLL_H__

#include <linux/jiffies.h>
#include <linux/types.h>

struct qda_invocation;
struct qda_patience;
struct qda_payload;

/* How often a call that could be polled is looked at while its caller sleeps */
#define QDA_POLL_INTERVAL	(HZ / 10)

void qda_poll_prepare(struct qda_invocation *inv, const struct qda_payload *payload);
bool qda_poll_has_succeeded(const struct qda_invocation *inv);
void qda_poll_look(struct qda_invocation *inv);
void qda_poll_spin(struct qda_invocation *inv, const struct qda_patience *patience);

#endif /* __QDA_POLL_H__ */
