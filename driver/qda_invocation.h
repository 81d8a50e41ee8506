/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_INVOCATION_H__
#define __QDA_INVOCATION_H__

#include <linux/completion.h>
#include <linux/refcount.h>
#include <linux/timer_types.h>
#include <linux/types.h>
#include <linux/workqueue_types.h>

#include "qda_caller.h"
#include "qda_operands.h"
#include "qda_wire.h"

struct qda_device;
struct qda_event;
struct qda_patience;
struct qda_pool;
struct qda_session;
struct qda_staging;

/**
 * struct qda_invocation - One call to the DSP
 * @ref: one reference for who waits, one for the table of calls in flight
 * @done: complete when @error and @status are set
 * @qdev: the DSP
 * @pool: where the call's memory comes from, with a reference
 * @index: its slot in @pool
 * @pd: PD type for the context word, that of @pool
 * @session: whose call it is; the pool has a reference
 * @user: call of a user: it waits for its turn and for an id; else one of the kernel
 * @staging: memory of the payload, NULL if that is in the pool's slot
 * @operands: mapped buffers that are arguments
 * @size: bytes of the payload
 * @poll: where the poll word is in the payload, 0 if nobody looks there
 * @client_id: session id for the message
 * @handle: handle of the callee
 * @sc: scalars word
 * @ctx: context word, 0 before it is published
 * @caller: who made it, set when published
 * @error: 0 when the DSP answered, else a negative error code
 * @status: what the DSP answered
 * @unsent: the DSP has not seen it and will not; set before it is completed
 * @answered: if not NULL called when the call is completed, in any context
 * @retired: if not NULL called with the last reference, where one may sleep
 * @owner: whatever @retired needs
 * @event: completion of a call that nobody waits for; whoever takes it away sends it
 * @timer: deadline of such a call, with a reference while it is pending
 * @timeout: called when that has passed, in any context
 * @put_work: drops a reference where one may sleep
 *
 * Everything but @ref, @done, @error, @status, @unsent, @event, @timer and @put_work is
 * written by the caller before the call is published and not changed until it is freed;
 * except that who waited for it may end @operands and @retired when it is completed, and
 * @answered may end @retired.
 */
struct qda_invocation {
	refcount_t ref;
	struct completion done;
	struct qda_device *qdev;
	struct qda_pool *pool;
	u32 index;
	u32 pd;
	struct qda_session *session;
	bool user;
	struct qda_staging *staging;
	struct qda_operands operands;
	u32 size;
	u32 poll;
	u32 client_id;
	u32 handle;
	u32 sc;
	u64 ctx;
	struct qda_caller caller;
	int error;
	u32 status;
	bool unsent;
	void (*answered)(struct qda_invocation *inv);
	void (*retired)(struct qda_invocation *inv);
	void *owner;
	struct qda_event *event;
	struct timer_list timer;
	void (*timeout)(struct qda_invocation *inv);
	struct work_struct put_work;
};

/**
 * qda_invocation_is_listener - Whether a call asks for work instead of giving it
 * @inv: the call
 *
 * The DSP calls its host by answering a call that the host has made for this purpose.
 * Such a call is in flight all the time, which says nothing about what the DSP does.
 *
 * Return: true when it is a call of a listener.
 */
static inline bool qda_invocation_is_listener(const struct qda_invocation *inv)
{
	return inv->handle == QDA_WIRE_HANDLE_LISTENER ||
	       inv->handle == QDA_WIRE_HANDLE_LISTENER1;
}

void qda_invocation_setup(struct qda_invocation *inv, struct qda_device *qdev, u32 index);
void qda_invocation_begin(struct qda_invocation *inv, struct qda_pool *pool, bool user);
void qda_invocation_get(struct qda_invocation *inv);
void qda_invocation_put(struct qda_invocation *inv);
u64 qda_invocation_address(const struct qda_invocation *inv);
int qda_invocation_take_id(struct qda_invocation *inv, const struct qda_patience *patience);
void qda_invocation_return_id(struct qda_invocation *inv);
void qda_invocation_publish(struct qda_invocation *inv);
int qda_invocation_send(struct qda_invocation *inv, long timeout);
void qda_invocation_start(struct qda_invocation *inv, const struct qda_patience *patience);
int qda_invocation_wait(struct qda_invocation *inv, const struct qda_patience *patience);
int qda_invocation_perform(struct qda_invocation *inv, const struct qda_patience *patience);
int qda_invocation_submit(struct qda_invocation *inv, const struct qda_patience *patience);
int qda_invocation_run(struct qda_invocation *inv, long timeout);
void qda_invocation_let_go(struct qda_invocation *inv);
bool qda_invocation_is_done(struct qda_invocation *inv);
bool qda_invocation_succeeded(const struct qda_invocation *inv);
void qda_invocation_succeed(struct qda_device *qdev, u64 ctx);
void qda_invocation_answer(struct qda_device *qdev, u64 ctx, u32 status);
void qda_invocation_flush(struct qda_device *qdev);

#endif /* __QDA_INVOCATION_H__ */
