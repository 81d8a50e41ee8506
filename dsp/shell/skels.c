/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "AEEStdErr.h"
#include "modules.h"
#include "queue.h"

int calc_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);
int filter_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);
int probe_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

/*
 * What daemons that keep a listener open first, the older ones by the plain name, and call
 * without arguments to say that the listener is for everyone. It is, anyway.
 */
static int default_listener(uint32_t sc, remote_arg *pra)
{
	(void)pra;
	return sc == REMOTE_SCALARS_MAKE(0, 0, 0) ? AEE_SUCCESS : (int)AEE_EUNSUPPORTED;
}

static int default_listener1(uint64_t h, uint32_t sc, remote_arg *pra)
{
	(void)h;
	switch (sc) {
	case REMOTE_SCALARS_OPEN:
		pra[2].h64 = 1;
		return AEE_SUCCESS;
	case REMOTE_SCALARS_CLOSE:
	case REMOTE_SCALARS_MAKE(2, 0, 0):
		return AEE_SUCCESS;
	default:
		return (int)AEE_EUNSUPPORTED;
	}
}

const struct skel shell_skels[] = {
	{ .name = "calc", .invoke = calc_skel_handle_invoke },
	{ .name = "filter", .invoke = filter_skel_handle_invoke },
	{ .name = "probe", .invoke = probe_skel_handle_invoke },
	{ .name = "dspqueue_rpc", .invoke = queue_service_invoke },
	{ .name = "adsp_default_listener", .plain = default_listener },
	{ .name = "adsp_default_listener1", .invoke = default_listener1 },
	{ 0 },
};
