/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_CRASH_H__
#define __QDA_CRASH_H__

struct qda_device;

void qda_crash_announce(struct qda_device *qdev);

#endif /* __QDA_CRASH_H__ */
