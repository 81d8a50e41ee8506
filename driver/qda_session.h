/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_SESSION_H__
#define __QDA_SESSION_H__

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/mutex_types.h>
#include <linux/types.h>

#include "qda_caller.h"
#include "qda_cb.h"
#include "qda_parking.h"
#include "qda_process.h"
#include "qda_usage.h"

struct qda_device;
struct qda_user;

/**
 * struct qda_session - What a user has open
 * @ref: held by the open file, by a process that is not in the state none, and by the
 *	memory of calls
 * @qdev: the DSP, with a reference to its DRM device
 * @user: who opened it and is charged for its mappings, with a reference
 * @owner: process that opened it, when it did
 * @id: number by which the DSP knows the session, above 0; no other session gets it
 *	before this one is freed, hence not while the DSP may still use it
 * @lender: nobody has it open, it has borrowed a bank for a call of the kernel
 * @lock: serialises setting @place
 * @place: place in a context bank, empty before the first need, then kept to the end
 * @process: the session's process on the DSP
 * @poll_mode: spin for short answers
 * @parking: calls that were interrupted by a signal
 * @usage: how much it uses the DSP
 * @mapped_pages: pages of buffers that are mapped in its context bank
 */
struct qda_session {
	struct kref ref;
	struct qda_device *qdev;
	struct qda_user *user;
	struct qda_caller owner;
	u32 id;
	bool lender;
	/* Serialises getting a context bank. */
	struct mutex lock;
	struct qda_cb_place place;
	struct qda_process process;
	bool poll_mode;
	struct qda_parking parking;
	struct qda_usage usage;
	atomic_long_t mapped_pages;
};

struct qda_session *qda_session_create(struct qda_device *qdev);
void qda_session_close(struct qda_session *session);
void qda_session_get(struct qda_session *session);
void qda_session_put(struct qda_session *session);
int qda_session_acquire_cb(struct qda_session *session);
bool qda_session_sid(struct qda_session *session, u32 *sid);
struct qda_session *qda_session_with_cb(struct qda_session *session);
void qda_session_put_cb(struct qda_session *lender);
struct qda_cb *qda_session_cb(const struct qda_session *session);
void qda_session_process_exited(struct qda_device *qdev, u32 id);

#endif /* __QDA_SESSION_H__ */
