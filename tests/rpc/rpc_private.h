/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the client share.
 */
#ifndef RPC_PRIVATE_H
#define RPC_PRIVATE_H

#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "rpc_client.h"

#define RPC_MAX_PARTS 16
#define RPC_MAX_FILES 16
/* What a library puts up with in one call of the DSP. */
#define RPC_MAX_BLOB (16u << 20)

/* A call of the DSP: inputs, then room for outputs. */
struct rpc_part {
	uint8_t *data;
	uint32_t len;
};

struct rpc_request {
	uint32_t ctx;
	uint32_t handle;
	uint32_t sc;
	uint32_t inputs;
	uint32_t outputs;
	struct rpc_part part[RPC_MAX_PARTS];
};

/* A buffer that the DSP asked for; one at a time is enough here. */
struct rpc_handle_map {
	int fd;
	uint64_t size; /* 0: none */
	uint64_t address;
};

/* What the listener's thread has; nobody else looks at it. */
struct rpc_listener {
	uint32_t answer_to;
	uint32_t result;
	uint32_t room; /* for inputs in the next call */
	bool older;    /* the firmware has not the newer handle */
	struct rpc_part inputs;
	struct rpc_part results;
	FILE *files[RPC_MAX_FILES];
	struct rpc_handle_map handle_map;
};

struct rpc_client {
	struct rpc_options options;
	int fd;
	int memory_fd; /* for buffers */
	bool listening;
	bool exited;
	pthread_t thread;
	int listener_result;
	struct rpc_listener listener;
};

int rpc_ioctl(int fd, unsigned long cmd, void *arg);
void rpc_event(struct rpc_client *client, const char *what, const char *name);

/* The listener's thread; its argument is the client. */
void *rpc_listener_main(void *arg);

/* Serves one request: fills its outputs, or returns the code for the DSP. */
uint32_t rpc_serve(struct rpc_client *client, struct rpc_request *request);

#endif /* RPC_PRIVATE_H */
