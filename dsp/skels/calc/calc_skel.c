/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * calc: small arithmetic, the first thing to try.
 *
 *	2 sum	in {u32 n}, in s32[n] -> out s64
 *	3 max	in {u32 n}, in s32[n] -> out s32; n > 0
 *	4 echo	as many inputs as outputs: copies input i to output i as far as both
 *		reach and clears the rest of the output
 */
#include <stdbool.h>
#include <string.h>

#include "AEEStdErr.h"
#include "remote.h"

#define METHOD_ECHO 4

SKEL_EXPORT int calc_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

/* The count is taken once: the caller can change it while we look. */
static bool get_numbers(const remote_arg *pra, uint32_t *count)
{
	if (pra[0].buf.nLen != sizeof(*count))
		return false;
	memcpy(count, pra[0].buf.pv, sizeof(*count));
	return *count <= pra[1].buf.nLen / sizeof(int32_t) && (uintptr_t)pra[1].buf.pv % 4 == 0;
}

static int calc_sum(const remote_arg *pra)
{
	const int32_t *numbers = pra[1].buf.pv;
	int64_t sum = 0;
	uint32_t count;

	if (!get_numbers(pra, &count) || pra[2].buf.nLen != sizeof(sum))
		return AEE_EBADPARM;
	for (uint32_t i = 0; i < count; i++)
		sum += numbers[i];
	memcpy(pra[2].buf.pv, &sum, sizeof(sum));
	return AEE_SUCCESS;
}

static int calc_max(const remote_arg *pra)
{
	const int32_t *numbers = pra[1].buf.pv;
	uint32_t count;
	int32_t max;

	if (!get_numbers(pra, &count) || !count || pra[2].buf.nLen != sizeof(max))
		return AEE_EBADPARM;
	max = numbers[0];
	for (uint32_t i = 1; i < count; i++) {
		int32_t number = numbers[i];

		if (number > max)
			max = number;
	}
	memcpy(pra[2].buf.pv, &max, sizeof(max));
	return AEE_SUCCESS;
}

static int calc_echo(uint32_t sc, const remote_arg *pra)
{
	uint32_t count = REMOTE_SCALARS_INBUFS(sc);

	if (sc != REMOTE_SCALARS_MAKE(METHOD_ECHO, count, count))
		return AEE_EBADPARM;
	for (uint32_t i = 0; i < count; i++) {
		const remote_buf *in = &pra[i].buf, *out = &pra[count + i].buf;
		uint32_t len = in->nLen < out->nLen ? in->nLen : out->nLen;

		memcpy(out->pv, in->pv, len);
		memset((char *)out->pv + len, 0, out->nLen - len);
	}
	return AEE_SUCCESS;
}

int calc_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	(void)h;
	switch (sc) {
	case REMOTE_SCALARS_OPEN:
		pra[2].h64 = 1;
		return AEE_SUCCESS;
	case REMOTE_SCALARS_CLOSE:
		return AEE_SUCCESS;
	case REMOTE_SCALARS_MAKE(2, 2, 1):
		return calc_sum(pra);
	case REMOTE_SCALARS_MAKE(3, 2, 1):
		return calc_max(pra);
	}
	if (REMOTE_SCALARS_METHOD(sc) == METHOD_ECHO)
		return calc_echo(sc, pra);
	return REMOTE_SCALARS_METHOD(sc) < METHOD_ECHO ? AEE_EBADPARM : AEE_EUNSUPPORTED;
}
