/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The module "filter" on the DSP: its methods, which dsp/skels/filter/filter_skel.c
 * describes, and the judgement of what it did.
 */
#ifndef DEMO_FILTER_MODULE_H
#define DEMO_FILTER_MODULE_H

#include <stdbool.h>

#include <qda.h>

#include "filter.h"
#include "picture.h"

enum filter_method {
	FILTER_APPLY = 2,
	FILTER_DESCRIBE = 3,
	FILTER_TABLE = 4,
	FILTER_BY_HANDLE = 6,
};

/* First input of the methods that filter. */
struct filter_layout {
	uint32_t width;
	uint32_t height;
	uint32_t channels;
	uint32_t stride;
};

/* What to do when the DSP's filter fails. */
extern const char filter_broken[];

static inline struct filter_layout filter_layout_of(const struct picture *picture)
{
	return (struct filter_layout){
		picture->width,
		picture->height,
		PICTURE_CHANNELS,
		(uint32_t)picture_row_bytes(picture),
	};
}

/* The table that the DSP's filter uses, and the filter's name. */
bool filter_ask(struct qda_module *module, struct filter *filter, char *name, size_t size);

/* What the CPU makes of before; a new picture, to be freed also after a failure. */
bool filter_expect(const struct filter *filter, const struct picture *before,
		   struct picture *expected);

/* False, with words, unless every pixel is the same. */
bool filter_judge(const struct picture *seen, const struct picture *expected);

/* The words for pixels that are not. */
bool filter_wrong(const char *what, uint32_t different, uint32_t x, uint32_t y);

#endif /* DEMO_FILTER_MODULE_H */
