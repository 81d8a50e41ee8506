/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * twice: the smallest skel.
 *
 *	2 twice	in s32 -> out s32
 */
#include <string.h>

#include "AEEStdErr.h"
#include "HAP_farf.h"
#include "remote.h"

SKEL_EXPORT int twice_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	int32_t number;

	(void)h;
	switch (sc) {
	case REMOTE_SCALARS_OPEN:
		pra[2].h64 = 1;
		return AEE_SUCCESS;
	case REMOTE_SCALARS_CLOSE:
		return AEE_SUCCESS;
	case REMOTE_SCALARS_MAKE(2, 1, 1):
		if (pra[0].buf.nLen != sizeof(number) || pra[1].buf.nLen != sizeof(number))
			return AEE_EBADPARM;
		memcpy(&number, pra[0].buf.pv, sizeof(number));
		number *= 2;
		memcpy(pra[1].buf.pv, &number, sizeof(number));
		FARF(HIGH, "twice is %d", number);
		return AEE_SUCCESS;
	default:
		return AEE_EUNSUPPORTED;
	}
}
