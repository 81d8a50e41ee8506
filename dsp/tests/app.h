/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The application's side of calls that the DSP makes. Everything is a message, so one thread
 * plays all: calls are sent, answers are kept until they are asked for, and app_run
 * is the listener while a call is on its way.
 */
#ifndef DSP_TESTS_APP_H
#define DSP_TESTS_APP_H

#include "harness.h"

#define APP_MAX_ANSWERS 64
#define APP_MAX_BUFFERS 16
#define APP_ROOM	0x100000u

/* A call of the DSP: inputs, then outputs to be filled. */
struct request {
	uint32_t ctx;
	uint32_t handle;
	uint32_t sc;
	uint32_t count;
	uint8_t *data[APP_MAX_BUFFERS];
	uint32_t len[APP_MAX_BUFFERS];
};

struct app {
	struct shell *shell;
	bool old;	    /* speaks to handle 3, not 7 */
	uint32_t room;	    /* for inputs, in next; what is more is fetched */
	uint32_t fetched;   /* how often that was so */
	uint64_t listening; /* ctx of the next call that waits, or 0 */
	uint32_t answer_to; /* ctx of the request that was served */
	uint32_t result;
	uint32_t results_len;
	uint8_t results[APP_ROOM];
	uint8_t inputs[APP_ROOM];
	struct vdsp_reply answers[APP_MAX_ANSWERS];
	int answers_count;

	/* Serves one request; what it gives is the result. */
	uint32_t (*serve)(struct app *app, struct request *request);
	void *context;
};

/* No listener yet: app_init is the first that it does. */
void app_start(struct app *app, struct shell *shell, bool old, uint32_t room);

/* The code of the answer of this ctx, waiting for it without serving, or NO_ANSWER. */
uint32_t app_wait(struct app *app, uint64_t ctx);

/* Waits until one of the two is answered; false when none is within 10 seconds. */
bool app_wait_any(struct app *app, uint64_t one, uint64_t other);

/* Is there an answer of this ctx already? */
bool app_answered(const struct app *app, uint64_t ctx);

uint32_t app_init(struct app *app);

/* Sends next with the results so far. */
void app_listen(struct app *app);

/* Takes the answer of next; false when it was not success, and then its code is result. */
bool app_take(struct app *app, struct request *request);

/* Puts what is in the request's outputs into the results for the next app_listen. */
void app_results(struct app *app, const struct request *request, uint32_t result);

/* Listens and serves until the call of this ctx is answered; its code. */
uint32_t app_run(struct app *app, uint64_t ctx);

/* Listens and serves one request; false when none comes within 10 seconds. */
bool app_serve(struct app *app);

/* Sends a call; place chooses where its payload is: two at the same time need two. */
uint64_t app_call(struct app *app, uint32_t place, uint32_t handle, uint32_t sc,
		  const struct buffer *buffers);

/* The call's outputs, when it was answered. */
void app_fetch(struct app *app, uint32_t place, uint32_t sc, const struct buffer *buffers);

/* Calls and serves; the code of the answer. */
uint32_t app_invoke(struct app *app, uint32_t handle, uint32_t sc, const struct buffer *buffers);

/* Opens by remotectl1 and serves; the module's error, 0 in *handle when it is not open. */
uint32_t app_open(struct app *app, const char *name, uint32_t *handle, char *text);

#endif
