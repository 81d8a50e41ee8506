/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_CHANNEL_H__
#define __QDA_CHANNEL_H__

#include <linux/mutex_types.h>
#include <linux/srcu.h>
#include <linux/types.h>

struct qda_wire_msg;
struct rpmsg_device;

/**
 * struct qda_channel - The way to the DSP and the gate before it
 * @gate: read side around each use of @rpdev and around each access of the CPU to
 *	coherent memory of a context bank. Nothing waits for the DSP or for a user's
 *	page in there, so closing the gate is quick.
 * @open: whether one may go through; cleared once
 * @rpdev: the rpmsg device, valid inside the open gate or under the open @blocking
 * @blocking: held by a sender that uses the blocking form of sending, outside of the
 *	gate; closing takes it last
 */
struct qda_channel {
	struct srcu_struct gate;
	bool open;
	struct rpmsg_device *rpdev;
	/* Keeps the rpmsg device for a sender outside of the gate. */
	struct mutex blocking;
};

int qda_channel_init(struct qda_channel *channel);
void qda_channel_fini(struct qda_channel *channel);
void qda_channel_open(struct qda_channel *channel, struct rpmsg_device *rpdev);
void qda_channel_close(struct qda_channel *channel);
bool qda_channel_is_closed(const struct qda_channel *channel);
void qda_channel_drain(struct qda_channel *channel);
bool qda_channel_enter(struct qda_channel *channel, int *idx);
void qda_channel_exit(struct qda_channel *channel, int idx);
void qda_channel_assert_inside(const struct qda_channel *channel);
int qda_channel_trysend(struct qda_channel *channel, const struct qda_wire_msg *msg);
int qda_channel_send(struct qda_channel *channel, const struct qda_wire_msg *msg);

#endif /* __QDA_CHANNEL_H__ */
