/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Divisions, which Hexagon has no instructions for: the compiler calls these by
 * name. Dividing by zero gives 0 for the quotient and the dividend for the rest; a
 * real Hexagon's run-time library leaves that open, too.
 */
#include "compiler.h"

/* Shift and subtract; the first shift lines up the highest bits. */
static uint32_t divide32(uint32_t a, uint32_t b, uint32_t *rest)
{
	uint32_t quotient = 0;

	if (b && a >= b) {
		for (int shift = __builtin_clz(b) - __builtin_clz(a); shift >= 0; shift--) {
			if (a >> shift >= b) {
				a -= b << shift;
				quotient |= 1u << shift;
			}
		}
	}
	*rest = a;
	return quotient;
}

static uint64_t divide64(uint64_t a, uint64_t b, uint64_t *rest)
{
	uint64_t quotient = 0;

	if (b && a >= b) {
		for (int shift = __builtin_clzll(b) - __builtin_clzll(a); shift >= 0; shift--) {
			if (a >> shift >= b) {
				a -= b << shift;
				quotient |= 1ull << shift;
			}
		}
	}
	*rest = a;
	return quotient;
}

static uint32_t abs32(int32_t value)
{
	return value < 0 ? 0 - (uint32_t)value : (uint32_t)value;
}

static uint64_t abs64(int64_t value)
{
	return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

uint32_t __hexagon_udivsi3(uint32_t a, uint32_t b)
{
	uint32_t rest;

	return divide32(a, b, &rest);
}

uint32_t __hexagon_umodsi3(uint32_t a, uint32_t b)
{
	uint32_t rest;

	divide32(a, b, &rest);
	return rest;
}

int32_t __hexagon_divsi3(int32_t a, int32_t b)
{
	uint32_t rest, quotient = divide32(abs32(a), abs32(b), &rest);

	return (int32_t)((a < 0) != (b < 0) ? 0 - quotient : quotient);
}

int32_t __hexagon_modsi3(int32_t a, int32_t b)
{
	uint32_t rest;

	divide32(abs32(a), abs32(b), &rest);
	return (int32_t)(a < 0 ? 0 - rest : rest);
}

uint64_t __hexagon_udivdi3(uint64_t a, uint64_t b)
{
	uint64_t rest;

	return divide64(a, b, &rest);
}

uint64_t __hexagon_umoddi3(uint64_t a, uint64_t b)
{
	uint64_t rest;

	divide64(a, b, &rest);
	return rest;
}

int64_t __hexagon_divdi3(int64_t a, int64_t b)
{
	uint64_t rest, quotient = divide64(abs64(a), abs64(b), &rest);

	return (int64_t)((a < 0) != (b < 0) ? 0 - quotient : quotient);
}

int64_t __hexagon_moddi3(int64_t a, int64_t b)
{
	uint64_t rest;

	divide64(abs64(a), abs64(b), &rest);
	return (int64_t)(a < 0 ? 0 - rest : rest);
}
