// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Makes one kind of call again and again, for bench/profile to look at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"
#include "module.h"

#define SYMBOLS "out/bench/kallsyms"
/* No driver's: tells bench/profile that what it shall look at begins. */
#define MARK   0x50524f46
#define FLIGHT 16

static const struct subject *subject_of(const char *name)
{
	static const struct subject *const all[] = { &subject_misc, &subject_shim,
						     &subject_native };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	FAIL("there is no driver %s", name);
}

struct maker {
	const struct subject *s;
	struct dsp *dsp;
};

static void make_process(void *arg)
{
	struct maker *maker = arg;
	int fd = maker->s->open(maker->dsp);

	maker->s->create(fd);
	close(fd);
}

static void mark(void)
{
	CHECK(ioctl(-1, MARK) < 0);
}

static void make_processes(const struct subject *s, struct dsp *dsp)
{
	struct maker maker = { .s = s, .dsp = dsp };

	mark();
	cost(make_process, &maker);
}

static void call_again(const struct subject *s, struct dsp *dsp, const char *where, size_t len)
{
	struct step step;
	int fd = s->open(dsp);

	s->create(fd);
	mark();
	if (strcmp(where, "flight")) {
		step = strcmp(where, "shared") ? s->call(fd, len) : s->call_shared(fd, len);
		step_cost(&step);
	} else {
		vdsp_set(dsp, "delay_us", 100);
		s->in_flight(fd, FLIGHT, 4096);
	}
	close(fd);
}

/* @kind is DRIVER,KIND,BYTES,FIRMWARE. */
static void make_calls(const char *kind)
{
	char driver[16], where[16], firmware[16], line[64];
	const struct subject *s;
	struct dsp *dsp;
	size_t len;

	CHECK_EQ(4, sscanf(kind, "%15[^,],%15[^,],%zu,%15s", driver, where, &len, firmware));
	s = subject_of(driver);
	module_load(s->module);
	CHECK(!system("cat /proc/kallsyms >" SYMBOLS));
	snprintf(line, sizeof(line), "cdsp nonsecure=1 firmware=%s", firmware);
	dsp = s->dsp(line);
	if (strcmp(where, "process"))
		call_again(s, dsp, where, len);
	else
		make_processes(s, dsp);
	buffers_finish(dsp);
	bench_clean_up();
}

TEST(profile)
{
	char *kinds = getenv("QDA_PROFILE");

	if (!kinds)
		SKIP("this is for bench/profile");
	for (char *kind = strtok(kinds, " "); kind; kind = strtok(NULL, " "))
		make_calls(kind);
}
