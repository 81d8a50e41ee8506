/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Conversions of 16-bit floating-point numbers, which compilers call; they pass the bits. */
#include "compiler.h"

union f32 {
	float value;
	uint32_t bits;
};

/* The steps of a number below the least exponent are 2^-24. */
float __extendhfsf2(uint16_t half)
{
	uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = half >> 10 & 0x1f;
	uint32_t fraction = half & 0x3ff;
	union f32 out = { .value = (float)fraction * 0x1p-24f };

	if (exponent == 0x1f)
		out.bits = 0x7f800000 | fraction << 13;
	else if (exponent)
		out.bits = (exponent + 112) << 23 | fraction << 13;
	out.bits |= sign;
	return out.value;
}

/* A carry goes from the fraction into the exponent, and there up to infinity, by itself. */
static uint32_t shift_rounded(uint32_t value, uint32_t shift)
{
	uint32_t half = 1u << (shift - 1), rest = value & ((half << 1) - 1);

	value >>= shift;
	return value + (rest > half || (rest == half && (value & 1)));
}

uint16_t __truncsfhf2(float value)
{
	union f32 in = { .value = value };
	uint32_t sign = in.bits >> 31 << 15, magnitude = in.bits & 0x7fffffff;
	uint32_t exponent = magnitude >> 23, out;

	if (magnitude > 0x7f800000)
		out = 0x7e00 | (magnitude >> 13 & 0x3ff);
	else if (exponent >= 143)
		out = 0x7c00;
	else if (exponent > 112)
		out = shift_rounded(magnitude - (112u << 23), 13);
	else if (exponent < 102)
		out = 0;
	else
		out = shift_rounded((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
	return (uint16_t)(sign | out);
}
