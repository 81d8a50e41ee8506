/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_REPORT_H__
#define __QDA_REPORT_H__

#include <linux/sched.h>
#include <linux/types.h>

struct drm_printer;
struct qda_device;

/**
 * struct qda_culprit - Who may have to do with a crash
 * @pid: the only process that had calls in flight, 0 when that is not one process
 * @comm: its name
 */
struct qda_culprit {
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

void qda_report_sessions(struct qda_device *qdev, struct drm_printer *p);
void qda_report_calls(struct qda_device *qdev, struct drm_printer *p);
void qda_report_culprit(struct qda_device *qdev, struct qda_culprit *culprit);

#endif /* __QDA_REPORT_H__ */
