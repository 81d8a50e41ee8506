// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What vdsp.ko and the driver count, by debugfs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsp.h"
#include "ktap.h"
#include "sys.h"

#define DEBUGFS "/sys/kernel/debug/"

static void vdsp_path(struct dsp *dsp, const char *name, char path[128])
{
	snprintf(path, 128, DEBUGFS "vdsp/%s/%s", dsp->name, name);
}

long long vdsp_get(struct dsp *dsp, const char *name)
{
	char path[128];
	long long value;

	vdsp_path(dsp, name, path);
	value = read_number(path);
	if (value < 0)
		FAIL("%s has no number", path);
	return value;
}

void vdsp_set(struct dsp *dsp, const char *name, long long value)
{
	char path[128];

	vdsp_path(dsp, name, path);
	write_number(path, value);
}

struct expectation {
	struct dsp *dsp;
	const char *name;
	long long value;
};

static bool has_value(void *arg)
{
	struct expectation *e = arg;

	return vdsp_get(e->dsp, e->name) == e->value;
}

void vdsp_wait(struct dsp *dsp, const char *name, long long value)
{
	struct expectation e = { dsp, name, value };

	if (!wait_for(has_value, &e))
		FAIL("%s of %s: expected %lld, seen %lld", name, dsp->name, value,
		     vdsp_get(dsp, name));
}

long long qda_get(struct dsp *dsp, const char *name)
{
	char path[192], text[4096], *line, *rest;
	size_t len = strlen(name);

	snprintf(path, sizeof(path), DEBUGFS "accel/%s/qda_stats", dsp->parent);
	read_text(path, text, sizeof(text));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!strncmp(line, name, len) && (line[len] == ' ' || line[len] == '\t'))
			return strtoll(line + len, NULL, 0);
	return -1;
}

static bool qda_has_value(void *arg)
{
	struct expectation *e = arg;

	return qda_get(e->dsp, e->name) == e->value;
}

void qda_wait(struct dsp *dsp, const char *name, long long value)
{
	struct expectation e = { dsp, name, value };

	if (!wait_for(qda_has_value, &e))
		FAIL("%s of the driver: expected %lld, seen %lld", name, value, qda_get(dsp, name));
}
