// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What a call costs, by the size of its arguments and by where they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"

static const struct {
	const char *name;
	size_t len;
} sizes[] = {
	{ "64", 64 }, { "4k", 4096 }, { "64k", 65536 }, { "512k", 512 << 10 }, { "1m", 1 << 20 },
};

struct dmabufs {
	const struct subject *s;
	int fd;
	int in, out;
	size_t len;
};

static void one_dmabuf_call(void *arg)
{
	struct dmabufs *d = arg;

	d->s->call_dmabuf(d->fd, d->in, d->out, d->len);
}

/* A program whose data is elsewhere, and that copies it to buffers and back by itself. */
struct packed {
	struct step step;
	void *data;
};

static void one_packed_call(void *arg)
{
	struct packed *p = arg;

	memcpy((void *)p->step.in, p->data, p->step.len);
	step_run(&p->step);
	memcpy(p->data, p->step.out, p->step.len);
}

static double packed_cost(const struct step *step)
{
	struct packed p = { .step = *step, .data = malloc(step->len) };
	double ns;

	fill_pattern(p.data, step->len, 1);
	ns = cost(one_packed_call, &p);
	free(p.data);
	return ns;
}

static void report(const struct subject *s, const char *kind, const char *size, const char *suffix,
		   double value)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s%s", kind, *size ? "_" : "", size, suffix);
	result(name, s, value);
}

/* A DSP that looks at nothing does not echo either. */
static double checked_cost(struct step *step, const char *suffix)
{
	if (!*suffix)
		step_check(step);
	return step_cost(step);
}

void bench_calls(const struct subject *s, struct dsp *dsp, const char *suffix)
{
	int fd = s->open(dsp);
	struct dmabufs d = { .s = s, .fd = fd, .len = 1 << 20 };
	struct step step;

	s->create(fd);
	step = s->call(fd, 0);
	report(s, "empty", "", suffix, step_cost(&step));
	wall_clock("empty", s, &step, 10000);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (2 * sizes[i].len <= s->most_inline) {
			step = s->call(fd, sizes[i].len);
			report(s, "inline", sizes[i].name, suffix, checked_cost(&step, suffix));
			if (sizes[i].len == 64)
				wall_clock("inline_64", s, &step, 10000);
		}
		step = s->call_shared(fd, sizes[i].len);
		report(s, "shared", sizes[i].name, suffix, checked_cost(&step, suffix));
		report(s, "packed", sizes[i].name, suffix, packed_cost(&step));
	}
	d.in = heap_dmabuf(d.len);
	d.out = heap_dmabuf(d.len);
	report(s, "dmabuf", "1m", suffix, cost(one_dmabuf_call, &d));
	close(d.in);
	close(d.out);
	close(fd);
}
