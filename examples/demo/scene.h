/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The picture that the demo starts from, drawn by a program: sky and hills, a sun, a
 * tiled floor, letters, a star of rays.
 */
#ifndef DEMO_SCENE_H
#define DEMO_SCENE_H

#include "picture.h"

/* Draws over the whole picture; the same one every time. */
void scene_draw(struct picture *picture);

#endif /* DEMO_SCENE_H */
