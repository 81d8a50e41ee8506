/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the demo and the program "camera" say to each other, over a socket that
 * keeps messages apart.
 */
#ifndef DEMO_CAMERA_H
#define DEMO_CAMERA_H

#include <stdint.h>

#include "filter.h"

/* Camera to demo, together with a file descriptor: a picture is in its memory. */
struct camera_offer {
	uint32_t width;
	uint32_t height;
};

/* Demo to camera: the DSP is done with it; this is the filter that it used. */
struct camera_done {
	struct filter filter;
};

/* Camera to demo: pixels that are not what the CPU computes, and where the first one is. */
struct camera_verdict {
	uint32_t different;
	uint32_t x;
	uint32_t y;
};

#endif /* DEMO_CAMERA_H */
