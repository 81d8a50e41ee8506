// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "platform.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "module.h"
#include "sys.h"

#define PLATFORM "vdsp_platform"

void platform_on(bool scm)
{
	if (access("/sys/kernel/debug/kprobes/list", F_OK))
		SKIP("this kernel has no kprobes");
	if (!module_loaded(PLATFORM))
		module_load(PLATFORM);
	platform_set("scm", scm);
	platform_set("on", 1);
}

static void parameter(const char *name, char path[96])
{
	snprintf(path, 96, "/sys/module/" PLATFORM "/parameters/%s", name);
}

long long platform_get(const char *name)
{
	char path[96];

	parameter(name, path);
	return read_number(path);
}

void platform_set(const char *name, long long value)
{
	char path[96];

	parameter(name, path);
	write_number(path, value);
}

unsigned int platform_ranges(struct platform_range *ranges, unsigned int max)
{
	static char text[65536];
	unsigned int count = 0;
	char path[96];

	parameter("ranges", path);
	read_text(path, text, sizeof(text));
	for (char *line = text; (line = strtok(line, "\n")) && count < max; line = NULL) {
		struct platform_range *range = &ranges[count++];

		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &range->addr, &range->size,
			   &range->to) != 3)
			FAIL("%s: %s", path, line);
	}
	CHECK_EQ(platform_get("assigned"), count);
	return count;
}

void platform_off(void)
{
	platform_set("on", 0);
}

void platform_end(struct dsp *dsp)
{
	dsp_finish(dsp);
	CHECK_EQ(0, platform_get("assigned_at"));
	CHECK_EQ(0, platform_get("mistakes"));
	platform_off();
}
