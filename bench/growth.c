// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Whether things get slower when there are more of them.
 */
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"

#define OPEN	64
#define BUFFERS 10000
#define USED	100
/* Sessions that can have a process, with more places in the last context bank. */
#define PROCESSES 31

struct session_list {
	const struct subject *s;
	struct dsp *dsp;
	int fds[OPEN];
	struct step steps[PROCESSES];
	unsigned int open, processes;
};

/* The first ones have processes; the rest are just open, as no DSP has more processes. */
static void add_session(struct session_list *list)
{
	int fd = list->s->open(list->dsp);

	list->fds[list->open++] = fd;
	if (list->processes == PROCESSES)
		return;
	list->s->create(fd);
	list->steps[list->processes++] = list->s->call(fd, 64);
}

struct robin {
	struct step *steps;
	unsigned int count, next;
};

static void run_next(void *arg)
{
	struct robin *robin = arg;

	step_run(&robin->steps[robin->next]);
	robin->next = robin->next + 1 < robin->count ? robin->next + 1 : 0;
}

static double round_robin(struct step *steps, unsigned int count)
{
	struct robin robin = { .steps = steps, .count = count };

	for (unsigned int i = 0; i < count; i++)
		step_run(&steps[i]);
	return cost(run_next, &robin);
}

static void sessions(const struct subject *s, struct dsp *dsp)
{
	struct session_list list = { .s = s, .dsp = dsp };

	for (unsigned int count = 1; count <= OPEN; count *= 2) {
		double start = now_ns();
		unsigned int added = count - list.open;

		while (list.open < count)
			add_session(&list);
		if (list.processes < PROCESSES)
			point("open_create", count, s, (now_ns() - start) / added);
		point("sessions", count, s, round_robin(list.steps, list.processes));
	}
	for (unsigned int i = 0; i < list.open; i++)
		close(list.fds[i]);
}

static void buffers(const struct subject *s, struct dsp *dsp)
{
	struct step *steps = calloc(BUFFERS, sizeof(*steps));
	unsigned int made = 0, used;
	int fd = s->open(dsp);

	s->create(fd);
	for (unsigned int count = 1; count <= BUFFERS; count *= 10) {
		for (; made < count; made++) {
			steps[made] = s->call_buffer(fd, PAGE);
			step_run(&steps[made]);
		}
		/* The newest ones, which are the last ones that a search would find. */
		used = count < USED ? count : USED;
		point("buffers", count, s, round_robin(steps + made - used, used));
	}
	close(fd);
	free(steps);
}

void bench_growth(const struct subject *s, struct dsp *dsp)
{
	sessions(s, dsp);
	buffers(s, dsp);
}
