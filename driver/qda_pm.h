/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_PM_H__
#define __QDA_PM_H__

struct dev_pm_ops;

extern const struct dev_pm_ops qda_pm_ops;

#endif /* __QDA_PM_H__ */
