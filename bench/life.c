// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Files, processes and mappings, from the beginning to the end of each.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"

struct life {
	const struct subject *s;
	struct dsp *dsp;
	int fd;
	struct buffer buffer;
};

static void open_close(void *arg)
{
	struct life *life = arg;

	close(life->s->open(life->dsp));
}

static void open_create_close(void *arg)
{
	struct life *life = arg;
	int fd = life->s->open(life->dsp);

	life->s->create(fd);
	close(fd);
}

static void create_release(void *arg)
{
	struct life *life = arg;

	life->s->create(life->fd);
	life->s->release(life->fd);
}

/* The old interface has no other way than to open a file for each process. */
static double create_release_cost(struct life *life, double open_create_close)
{
	double ns;

	if (!life->s->release)
		return open_create_close;
	life->fd = life->s->open(life->dsp);
	ns = cost(create_release, life);
	close(life->fd);
	return ns;
}

static void map_unmap(void *arg)
{
	struct life *life = arg;

	life->s->map_unmap(life->fd, &life->buffer);
}

/* Makes a call whenever the other one has made one. */
static void take_turns(struct step *step, int from, int to, unsigned int calls)
{
	char token;

	for (unsigned int i = 0; i < calls; i++) {
		if (read(from, &token, 1) != 1)
			FAIL("the other process has ended");
		step_run(step);
		if (write(to, &token, 1) != 1)
			FAIL("the other process has ended");
	}
}

/* Two processes use the same file by turns; what passing the turn costs is part of it. */
static double turns(struct step *step, unsigned int calls)
{
	int there[2], back[2], status;
	double start;
	pid_t pid;

	CHECK(!pipe(there) && !pipe(back));
	CHECK_EQ(1, write(back[1], "", 1));
	pid = fork();
	if (!pid) {
		take_turns(step, there[0], back[1], calls / 2);
		_exit(0);
	}
	start = now_ns();
	take_turns(step, back[0], there[1], calls / 2);
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	return (now_ns() - start) / calls;
}

void bench_life(const struct subject *s, struct dsp *dsp)
{
	struct life life = { .s = s, .dsp = dsp };
	struct step step;
	double ns;

	result("open_close", s, cost(open_close, &life));
	ns = cost(open_create_close, &life);
	result("open_create_close", s, ns);
	result("create_release", s, create_release_cost(&life, ns));
	life.fd = s->open(dsp);
	s->create(life.fd);
	life.buffer = s->map_buffer(life.fd, 1 << 20);
	result("map_unmap_1m", s, cost(map_unmap, &life));
	step = s->call(life.fd, 64);
	result("turns_64", s, turns(&step, 2000));
	close(life.fd);
}
