/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A queue of packets in memory that the application shares with the DSP, as the library's
 * dspqueue makes it: one thread waits for signals of the DSP in a call.
 */
#ifndef RPC_QUEUE_H
#define RPC_QUEUE_H

#include "rpc_client.h"

/* Which of the 64 queues of a process it is, in the counters for signals. */
#define RPC_QUEUE_NUMBER 3

struct rpc_queue;

/* One queue of a client at a time. */
int rpc_queue_open(struct rpc_client *client, struct rpc_queue **queue);
/* Its number for the DSP's side */
uint64_t rpc_queue_id(const struct rpc_queue *queue);
int rpc_queue_send(struct rpc_queue *queue, const void *message, uint32_t len);
/* Waits for a packet; -EMSGSIZE when its message is not of that length. */
int rpc_queue_receive(struct rpc_queue *queue, void *message, uint32_t len);
/* The first error of the calls that it takes; all of them are made, and all is freed. */
int rpc_queue_close(struct rpc_queue *queue);

#endif /* RPC_QUEUE_H */
