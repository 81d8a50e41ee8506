/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * probe: does on purpose what DSP code should not do, so that tests can show what
 * happens then: to the caller, and to all others.
 *
 *	2 read	in {u32 address} -> out u32
 *	3 write	in {u32 address, u32 value}
 *	4 crash	stores to address 0
 *	5 sleep	in {u32 microseconds}
 *	6 code	in {u32 code}: returns it
 *	7 exit	in {u32 code}: ends the process
 *	8 spin	never returns
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "AEEStdErr.h"
#include "HAP_timer.h"
#include "remote.h"

#define LAST_METHOD 8

int probe_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

static bool get_words(const remote_arg *arg, uint32_t *words, uint32_t count)
{
	if (arg->buf.nLen != count * sizeof(*words))
		return false;
	memcpy(words, arg->buf.pv, arg->buf.nLen);
	return true;
}

static int probe_read(const remote_arg *pra)
{
	uint32_t address, value;

	if (!get_words(&pra[0], &address, 1) || pra[1].buf.nLen != sizeof(value))
		return AEE_EBADPARM;
	value = *(const volatile uint32_t *)address;
	memcpy(pra[1].buf.pv, &value, sizeof(value));
	return AEE_SUCCESS;
}

static int probe_write(const remote_arg *pra)
{
	uint32_t words[2];

	if (!get_words(&pra[0], words, 2))
		return AEE_EBADPARM;
	*(volatile uint32_t *)words[0] = words[1];
	return AEE_SUCCESS;
}

/* The address is not a constant for the compiler: it would leave the store out. */
static int probe_crash(void)
{
	volatile uintptr_t nowhere = 0;

	*(volatile uint32_t *)nowhere = 1;
	return AEE_EFAILED;
}

static int probe_word(uint32_t method, const remote_arg *pra)
{
	uint32_t word;

	if (!get_words(&pra[0], &word, 1))
		return AEE_EBADPARM;
	if (method == 5)
		return HAP_timer_sleep(word);
	if (method == 7)
		exit((int)word);
	return (int)word;
}

static int probe_spin(void)
{
	for (volatile uint32_t turns = 0;; turns++)
		;
}

int probe_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	(void)h;
	switch (sc) {
	case REMOTE_SCALARS_OPEN:
		pra[2].h64 = 1;
		return AEE_SUCCESS;
	case REMOTE_SCALARS_CLOSE:
		return AEE_SUCCESS;
	case REMOTE_SCALARS_MAKE(2, 1, 1):
		return probe_read(pra);
	case REMOTE_SCALARS_MAKE(3, 1, 0):
		return probe_write(pra);
	case REMOTE_SCALARS_MAKE(4, 0, 0):
		return probe_crash();
	case REMOTE_SCALARS_MAKE(5, 1, 0):
	case REMOTE_SCALARS_MAKE(6, 1, 0):
	case REMOTE_SCALARS_MAKE(7, 1, 0):
		return probe_word(REMOTE_SCALARS_METHOD(sc), pra);
	case REMOTE_SCALARS_MAKE(8, 0, 0):
		return probe_spin();
	default:
		return REMOTE_SCALARS_METHOD(sc) <= LAST_METHOD ? AEE_EBADPARM : AEE_EUNSUPPORTED;
	}
}
