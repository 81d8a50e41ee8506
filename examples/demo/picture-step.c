// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The picture goes through the module "filter" in bands, because one call carries at most
 * 1 MiB. A band takes along the row above and the row below, which its own first and
 * last rows need.
 */
#include <errno.h>
#include <string.h>

#include "filter-module.h"
#include "parts.h"

#define BANDS 4

/* Rows of a picture: those that become new, and those that are sent for it. */
struct band {
	uint32_t first, rows;
	uint32_t sent_first, sent_rows;
};

static struct band band_of(const struct picture *picture, uint32_t number)
{
	struct band band = { .first = picture->height * number / BANDS };
	uint32_t end = picture->height * (number + 1) / BANDS;
	uint32_t sent_end = end < picture->height ? end + 1 : end;

	band.rows = end - band.first;
	band.sent_first = band.first ? band.first - 1 : 0;
	band.sent_rows = sent_end - band.sent_first;
	return band;
}

static bool call_apply(struct qda_module *module, const struct picture *before,
		       const struct band *band, uint8_t *result)
{
	size_t row = picture_row_bytes(before);
	const struct filter_layout layout = {
		before->width,
		band->sent_rows,
		PICTURE_CHANNELS,
		(uint32_t)row,
	};
	const struct qda_in in[] = {
		{ &layout, sizeof(layout) },
		{ before->pixels + band->sent_first * row, band->sent_rows * row },
	};
	const struct qda_out out = { result, band->sent_rows * row };
	uint32_t status;
	int err;

	err = qda_module_call(module, FILTER_APPLY, in, 2, &out, 1, &status);
	if (err)
		return step_fail("filtering failed", err, status, filter_broken);
	return true;
}

static bool apply_band(struct qda_module *module, const struct picture *before, uint32_t number,
		       struct picture *scratch, struct picture *after)
{
	struct band band = band_of(before, number);
	size_t row = picture_row_bytes(before);
	int64_t start = now();

	if (!band.rows)
		return true;
	if (!call_apply(module, before, &band, scratch->pixels))
		return false;
	memcpy(after->pixels + band.first * row,
	       scratch->pixels + (band.first - band.sent_first) * row, band.rows * row);
	step_say("rows %3u to %3u: %.1f ms (emulated)", band.first, band.first + band.rows - 1,
		 (double)(now() - start) / 1e6);
	return true;
}

static bool apply(struct qda_module *module, const struct picture *before, struct picture *after)
{
	struct picture scratch;
	bool ok = true;

	if (picture_new(&scratch, before->width, before->height))
		return step_fail("no memory for a picture", -ENOMEM, 0, "Give the VM more memory.");
	for (uint32_t i = 0; i < BANDS && ok; i++)
		ok = apply_band(module, before, i, &scratch, after);
	picture_free(&scratch);
	return ok;
}

static void tell_table(const char *name, const struct filter *filter)
{
	const int32_t *c = filter->coefficients;

	step_say("The DSP says that its filter is called \"%s\":", name);
	for (int i = 0; i < 9; i += 3)
		step_say("   %4d %4d %4d", c[i], c[i + 1], c[i + 2]);
	step_say("   divided by %d, plus %d", filter->divisor, filter->bias);
}

static bool compare(const struct filter *filter, const struct picture *before,
		    const struct picture *after)
{
	struct picture expected;
	bool ok;

	ok = filter_expect(filter, before, &expected) && filter_judge(after, &expected);
	picture_free(&expected);
	if (ok)
		step_say("All %u pixels are what the CPU computes from the same table.",
			 before->width * before->height);
	return ok;
}

static bool use_module(struct qda_module *module, const struct picture *before,
		       struct picture *after)
{
	struct filter filter;
	char name[64];

	if (!filter_ask(module, &filter, name, sizeof(name)))
		return false;
	tell_table(name, &filter);
	return apply(module, before, after) && compare(&filter, before, after);
}

bool filter_picture(struct steps *steps, struct qda_process *process, const struct picture *before,
		    struct picture *after)
{
	struct qda_module *module;
	bool ok;

	step_begin(steps, "Filter a picture on the DSP");
	if (picture_new(after, before->width, before->height))
		return step_fail("no memory for a picture", -ENOMEM, 0, "Give the VM more memory.");
	if (!open_module(process, "filter", &module))
		return false;
	ok = use_module(module, before, after);
	ok = close_module(module) && ok;
	if (ok)
		step_end(steps);
	return ok;
}
