/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "services.h"

#include <stdbool.h>
#include <string.h>

#include "fastrpc_wire.h"
#include "listener.h"
#include "modules.h"
#include "poll.h"
#include "queue.h"

#define MAX_URI	   512
#define MAX_TEXT   256
#define LAST_FIXED 255

/* Method of remotectl: priorities and stacks of threads, quality of service. */
#define REMOTECTL_SET_PARAM 3

/* Methods of current_process (handle 4) */
#define PROCESS_EXIT	     2
#define PROCESS_THREAD_EXIT  3
#define PROCESS_SET_LOGGING  4
#define PROCESS_SET_QOS	     6
#define PROCESS_EXCEPTION    7
#define PROCESS_SET_LOGGING2 8

/* Input 0 of open {name length, text room} and of close {handle, text room} */
struct remotectl_in {
	uint32_t value;
	uint32_t text_size;
};

struct open_out {
	uint32_t handle;
	uint32_t error;
};

static void put_text(const remote_arg *arg, const char *text)
{
	size_t len = strlen(text);

	if (!arg->buf.nLen)
		return;
	if (len >= arg->buf.nLen)
		len = arg->buf.nLen - 1;
	memcpy(arg->buf.pv, text, len);
	((char *)arg->buf.pv)[len] = '\0';
}

/* args: in {length, room}, in name, out {handle, error}, out text */
static uint32_t remotectl_open(remote_arg *args)
{
	struct open_out out = { 0 };
	char text[MAX_TEXT] = "";
	struct remotectl_in in;
	char name[MAX_URI];

	if (args[0].buf.nLen < sizeof(in) || args[2].buf.nLen < sizeof(out))
		return FRPC_EBADPARM;
	memcpy(&in, args[0].buf.pv, sizeof(in));
	if (!in.value || in.value > args[1].buf.nLen || in.value > sizeof(name))
		return FRPC_EBADPARM;
	memcpy(name, args[1].buf.pv, in.value);
	if (name[in.value - 1])
		return FRPC_EBADPARM;
	out.error = modules_open(name, &out.handle, text, sizeof(text));
	if (out.error)
		out.handle = 0;
	memcpy(args[2].buf.pv, &out, sizeof(out));
	put_text(&args[3], text);
	return 0;
}

/* args: in {handle, room}, out {error}, out text */
static uint32_t remotectl_close(remote_arg *args)
{
	struct remotectl_in in;
	uint32_t error;

	if (args[0].buf.nLen < sizeof(in) || args[1].buf.nLen < sizeof(error))
		return FRPC_EBADPARM;
	memcpy(&in, args[0].buf.pv, sizeof(in));
	error = modules_close(in.value);
	memcpy(args[1].buf.pv, &error, sizeof(error));
	put_text(&args[2], error == FRPC_ENOSUCHHANDLE ? "this handle is not open" : "");
	return 0;
}

/* Does the call have this many buffers, and nothing else? */
static bool has_buffers(uint32_t sc, uint32_t in, uint32_t out)
{
	return REMOTE_SCALARS_INBUFS(sc) == in && REMOTE_SCALARS_OUTBUFS(sc) == out &&
	       !REMOTE_SCALARS_INHANDLES(sc) && !REMOTE_SCALARS_OUTHANDLES(sc);
}

static uint32_t remotectl(uint32_t method, uint32_t sc, remote_arg *args)
{
	if (method == FRPC_REMOTECTL_OPEN)
		return has_buffers(sc, 2, 2) ? remotectl_open(args) : FRPC_EBADPARM;
	if (method == FRPC_REMOTECTL_CLOSE)
		return has_buffers(sc, 1, 2) ? remotectl_close(args) : FRPC_EBADPARM;
	if (method == REMOTECTL_SET_PARAM)
		return has_buffers(sc, 2, 0) ? 0 : FRPC_EBADPARM;
	return FRPC_EUNSUPPORTED;
}

/*
 * Callers announce here that a thread or the whole client ends. The process itself
 * goes when the session is released, but a client waits for its listener before that. What is
 * only told is nothing to do here, and success. A method with outputs is never answered with success:
 * nothing here would fill them.
 */
static uint32_t current_process(uint32_t sc, const remote_arg *args)
{
	if (REMOTE_SCALARS_OUTBUFS(sc) || REMOTE_SCALARS_OUTHANDLES(sc))
		return FRPC_EUNSUPPORTED;
	switch (REMOTE_SCALARS_METHOD(sc)) {
	case PROCESS_EXIT:
		listener_exit();
		queue_exit();
		return 0;
	case PROCESS_THREAD_EXIT:
	case PROCESS_SET_LOGGING:
	case PROCESS_SET_QOS:
	case PROCESS_SET_LOGGING2:
		return 0;
	case PROCESS_EXCEPTION:
		return FRPC_EBADSTATE;
	case FRPC_PROCESS_POLL_MODE:
		return poll_set_mode(sc, args);
	default:
		return FRPC_EUNSUPPORTED;
	}
}

uint32_t services_invoke(uint32_t handle, uint32_t sc, remote_arg *args)
{
	uint32_t method = REMOTE_SCALARS_METHOD(sc);

	if (handle == FRPC_HANDLE_REMOTECTL)
		return remotectl(method, sc, args);
	if (handle == FRPC_HANDLE_REMOTECTL1 && method >= 2)
		return remotectl(method - 2, sc, args);
	if (handle == FRPC_HANDLE_LISTENER)
		return listener_invoke(method, sc, args);
	if (handle == FRPC_HANDLE_LISTENER1 && method >= 2)
		return listener_invoke(method - 2, sc, args);
	if (handle == FRPC_HANDLE_CURRENT_PROCESS)
		return current_process(sc, args);
	if (handle <= LAST_FIXED)
		return FRPC_EUNSUPPORTED;
	return modules_invoke(handle, sc, args);
}
