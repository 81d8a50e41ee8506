// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Which file of the DSP's user-space firmware gets which call: one queue for the
 * firmware, one per client that has a session file. A call goes from its queue to
 * its client's list of calls that were read, until it is answered; the calls
 * that a dead client leaves behind go to the firmware's queue, marked.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <fastrpc_wire.h>
#include <vdsp.h>

#include "route.h"

static_assert(sizeof(struct vdsp_msg) == 48);

/**
 * struct vdsp_call - A record for a file to read
 * @node: in a queue, or in its client's list of calls that were read
 * @epoch: &struct vdsp_route.epoch when it was made; it is void in another one
 * @msg: the record
 */
struct vdsp_call {
	struct list_head node;
	u64 epoch;
	struct vdsp_msg msg;
};

/**
 * struct vdsp_queue - What one file reads from
 * @route: owner; its lock protects all but @wait
 * @calls: records, oldest first
 * @taken: calls that were read and not answered; for the firmware's queue empty
 * @keep: calls that are read go to @taken
 * @gone: the channel is gone, reading fails
 * @wait: readers
 */
struct vdsp_queue {
	struct vdsp_route *route;
	struct list_head calls;
	struct list_head taken;
	bool keep;
	bool gone;
	wait_queue_head_t wait;
};

/**
 * struct vdsp_client - A client with a file of its own
 * @node: in its route's list; empty when the channel that it belonged to is gone
 * @client_id: id that its calls carry
 * @queue: its calls
 * @obituary: record for its end, so that the end cannot fail
 */
struct vdsp_client {
	struct list_head node;
	s32 client_id;
	struct vdsp_queue queue;
	struct vdsp_call *obituary;
};

/**
 * struct vdsp_route - All queues of a DSP
 * @lock: protects everything here and in the queues; taken with interrupts off
 * @up: calls are accepted
 * @epoch: counts how often all calls became void
 * @queue: the firmware's
 * @clients: clients that have a file
 */
struct vdsp_route {
	spinlock_t lock; /* all queues */
	bool up;
	u64 epoch;
	struct vdsp_queue queue;
	struct list_head clients;
};

static void vdsp_calls_free(struct list_head *calls)
{
	struct vdsp_call *call, *next;

	list_for_each_entry_safe(call, next, calls, node)
		kfree(call);
}

static void vdsp_queue_init(struct vdsp_queue *queue, struct vdsp_route *route, bool keep)
{
	queue->route = route;
	queue->keep = keep;
	INIT_LIST_HEAD(&queue->calls);
	INIT_LIST_HEAD(&queue->taken);
	init_waitqueue_head(&queue->wait);
}

static void vdsp_queue_wake(struct vdsp_queue *queue)
{
	wake_up_interruptible_poll(&queue->wait, EPOLLIN | EPOLLRDNORM);
}

static void vdsp_queue_empty(struct vdsp_queue *queue, struct list_head *into)
{
	lockdep_assert_held(&queue->route->lock);

	list_splice_tail_init(&queue->taken, into);
	list_splice_tail_init(&queue->calls, into);
}

static void vdsp_queue_end(struct vdsp_queue *queue, struct list_head *into)
{
	vdsp_queue_empty(queue, into);
	queue->gone = true;
	wake_up_interruptible_poll(&queue->wait, EPOLLHUP);
}

static struct vdsp_client *vdsp_route_find(struct vdsp_route *route, s32 client_id)
{
	struct vdsp_client *client;

	lockdep_assert_held(&route->lock);

	list_for_each_entry(client, &route->clients, node)
		if (client->client_id == client_id)
			return client;

	return NULL;
}

/* The firmware itself serves what the driver's own calls are about. */
static struct vdsp_queue *vdsp_route_pick(struct vdsp_route *route, const struct vdsp_msg *msg)
{
	struct vdsp_client *client;

	if (msg->handle == FRPC_HANDLE_INIT || msg->handle == FRPC_HANDLE_UTILITIES)
		return &route->queue;

	client = vdsp_route_find(route, msg->client_id);
	return client ? &client->queue : &route->queue;
}

static int vdsp_route_enqueue(struct vdsp_route *route, struct vdsp_call *call)
{
	struct vdsp_queue *queue;

	guard(spinlock_irqsave)(&route->lock);
	if (!route->up)
		return -EPIPE;

	call->epoch = route->epoch;
	queue = vdsp_route_pick(route, &call->msg);
	list_add_tail(&call->node, &queue->calls);
	vdsp_queue_wake(queue);
	return 0;
}

/**
 * vdsp_route_create() - Make the queues of a DSP
 *
 * Return: the route, closed, or NULL
 */
struct vdsp_route *vdsp_route_create(void)
{
	struct vdsp_route *route = kzalloc_obj(*route);

	if (!route)
		return NULL;

	spin_lock_init(&route->lock);
	INIT_LIST_HEAD(&route->clients);
	vdsp_queue_init(&route->queue, route, false);
	return route;
}

/**
 * vdsp_route_destroy() - Free the queues
 * @route: a closed route without clients, or NULL
 */
void vdsp_route_destroy(struct vdsp_route *route)
{
	kfree(route);
}

/**
 * vdsp_route_renew() - There is new firmware, which may wait for its first call
 * @route: a closed route
 */
void vdsp_route_renew(struct vdsp_route *route)
{
	guard(spinlock_irqsave)(&route->lock);
	route->queue.gone = false;
}

/**
 * vdsp_route_open() - Start to accept calls
 * @route: the route
 */
void vdsp_route_open(struct vdsp_route *route)
{
	guard(spinlock_irqsave)(&route->lock);
	route->up = true;
	route->queue.gone = false;
}

/**
 * vdsp_route_close() - The DSP crashes: drop all calls and cut off the clients
 * @route: the route
 */
void vdsp_route_close(struct vdsp_route *route)
{
	struct vdsp_client *client, *next;
	LIST_HEAD(calls);

	scoped_guard(spinlock_irqsave, &route->lock) {
		route->up = false;
		route->epoch++;
		vdsp_queue_end(&route->queue, &calls);
		list_for_each_entry_safe(client, next, &route->clients, node) {
			list_del_init(&client->node);
			vdsp_queue_end(&client->queue, &calls);
		}
	}
	vdsp_calls_free(&calls);
}

/**
 * vdsp_route_flush() - The driver closed the channel: drop all calls
 * @route: the route
 */
void vdsp_route_flush(struct vdsp_route *route)
{
	struct vdsp_client *client;
	LIST_HEAD(calls);

	scoped_guard(spinlock_irqsave, &route->lock) {
		route->epoch++;
		vdsp_queue_empty(&route->queue, &calls);
		list_for_each_entry(client, &route->clients, node)
			vdsp_queue_empty(&client->queue, &calls);
	}
	vdsp_calls_free(&calls);
}

/**
 * vdsp_route_is_open() - Tell whether the channel is up
 * @route: the route
 *
 * Return: whether it is
 */
bool vdsp_route_is_open(struct vdsp_route *route)
{
	guard(spinlock_irqsave)(&route->lock);
	return route->up;
}

/**
 * vdsp_route_call() - Queue a request of the driver
 * @route: the route
 * @wire: its VDSP_WIRE_SIZE bytes
 * @gfp: how memory may be allocated
 *
 * Return: 0, -ENOMEM, -EPIPE when the route is closed
 */
int vdsp_route_call(struct vdsp_route *route, const void *wire, gfp_t gfp)
{
	struct vdsp_call *call = kzalloc_obj(*call, gfp);
	int ret;

	if (!call)
		return -ENOMEM;

	call->msg.type = VDSP_MSG_CALL;
	vdsp_msg_set_wire(&call->msg, wire);
	ret = vdsp_route_enqueue(route, call);
	if (ret)
		kfree(call);

	return ret;
}

/**
 * vdsp_msg_set_wire() - Fill the wire's part of a record
 * @msg: the record
 * @wire: VDSP_WIRE_SIZE bytes of the driver
 */
void vdsp_msg_set_wire(struct vdsp_msg *msg, const void *wire)
{
	size_t start = offsetof(struct vdsp_msg, client_id);

	static_assert(sizeof(*msg) - offsetof(struct vdsp_msg, client_id) == VDSP_WIRE_SIZE);
	memcpy((u8 *)msg + start, wire, VDSP_WIRE_SIZE);
}

/**
 * vdsp_route_queue() - Get the firmware's queue
 * @route: the route
 *
 * Return: the queue, which lives as long as the route
 */
struct vdsp_queue *vdsp_route_queue(struct vdsp_route *route)
{
	return &route->queue;
}

static int vdsp_route_add(struct vdsp_route *route, struct vdsp_client *client)
{
	guard(spinlock_irqsave)(&route->lock);
	if (!route->up)
		return -ENOTCONN;
	if (vdsp_route_find(route, client->client_id))
		return -EEXIST;

	list_add_tail(&client->node, &route->clients);
	return 0;
}

static void vdsp_client_free(struct vdsp_client *client)
{
	kfree(client->obituary);
	kfree(client);
}

/**
 * vdsp_client_create() - Give a client a queue of its own
 * @route: the route; must outlive the client
 * @client_id: id that its calls carry
 *
 * Return: the client, or -ENOMEM, -ENOTCONN when the route is closed, -EEXIST
 */
struct vdsp_client *vdsp_client_create(struct vdsp_route *route, s32 client_id)
{
	struct vdsp_client *client = kzalloc_obj(*client);
	int ret = -ENOMEM;

	if (!client)
		return ERR_PTR(-ENOMEM);

	client->client_id = client_id;
	vdsp_queue_init(&client->queue, route, true);
	client->obituary = kzalloc_obj(*client->obituary);
	if (client->obituary)
		ret = vdsp_route_add(route, client);
	if (ret) {
		vdsp_client_free(client);
		return ERR_PTR(ret);
	}

	return client;
}

static void vdsp_client_bequeath(struct vdsp_client *client, struct vdsp_queue *heir)
{
	struct vdsp_call *call, *obituary = client->obituary;
	LIST_HEAD(calls);

	lockdep_assert_held(&heir->route->lock);

	list_del(&client->node);
	vdsp_queue_empty(&client->queue, &calls);
	list_for_each_entry(call, &calls, node)
		call->msg.flags |= VDSP_MSG_ORPHANED;

	obituary->epoch = heir->route->epoch;
	obituary->msg.type = VDSP_MSG_PD_EXIT;
	obituary->msg.client_id = client->client_id;
	client->obituary = NULL;
	list_add_tail(&obituary->node, &heir->calls);
	list_splice_tail(&calls, &heir->calls);
	vdsp_queue_wake(heir);
}

/**
 * vdsp_client_destroy() - The client is dead: the firmware inherits its calls
 * @client: the client; nobody reads its queue any more
 */
void vdsp_client_destroy(struct vdsp_client *client)
{
	struct vdsp_route *route = client->queue.route;

	scoped_guard(spinlock_irqsave, &route->lock)
		if (!client->queue.gone)
			vdsp_client_bequeath(client, &route->queue);
	vdsp_client_free(client);
}

static struct vdsp_call *vdsp_client_find(struct vdsp_client *client, u64 ctx)
{
	struct vdsp_call *call;

	list_for_each_entry(call, &client->queue.taken, node)
		if (call->msg.ctx == ctx)
			return call;
	list_for_each_entry(call, &client->queue.calls, node)
		if (call->msg.ctx == ctx)
			return call;

	return NULL;
}

/**
 * vdsp_client_answered() - Strike a call off
 * @client: the client that answers it
 * @ctx: which call
 *
 * Return: 0, -ENOENT when the client has no such call, -EPIPE when the channel is gone
 */
int vdsp_client_answered(struct vdsp_client *client, u64 ctx)
{
	struct vdsp_call *call;

	scoped_guard(spinlock_irqsave, &client->queue.route->lock) {
		if (client->queue.gone)
			return -EPIPE;
		call = vdsp_client_find(client, ctx);
		if (!call)
			return -ENOENT;
		list_del(&call->node);
	}
	kfree(call);
	return 0;
}

/**
 * vdsp_client_queue() - Get a client's queue
 * @client: the client
 *
 * Return: the queue, which lives as long as the client
 */
struct vdsp_queue *vdsp_client_queue(struct vdsp_client *client)
{
	return &client->queue;
}

/* Until it is put somewhere, the call belongs to the reader alone. */
static struct vdsp_call *vdsp_queue_take(struct vdsp_queue *queue)
{
	struct vdsp_call *call;

	guard(spinlock_irqsave)(&queue->route->lock);
	if (queue->gone)
		return ERR_PTR(-EPIPE);

	call = list_first_entry_or_null(&queue->calls, struct vdsp_call, node);
	if (!call)
		return ERR_PTR(-EAGAIN);

	list_del(&call->node);
	return call;
}

static void vdsp_queue_settle(struct vdsp_queue *queue, struct vdsp_call *call, bool was_read)
{
	scoped_guard(spinlock_irqsave, &queue->route->lock) {
		if (call->epoch != queue->route->epoch)
			break;
		if (!was_read)
			list_add(&call->node, &queue->calls);
		else if (queue->keep)
			list_add_tail(&call->node, &queue->taken);
		else
			break;
		return;
	}
	kfree(call);
}

static int vdsp_queue_read_one(struct vdsp_queue *queue, char __user *buf)
{
	struct vdsp_call *call = vdsp_queue_take(queue);
	bool failed;

	if (IS_ERR(call))
		return PTR_ERR(call);

	failed = copy_to_user(buf, &call->msg, sizeof(call->msg));
	vdsp_queue_settle(queue, call, !failed);
	return failed ? -EFAULT : 0;
}

static bool vdsp_queue_ready(struct vdsp_queue *queue)
{
	guard(spinlock_irqsave)(&queue->route->lock);
	return queue->gone || !list_empty(&queue->calls);
}

static int vdsp_queue_read_first(struct vdsp_queue *queue, char __user *buf, bool nonblock)
{
	int ret = vdsp_queue_read_one(queue, buf);

	while (ret == -EAGAIN && !nonblock) {
		ret = wait_event_interruptible(queue->wait, vdsp_queue_ready(queue));
		if (!ret)
			ret = vdsp_queue_read_one(queue, buf);
	}

	return ret;
}

/**
 * vdsp_queue_read() - Read records
 * @queue: the queue
 * @buf: where to
 * @count: room
 * @nonblock: do not wait for the first one
 *
 * Return: bytes read, -EINVAL when there is no room for a record, -EPIPE when
 * the channel is gone, -EAGAIN, -EFAULT, -ERESTARTSYS
 */
ssize_t vdsp_queue_read(struct vdsp_queue *queue, char __user *buf, size_t count, bool nonblock)
{
	size_t size = sizeof(struct vdsp_msg), done;
	int ret;

	if (count < size)
		return -EINVAL;

	ret = vdsp_queue_read_first(queue, buf, nonblock);
	if (ret)
		return ret;

	for (done = size; count - done >= size; done += size)
		if (vdsp_queue_read_one(queue, buf + done))
			break;

	return done;
}

/**
 * vdsp_queue_poll() - Tell whether reading would block
 * @queue: the queue
 * @file: file that is polled
 * @table: from poll
 *
 * Return: poll events; writing never blocks
 */
__poll_t vdsp_queue_poll(struct vdsp_queue *queue, struct file *file, poll_table *table)
{
	__poll_t events = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &queue->wait, table);

	guard(spinlock_irqsave)(&queue->route->lock);
	if (queue->gone)
		return EPOLLHUP;
	if (!list_empty(&queue->calls))
		events |= EPOLLIN | EPOLLRDNORM;

	return events;
}
