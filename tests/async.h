/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "async" have in common.
 */
#ifndef TESTS_ASYNC_H
#define TESTS_ASYNC_H

#include "client.h"

#define BYTES 64

/* A call without arguments that nobody will wait for. */
struct invocation *async_new(uint64_t user_data);
/* Submits such a one; the result of the ioctl. */
int submit(int fd, uint64_t user_data);
/* The same, and the DSP sees it. */
void submit_seen(struct dsp *dsp, int fd, uint64_t user_data, struct dsp_call *call);

/* Whether there is a completion to read, within @ms. */
bool has_event(int fd, int ms);
/* Waits for the next one; the test fails when there is none. */
struct drm_qda_event_invoke next_event(int fd);
/* The next one must be this. */
void expect_event(int fd, uint64_t user_data, int error, uint32_t status);

/* A batch of calls, told apart by their user data; @calls has room for them. */
struct drm_qda_invoke_batch batch_of(struct drm_qda_invoke *calls, uint32_t count);
/* Submits it, again and again for the rest while signals end it early. */
int qda_batch(int fd, struct drm_qda_invoke_batch *batch);

#endif /* TESTS_ASYNC_H */
