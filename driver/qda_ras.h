/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_RAS_H__
#define __QDA_RAS_H__

struct qda_device;

/**
 * enum qda_ras_error - Errors of a DSP that are counted
 * @QDA_RAS_LOST: the DSP went away with somebody's work on it
 * @QDA_RAS_PD_EXIT: a process on it ended by itself
 * @QDA_RAS_STALE: it answered a call that was not in flight
 * @QDA_RAS_MALFORMED: it sent a message that is none
 * @QDA_RAS_TIMEOUT: it did not answer the driver in time
 * @QDA_RAS_SEND: the transport did not take a message
 * @QDA_RAS_END: number of the last one and one
 *
 * The numbers are an interface, so they do not change.
 */
enum qda_ras_error {
	QDA_RAS_LOST = 1,
	QDA_RAS_PD_EXIT = 2,
	QDA_RAS_STALE = 3,
	QDA_RAS_MALFORMED = 4,
	QDA_RAS_TIMEOUT = 5,
	QDA_RAS_SEND = 6,
	QDA_RAS_END
};

#ifdef CONFIG_DRM_RAS
void qda_ras_begin(struct qda_device *qdev);
void qda_ras_count(struct qda_device *qdev, enum qda_ras_error error);
void qda_ras_exit(void);
#else
static inline void qda_ras_begin(struct qda_device *qdev)
{
}

static inline void qda_ras_count(struct qda_device *qdev, enum qda_ras_error error)
{
}

static inline void qda_ras_exit(void)
{
}
#endif

#endif /* __QDA_RAS_H__ */
