// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The virtual rpmsg transport: one port per DSP, on which at most one channel
 * exists at a time. It behaves like GLINK where a driver can tell: answers come with
 * interrupts off under a spinlock, and destroying the endpoint waits for the one
 * that is being delivered.
 */
#include <linux/atomic.h>
#include <linux/of.h>
#include <linux/rpmsg.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "drivers/rpmsg/rpmsg_internal.h"

#include "channel.h"

#define VDSP_CHANNEL_NAME	"fastrpcglink-apps-dsp"

struct vdsp_channel;

/**
 * struct vdsp_port - The DSP's side of the transport
 * @parent: the DSP
 * @ops: what the DSP does
 * @priv: for @ops
 * @channel: the channel, or NULL; its announcer and withdrawer are serialized
 * @lock: protects @listener; held with interrupts off while its callback runs
 * @listener: endpoint of the driver that is bound, or NULL
 * @replies: messages that reached a driver
 * @send_fail: number of following sends that fail
 * @lose_replies: number of following messages to the driver that get lost
 */
struct vdsp_port {
	struct device *parent;
	const struct vdsp_port_ops *ops;
	void *priv;
	struct vdsp_channel *channel;
	spinlock_t lock; /* listener */
	struct rpmsg_endpoint *listener;
	atomic_t replies;
	atomic_t send_fail;
	atomic_t lose_replies;
};

/**
 * struct vdsp_channel - A channel that was announced
 * @rpdev: base; its last reference frees the channel
 * @ept: its only endpoint; in here so that a late send finds it
 * @port: its port
 */
struct vdsp_channel {
	struct rpmsg_device rpdev;
	struct rpmsg_endpoint ept;
	struct vdsp_port *port;
};

static int vdsp_channel_send(struct rpmsg_endpoint *ept, const void *data, int len, gfp_t gfp)
{
	struct vdsp_channel *channel = container_of(ept, struct vdsp_channel, ept);
	struct vdsp_port *port = channel->port;

	if (len <= 0)
		return -EINVAL;
	if (atomic_dec_if_positive(&port->send_fail) >= 0)
		return -EAGAIN;

	return port->ops->receive(port->priv, data, len, gfp);
}

static int vdsp_ept_send(struct rpmsg_endpoint *ept, const void *data, int len)
{
	return vdsp_channel_send(ept, data, len, GFP_KERNEL);
}

static int vdsp_ept_trysend(struct rpmsg_endpoint *ept, const void *data, int len)
{
	return vdsp_channel_send(ept, data, len, GFP_ATOMIC);
}

static void vdsp_ept_destroy(struct rpmsg_endpoint *ept)
{
	struct vdsp_channel *channel = container_of(ept, struct vdsp_channel, ept);
	struct vdsp_port *port = channel->port;

	scoped_guard(spinlock_irqsave, &port->lock) {
		ept->cb = NULL;
		if (port->listener == ept)
			port->listener = NULL;
	}
	port->ops->closed(port->priv);
}

static const struct rpmsg_endpoint_ops vdsp_ept_ops = {
	.destroy_ept = vdsp_ept_destroy,
	.send = vdsp_ept_send,
	.trysend = vdsp_ept_trysend,
};

/* The device is called like the DSP's only channel: there is one endpoint to give. */
static struct rpmsg_endpoint *vdsp_channel_create_ept(struct rpmsg_device *rpdev,
						      rpmsg_rx_cb_t cb, void *priv,
						      struct rpmsg_channel_info info)
{
	struct vdsp_channel *channel = container_of(rpdev, struct vdsp_channel, rpdev);
	struct rpmsg_endpoint *ept = &channel->ept;

	guard(spinlock_irqsave)(&channel->port->lock);
	if (channel->port->listener)
		return NULL;

	ept->rpdev = rpdev;
	ept->cb = cb;
	ept->priv = priv;
	ept->addr = RPMSG_ADDR_ANY;
	ept->ops = &vdsp_ept_ops;
	channel->port->listener = ept;
	return ept;
}

static const struct rpmsg_device_ops vdsp_channel_ops = {
	.create_ept = vdsp_channel_create_ept,
};

static void vdsp_channel_release(struct device *dev)
{
	struct vdsp_channel *channel = container_of(dev, struct vdsp_channel, rpdev.dev);

	of_node_put(dev->of_node);
	put_device(channel->port->parent);
	kfree(channel);
}

static struct vdsp_channel *vdsp_channel_create(struct vdsp_port *port, struct device_node *np)
{
	struct vdsp_channel *channel = kzalloc_obj(*channel);

	if (!channel)
		return NULL;

	/* Not only while it is registered: the port must be there for a late send. */
	get_device(port->parent);
	channel->port = port;
	kref_init(&channel->ept.refcount);
	mutex_init(&channel->ept.cb_lock);
	strscpy(channel->rpdev.id.name, VDSP_CHANNEL_NAME);
	channel->rpdev.src = RPMSG_ADDR_ANY;
	channel->rpdev.dst = RPMSG_ADDR_ANY;
	channel->rpdev.ops = &vdsp_channel_ops;
	channel->rpdev.dev.parent = port->parent;
	channel->rpdev.dev.of_node = of_node_get(np);
	channel->rpdev.dev.release = vdsp_channel_release;
	return channel;
}

/**
 * vdsp_port_create() - Make the port of a DSP
 * @parent: the DSP; the port must live as long as it does
 * @ops: what the DSP does
 * @priv: for @ops
 *
 * Return: the port, without a channel, or NULL
 */
struct vdsp_port *vdsp_port_create(struct device *parent, const struct vdsp_port_ops *ops,
				   void *priv)
{
	struct vdsp_port *port = kzalloc_obj(*port);

	if (!port)
		return NULL;

	port->parent = parent;
	port->ops = ops;
	port->priv = priv;
	spin_lock_init(&port->lock);
	return port;
}

/**
 * vdsp_port_destroy() - Free a port without channel
 * @port: the port or NULL
 */
void vdsp_port_destroy(struct vdsp_port *port)
{
	kfree(port);
}

/**
 * vdsp_port_announce() - Bring the channel up
 * @port: a port without channel
 * @np: device tree node of the channel's device, by which a driver is found
 *
 * A driver that is there is bound on return.
 *
 * Return: 0 or a negative error
 */
int vdsp_port_announce(struct vdsp_port *port, struct device_node *np)
{
	struct vdsp_channel *channel = vdsp_channel_create(port, np);
	int ret;

	if (!channel)
		return -ENOMEM;

	/* This gives up the reference, and so frees the channel, when it fails. */
	ret = rpmsg_register_device(&channel->rpdev);
	if (!ret)
		port->channel = channel;

	return ret;
}

/**
 * vdsp_port_withdraw() - Take the channel away
 * @port: a port with a channel
 *
 * On return the driver is unbound and none of its code runs for this channel.
 */
void vdsp_port_withdraw(struct vdsp_port *port)
{
	struct vdsp_channel *channel = port->channel;

	/*
	 * Not rpmsg_unregister_device(): it takes every child of the parent for a
	 * rpmsg device, and the SMMU's is none.
	 */
	port->channel = NULL;
	device_unregister(&channel->rpdev.dev);
}

/**
 * vdsp_port_deliver() - Send a message to the driver
 * @port: the port
 * @data: message
 * @len: its size
 *
 * A message that nobody listens to is lost, as on a channel that the driver has closed.
 */
void vdsp_port_deliver(struct vdsp_port *port, void *data, size_t len)
{
	struct rpmsg_endpoint *ept;

	guard(spinlock_irqsave)(&port->lock);
	ept = port->listener;
	if (!ept || atomic_dec_if_positive(&port->lose_replies) >= 0)
		return;

	/* Counted first: who sees the answer's effect sees the counter's. */
	atomic_inc(&port->replies);
	ept->cb(ept->rpdev, data, len, ept->priv, RPMSG_ADDR_ANY);
}

/**
 * vdsp_port_replies() - Give access to the counter of what was delivered
 * @port: the port
 *
 * Return: number of messages that reached a driver
 */
atomic_t *vdsp_port_replies(struct vdsp_port *port)
{
	return &port->replies;
}

/**
 * vdsp_port_send_fail() - Give access to the fault knob
 * @port: the port
 *
 * Return: number of following sends that fail with -EAGAIN
 */
atomic_t *vdsp_port_send_fail(struct vdsp_port *port)
{
	return &port->send_fail;
}

/**
 * vdsp_port_lose_replies() - Give access to the other fault knob
 * @port: the port
 *
 * Return: number of following messages to the driver that get lost
 */
atomic_t *vdsp_port_lose_replies(struct vdsp_port *port)
{
	return &port->lose_replies;
}
