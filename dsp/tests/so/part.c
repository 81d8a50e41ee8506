/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* What "odd" needs from another object. */
#include "remote.h"

SKEL_EXPORT int part_twice(int number);

SKEL_EXPORT int part_twice(int number)
{
	return 2 * number;
}
