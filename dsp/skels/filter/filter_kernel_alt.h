/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Another table, for tests that must see whose code made a picture. */
#ifndef FILTER_KERNEL_ALT_H
#define FILTER_KERNEL_ALT_H

/* clang-format off */
#define FILTER_KERNEL { "emboss", { -2, -1, 0,  -1, 0, 1,  0, 1, 2 }, 1, 128 }
/* clang-format on */

#endif
