// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Poll mode: the DSP says by a word in the payload that a call has succeeded, before the
 * answer or instead of it. For short calls looking there is faster than an interrupt.
 */
#include <linux/completion.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_patience.h"
#include "qda_payload.h"
#include "qda_poll.h"
#include "qda_pool.h"
#include "qda_wire.h"

/* Longer than this the CPU is better used for something else. */
#define QDA_POLL_SPIN_US	10000

/* The firmware does not poll for its own services, whose handles are these and lower. */
#define QDA_POLL_STATIC_HANDLES	20

/**
 * qda_poll_prepare - Let a call be polled, if it can be
 * @inv: the call, whose payload is written
 * @payload: shape of the payload
 */
void qda_poll_prepare(struct qda_invocation *inv, const struct qda_payload *payload)
{
	/* Cached memory would have to be taken back from the DSP for each look. */
	if (inv->staging || inv->pd != QDA_CTX_PD_USER || inv->handle <= QDA_POLL_STATIC_HANDLES)
		return;
	inv->poll = payload->head - sizeof(struct qda_wire_tail) +
		    offsetof(struct qda_wire_tail, poll);
}

static const __le32 *qda_poll_word(const struct qda_invocation *inv)
{
	return qda_pool_slot_cpu(inv) + inv->poll;
}

static bool qda_poll_is_success(const __le32 *word)
{
	return le32_to_cpu(READ_ONCE(*word)) == QDA_WIRE_POLL_SUCCESS;
}

/* The table decides who ends the call, should the answer come at the same time. */
static bool qda_poll_is_over(struct qda_invocation *inv, const __le32 *word)
{
	if (qda_invocation_is_done(inv))
		return true;
	if (!qda_poll_is_success(word))
		return false;
	qda_invocation_succeed(inv->qdev, inv->ctx);

	return true;
}

/**
 * qda_poll_has_succeeded - Whether the DSP has written the word
 * @inv: a call in flight
 *
 * Context: any, inside the channel's open gate.
 *
 * Return: true when it has; never for a call that is not polled.
 */
bool qda_poll_has_succeeded(const struct qda_invocation *inv)
{
	return inv->poll && qda_poll_is_success(qda_poll_word(inv));
}

/**
 * qda_poll_look - Look once whether the DSP has written the word
 * @inv: a call that is polled
 *
 * The DSP may have done that just when the spinning had ended, and not answer.
 */
void qda_poll_look(struct qda_invocation *inv)
{
	int idx;

	if (!qda_channel_enter(&inv->qdev->channel, &idx))
		return;
	qda_poll_is_over(inv, qda_poll_word(inv));
	qda_channel_exit(&inv->qdev->channel, idx);
}

/**
 * qda_poll_spin - Wait for the word for a short time
 * @inv: a call that is polled and has been sent
 * @patience: for how long at most
 */
void qda_poll_spin(struct qda_invocation *inv, const struct qda_patience *patience)
{
	ktime_t end = ktime_add_us(ktime_get(), QDA_POLL_SPIN_US);
	const __le32 *word;
	int idx;

	if (!qda_channel_enter(&inv->qdev->channel, &idx))
		return;
	word = qda_poll_word(inv);
	while (!qda_poll_is_over(inv, word)) {
		if (ktime_after(ktime_get(), end) || !qda_patience_left(patience) ||
		    qda_patience_is_disturbed(patience))
			break;
		cpu_relax();
		cond_resched();
	}
	qda_channel_exit(&inv->qdev->channel, idx);
}
