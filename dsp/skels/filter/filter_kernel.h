/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * ============================================================================
 * This is the file to change: the 3x3 table of the image filter that runs on the
 * DSP. Every new pixel is
 *
 *	(sum of the nine pixels around it, each times its number) / divisor + bias
 *
 * cut to 0..255. Change FILTER_KERNEL, run the demo again, and the picture changes.
 * Some more to paste:
 *
 *	sharpen	{ "sharpen", {  0, -1,  0,  -1, 5, -1,   0, -1, 0 },  1,   0 }
 *	blur	{ "blur",    {  1,  2,  1,   2, 4,  2,   1,  2, 1 }, 16,   0 }
 *	emboss	{ "emboss",  { -2, -1,  0,  -1, 0,  1,   0,  1, 2 },  1, 128 }
 *	same	{ "same",    {  0,  0,  0,   0, 1,  0,   0,  0, 0 },  1,   0 }
 * ============================================================================
 */
#ifndef FILTER_KERNEL_H
#define FILTER_KERNEL_H

/* clang-format off */
/*                      name      upper row    middle row   lower row   divisor bias */
#define FILTER_KERNEL { "edges", { -1, -1, -1,  -1, 8, -1,  -1, -1, -1 },   1,    0 }
/* clang-format on */

#endif
