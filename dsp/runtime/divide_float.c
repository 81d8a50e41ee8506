/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Floating-point division as IEEE 754 wants it, rounded to nearest; called by the
 * compiler, like the ones in divide.c.
 */
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

#define FRACTION_BITS 52
#define HIDDEN	      (1ull << FRACTION_BITS)
#define FRACTION_MASK (HIDDEN - 1)
#define SIGN_BIT      (1ull << 63)
#define EXPONENT_MAX  0x7ff
#define BIAS	      1023
#define INFINITE      ((uint64_t)EXPONENT_MAX << FRACTION_BITS)
#define NOT_A_NUMBER  (INFINITE | 1ull << 51)

/* Bits of a quotient behind its fraction: two more digits, and "something follows". */
#define EXTRA_BITS 3

union number {
	double value;
	uint64_t bits;
};

struct parts {
	uint64_t mantissa; /* with HIDDEN set */
	int exponent;
};

static struct parts split(uint64_t magnitude)
{
	struct parts parts = { magnitude & FRACTION_MASK, (int)(magnitude >> FRACTION_BITS) };
	int shift;

	if (parts.exponent) {
		parts.mantissa |= HIDDEN;
		return parts;
	}
	shift = __builtin_clzll(parts.mantissa) - (63 - FRACTION_BITS);
	parts.mantissa <<= shift;
	parts.exponent = 1 - shift;
	return parts;
}

/* a < 2 b; gives the quotient's leading one at FRACTION_BITS + EXTRA_BITS */
static uint64_t divide(uint64_t a, uint64_t b)
{
	uint64_t quotient = 0;

	for (int i = 0; i < FRACTION_BITS + EXTRA_BITS; i++) {
		quotient <<= 1;
		if (a >= b) {
			a -= b;
			quotient |= 1;
		}
		a <<= 1;
	}
	return quotient << 1 | (a != 0);
}

static uint64_t shift_right(uint64_t value, int shift)
{
	if (shift > 63)
		return 1;
	return value >> shift | ((value & ((1ull << shift) - 1)) != 0);
}

/* A carry out of the fraction goes into the exponent, up to infinity, by itself. */
static uint64_t round_and_pack(uint64_t quotient, int exponent)
{
	uint64_t bits, extra;

	if (exponent >= EXPONENT_MAX)
		return INFINITE;
	if (exponent <= 0) {
		quotient = shift_right(quotient, 1 - exponent);
		exponent = 1;
	}
	bits = ((uint64_t)(exponent - 1) << FRACTION_BITS) + (quotient >> EXTRA_BITS);
	extra = quotient & ((1u << EXTRA_BITS) - 1);
	return bits + (extra > 4 || (extra == 4 && (bits & 1)));
}

static uint64_t divide_numbers(uint64_t a, uint64_t b)
{
	struct parts x = split(a), y = split(b);
	int exponent = x.exponent - y.exponent + BIAS;

	if (x.mantissa < y.mantissa) {
		x.mantissa <<= 1;
		exponent--;
	}
	return round_and_pack(divide(x.mantissa, y.mantissa), exponent);
}

/* Without signs. */
static uint64_t divide_any(uint64_t a, uint64_t b)
{
	if (a > INFINITE || b > INFINITE)
		return NOT_A_NUMBER;
	if (a == b && (a == 0 || a == INFINITE))
		return NOT_A_NUMBER;
	if (a == INFINITE || b == 0)
		return INFINITE;
	if (a == 0 || b == INFINITE)
		return 0;
	return divide_numbers(a, b);
}

double __hexagon_divdf3(double a, double b)
{
	union number x = { a }, y = { b }, out;

	out.bits = divide_any(x.bits & ~SIGN_BIT, y.bits & ~SIGN_BIT) |
		   ((x.bits ^ y.bits) & SIGN_BIT);
	return out.value;
}

/* A double has more than twice the digits: rounding twice gives what rounding once does. */
float __hexagon_divsf3(float a, float b)
{
	return (float)__hexagon_divdf3(a, b);
}
