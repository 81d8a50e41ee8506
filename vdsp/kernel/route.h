/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_ROUTE_H__
#define __VDSP_ROUTE_H__

#include <linux/gfp_types.h>
#include <linux/poll.h>
#include <linux/types.h>

#define VDSP_WIRE_SIZE		40 /* of every request of the driver */

struct file;
struct vdsp_client;
struct vdsp_msg;
struct vdsp_queue;
struct vdsp_route;

struct vdsp_route *vdsp_route_create(void);
void vdsp_route_destroy(struct vdsp_route *route);
void vdsp_route_renew(struct vdsp_route *route);
void vdsp_route_open(struct vdsp_route *route);
void vdsp_route_close(struct vdsp_route *route);
void vdsp_route_flush(struct vdsp_route *route);
bool vdsp_route_is_open(struct vdsp_route *route);
int vdsp_route_call(struct vdsp_route *route, const void *wire, gfp_t gfp);
void vdsp_msg_set_wire(struct vdsp_msg *msg, const void *wire);
struct vdsp_queue *vdsp_route_queue(struct vdsp_route *route);

struct vdsp_client *vdsp_client_create(struct vdsp_route *route, s32 client_id);
void vdsp_client_destroy(struct vdsp_client *client);
int vdsp_client_answered(struct vdsp_client *client, u64 ctx);
struct vdsp_queue *vdsp_client_queue(struct vdsp_client *client);

ssize_t vdsp_queue_read(struct vdsp_queue *queue, char __user *buf, size_t count, bool nonblock);
__poll_t vdsp_queue_poll(struct vdsp_queue *queue, struct file *file, poll_table *table);

#endif /* __VDSP_ROUTE_H__ */
