/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A short video, drawn by a program: a ball jumps over a tiled floor that goes by.
 */
#ifndef DEMO_FRAME_H
#define DEMO_FRAME_H

#include "picture.h"

#define FRAME_WIDTH  256
#define FRAME_HEIGHT 192
#define FRAMES	     30

/* Draws frame 0 to FRAMES - 1 over the whole picture; the same one every time. */
void frame_draw(struct picture *picture, uint32_t number);

#endif /* DEMO_FRAME_H */
