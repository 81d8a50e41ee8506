// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Makes one kind of call again and again, for bench/profile to look at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"
#include "module.h"

#define SYMBOLS "out/bench/kallsyms"

static const struct subject *subject_of(const char *name)
{
	static const struct subject *const all[] = { &subject_misc, &subject_shim,
						     &subject_native };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	FAIL("there is no driver %s", name);
}

/* @kind is DRIVER,KIND,BYTES,FIRMWARE. */
static void make_calls(const char *kind)
{
	char driver[16], where[16], firmware[16], line[64];
	const struct subject *s;
	struct step step;
	struct dsp *dsp;
	size_t len;
	int fd;

	CHECK_EQ(4, sscanf(kind, "%15[^,],%15[^,],%zu,%15s", driver, where, &len, firmware));
	s = subject_of(driver);
	module_load(s->module);
	CHECK(!system("cat /proc/kallsyms >" SYMBOLS));
	snprintf(line, sizeof(line), "cdsp nonsecure=1 firmware=%s", firmware);
	dsp = s->dsp(line);
	fd = s->open(dsp);
	s->create(fd);
	step = strcmp(where, "shared") ? s->call(fd, len) : s->call_shared(fd, len);
	step_cost(&step, 200);
	close(fd);
	buffers_finish(dsp);
}

TEST(profile)
{
	char *kinds = getenv("QDA_PROFILE");

	if (!kinds)
		SKIP("this is for bench/profile");
	for (char *kind = strtok(kinds, " "); kind; kind = strtok(NULL, " "))
		make_calls(kind);
}
