/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_RPMSG_H__
#define __QDA_RPMSG_H__

struct device;
struct qda_device;

int qda_rpmsg_register(void);
void qda_rpmsg_unregister(void);

struct qda_device *qda_rpmsg_device(struct device *dev);

#endif /* __QDA_RPMSG_H__ */
