/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Functions of floating-point numbers. Those of floats are computed in doubles, by power series
 * around a point near enough: what is lost there is far behind a float's last digit.
 */
#include <math.h>

#include <stdbool.h>
#include <stdint.h>

#define LN2	 0.693147180559945309417
#define LOG2E	 1.442695040888963407360
#define LOG10E	 0.434294481903251827651
#define SQRT2	 1.414213562373095048802
#define HALF_PI	 1.570796326794896619231

#define INFINITY __builtin_inff()
#define NAN	 __builtin_nanf("")

/* From here on a float has no digits behind the point, a double neither. */
#define WHOLE_F32 0x1p23f
#define WHOLE_F64 0x1p52

union f64 {
	double value;
	uint64_t bits;
};

union f32 {
	float value;
	uint32_t bits;
};

static double absolute(double value)
{
	return value < 0 ? -value : value;
}

double floor(double value)
{
	double whole;

	if (!(absolute(value) < WHOLE_F64) || value == 0)
		return value;
	whole = (double)(int64_t)value;
	return whole > value ? whole - 1 : whole;
}

float floorf(float value)
{
	return (float)floor(value);
}

/* -0.5 becomes -0, as ISO C has it. */
float ceilf(float value)
{
	return -floorf(-value);
}

/* Bit by bit, and rounded by what is left over: the result is exact. */
float sqrtf(float value)
{
	union f64 number = { .value = value };
	uint64_t rest, root = 0;
	int exponent;

	if (!(value > 0) || value == INFINITY)
		return value < 0 ? NAN : value;
	exponent = (int)(number.bits >> 52) - 1023;
	rest = ((number.bits & 0xfffffffffffffull) | 1ull << 52) << (exponent & 1);
	exponent >>= 1;
	/* The root of up to 54 bits has 27: a float's 24, and 3 to round by. */
	for (uint64_t bit = 1ull << 26; bit; bit >>= 1) {
		if ((root | bit) * (root | bit) <= rest)
			root |= bit;
	}
	number.value = (double)(root << 1 | (root * root != rest));
	number.bits += (uint64_t)(int64_t)(exponent - 27) << 52;
	return (float)number.value;
}

/* 2^whole * e^rest, |rest| <= ln(2) / 2 */
static double scaled_exp(int whole, double rest)
{
	union f64 power = { .bits = (uint64_t)(1023 + whole) << 52 };
	double sum = 1;

	for (int i = 14; i; i--)
		sum = 1 + sum * rest * (1.0 / i);
	return sum * power.value;
}

static double round_whole(double value)
{
	return floor(value + 0.5);
}

/* Of what a float can become; the conversion makes infinity or 0 of what is outside. */
static double exp_double(double value)
{
	double whole;

	if (value != value)
		return value;
	if (value > 700)
		return INFINITY;
	if (value < -700)
		return 0;
	whole = round_whole(value * LOG2E);
	return scaled_exp((int)whole, value - whole * LN2);
}

float expf(float value)
{
	return (float)exp_double(value);
}

float exp2f(float value)
{
	double whole;

	if (value != value)
		return value;
	if (value > 1000)
		return INFINITY;
	if (value < -1000)
		return 0;
	whole = round_whole(value);
	return (float)scaled_exp((int)whole, (value - whole) * LN2);
}

/* Of a number above 0 that is finite: by the series of the inverse hyperbolic tangent. */
static double log_double(double value)
{
	union f64 number = { .value = value };
	double part, square, sum = 0;
	int exponent = 0;

	if (number.bits < 1ull << 52) {
		number.value *= 0x1p54;
		exponent = -54;
	}
	exponent += (int)(number.bits >> 52) - 1023;
	number.bits = (number.bits & 0xfffffffffffffull) | 1023ull << 52;
	if (number.value > SQRT2) {
		number.value /= 2;
		exponent++;
	}
	part = (number.value - 1) / (number.value + 1);
	square = part * part;
	for (int i = 23; i > 1; i -= 2)
		sum = square * (sum + 1.0 / i);
	return exponent * LN2 + 2 * (part + part * sum);
}

static double log_any(double value)
{
	if (value < 0)
		return NAN;
	if (value == 0)
		return -INFINITY;
	return value < INFINITY ? log_double(value) : value;
}

float logf(float value)
{
	return (float)log_any(value);
}

double _Log(double value, int decimal)
{
	return decimal ? log_any(value) * LOG10E : log_any(value);
}

static bool is_whole(double value)
{
	return floor(value) == value;
}

static bool is_odd(double value)
{
	return is_whole(value) && !is_whole(value / 2);
}

/* Of a base that is no number below 0 */
static double power(double base, double exponent)
{
	if (base == 0)
		return exponent < 0 ? INFINITY : 0;
	if (base == INFINITY)
		return exponent < 0 ? 0 : INFINITY;
	return exp_double(exponent * log_double(base));
}

float powf(float base, float exponent)
{
	union f32 bits = { .value = base };
	bool negative = bits.bits >> 31;
	double magnitude = absolute(base);

	if (exponent == 0 || base == 1)
		return 1;
	if (base != base || exponent != exponent)
		return NAN;
	if (absolute(exponent) == INFINITY) {
		if (magnitude == 1)
			return 1;
		return (magnitude > 1) == (exponent > 0) ? INFINITY : 0;
	}
	if (negative && magnitude != 0 && magnitude != INFINITY && !is_whole(exponent))
		return NAN;
	magnitude = power(magnitude, exponent);
	return (float)(negative && is_odd(exponent) ? -magnitude : magnitude);
}

/* The bits of 2 / pi behind the point, enough for the largest float */
static const uint32_t two_over_pi[] = { 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
					0xdb629599, 0x3c439041, 0xfe5163ab };

/* 32 bits of it, the first of them worth 2^-(from + 1); in front of the point all are 0. */
static uint32_t bits_from(int from)
{
	uint64_t two;

	if (from < 0)
		return from <= -32 ? 0 : two_over_pi[0] >> -from;
	two = (uint64_t)two_over_pi[from / 32] << 32 | two_over_pi[from / 32 + 1];
	return (uint32_t)(two << from % 32 >> 32);
}

/*
 * value = (4 n + quarter) * pi / 2 + rest, |rest| <= pi / 4. A float is a whole number of 24 bits times a power
 * of two; bits of the product that are multiples of 4 need not be known, nor those
 * that are small even where a float comes as near to a multiple as it can.
 */
static double reduce(float value, int *quarter)
{
	union f32 number = { .value = value < 0 ? -value : value };
	uint64_t mantissa = (number.bits & 0x7fffff) | 0x800000, product;
	int from = (int)(number.bits >> 23) - 150 - 2;
	double rest;

	product = mantissa * bits_from(from) << 32;
	product += mantissa * bits_from(from + 32);
	product += mantissa * bits_from(from + 64) >> 32;
	*quarter = (int)((product + (1ull << 61)) >> 62);
	rest = (double)(int64_t)(product - ((uint64_t)*quarter << 62)) * (HALF_PI / 0x1p62);
	if (value >= 0)
		return rest;
	*quarter = -*quarter;
	return -rest;
}

/* Both of them from the series, for |rest| <= pi / 4 */
static double wave(int quarter, double rest)
{
	double square = rest * rest, sum = 1;
	bool cosine = quarter & 1;

	for (int i = 9; i; i--) {
		int last = 2 * i + (cosine ? 0 : 1);

		sum = 1 - sum * square * (1.0 / (last * (last - 1)));
	}
	sum = cosine ? sum : sum * rest;
	return quarter & 2 ? -sum : sum;
}

static float sine(float value, int shift)
{
	double rest = value;
	int quarter = 0;

	if (!(absolute(value) < INFINITY))
		return NAN;
	if (absolute(value) > HALF_PI / 2)
		rest = reduce(value, &quarter);
	return (float)wave(quarter + shift, rest);
}

float sinf(float value)
{
	return value == 0 ? value : sine(value, 0);
}

float cosf(float value)
{
	return sine(value, 1);
}
