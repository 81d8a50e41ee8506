// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A whole program for the DSP, told step by step: find the DSP, create a process from a
 * Hexagon ELF file, call modules in it, compare every result with the CPU's, release the
 * process.
 *
 * Usage: demo SHELL.elf BEFORE.png AFTER.png [DOMAIN]
 */
#include <stdio.h>
#include <unistd.h>

#include "parts.h"

struct files {
	const char *image;
	const char *before;
	const char *after;
};

static bool use_process(struct steps *steps, struct qda_process *process,
			const struct picture *before, struct picture *after)
{
	return calculate(steps, process) && filter_picture(steps, process, before, after);
}

static bool use_dsp(struct steps *steps, const char *image, const char *domain,
		    const struct picture *before, struct picture *after)
{
	struct qda_process *process;
	struct qda_device *dev;
	bool ok;

	if (!open_dsp(steps, domain, &dev))
		return false;
	ok = create_process(steps, dev, image, &process);
	if (ok) {
		ok = use_process(steps, process, before, after);
		ok = release_process(steps, process) && ok;
	}
	qda_device_close(dev);
	return ok;
}

static bool run(const struct files *files, const char *domain)
{
	struct picture before, after = { 0 };
	struct steps steps = { 0 };
	int err;
	bool ok;

	err = picture_read_png(&before, files->before);
	if (err)
		return step_fail(files->before, err, 0,
				 "It must be a PNG file of at most 512x512 pixels.");
	ok = use_dsp(&steps, files->image, domain, &before, &after);
	if (ok) {
		err = picture_write_png(&after, files->after);
		ok = !err ||
		     step_fail(files->after, err, 0, "The folder must be there and writable.");
	}
	picture_free(&before);
	picture_free(&after);
	return ok;
}

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 5) {
		fprintf(stderr, "Usage: demo SHELL.elf BEFORE.png AFTER.png [DOMAIN]\n");
		return 2;
	}

	const struct files files = { argv[1], argv[2], argv[3] };

	/* No half picture of an earlier run may be taken for the result of this one. */
	unlink(files.after);
	return run(&files, argc == 5 ? argv[4] : "cdsp") ? 0 : 1;
}
