// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A call on a buffer that the CPU and the DSP share: the CPU writes a gray picture into it,
 * the DSP filters the picture where it is, the CPU reads the result. Nobody copies it.
 *
 * Usage: share SHELL.elf
 */
#include <qda.h>

#include <stdio.h>
#include <string.h>

#define SIDE	       256
#define FILTER_METHOD  2
#define MIDDLE_OF(pic) ((pic)[SIDE / 2 * SIDE + SIDE / 2])

/* Says what went wrong, in the DSP's words when it was the DSP who refused. */
static int fail(const char *what, int err, uint32_t dsp_status)
{
	fprintf(stderr, "share: %s: %s", what, strerror(-err));
	if (dsp_status)
		fprintf(stderr, " (0x%08x: %s)", dsp_status, qda_dsp_strerror(dsp_status));
	fprintf(stderr, "\n");
	return err;
}

/* Input and output are the same range: this method is made for working in place. */
static int filter(struct qda_module *module, const struct qda_buffer *picture)
{
	const uint32_t layout[4] = { SIDE, SIDE, 1, SIDE }; /* width, height, channels, row */
	const struct qda_arg args[] = {
		qda_arg_in(layout, sizeof(layout)),
		qda_arg_in_buffer(picture, 0, SIDE * SIDE),
		qda_arg_out_buffer(picture, 0, SIDE * SIDE),
	};
	unsigned char *pixels = qda_buffer_data(picture);
	uint32_t status;
	int err;

	memset(pixels, 10, SIDE * SIDE);
	MIDDLE_OF(pixels) = 20;
	err = qda_module_call_args(module, FILTER_METHOD, args, 3, &status);
	if (err)
		return fail("the DSP did not filter", err, status);
	printf("The pixel in the middle was 20, the others 10; now it is %d.\n", MIDDLE_OF(pixels));
	return 0;
}

static int use_process(struct qda_process *process, const struct qda_buffer *picture)
{
	struct qda_module *module;
	uint32_t status;
	int err;

	err = qda_module_open(process, "filter", &module, NULL, 0, &status);
	if (err)
		return fail("cannot open the module filter", err, status);
	err = filter(module, picture);
	qda_module_close(module, NULL);
	return err;
}

static int use_device(struct qda_device *dev, const char *image)
{
	struct qda_process *process;
	struct qda_buffer *picture;
	uint32_t status;
	int err = qda_buffer_create(dev, SIDE * SIDE, 0, &picture);

	if (err)
		return fail("cannot make a buffer", err, 0);
	err = qda_process_create_file(dev, image, QDA_PROCESS_UNSIGNED, &process, &status);
	if (!err) {
		err = use_process(process, picture);
		qda_process_release(process, NULL);
	} else {
		fail("cannot make a process on the DSP", err, status);
	}
	qda_buffer_close(picture);
	return err;
}

int main(int argc, char **argv)
{
	struct qda_device *dev;
	int err;

	if (argc != 2) {
		fprintf(stderr, "Usage: share SHELL.elf\n");
		return 2;
	}
	err = qda_device_open("cdsp", &dev);
	if (err)
		return fail("cannot open the DSP cdsp", err, 0) ? 1 : 0;
	err = use_device(dev, argv[1]);
	qda_device_close(dev);
	return err ? 1 : 0;
}
