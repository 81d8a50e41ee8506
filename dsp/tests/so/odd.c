/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * odd: what a loader has to get right, in one object. Methods, each with one output:
 *
 *	2	bits of what worked before the first call: 1 DT_INIT, 2 a constructor, 4 a pointer to
 *		data, 8 a table of functions, 16 .bss is zero, 32 a weak symbol that nobody has is
 *		NULL, 64 a function of the object that it needs, 128 its own atoi is used
 *	3	address of a word of data
 */
#include <string.h>

#include "AEEStdErr.h"
#include "remote.h"

SKEL_EXPORT int odd_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);
SKEL_EXPORT void odd_init(void);
SKEL_EXPORT void odd_fini(void);
SKEL_EXPORT int atoi(const char *text);
extern int nobody_has_this(void) __attribute__((weak));
int part_twice(int number);
void HAP_debug(const char *msg, int level, const char *file, int line);

static volatile uint32_t bits;
static volatile uint32_t zeros[5000];
static uint32_t word = 4;
static uint32_t *volatile pointer = &word;

static uint32_t eight(void)
{
	return 8;
}

static uint32_t (*volatile const table[])(void) = { eight, eight };

SKEL_EXPORT void odd_init(void)
{
	bits |= 1;
}

SKEL_EXPORT void odd_fini(void)
{
	HAP_debug("odd: fini", 2, __FILE__, __LINE__);
}

__attribute__((constructor)) static void construct(void)
{
	if (bits == 1)
		bits |= 2;
}

/* Not what atoi is: shows whose it is. */
SKEL_EXPORT int atoi(const char *text)
{
	(void)text;
	return 128;
}

static uint32_t look(void)
{
	uint32_t sum = 0;

	for (int i = 0; i < 5000; i++)
		sum |= zeros[i];
	return bits | *pointer | table[1]() | (sum ? 0 : 16) | (nobody_has_this ? 0 : 32) |
	       (uint32_t)part_twice(32) | (uint32_t)atoi("3");
}

SKEL_EXPORT int odd_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	uint32_t value;

	(void)h;
	switch (sc) {
	case REMOTE_SCALARS_OPEN:
		pra[2].h64 = 0x123456789abcdef0ull;
		return AEE_SUCCESS;
	case REMOTE_SCALARS_CLOSE:
		return pra[0].h64 == 0x123456789abcdef0ull ? AEE_SUCCESS : AEE_EFAILED;
	case REMOTE_SCALARS_MAKE(2, 0, 1):
		value = look();
		break;
	case REMOTE_SCALARS_MAKE(3, 0, 1):
		value = (uint32_t)&word;
		break;
	default:
		return AEE_EUNSUPPORTED;
	}
	memcpy(pra[0].buf.pv, &value, sizeof(value));
	return h == 0x123456789abcdef0ull ? AEE_SUCCESS : AEE_EFAILED;
}
