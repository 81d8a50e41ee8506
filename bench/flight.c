// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A DSP that needs 100 us for each call: what many calls at once gain.
 */
#include <stdio.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"

#define DELAY_US 100
#define CALLS	 4096
#define SESSIONS 8

static void sessions(const struct subject *s, struct dsp *dsp)
{
	struct step steps[SESSIONS];

	for (int i = 0; i < SESSIONS; i++) {
		int fd = s->open(dsp);

		s->create(fd);
		steps[i] = s->call(fd, 64);
	}
	result("sessions_8", s, threads_cost(steps, SESSIONS, CALLS));
	for (int i = 0; i < SESSIONS; i++)
		close(steps[i].fd);
}

void bench_flight(const struct subject *s, struct dsp *dsp)
{
	static const unsigned int depths[] = { 1, 4, 16, 64 };
	int fd = s->open(dsp);
	struct step step;
	char name[32];

	s->create(fd);
	vdsp_set(dsp, "delay_us", DELAY_US);
	step = s->call(fd, 0);
	result("wait_100us", s, step_cost(&step));
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		snprintf(name, sizeof(name), "in_flight_%u", depths[i]);
		result(name, s, s->in_flight(fd, depths[i], CALLS));
	}
	close(fd);
	sessions(s, dsp);
	vdsp_set(dsp, "delay_us", 0);
}
