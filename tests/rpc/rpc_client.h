/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A client of the old interface that does what FastRPC's own library does, in the same order:
 * a node, a process on the DSP, and a thread, the listener, that serves what the DSP asks the
 * application for: files, memory for its heap, a place for its log. Written from what
 * those ioctls and messages are; for tests, and for the demo.
 *
 * Results are 0, -errno, or the code of the DSP, which may be any other number.
 */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <misc/fastrpc.h>

/* Handles that every process on the DSP has, and codes of the DSP. */
enum rpc_handle {
	RPC_REMOTECTL = 0,
	RPC_LISTENER = 3,
	RPC_CURRENT_PROCESS = 4,
	RPC_MSGD = 5,
	RPC_LISTENER1 = 7,
	RPC_REMOTECTL1 = 8,
	RPC_PERF1 = 9,
};

#define RPC_EUNABLETOLOAD ((int)0x80000406)
#define RPC_EBADSTATE	  ((int)0x8000040d) /* the process ends, or has ended */
#define RPC_EUNSUPPORTED  ((int)0x80000414)
#define RPC_ENOSUCHHANDLE ((int)0x80000427)
#define RPC_ENOSUCHMOD	  ((int)0x8000043e)
#define RPC_ERPC	  ((int)0x80000600) /* of a handle that the firmware does not have */

#define RPC_TEXT_SIZE	  255

enum rpc_pd {
	RPC_PD_SIGNED,
	RPC_PD_UNSIGNED,
	RPC_PD_ROOT,
	RPC_PD_SENSORS,
};

struct rpc_options {
	const char *node;
	enum rpc_pd pd;
	const char *shell;	    /* file of the process's program; NULL: the firmware's own */
	const char *const *folders; /* where files for the DSP are; ends with NULL */
	bool old; /* speaks to handles 0 and 3 and has no log, as small clients do */

	/*
	 * What happens in the listener, before it is done: "listen", "listening", "open NAME",
	 * "fopen_with_env NAME", "fread", "log TEXT" and so on. It may take its time.
	 */
	void (*event)(void *context, const char *what);
	void *context;
};

struct rpc_client;

/* Opens the node and makes the process, or attaches to it; then the listener starts. */
int rpc_client_open(struct rpc_client **client, const struct rpc_options *options);
/* The end of the process is announced, which lets the listener go; not twice. */
int rpc_client_exit(struct rpc_client *client);
/* Waits for the listener; the result of its last call. */
int rpc_client_join(struct rpc_client *client);
/* Does what was not done of both, and closes the node. */
void rpc_client_close(struct rpc_client *client);
int rpc_client_fd(const struct rpc_client *client);

/* Arguments of a call: inputs, then outputs, then input handles, then output handles. */
#define RPC_MAX_ARGS 64

struct rpc_args {
	uint32_t counts; /* as in the scalars word, without the method */
	uint32_t count;
	struct fastrpc_invoke_args arg[RPC_MAX_ARGS];
};

struct rpc_buffer {
	int fd;
	size_t size;
	void *mem;
};

/* @buffer is where it lies, or NULL: then it is copied. */
void rpc_args_in(struct rpc_args *args, const void *data, size_t len,
		 const struct rpc_buffer *buffer);
void rpc_args_out(struct rpc_args *args, void *data, size_t len, const struct rpc_buffer *buffer);
void rpc_args_in_handle(struct rpc_args *args, const struct rpc_buffer *buffer, uint32_t offset);
void rpc_args_out_handle(struct rpc_args *args, const struct rpc_buffer *buffer, uint32_t offset);

int rpc_invoke(struct rpc_client *client, uint32_t handle, uint32_t method,
	       const struct rpc_args *args);
/* At most one input and one output, by their lengths */
int rpc_call(struct rpc_client *client, uint32_t handle, uint32_t method, const void *in,
	     size_t in_len, void *out, size_t out_len);

/* text has RPC_TEXT_SIZE bytes, or is NULL. The module's own error is the result, too. */
int rpc_module_open(struct rpc_client *client, const char *name, uint32_t *handle, char *text);
int rpc_module_close(struct rpc_client *client, uint32_t handle);
/* What every thread that made calls says when it ends. */
int rpc_thread_exit(struct rpc_client *client);
/* A capability of the DSP, from any file of the node. */
int rpc_capability(int fd, uint32_t attribute, uint32_t *value);

/* Memory that the DSP can have; it comes from a file of its own, which has no process. */
int rpc_buffer_alloc(const struct rpc_client *client, size_t size, struct rpc_buffer *buffer);
void rpc_buffer_free(struct rpc_buffer *buffer);
/* Maps it for the DSP, under the number of its descriptor. */
int rpc_buffer_map(struct rpc_client *client, const struct rpc_buffer *buffer, uint64_t *address);
int rpc_buffer_unmap(struct rpc_client *client, const struct rpc_buffer *buffer, uint64_t address);

#endif /* RPC_CLIENT_H */
