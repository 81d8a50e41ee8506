// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The programs in examples/ print what they are meant to. Part of the suite "library".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "real.h"

/* Runs the example on a DSP of its own and compares all that it prints. */
static void check_example(const char *name, const char *expected)
{
	struct dsp *dsp = real_new("cdsp");
	const char *folder = getenv("QDA_DSP_DIR");
	char command[512], seen[512] = "";
	FILE *output;

	snprintf(command, sizeof(command), "%s/%s %s/qda_shell.elf 2>&1", folder, name, folder);
	output = popen(command, "r");
	if (!output)
		FAIL("cannot run %s: %m", command);
	fread(seen, 1, sizeof(seen) - 1, output);
	CHECK_EQ(0, pclose(output));
	if (strcmp(expected, seen))
		FAIL("%s printed \"%s\" instead of \"%s\"", name, seen, expected);
	dsp_finish(dsp);
}

TEST(the_example_hello)
{
	check_example("hello", "This is the DSP cdsp\n"
			       "The DSP says: 1 + 2 + ... + 1000 = 500500\n");
}

TEST(the_example_share)
{
	check_example("share", "The pixel in the middle was 20, the others 10; now it is 80.\n");
}

/* Call n of 0 to 199 adds up n + 1 to n + 1000. */
TEST(the_example_async)
{
	check_example("async", "200 sums, 16 at a time, together 120000000\n");
}
