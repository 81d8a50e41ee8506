/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "app.h"

#include <string.h>

/* Where payloads are: every place has this much; the first two are for the listener. */
#define PLACE_SIZE     0x400000u
#define PLACE_LISTENER 1
#define PLACE_GET_IN   2
#define PLACE_INVOKE   3

#define METHOD_INIT    3
#define METHOD_NEXT    4
#define METHOD_GET_IN  5

void app_start(struct app *app, struct shell *shell, bool old, uint32_t room)
{
	memset(app, 0, sizeof(*app));
	app->shell = shell;
	app->old = old;
	app->room = room;
	app->result = ~0u;
}

static uint32_t place_of(uint32_t place)
{
	return PAYLOAD + place * PLACE_SIZE;
}

static uint32_t listener_handle(const struct app *app)
{
	return app->old ? FRPC_HANDLE_LISTENER : FRPC_HANDLE_LISTENER1;
}

static uint32_t listener_sc(const struct app *app, uint32_t method, uint32_t in, uint32_t out)
{
	return FRPC_SC(method + (app->old ? 0 : 2), in, out);
}

uint64_t app_call(struct app *app, uint32_t place, uint32_t handle, uint32_t sc,
		  const struct buffer *buffers)
{
	struct vdsp_msg msg = message(handle, sc);

	msg.addr = SID | place_of(place);
	build(app->shell, place_of(place), sc, buffers);
	return send_raw(app->shell, &msg);
}

void app_fetch(struct app *app, uint32_t place, uint32_t sc, const struct buffer *buffers)
{
	fetch(app->shell, place_of(place), sc, buffers);
}

bool app_answered(const struct app *app, uint64_t ctx)
{
	for (int i = 0; i < app->answers_count; i++) {
		if (app->answers[i].ctx == ctx)
			return true;
	}
	return false;
}

static uint32_t take_answer(struct app *app, uint64_t ctx)
{
	for (int i = 0; i < app->answers_count; i++) {
		uint32_t code = (uint32_t)app->answers[i].retval;

		if (app->answers[i].ctx != ctx)
			continue;
		app->answers[i] = app->answers[--app->answers_count];
		return code;
	}
	return NO_ANSWER;
}

bool app_wait_any(struct app *app, uint64_t one, uint64_t other)
{
	while (!app_answered(app, one) && !app_answered(app, other)) {
		if (app->answers_count == APP_MAX_ANSWERS ||
		    !receive(app->shell, &app->answers[app->answers_count]))
			return false;
		app->answers_count++;
	}
	return true;
}

uint32_t app_wait(struct app *app, uint64_t ctx)
{
	return app_wait_any(app, ctx, ctx) ? take_answer(app, ctx) : NO_ANSWER;
}

uint32_t app_init(struct app *app)
{
	return app_wait(app, app_call(app, PLACE_LISTENER, listener_handle(app),
				      listener_sc(app, METHOD_INIT, 0, 0), NULL));
}

void app_listen(struct app *app)
{
	uint32_t in[4] = { app->answer_to, app->result, app->results_len, app->room };
	struct buffer buffers[] = { { in, sizeof(in) },
				    { app->results, app->results_len },
				    { NULL, sizeof(in) },
				    { NULL, app->room } };

	app->listening = app_call(app, PLACE_LISTENER, listener_handle(app),
				  listener_sc(app, METHOD_NEXT, 2, 2), buffers);
}

/* Into inputs, behind what came with next. */
static bool get_in_bufs(struct app *app, uint32_t ctx, uint32_t len)
{
	uint32_t in[3] = { ctx, app->room, len - app->room }, req = 0;
	struct buffer buffers[] = { { in, sizeof(in) },
				    { &req, sizeof(req) },
				    { app->inputs + app->room, len - app->room } };
	uint32_t sc = listener_sc(app, METHOD_GET_IN, 1, 2);

	app->fetched++;
	if (app_wait(app, app_call(app, PLACE_GET_IN, listener_handle(app), sc, buffers)))
		return false;
	app_fetch(app, PLACE_GET_IN, sc, buffers);
	return req == len;
}

/* As the clients do it: length, at a multiple of 8 the bytes; of outputs the length only. */
static void parse(struct app *app, struct request *request, uint32_t len)
{
	uint32_t in = FRPC_SC_IN(request->sc), at = 0;
	uint8_t *out = app->results;

	request->count = in + FRPC_SC_OUT(request->sc);
	for (uint32_t i = 0; i < request->count && i < APP_MAX_BUFFERS; i++) {
		memcpy(&request->len[i], app->inputs + at, 4);
		at += 4;
		request->data[i] = NULL;
		if (i >= in) {
			out += 4;
			out += request->len[i] ? -(uintptr_t)(out - app->results) % 8 : 0;
			request->data[i] = out;
			out += request->len[i];
		} else if (request->len[i]) {
			at = (at + 7) & ~7u;
			request->data[i] = app->inputs + at;
			at += request->len[i];
		}
	}
	if (at != len || request->count > APP_MAX_BUFFERS)
		check(false, "inputs are %u bytes, but %u were said", at, len);
}

bool app_take(struct app *app, struct request *request)
{
	uint32_t out[4] = { 0 }, sc = listener_sc(app, METHOD_NEXT, 2, 2);
	struct buffer buffers[] = { { 0 }, { 0 }, { out, sizeof(out) }, { app->inputs, app->room } };

	app->result = app_wait(app, app->listening);
	app->listening = 0;
	app->answer_to = 0;
	if (app->result)
		return false;
	app_fetch(app, PLACE_LISTENER, sc, buffers);
	*request = (struct request){ .ctx = out[0], .handle = out[1], .sc = out[2] };
	if (out[3] > APP_ROOM || !out[0]) {
		check(false, "a request of %u bytes, ctx %u", out[3], out[0]);
		return false;
	}
	if (out[3] > app->room && !get_in_bufs(app, out[0], out[3])) {
		check(false, "get_in_bufs");
		return false;
	}
	parse(app, request, out[3]);
	return true;
}

void app_results(struct app *app, const struct request *request, uint32_t result)
{
	uint8_t *at = app->results;

	app->answer_to = request->ctx;
	app->result = result;
	app->results_len = 0;
	if (result)
		return;
	for (uint32_t i = FRPC_SC_IN(request->sc); i < request->count; i++) {
		memcpy(at, &request->len[i], 4);
		at = request->len[i] ? request->data[i] + request->len[i] : at + 4;
	}
	app->results_len = (uint32_t)(at - app->results);
}

bool app_serve(struct app *app)
{
	struct request request;

	if (!app->listening)
		app_listen(app);
	if (!app_wait_any(app, app->listening, app->listening) || !app_take(app, &request))
		return false;
	app_results(app, &request, app->serve(app, &request));
	return true;
}

uint32_t app_run(struct app *app, uint64_t ctx)
{
	for (;;) {
		if (!app->listening)
			app_listen(app);
		if (!app_wait_any(app, ctx, app->listening))
			return NO_ANSWER;
		if (app_answered(app, ctx))
			return take_answer(app, ctx);
		if (!app_serve(app))
			return NO_ANSWER;
	}
}

uint32_t app_invoke(struct app *app, uint32_t handle, uint32_t sc, const struct buffer *buffers)
{
	uint32_t code = app_run(app, app_call(app, PLACE_INVOKE, handle, sc, buffers));

	app_fetch(app, PLACE_INVOKE, sc, buffers);
	return code;
}

uint32_t app_open(struct app *app, const char *name, uint32_t *handle, char *text)
{
	uint32_t in[2] = { (uint32_t)strlen(name) + 1, ERROR_TEXT }, out[2] = { 0, 0xdead };
	struct buffer buffers[] = { { in, sizeof(in) },
				    { (void *)name, in[0] },
				    { out, sizeof(out) },
				    { text, ERROR_TEXT } };
	uint32_t code = app_invoke(app, FRPC_HANDLE_REMOTECTL1,
				   FRPC_SC(FRPC_REMOTECTL_OPEN + 2, 2, 2), buffers);

	*handle = out[0];
	return code ? code : out[1];
}
