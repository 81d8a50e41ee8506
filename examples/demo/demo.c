// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A whole program for the DSP, told step by step: find the DSP, create a process from a
 * Hexagon ELF file, call modules in it, with arguments that are copied and in memory that is
 * shared, compare every result with the CPU's, release the process. Then once more by the
 * older interface.
 *
 * Usage: demo SHELL.elf BEFORE.png AFTER.png FRAMES.png [DOMAIN]
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

struct files {
	const char *image;
	const char *before;
	const char *after;
	const char *frames;
};

struct pictures {
	struct picture before;
	struct picture after;
	struct picture frames;
};

static bool use_process(struct steps *steps, struct qda_process *process, struct pictures *pictures)
{
	return calculate(steps, process) &&
	       filter_picture(steps, process, &pictures->before, &pictures->after) &&
	       filter_video(steps, process, &pictures->frames) && filter_visitor(steps, process);
}

static bool use_dsp(struct steps *steps, const char *image, const char *domain,
		    struct pictures *pictures)
{
	struct qda_process *process;
	struct qda_device *dev;
	bool ok;

	if (!open_dsp(steps, domain, &dev))
		return false;
	ok = create_process(steps, dev, image, &process);
	if (ok) {
		ok = use_process(steps, process, pictures);
		ok = release_process(steps, process) && ok;
	}
	qda_device_close(dev);
	return ok;
}

/* Modules as files are beside the program of the process. */
static bool use_files(struct steps *steps, const char *image, const char *domain)
{
	const char *slash = strrchr(image, '/');
	char folder[512];

	snprintf(folder, sizeof(folder), "%.*slib", slash ? (int)(slash + 1 - image) : 0, image);
	return use_old_interface(steps, domain, folder);
}

static bool save(const struct picture *picture, const char *path)
{
	int err = picture_write_png(picture, path);

	return !err || step_fail(path, err, 0, "The folder must be there and writable.");
}

static bool run(const struct files *files, const char *domain)
{
	struct pictures pictures = { 0 };
	struct steps steps = { 0 };
	int err;
	bool ok;

	err = picture_read_png(&pictures.before, files->before);
	if (err)
		return step_fail(files->before, err, 0,
				 "It must be a PNG file of at most 512x512 pixels.");
	ok = use_dsp(&steps, files->image, domain, &pictures) &&
	     use_files(&steps, files->image, domain) && save(&pictures.after, files->after) &&
	     save(&pictures.frames, files->frames);
	picture_free(&pictures.before);
	picture_free(&pictures.after);
	picture_free(&pictures.frames);
	return ok;
}

int main(int argc, char **argv)
{
	if (argc != 5 && argc != 6) {
		fprintf(stderr, "Usage: demo SHELL.elf BEFORE.png AFTER.png FRAMES.png [DOMAIN]\n");
		return 2;
	}

	const struct files files = { argv[1], argv[2], argv[3], argv[4] };

	/* No picture of an earlier run may be taken for the result of this one. */
	unlink(files.after);
	unlink(files.frames);
	return run(&files, argc == 6 ? argv[5] : "cdsp") ? 0 : 1;
}
