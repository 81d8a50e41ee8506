/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Calls of the DSP to the application: the test plays the application and its listener.
 *	listener_test QEMU SHELL
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "app.h"

#define ASK(in, out) FRPC_SC(19, (in) + 1, out)
#define HANDLE	     0xb2b2b2b2u
#define LARGE	     300001u
#define APPS_EFAILED 1u

/* Places of calls to the probe that wait for the application. */
#define FIRST_ASK 4

static struct app app;
static uint32_t probe;
static uint8_t large_in[LARGE], large_out[LARGE];

static void begin(struct shell *shell, const char *qemu, const char *elf, bool old, uint32_t room)
{
	*shell = start(qemu, elf);
	probe = must_open(shell, "probe");
	app_start(&app, shell, old, room);
}

static void end(struct shell *shell)
{
	char log[4096];
	int status = stop(shell, log, sizeof(log));

	check(WIFEXITED(status) && !WEXITSTATUS(status) && !log[0], "the process ends in order %s",
	      log);
}

/* The DSP asks method 5 of HANDLE: two numbers in, one out. */
static uint64_t ask(uint32_t place, uint32_t number)
{
	uint32_t words[2] = { HANDLE, FRPC_SC(5, 2, 1) };
	struct buffer buffers[] = { { words, 8 }, { &number, 4 }, { "abc", 3 }, { NULL, 4 } };

	return app_call(&app, FIRST_ASK + place, probe, ASK(2, 1), buffers);
}

static uint32_t asked(uint32_t place)
{
	uint32_t number = 0;
	struct buffer buffers[] = { { 0 }, { 0 }, { 0 }, { &number, 4 } };

	app_fetch(&app, FIRST_ASK + place, ASK(2, 1), buffers);
	return number;
}

static bool is_ask(const struct request *request, uint32_t number)
{
	return request->handle == HANDLE && request->sc == FRPC_SC(5, 2, 1) &&
	       request->len[0] == 4 && !memcmp(request->data[0], &number, 4) &&
	       request->len[1] == 3 && !memcmp(request->data[1], "abc", 3) && request->len[2] == 4;
}

static void answer(struct request *request, uint32_t number)
{
	memcpy(request->data[2], &number, 4);
	app_results(&app, request, 0);
}

/* As FastRPC's library does it: the call comes before the listener. */
static void test_order(void)
{
	uint64_t first = ask(0, 1), second = ask(1, 2);
	struct request request = { 0 };

	check(!app_init(&app), "a listener");
	check(!app_answered(&app, first) && !app_answered(&app, second),
	      "calls that came before it wait for it");
	for (uint32_t i = 1; i <= 2; i++) {
		app_listen(&app);
		check(app_take(&app, &request) && (is_ask(&request, 1) || is_ask(&request, 2)),
		      "it gets a request");
		answer(&request, *(uint32_t *)request.data[0] + 100);
	}
	app_listen(&app);
	check(!app_wait(&app, first) && asked(0) == 101, "the first one has its result");
	check(!app_wait(&app, second) && asked(1) == 102, "and the second one its own");
	check(!app_answered(&app, app.listening), "the listener waits");
}

static uint32_t serve_large(struct app *me, struct request *request)
{
	(void)me;
	check(request->len[0] == LARGE && !memcmp(request->data[0], large_in, LARGE),
	      "%u bytes arrive", LARGE);
	check(request->len[1] == 0 && request->len[2] == 1 && *request->data[2] == 'x' &&
		      request->len[3] == 0,
	      "an empty input, one byte, room for nothing");
	for (uint32_t i = 0; i < LARGE; i++)
		request->data[4][i] = request->data[0][i] ^ 0xff;
	return 0;
}

static void test_large(void)
{
	uint32_t words[2] = { HANDLE, FRPC_SC(31, 3, 2) }, fetched = app.fetched, wrong = 0;
	struct buffer buffers[] = { { words, 8 }, { large_in, LARGE }, { NULL, 0 },
				    { "x", 1 },	  { NULL, 0 },	       { large_out, LARGE } };

	for (uint32_t i = 0; i < LARGE; i++)
		large_in[i] = (uint8_t)random();
	app.serve = serve_large;
	check(!app_invoke(&app, probe, ASK(3, 2), buffers), "a large call");
	for (uint32_t i = 0; i < LARGE; i++)
		wrong += (large_out[i] ^ large_in[i]) != 0xff;
	check(!wrong, "a large result");
	check(app.fetched == fetched + 1, "what had no room was fetched");
}

static uint32_t serve_nothing(struct app *me, struct request *request)
{
	(void)request;
	return *(uint32_t *)me->context;
}

static void test_errors(void)
{
	static const uint32_t codes[] = { APPS_EFAILED, 46, 0x80000414, 0xffffffff };
	uint32_t words[2] = { HANDLE, FRPC_SC(0, 0, 1) }, out = 7;
	struct buffer buffers[] = { { words, 8 }, { &out, 4 } };

	app.serve = serve_nothing;
	for (int i = 0; i < 4; i++) {
		app.context = (void *)&codes[i];
		check(app_invoke(&app, probe, ASK(0, 1), buffers) == codes[i],
		      "the application's error 0x%x arrives", codes[i]);
	}
	words[1] = FRPC_SC(0, 0, 1) | 0x10;
	check(app_invoke(&app, probe, ASK(0, 1), buffers) == FRPC_EBADPARM,
	      "no handles to the application");
}

/* Opening by the name, as generated code does it. */
static uint32_t serve_remotectl(struct app *me, struct request *request)
{
	uint32_t words[2] = { HANDLE, 0 };

	(void)me;
	if (request->handle == 0 && request->sc == FRPC_SC(0, 2, 2)) {
		if (strcmp((char *)request->data[1], "apps_std"))
			words[1] = 0x42;
		memcpy(request->data[2], words, 8);
		strcpy((char *)request->data[3], "stale text");
		return 0;
	}
	if (request->handle == 0 && request->sc == FRPC_SC(1, 1, 2)) {
		memset(request->data[1], memcmp(request->data[0], words, 4) ? 3 : 0, 4);
		return 0;
	}
	return 0xbad;
}

static void test_open(void)
{
	uint32_t handle = 0;
	struct buffer buffers[] = { { "apps_std", 9 }, { &handle, 4 } };

	app.serve = serve_remotectl;
	check(!app_invoke(&app, probe, FRPC_SC(20, 1, 1), buffers) && handle == HANDLE,
	      "open a module of the application");
	buffers[0] = (struct buffer){ "other", 6 };
	check(app_invoke(&app, probe, FRPC_SC(20, 1, 1), buffers) == 0x42,
	      "one that it does not have");
	buffers[0] = (struct buffer){ &handle, 4 };
	check(!app_invoke(&app, probe, FRPC_SC(21, 1, 0), buffers), "close it");
	handle++;
	check(app_invoke(&app, probe, FRPC_SC(21, 1, 0), buffers) == 0x03030303,
	      "and a handle that is not one");
}

/* Results that are not what was asked for: who asked gets an error, and nobody else. */
static void test_wrong_results(void)
{
	static const struct {
		const char *what;
		uint32_t len, word, value;
	} wrongs[] = {
		{ "none", 0, 0, 4 },	       { "three bytes", 3, 0, 4 },
		{ "no data", 8, 0, 4 },	       { "half of the data", 10, 0, 4 },
		{ "a shorter one", 12, 0, 3 }, { "a longer one", 16, 0, 8 },
		{ "a huge one", 12, 0, ~0u },
	};

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct request request = { 0 };
		uint64_t call = ask(0, 9);

		if (!app.listening)
			app_listen(&app);
		check(app_take(&app, &request) && is_ask(&request, 9), "a request");
		answer(&request, 9);
		app.results_len = wrongs[i].len;
		memcpy(app.results + wrongs[i].word, &wrongs[i].value, 4);
		app_listen(&app);
		check(app_wait(&app, call) == FRPC_EBADPARM, "results with %s", wrongs[i].what);
	}
}

/* A listener that was interrupted and asks again, or answers what nobody asked. */
static void test_again(void)
{
	uint64_t call, later, old;
	struct request request = { 0 }, again = { 0 };

	if (!app.listening)
		app_listen(&app);
	old = app.listening;
	app_listen(&app);
	if (!app_wait_any(&app, old, app.listening)) {
		check(false, "one of two listeners is let go");
		return;
	}
	if (app_answered(&app, app.listening)) {
		uint64_t later = old;

		old = app.listening;
		app.listening = later;
	}
	check(app_wait(&app, old) == FRPC_EBADSTATE, "of two who listen one is let go");
	call = ask(0, 3);
	check(app_take(&app, &request) && is_ask(&request, 3),
	      "and the other one gets the request");
	later = ask(1, 8);
	check(!app_wait(&app,
			app_call(&app, 0, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(3, 0, 0), NULL)),
	      "another call comes");
	app.result = ~0u;
	app_listen(&app);
	check(app_take(&app, &again) && again.ctx == request.ctx && is_ask(&again, 3),
	      "who comes without results gets it again");
	answer(&again, 4);
	app.answer_to += 77;
	app_listen(&app);
	check(app_take(&app, &again) && again.ctx == request.ctx,
	      "and so does who has results of another one");
	check(!app_answered(&app, call), "which nobody takes");
	answer(&again, 5);
	app_listen(&app);
	check(!app_wait(&app, call) && asked(0) == 5, "the right ones arrive");
	check(app_take(&app, &again) && is_ask(&again, 8), "then the later call has its turn");
	answer(&again, 6);
	app_listen(&app);
	check(!app_wait(&app, later) && asked(1) == 6, "and its answer");
}

static void test_listener_dies(void)
{
	struct request request = { 0 };
	uint64_t lost = ask(0, 1), kept, old;

	if (!app.listening)
		app_listen(&app);
	check(app_take(&app, &request), "a listener takes a request");
	kept = ask(1, 2);
	app.answer_to = 0;
	check(!app_init(&app), "another listener starts");
	check(app_wait(&app, lost) == FRPC_ERPC, "what the first one had is given up");
	app_listen(&app);
	check(app_take(&app, &request) && is_ask(&request, 2), "what it had not is served");
	answer(&request, 22);
	app_listen(&app);
	check(!app_wait(&app, kept) && asked(1) == 22, "and answered");
	old = app.listening;
	check(!app_init(&app) && app_wait(&app, old) == FRPC_EBADSTATE,
	      "a new one takes the place of one that waits");
	app.listening = 0;
}

static void test_bad_calls(void)
{
	uint32_t handle = app.old ? FRPC_HANDLE_LISTENER : FRPC_HANDLE_LISTENER1;
	uint32_t base = app.old ? 0 : 2, in[4] = { 0, 0, 8, 8 };
	struct buffer next[] = { { in, 16 }, { in, 4 }, { in, 16 }, { in, 8 } };
	struct buffer get[] = { { in, 12 }, { in, 4 }, { in, 4 } };

	check(call(app.shell, handle, FRPC_SC(base + 3, 1, 0), next) == FRPC_EBADPARM,
	      "init with an argument");
	check(call(app.shell, handle, FRPC_SC(base + 4, 2, 2), next) == FRPC_EBADPARM,
	      "more results said than there");
	in[2] = 0;
	in[3] = 9;
	check(call(app.shell, handle, FRPC_SC(base + 4, 2, 2), next) == FRPC_EBADPARM,
	      "more room said than there");
	next[0].len = 12;
	check(call(app.shell, handle, FRPC_SC(base + 4, 2, 2), next) == FRPC_EBADPARM,
	      "a short input of next");
	check(call(app.shell, handle, FRPC_SC(base + 4, 1, 1), next) == FRPC_EBADPARM,
	      "next with too few arguments");
	in[2] = 4;
	check(call(app.shell, handle, FRPC_SC(base + 5, 1, 2), get) == FRPC_EBADPARM,
	      "inputs of no request");
	in[2] = 5;
	check(call(app.shell, handle, FRPC_SC(base + 5, 1, 2), get) == FRPC_EBADPARM,
	      "more inputs than there is room");
	check(call(app.shell, handle, FRPC_SC(base + 6, 0, 0), NULL) == FRPC_EUNSUPPORTED,
	      "no such method");
	if (!app.old)
		check(call(app.shell, handle, FRPC_SC(1, 0, 0), NULL) == FRPC_EUNSUPPORTED,
		      "the newer listener's close");
}

/* All that reads the inputs of a request, byte by byte. */
static void test_get_in_bufs(void)
{
	uint32_t handle = app.old ? FRPC_HANDLE_LISTENER : FRPC_HANDLE_LISTENER1;
	uint32_t sc = FRPC_SC(app.old ? 5 : 7, 1, 2), in[3], req, wrong = 0;
	uint64_t asking = ask(0, 0x31323334);
	struct request request = { 0 };
	uint8_t some[64], whole[64];

	if (!app.listening)
		app_listen(&app);
	check(app_take(&app, &request) && is_ask(&request, 0x31323334), "a request");
	memcpy(whole, app.inputs, sizeof(whole));
	for (uint32_t i = 0; i < 40 * 12; i++) {
		struct buffer get[] = { { in, 12 }, { &req, 4 }, { some, 32 } };
		uint32_t have;

		in[0] = request.ctx;
		in[1] = i / 12;
		in[2] = i % 12;
		memset(some, 0x55, sizeof(some));
		wrong += call(app.shell, handle, sc, get) != 0 || req != 23;
		have = in[1] >= req ? 0 : req - in[1] < in[2] ? req - in[1] : in[2];
		wrong += memcmp(some, whole + in[1], have) != 0;
	}
	check(!wrong, "every part of its inputs can be had");
	answer(&request, 1);
	app_listen(&app);
	check(!app_wait(&app, asking), "and it goes on");
}

static void test_exit(void)
{
	uint64_t waiting, queued;
	struct request request = { 0 };
	struct shell *shell = app.shell;

	waiting = ask(0, 1);
	if (!app.listening)
		app_listen(&app);
	check(app_take(&app, &request), "a request is with the listener");
	queued = ask(1, 2);
	answer(&request, 1);
	app_listen(&app);
	check(!app_wait(&app, waiting) && app_take(&app, &request), "and the next one");
	waiting = ask(2, 3);
	check(!app_wait(&app,
			app_call(&app, 0, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(3, 0, 0), NULL)),
	      "a thread of the application exits");
	check(!app_answered(&app, waiting), "that is nothing to the others");
	check(!app_wait(&app,
			app_call(&app, 0, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(2, 0, 0), NULL)),
	      "the application exits");
	check(app_wait(&app, queued) == FRPC_EBADSTATE, "who waits for its answer is told");
	check(app_wait(&app, waiting) == FRPC_EBADSTATE, "and who is in the queue");
	app_listen(&app);
	check(!app_take(&app, &request) && app.result == FRPC_EBADSTATE, "the listener ends");
	check(app_wait(&app, ask(0, 5)) == FRPC_EBADSTATE, "no more calls to the application");
	check(app_init(&app) == FRPC_EBADSTATE, "nor listeners");
	check(!call(shell, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(3, 0, 0), &(struct buffer){ 0 }),
	      "the process works on until it is released");
}

/* A listener that waits when the application exits: without its end, exit() would hang. */
static void test_exit_releases_listener(const char *qemu, const char *elf, bool old)
{
	struct request request;
	struct shell shell;

	begin(&shell, qemu, elf, old, 256);
	check(!app_init(&app), "a listener");
	app_listen(&app);
	check(!app_wait(&app,
			app_call(&app, 0, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(2, 0, 0), NULL)),
	      "the application exits");
	check(!app_take(&app, &request) && app.result == FRPC_EBADSTATE,
	      "its listener is let go with 0x%x", app.result);
	end(&shell);
}

static void test_default_listener(struct shell *shell)
{
	uint32_t handle = must_open(shell, "adsp_default_listener");

	check(!call(shell, handle, FRPC_SC(0, 0, 0), NULL), "a daemon registers, the old way");
	check(call(shell, handle, FRPC_SC(1, 0, 0), NULL) == FRPC_EUNSUPPORTED, "no more methods");
	check(!close_module(shell, handle), "and closes");
	handle = must_open(shell,
			   "file:///libadsp_default_listener1_skel.so?"
			   "adsp_default_listener1_skel_handle_invoke&_modver=1.0&_dom=cdsp");
	check(!call(shell, handle, FRPC_SC(2, 0, 0), NULL), "and the new way");
	check(!close_module(shell, handle), "and closes");
}

static void test_fixed_handles(struct shell *shell)
{
	uint32_t words[3] = { 1, 1, 77 };
	uint64_t longs[4] = { 0 };
	struct buffer param[] = { { words, 8 }, { &words[2], 4 } };
	struct buffer init3[] = { { longs, 24 }, { &longs[3], 8 } };

	check(!call(shell, FRPC_HANDLE_REMOTECTL1, FRPC_SC(5, 2, 0), param), "set_param");
	check(!call(shell, FRPC_HANDLE_REMOTECTL, FRPC_SC(3, 2, 0), param), "the older one");
	check(call(shell, FRPC_HANDLE_MSGD, FRPC_SC(4, 1, 1), init3) == FRPC_EUNSUPPORTED,
	      "the log's buffer");
	check(call(shell, FRPC_HANDLE_PERF1, FRPC_SC(2, 1, 0), param) == FRPC_EUNSUPPORTED, "perf");
	check(call(shell, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(7, 0, 0), NULL) == FRPC_EBADSTATE,
	      "an exception of the caller's");
	check(!call(shell, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(6, 1, 0), param), "set QoS");
}

static void test_generation(const char *qemu, const char *elf, bool old, uint32_t room)
{
	struct shell shell;

	begin(&shell, qemu, elf, old, room);
	printf("# %s listener, room for %u bytes\n", old ? "old" : "new", room);
	test_bad_calls();
	test_order();
	test_large();
	test_errors();
	test_open();
	test_wrong_results();
	test_again();
	test_listener_dies();
	test_get_in_bufs();
	test_default_listener(&shell);
	test_fixed_handles(&shell);
	test_exit();
	end(&shell);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	test_generation(argv[1], argv[2], true, 256);
	test_generation(argv[1], argv[2], false, 0);
	test_generation(argv[1], argv[2], false, 4096);
	test_exit_releases_listener(argv[1], argv[2], true);
	test_exit_releases_listener(argv[1], argv[2], false);
	return finish();
}
