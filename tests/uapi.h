/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "uapi" have in common.
 */
#ifndef TESTS_UAPI_H
#define TESTS_UAPI_H

#include "client.h"

/* An unsigned PD with an image that is copied from the caller's memory. */
struct drm_qda_init_create with_image(void);
/* A call with an input and an output, each of 64 bytes. */
struct invocation *plain_call(void);
/* For dsp_serve(): a DSP without capabilities, which echoes the calls. */
uint32_t answer_all(struct dsp *dsp, struct dsp_call *call, void *arg);
/* A batch of a single call. */
struct drm_qda_invoke_batch one_async_call(void);

#endif /* TESTS_UAPI_H */
