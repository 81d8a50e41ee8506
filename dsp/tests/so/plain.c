/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* A module without handles: method 0 gives its word back, method 31 its first one. */
#include <string.h>

#include "AEEStdErr.h"
#include "remote.h"

SKEL_EXPORT int plain_skel_invoke(uint32_t sc, remote_arg *pra);

SKEL_EXPORT int plain_skel_invoke(uint32_t sc, remote_arg *pra)
{
	uint32_t method = REMOTE_SCALARS_METHOD(sc);

	if (method != 0 && method != 31)
		return AEE_EUNSUPPORTED;
	if (pra[0].buf.nLen < 4 || pra[1].buf.nLen != 4)
		return AEE_EBADPARM;
	memcpy(pra[1].buf.pv, pra[0].buf.pv, 4);
	return AEE_SUCCESS;
}
