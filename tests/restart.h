/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the files of the suite "restart" have in common.
 */
#ifndef TESTS_RESTART_H
#define TESTS_RESTART_H

#include "client.h"
#include "dsp.h"

#define BYTES 100

/* A call in flight, and what happens to it. */
struct flight {
	struct invocation *inv;
	struct job *job;
	struct dsp_call call;
	unsigned char in[BYTES], out[BYTES];
};

/* One that is not sent yet, one that the DSP has seen, and one whose ioctl was interrupted. */
struct flight *flight_prepare(void);
struct flight *flight_new(struct dsp *dsp, struct session *s);
struct flight *flight_interrupted(struct dsp *dsp, struct session *s);
/* Signals until the ioctl has returned for one, and left a cookie. */
void flight_interrupt(struct flight *f);
/* What the DSP says: the input as the output. */
void flight_answer(struct dsp *dsp, struct flight *f);
/* The ioctl has returned with that. Frees @f. */
void flight_check(struct flight *f);
/* The DSP answers, and who waits gets it. Frees @f. */
void flight_land(struct dsp *dsp, struct flight *f);

/* As many calls as a session can have in flight. */
void fill_session(struct dsp *dsp, struct session *s);

#endif /* TESTS_RESTART_H */
