/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_CAPS_H__
#define __QDA_CAPS_H__

#include <linux/mutex_types.h>
#include <linux/types.h>
#include <linux/workqueue_types.h>

struct qda_invocation;
struct qda_session;

/* Capabilities are numbered from 1 to this. */
#define QDA_CAPS_COUNT	255

/**
 * enum qda_caps_state - What is known about a DSP's capabilities
 * @QDA_CAPS_UNKNOWN: nothing yet
 * @QDA_CAPS_KNOWN: the DSP has told them
 * @QDA_CAPS_REFUSED: the DSP's firmware does not tell any
 */
enum qda_caps_state {
	QDA_CAPS_UNKNOWN,
	QDA_CAPS_KNOWN,
	QDA_CAPS_REFUSED,
};

/**
 * struct qda_caps - Capabilities of a DSP
 * @lock: protects all of this but @answered; held while somebody waits for the DSP's answer
 * @state: what is known
 * @status: what the DSP answered last
 * @value: the capabilities, number 1 first
 * @call: the question, from when it is sent until what came of it has been looked at
 * @lender: session whose context bank the question uses
 * @result: where its output is
 * @answered: it is being completed; set in any context
 * @deadline: until when the DSP has time to answer it, in jiffies
 * @work: looks at an answer that nobody waits for
 *
 * A DSP that restarts is another device, so none of it ever becomes wrong.
 */
struct qda_caps {
	/* Protects what is known and the question. */
	struct mutex lock;
	enum qda_caps_state state;
	u32 status;
	__le32 value[QDA_CAPS_COUNT];
	struct qda_invocation *call;
	struct qda_session *lender;
	u32 result;
	bool answered;
	unsigned long deadline;
	struct work_struct work;
};

void qda_caps_init(struct qda_caps *caps);
void qda_caps_fini(struct qda_caps *caps);
void qda_caps_disconnect(struct qda_caps *caps);
int qda_caps_get(struct qda_session *session, u32 number, u32 *value, u32 *status);

#endif /* __QDA_CAPS_H__ */
