// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Writes the picture that the demo starts from. The build runs it, on this machine: in
 * an emulated one it would take too long.
 *
 * Usage: draw-scene FILE.png
 */
#include <stdio.h>
#include <string.h>

#include "picture.h"
#include "scene.h"

int main(int argc, char **argv)
{
	struct picture picture;
	int err;

	if (argc != 2) {
		fprintf(stderr, "Usage: draw-scene FILE.png\n");
		return 2;
	}
	err = picture_new(&picture, PICTURE_MAX_SIDE, PICTURE_MAX_SIDE);
	if (!err) {
		scene_draw(&picture);
		err = picture_write_png(&picture, argv[1]);
	}
	picture_free(&picture);
	if (err)
		fprintf(stderr, "draw-scene: cannot write %s: %s\n", argv[1], strerror(-err));
	return err ? 1 : 0;
}
