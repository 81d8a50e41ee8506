/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "invoke" have in common.
 */
#ifndef TESTS_INVOKE_H
#define TESTS_INVOKE_H

#include "client.h"
#include "dsp.h"

/* A call whose answer the test plays with. */
struct victim {
	struct invocation *inv;
	struct dsp_call call;
	struct job *job;
};

struct victim victim_new(struct dsp *dsp, struct session *s);
/* Nothing has ended the call until now, and the right answer does. */
void victim_end(struct dsp *dsp, struct victim *v);

#endif /* TESTS_INVOKE_H */
