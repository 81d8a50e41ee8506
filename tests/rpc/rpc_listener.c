// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The thread that the DSP's calls come to: a call of ours waits at the DSP for the next one of
 * them, and brings along the results of the one before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rpc_private.h"

/* Methods of the older listener; the newer one has open and close of its own before them. */
enum { LISTENER_INIT = 3, LISTENER_NEXT = 4, LISTENER_GET_INPUTS = 5 };

/* Room for inputs after the first request, and in the older kind of client */
#define ROOM	 4096
#define ROOM_OLD 256

static int invoke(struct rpc_client *client, uint32_t method, const struct rpc_args *args)
{
	if (client->options.old || client->listener.older)
		return rpc_invoke(client, RPC_LISTENER, method, args);
	return rpc_invoke(client, RPC_LISTENER1, method + 2, args);
}

static int begin(struct rpc_client *client)
{
	int ret = invoke(client, LISTENER_INIT, NULL);

	if (client->options.old || (ret != RPC_ERPC && ret != RPC_ENOSUCHMOD))
		return ret;
	client->listener.older = true;
	return invoke(client, LISTENER_INIT, NULL);
}

/* At least that long; what is in it is kept. */
static int grow(struct rpc_part *part, uint32_t len)
{
	uint8_t *data;

	if (len <= part->len)
		return 0;
	if (len > RPC_MAX_BLOB)
		return -EMSGSIZE;
	data = realloc(part->data, len);
	if (!data)
		return -ENOMEM;
	part->data = data;
	part->len = len;
	return 0;
}

/* What has no room in the answer of next is fetched. */
static int fetch_inputs(struct rpc_client *client, uint32_t ctx, uint32_t len)
{
	struct rpc_listener *listener = &client->listener;
	uint32_t in[3] = { ctx, listener->room, len - listener->room }, whole = 0;
	struct rpc_args args = { 0 };
	int ret = client->options.old ? -EMSGSIZE : grow(&listener->inputs, len);

	if (ret)
		return ret;
	rpc_args_in(&args, in, sizeof(in), NULL);
	rpc_args_out(&args, &whole, sizeof(whole), NULL);
	rpc_args_out(&args, listener->inputs.data + listener->room, in[2], NULL);
	ret = invoke(client, LISTENER_GET_INPUTS, &args);
	if (!ret && whole != len)
		ret = -EBADMSG;
	return ret;
}

/* Gives words {ctx, handle, scalars, length of the inputs}. */
static int next(struct rpc_client *client, uint32_t results_len, uint32_t words[4])
{
	struct rpc_listener *listener = &client->listener;
	uint32_t in[4] = { listener->answer_to, listener->result, results_len, listener->room };
	struct rpc_args args = { 0 };
	int ret;

	rpc_args_in(&args, in, sizeof(in), NULL);
	rpc_args_in(&args, listener->results.data, results_len, NULL);
	rpc_args_out(&args, words, 4 * sizeof(words[0]), NULL);
	rpc_args_out(&args, listener->inputs.data, listener->room, NULL);
	ret = invoke(client, LISTENER_NEXT, &args);
	if (!ret && words[3] > listener->room)
		ret = fetch_inputs(client, words[0], words[3]);
	return ret;
}

static uint32_t align(uint32_t at)
{
	return (at + 7) & ~7u;
}

/*
 * Each input: its length, then at a multiple of 8 its bytes. Each output: its length. Where the outputs
 * will be in the results follows from their lengths. False when it is not of that form.
 */
static bool parse(struct rpc_listener *listener, struct rpc_request *request, uint32_t len,
		  uint64_t *results_len)
{
	uint32_t at = 0;

	*results_len = 0;
	for (uint32_t i = 0; i < request->inputs + request->outputs; i++) {
		struct rpc_part *part = &request->part[i];

		if (len - at < 4)
			return false;
		memcpy(&part->len, listener->inputs.data + at, 4);
		at += 4;
		if (i >= request->inputs) {
			*results_len += 4;
			if (part->len)
				*results_len = ((*results_len + 7) & ~7ull) + part->len;
			continue;
		}
		if (part->len)
			at = align(at);
		if (at > len || part->len > len - at)
			return false;
		part->data = listener->inputs.data + at;
		at += part->len;
	}
	return true;
}

/* Lengths of the outputs, and where their bytes go. */
static void lay_out_results(struct rpc_listener *listener, struct rpc_request *request)
{
	uint32_t at = 0;

	for (uint32_t i = request->inputs; i < request->inputs + request->outputs; i++) {
		struct rpc_part *part = &request->part[i];

		memcpy(listener->results.data + at, &part->len, 4);
		at += 4;
		if (part->len)
			at = align(at);
		part->data = listener->results.data + at;
		memset(part->data, 0, part->len);
		at += part->len;
	}
}

static int read_request(struct rpc_listener *listener, const uint32_t words[4],
			struct rpc_request *request, uint32_t *results_len)
{
	uint64_t results;
	int ret;

	*request = (struct rpc_request){
		.ctx = words[0],
		.handle = words[1],
		.sc = words[2],
		.inputs = words[2] >> 16 & 0xff,
		.outputs = words[2] >> 8 & 0xff,
	};
	if (request->inputs + request->outputs > RPC_MAX_PARTS || words[2] & 0xff)
		return -EBADMSG;
	if (!parse(listener, request, words[3], &results) || results > RPC_MAX_BLOB)
		return -EBADMSG;
	*results_len = (uint32_t)results;
	ret = grow(&listener->results, *results_len);
	if (!ret)
		lay_out_results(listener, request);
	return ret;
}

/* One request: the results of the one before go, it comes and is served. */
static int turn(struct rpc_client *client, uint32_t *results_len)
{
	struct rpc_listener *listener = &client->listener;
	uint32_t words[4] = { 0 };
	struct rpc_request request;
	int ret = next(client, *results_len, words);

	if (!ret)
		ret = read_request(listener, words, &request, results_len);
	if (ret)
		return ret;
	listener->result = rpc_serve(client, &request);
	listener->answer_to = request.ctx;
	if (listener->result)
		*results_len = 0;
	if (!listener->room)
		listener->room = ROOM;
	return grow(&listener->inputs, listener->room);
}

static void drop(struct rpc_listener *listener)
{
	free(listener->inputs.data);
	free(listener->results.data);
	for (int i = 0; i < RPC_MAX_FILES; i++) {
		if (listener->files[i])
			fclose(listener->files[i]);
	}
}

void *rpc_listener_main(void *arg)
{
	struct rpc_client *client = arg;
	struct rpc_listener *listener = &client->listener;
	uint32_t results_len = 0;
	int ret;

	rpc_event(client, "listen", "");
	listener->result = ~0u;
	listener->room = client->options.old ? ROOM_OLD : 0;
	ret = grow(&listener->inputs, listener->room);
	if (!ret)
		ret = begin(client);
	if (!ret)
		rpc_event(client, "listening", "");
	while (!ret)
		ret = turn(client, &results_len);
	client->listener_result = ret;
	drop(listener);
	return NULL;
}
