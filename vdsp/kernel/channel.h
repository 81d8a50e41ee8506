/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_CHANNEL_H__
#define __VDSP_CHANNEL_H__

#include <linux/gfp_types.h>
#include <linux/types.h>

struct device;
struct device_node;
struct vdsp_port;

/**
 * struct vdsp_port_ops - What the DSP does about its channel
 * @receive: takes one message of the driver; may be called in any context when
 *	its last argument does not allow to sleep
 * @closed: the driver has closed its end; nothing that it sent is of use any more
 */
struct vdsp_port_ops {
	int (*receive)(void *priv, const void *data, size_t len, gfp_t gfp);
	void (*closed)(void *priv);
};

struct vdsp_port *vdsp_port_create(struct device *parent, const struct vdsp_port_ops *ops,
				   void *priv);
void vdsp_port_destroy(struct vdsp_port *port);
int vdsp_port_announce(struct vdsp_port *port, struct device_node *np);
void vdsp_port_withdraw(struct vdsp_port *port);
void vdsp_port_deliver(struct vdsp_port *port, void *data, size_t len);
atomic_t *vdsp_port_replies(struct vdsp_port *port);
atomic_t *vdsp_port_send_fail(struct vdsp_port *port);
atomic_t *vdsp_port_lose_replies(struct vdsp_port *port);

#endif /* __VDSP_CHANNEL_H__ */
