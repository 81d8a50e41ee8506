/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Needs two functions that nobody has. */
#include "remote.h"

int first_missing(void);
int second_missing(void);

SKEL_EXPORT int missing_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

SKEL_EXPORT int missing_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	(void)h, (void)sc, (void)pra;
	return first_missing() + second_missing();
}
