/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "listener.h"

#include <string.h>

#include "fastrpc_wire.h"
#include "sys.h"
#include "thread.h"

#define METHOD_INIT	   3
#define METHOD_NEXT	   4
#define METHOD_GET_IN_BUFS 5

/* The application counts in ints. */
#define MAX_BLOB 0x7fffffffu

/* A call to the application. It is in the frame of the thread that waits for it. */
struct request {
	struct request *next;
	uint32_t ctx;
	uint32_t handle;
	uint32_t sc;
	remote_arg *args;
	uint32_t blob_len;
	uint32_t result;
	bool done;
};

/* Input 0 of next */
struct next_in {
	uint32_t ctx; /* of the request whose results come, 0: of none */
	uint32_t result;
	uint32_t results_len;
	uint32_t room;
};

struct next_out {
	uint32_t ctx;
	uint32_t handle;
	uint32_t sc;
	uint32_t blob_len;
};

struct get_in {
	uint32_t ctx;
	uint32_t offset;
	uint32_t len;
};

/* lock protects all of this, and the requests in it; cond tells of every change. */
static struct rt_mutex lock;
static struct rt_cond cond;
static struct request *first; /* of those that no listener has, the oldest one */
static struct request *taken; /* the one that the listener has */
static uint32_t last_ctx;
static uint32_t last_listener; /* number of the call that waits for the next request */
static uint32_t listeners;     /* that have started */
static bool exiting;

/*
 * What a listener gets is not kept anywhere: it is written when it is asked for, and
 * of that only the bytes from..from + room.
 */
struct writer {
	uint8_t *to;
	uint64_t from;
	uint64_t room;
	uint64_t at;
};

/* data is NULL for zeros. */
static void put(struct writer *writer, const void *data, uint64_t len)
{
	uint64_t start = writer->at, end = start + len;

	writer->at = end;
	if (start < writer->from)
		start = writer->from;
	if (end > writer->from + writer->room)
		end = writer->from + writer->room;
	if (start >= end)
		return;
	if (data)
		memcpy(writer->to + (start - writer->from),
		       (const uint8_t *)data + (start - (writer->at - len)), (size_t)(end - start));
	else
		memset(writer->to + (start - writer->from), 0, (size_t)(end - start));
}

/* Inputs: length, then at a multiple of 8 the bytes. Outputs: length. Gives the length of all. */
static uint64_t write_blob(struct writer *writer, uint32_t sc, const remote_arg *args)
{
	uint32_t in = REMOTE_SCALARS_INBUFS(sc), out = REMOTE_SCALARS_OUTBUFS(sc);

	for (uint32_t i = 0; i < in + out; i++) {
		put(writer, &args[i].buf.nLen, sizeof(args[i].buf.nLen));
		if (i >= in || !args[i].buf.nLen)
			continue;
		put(writer, NULL, -writer->at % 8);
		put(writer, args[i].buf.pv, args[i].buf.nLen);
	}
	return writer->at;
}

static void enqueue(struct request *request)
{
	struct request **at = &first;

	while (*at)
		at = &(*at)->next;
	*at = request;
	if (!++last_ctx)
		last_ctx = 1;
	request->ctx = last_ctx;
	rt_cond_wake(&cond);
}

static void finish(struct request *request, uint32_t result)
{
	request->result = result;
	request->done = true;
	rt_cond_wake(&cond);
}

uint32_t listener_ask(uint32_t handle, uint32_t sc, remote_arg *args)
{
	struct request request = { .handle = handle, .sc = sc, .args = args };
	struct writer nowhere = { 0 };
	uint64_t len = write_blob(&nowhere, sc, args);

	if (REMOTE_SCALARS_INHANDLES(sc) || REMOTE_SCALARS_OUTHANDLES(sc) || len > MAX_BLOB)
		return FRPC_EBADPARM;
	request.blob_len = (uint32_t)len;
	rt_mutex_lock(&lock);
	if (exiting)
		finish(&request, FRPC_EBADSTATE);
	else
		enqueue(&request);
	while (!request.done)
		rt_cond_wait(&cond, &lock);
	rt_mutex_unlock(&lock);
	return request.result;
}

bool listener_came(uint64_t wait_us)
{
	uint64_t end = sys_time_us() + wait_us, now;
	bool result;

	rt_mutex_lock(&lock);
	for (now = sys_time_us(); !listeners && !exiting && now < end; now = sys_time_us())
		rt_cond_wait_us(&cond, &lock, end - now);
	result = listeners != 0;
	rt_mutex_unlock(&lock);
	return result;
}

uint32_t listener_number(void)
{
	uint32_t number;

	rt_mutex_lock(&lock);
	number = listeners;
	rt_mutex_unlock(&lock);
	return number;
}

void listener_exit(void)
{
	rt_mutex_lock(&lock);
	exiting = true;
	if (taken)
		finish(taken, FRPC_EBADSTATE);
	taken = NULL;
	for (; first; first = first->next)
		finish(first, FRPC_EBADSTATE);
	rt_cond_wake(&cond);
	rt_mutex_unlock(&lock);
}

/* A listener starts: what an earlier one had is lost, and its call is of no use to anyone. */
static uint32_t init(uint32_t sc)
{
	uint32_t error = 0;

	if (sc & 0xffffff)
		return FRPC_EBADPARM;
	rt_mutex_lock(&lock);
	if (exiting)
		error = FRPC_EBADSTATE;
	listeners++;
	last_listener++;
	if (taken)
		finish(taken, FRPC_ERPC);
	taken = NULL;
	rt_cond_wake(&cond);
	rt_mutex_unlock(&lock);
	return error;
}

/* The blob is in the application's memory: every length is read once. */
static uint32_t read_results(const struct request *request, const remote_arg *blob, uint32_t len)
{
	const remote_arg *out = &request->args[REMOTE_SCALARS_INBUFS(request->sc)];
	const uint8_t *bytes = blob->buf.pv;
	uint32_t at = 0, out_len;

	for (uint32_t i = 0; i < REMOTE_SCALARS_OUTBUFS(request->sc); i++, out++) {
		if (len - at < sizeof(out_len))
			return FRPC_EBADPARM;
		memcpy(&out_len, bytes + at, sizeof(out_len));
		at += sizeof(out_len);
		if (out_len != out->buf.nLen)
			return FRPC_EBADPARM;
		if (!out_len)
			continue;
		at = (at + 7) & ~7u;
		if (at > len || out_len > len - at)
			return FRPC_EBADPARM;
		memcpy(out->buf.pv, bytes + at, out_len);
		at += out_len;
	}
	return 0;
}

/* Results of a request that nobody has are of one that was given up. */
static void take_results(const struct next_in *in, const remote_arg *blob)
{
	uint32_t result = in->result;

	if (!taken || in->ctx != taken->ctx)
		return;
	if (!result)
		result = read_results(taken, blob, in->results_len);
	finish(taken, result);
	taken = NULL;
}

/*
 * One who asks while another one waits takes its place: a listener that was interrupted
 * asks again, and its first call waits here with nobody to hear the answer. For the same reason a
 * request that was handed out, but of which the results do not come, is handed out again.
 */
static bool wait_for_request(void)
{
	uint32_t me = ++last_listener;

	if (!listeners)
		listeners = 1;
	rt_cond_wake(&cond);
	while (!exiting && me == last_listener && !taken && !first)
		rt_cond_wait(&cond, &lock);
	if (exiting || me != last_listener)
		return false;
	if (!taken) {
		taken = first;
		first = taken->next;
	}
	return true;
}

static void write_next(const remote_arg *out, const remote_arg *blob, uint32_t room)
{
	struct next_out words = { taken->ctx, taken->handle, taken->sc, taken->blob_len };
	struct writer writer = { .to = blob->buf.pv, .room = room };

	memcpy(out->buf.pv, &words, sizeof(words));
	write_blob(&writer, taken->sc, taken->args);
}

/* args: in {..}, in results, out {..}, out inputs */
static uint32_t next(uint32_t sc, remote_arg *args)
{
	uint32_t error = 0;
	struct next_in in;

	if ((sc & 0xffffff) != REMOTE_SCALARS_MAKE(0, 2, 2) || args[0].buf.nLen < sizeof(in) ||
	    args[2].buf.nLen < sizeof(struct next_out))
		return FRPC_EBADPARM;
	memcpy(&in, args[0].buf.pv, sizeof(in));
	if (in.results_len > args[1].buf.nLen || in.room > args[3].buf.nLen)
		return FRPC_EBADPARM;
	rt_mutex_lock(&lock);
	take_results(&in, &args[1]);
	if (wait_for_request())
		write_next(&args[2], &args[3], in.room);
	else
		error = FRPC_EBADSTATE;
	rt_mutex_unlock(&lock);
	return error;
}

/* args: in {..}, out {length of all}, out some bytes of the inputs */
static uint32_t get_in_bufs(uint32_t sc, remote_arg *args)
{
	struct writer writer = { 0 };
	uint32_t error = 0;
	struct get_in in;

	if ((sc & 0xffffff) != REMOTE_SCALARS_MAKE(0, 1, 2) || args[0].buf.nLen < sizeof(in) ||
	    args[1].buf.nLen < sizeof(taken->blob_len))
		return FRPC_EBADPARM;
	memcpy(&in, args[0].buf.pv, sizeof(in));
	if (in.len > args[2].buf.nLen)
		return FRPC_EBADPARM;
	writer = (struct writer){ .to = args[2].buf.pv, .from = in.offset, .room = in.len };
	rt_mutex_lock(&lock);
	if (taken && taken->ctx == in.ctx) {
		memcpy(args[1].buf.pv, &taken->blob_len, sizeof(taken->blob_len));
		write_blob(&writer, taken->sc, taken->args);
	} else {
		error = exiting ? FRPC_EBADSTATE : FRPC_EBADPARM;
	}
	rt_mutex_unlock(&lock);
	return error;
}

uint32_t listener_invoke(uint32_t method, uint32_t sc, remote_arg *args)
{
	switch (method) {
	case METHOD_INIT:
		return init(sc);
	case METHOD_NEXT:
		return next(sc, args);
	case METHOD_GET_IN_BUFS:
		return get_in_bufs(sc, args);
	default:
		return FRPC_EUNSUPPORTED;
	}
}
