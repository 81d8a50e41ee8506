/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "modules.h"

int calc_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);
int filter_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);
int probe_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

const struct skel shell_skels[] = {
	{ "calc", calc_skel_handle_invoke },
	{ "filter", filter_skel_handle_invoke },
	{ "probe", probe_skel_handle_invoke },
	{ NULL, NULL },
};
