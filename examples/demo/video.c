// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A video in buffers that the DSP and the CPU share. As with a camera there are only a few, which
 * are used in turn: the CPU draws a frame into one, the DSP filters it there, the CPU
 * looks at the result.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "counters.h"
#include "filter-module.h"
#include "frame.h"
#include "parts.h"

#define BUFFERS 3
/* Frames on the sheet, from left to right: above as drawn, below as filtered. */
#define SHOWN	     5
#define SHOW_EVERY   (FRAMES / SHOWN)
#define GAP	     4
#define SHEET_WIDTH  (SHOWN * (FRAME_WIDTH + GAP) - GAP)
#define SHEET_HEIGHT (2 * FRAME_HEIGHT + GAP)

struct video {
	struct qda_module *module;
	struct filter filter;
	struct qda_buffer *buffers[BUFFERS];
	struct picture *sheet;
};

/* The picture is in the buffer: not to be freed. */
static struct picture picture_in(const struct qda_buffer *buffer)
{
	return (struct picture){ FRAME_WIDTH, FRAME_HEIGHT, qda_buffer_data(buffer) };
}

/*
 * The same range is input and output, which the method is made for. The driver sees to the
 * caches, because the CPU leaves the buffer alone during the call.
 */
static bool filter_in_buffer(struct qda_module *module, const struct qda_buffer *buffer)
{
	const struct picture frame = picture_in(buffer);
	const struct filter_layout layout = filter_layout_of(&frame);
	const struct qda_arg args[] = {
		qda_arg_in(&layout, sizeof(layout)),
		qda_arg_in_buffer(buffer, 0, picture_bytes(&frame)),
		qda_arg_out_buffer(buffer, 0, picture_bytes(&frame)),
	};
	uint32_t status;
	int err;

	err = qda_module_call_args(module, FILTER_APPLY, args, 3, &status);
	return !err || step_fail("filtering a frame failed", err, status, filter_broken);
}

static void show(struct picture *sheet, const struct picture *frame, uint32_t number, uint32_t row)
{
	uint32_t left = number / SHOW_EVERY * (FRAME_WIDTH + GAP), top = row * (FRAME_HEIGHT + GAP);
	uint8_t *to = sheet->pixels + top * picture_row_bytes(sheet) + left * PICTURE_CHANNELS;

	if (number % SHOW_EVERY)
		return;
	for (uint32_t y = 0; y < FRAME_HEIGHT; y++)
		memcpy(to + y * picture_row_bytes(sheet),
		       frame->pixels + y * picture_row_bytes(frame), picture_row_bytes(frame));
}

static bool one_frame(const struct video *video, uint32_t number)
{
	const struct qda_buffer *buffer = video->buffers[number % BUFFERS];
	struct picture frame = picture_in(buffer), expected;
	bool ok;

	frame_draw(&frame, number);
	show(video->sheet, &frame, number, 0);
	ok = filter_expect(&video->filter, &frame, &expected) &&
	     filter_in_buffer(video->module, buffer) && filter_judge(&frame, &expected);
	show(video->sheet, &frame, number, 1);
	picture_free(&expected);
	return ok;
}

static bool all_frames(const struct video *video)
{
	for (uint32_t i = 0; i < FRAMES; i++) {
		if (!one_frame(video, i))
			return false;
	}
	step_say("All pixels of all %d frames are what the CPU computes.", FRAMES);
	return true;
}

static bool count_all_frames(const struct video *video, const struct qda_device *dev)
{
	const int per_call = sizeof(struct filter_layout);
	struct counters before, after;

	if (!counters_read(dev, &before) || !all_frames(video) || !counters_read(dev, &after))
		return false;
	if (!counters_judge(&before, &after, (long long)FRAMES * per_call))
		return false;
	step_say("The %d bytes are %d times the %d that tell the DSP how large a frame is.",
		 FRAMES * per_call, FRAMES, per_call);
	step_say("Of the %d bytes of the frames, the kernel has copied none.",
		 FRAMES * FRAME_WIDTH * FRAME_HEIGHT * PICTURE_CHANNELS);
	return true;
}

static bool make_buffers(struct qda_device *dev, struct qda_buffer *buffers[BUFFERS])
{
	const uint64_t size = (uint64_t)FRAME_WIDTH * FRAME_HEIGHT * PICTURE_CHANNELS;
	int err = 0;

	for (int i = 0; i < BUFFERS && !err; i++)
		err = qda_buffer_create(dev, size, 0, &buffers[i]);
	if (err)
		return step_fail("cannot make a buffer", err, 0, "Give the VM more memory.");
	step_say("%d buffers of %" PRIu64
		 " bytes are shared by the CPU and the DSP, and used in turn.",
		 BUFFERS, qda_buffer_size(buffers[0]));
	step_say("The CPU draws a frame into one; the DSP filters it in place: %d times.", FRAMES);
	return true;
}

static bool use_module(struct video *video, struct qda_device *dev)
{
	char name[64];
	bool ok;

	ok = filter_ask(video->module, &video->filter, name, sizeof(name)) &&
	     make_buffers(dev, video->buffers) && count_all_frames(video, dev);
	for (int i = 0; i < BUFFERS; i++)
		qda_buffer_close(video->buffers[i]);
	return ok;
}

bool filter_video(struct steps *steps, struct qda_process *process, struct picture *sheet)
{
	struct video video = { .sheet = sheet };
	bool ok;

	step_begin(steps, "Filter a video on the DSP, in buffers that nobody copies");
	if (picture_new(sheet, SHEET_WIDTH, SHEET_HEIGHT))
		return step_fail("no memory for a picture", -ENOMEM, 0, "Give the VM more memory.");
	memset(sheet->pixels, 0xff, picture_bytes(sheet));
	if (!open_module(process, "filter", &video.module))
		return false;
	ok = use_module(&video, qda_process_device(process));
	ok = close_module(video.module) && ok;
	if (ok)
		step_end(steps);
	return ok;
}
