// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/rpmsg.h>

#include "qda_channel.h"
#include "qda_wire.h"

/**
 * qda_channel_init - Make a closed channel
 * @channel: zeroed memory
 *
 * Return: 0 or a negative error code.
 */
int qda_channel_init(struct qda_channel *channel)
{
	mutex_init(&channel->blocking);
	return init_srcu_struct(&channel->gate);
}

/**
 * qda_channel_fini - Undo qda_channel_init()
 * @channel: the closed channel
 */
void qda_channel_fini(struct qda_channel *channel)
{
	cleanup_srcu_struct(&channel->gate);
	mutex_destroy(&channel->blocking);
}

/**
 * qda_channel_open - Open the gate
 * @channel: the channel
 * @rpdev: the rpmsg device, which stays valid until qda_channel_drain() returns
 */
void qda_channel_open(struct qda_channel *channel, struct rpmsg_device *rpdev)
{
	channel->rpdev = rpdev;
	/* Pairs with the acquire in qda_channel_enter() and qda_channel_send(). */
	smp_store_release(&channel->open, true);
}

/**
 * qda_channel_close - Close the gate for good
 * @channel: the channel
 *
 * When it returns nobody is inside and nobody gets inside.
 */
void qda_channel_close(struct qda_channel *channel)
{
	WRITE_ONCE(channel->open, false);
	synchronize_srcu_expedited(&channel->gate);
}

/**
 * qda_channel_is_closed - Whether the DSP is out of reach
 * @channel: the channel
 *
 * Context: any. Who was told the end of the channel sees it closed.
 *
 * Return: true when it is.
 */
bool qda_channel_is_closed(const struct qda_channel *channel)
{
	return !READ_ONCE(channel->open);
}

/**
 * qda_channel_drain - Wait for the last blocking sender
 * @channel: the closed channel
 *
 * A transport that loses its DSP makes a blocking sender return.
 */
void qda_channel_drain(struct qda_channel *channel)
{
	guard(mutex)(&channel->blocking);
	channel->rpdev = NULL;
}

/**
 * qda_channel_enter - Go through the gate
 * @channel: the channel
 * @idx: cookie for qda_channel_exit()
 *
 * Return: true when the gate is open; then the caller must call qda_channel_exit()
 * soon and wait for nothing but memory until then.
 */
bool qda_channel_enter(struct qda_channel *channel, int *idx)
{
	*idx = srcu_read_lock(&channel->gate);
	/* Pairs with the release in qda_channel_open(). */
	if (likely(smp_load_acquire(&channel->open)))
		return true;
	srcu_read_unlock(&channel->gate, *idx);

	return false;
}

/**
 * qda_channel_exit - Leave through the gate
 * @channel: the channel
 * @idx: cookie of qda_channel_enter()
 */
void qda_channel_exit(struct qda_channel *channel, int idx)
{
	srcu_read_unlock(&channel->gate, idx);
}

/**
 * qda_channel_assert_inside - Check that the caller is inside the gate
 * @channel: the channel
 */
void qda_channel_assert_inside(const struct qda_channel *channel)
{
	lockdep_assert(srcu_read_lock_held(&channel->gate));
}

/**
 * qda_channel_trysend - Send a request, without waiting
 * @channel: the channel
 * @msg: the request
 *
 * Return: 0, -ENODEV when the gate is closed, -EAGAIN when the transport has no room
 * just now, or another error of the transport.
 */
int qda_channel_trysend(struct qda_channel *channel, const struct qda_wire_msg *msg)
{
	int idx, ret;

	if (!qda_channel_enter(channel, &idx))
		return -ENODEV;

	ret = rpmsg_trysend(channel->rpdev->ept, msg, sizeof(*msg));
	qda_channel_exit(channel, idx);

	return ret == -EBUSY ? -EAGAIN : ret;
}

/**
 * qda_channel_send - Send a request, waiting for the transport if need be
 * @channel: the channel
 * @msg: the request
 *
 * GLINK only asks the other side for a receive buffer (an intent) in the blocking
 * form of sending, so a DSP that queues none ahead is only ever reached this way.
 * It can take 10 seconds, hence it is done outside of the gate.
 *
 * Return: as qda_channel_trysend().
 */
int qda_channel_send(struct qda_channel *channel, const struct qda_wire_msg *msg)
{
	int ret;

	guard(mutex)(&channel->blocking);

	/* Pairs with the release in qda_channel_open(). */
	if (!smp_load_acquire(&channel->open))
		return -ENODEV;
	ret = rpmsg_send(channel->rpdev->ept, msg, sizeof(*msg));

	return ret == -EBUSY ? -EAGAIN : ret;
}
