// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * See filter-module.h.
 */
#include "filter-module.h"

#include <stdio.h>

#include "step.h"

const char filter_broken[] =
	"If you changed dsp/skels/filter, look there first; else 'make test' may tell what is wrong.";

bool filter_ask(struct qda_module *module, struct filter *filter, char *name, size_t size)
{
	const struct qda_out name_out = { name, size };
	const struct qda_out table_out = { filter, sizeof(*filter) };
	uint32_t status;
	int err;

	err = qda_module_call(module, FILTER_DESCRIBE, NULL, 0, &name_out, 1, &status);
	if (!err)
		err = qda_module_call(module, FILTER_TABLE, NULL, 0, &table_out, 1, &status);
	if (err)
		return step_fail("the DSP does not tell its filter", err, status, filter_broken);
	name[size - 1] = '\0';
	return true;
}

bool filter_expect(const struct filter *filter, const struct picture *before,
		   struct picture *expected)
{
	int err = picture_new(expected, before->width, before->height);

	if (!err)
		err = filter_apply(filter, before, expected);
	if (err)
		return step_fail("the CPU cannot use this filter", err, 0,
				 "Its divisor must not be 0: see dsp/skels/filter/filter_kernel.h");
	return true;
}

bool filter_wrong(const char *what, uint32_t different, uint32_t x, uint32_t y)
{
	char text[128];

	snprintf(text, sizeof(text), "%s: %u pixels are wrong, the first at x %u, y %u", what,
		 different, x, y);
	return step_fail(text, 0, 0, filter_broken);
}

bool filter_judge(const struct picture *seen, const struct picture *expected)
{
	uint32_t x = 0, y = 0, different = filter_compare(seen, expected, &x, &y);

	return !different || filter_wrong("the DSP's picture is not the CPU's", different, x, y);
}
