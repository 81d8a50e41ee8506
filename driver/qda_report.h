/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_REPORT_H__
#define __QDA_REPORT_H__

struct drm_printer;
struct qda_device;

void qda_report_sessions(struct qda_device *qdev, struct drm_printer *p);
void qda_report_calls(struct qda_device *qdev, struct drm_printer *p);

#endif /* __QDA_REPORT_H__ */
