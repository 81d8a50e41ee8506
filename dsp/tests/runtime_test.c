/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Prints one line per group of results. It is built for Hexagon on our runtime and for
 * this machine on its own C library; both must print the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maths_table.h"

#ifdef __hexagon__
#include "compiler.h"
#define say log_line
#else
#include <malloc.h>
#define say(...) (printf(__VA_ARGS__), putchar('\n'))
#endif

static uint64_t state = 88172645463325252ull;

/* Numbers of all magnitudes, the same on both sides. */
static uint64_t number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> (state % 64);
}

static uint64_t mix(uint64_t sum, uint64_t value)
{
	return (sum ^ value) * 1099511628211ull;
}

static void divisions(void)
{
	uint64_t u32 = 0, s32 = 0, u64 = 0, s64 = 0;

	for (int i = 0; i < 20000; i++) {
		uint64_t a = number(), b = number() | 1;
		uint32_t c = (uint32_t)number(), d = (uint32_t)number() | 1;
		int64_t sb = (int64_t)b == -1 ? 3 : (int64_t)b;
		int32_t sd = (int32_t)d == -1 ? 3 : (int32_t)d;

		u64 = mix(mix(u64, a / b), a % b);
		s64 = mix(mix(s64, (uint64_t)((int64_t)a / sb)), (uint64_t)((int64_t)a % sb));
		u32 = mix(mix(u32, c / d), c % d);
		s32 = mix(mix(s32, (uint32_t)((int32_t)c / sd)), (uint32_t)((int32_t)c % sd));
	}
	say("u32 %016llx s32 %016llx", (unsigned long long)u32, (unsigned long long)s32);
	say("u64 %016llx s64 %016llx", (unsigned long long)u64, (unsigned long long)s64);
}

/* All patterns of bits; what is not a number counts as one thing. */
static uint64_t mix_double(uint64_t sum, double value)
{
	uint64_t bits = 0x7ff8;

	if (value == value)
		memcpy(&bits, &value, sizeof(bits));
	return mix(sum, bits);
}

static double special(uint64_t pick, double other)
{
	static const double values[] = { 0.0,	-0.0,	 1.0,	   3.0,
					 1e308, -5e-324, 2.3e-308, 1e300 * 1e300 };

	return pick % 16 < 8 ? values[pick % 8] : other;
}

static double any_double(void)
{
	uint64_t bits = number() << 32 ^ number();
	double value;

	memcpy(&value, &bits, sizeof(value));
	return special(number(), value);
}

static void float_divisions(void)
{
	uint64_t f64 = 0, f32 = 0, near = 0;

	for (int i = 0; i < 20000; i++) {
		volatile double a = any_double(), b = any_double();
		volatile float c = (float)a, d = (float)b, e = (float)(int32_t)number();

		f64 = mix_double(f64, a / b);
		f32 = mix_double(f32, (double)(c / d));
		near = mix_double(near, (double)(e / (float)(i + 1)));
		near = mix_double(near,
				  (double)(int64_t)number() / (double)(int64_t)(number() | 1));
	}
	say("f64 %016llx f32 %016llx", (unsigned long long)f64, (unsigned long long)f32);
	say("near %016llx", (unsigned long long)near);
}

static void formats(void)
{
	volatile int width = 6;

	say("[%d] [%i] [%u] [%5d] [%-5d] [%05d] [%.3d]", -7, 0, 4000000000u, 42, 42, -42, 7);
	say("[%x] [%X] [%08x] [%llx] [%lld]", 0xbeef, 0xbeef, 0x12u, 0x123456789abcull, -5ll);
	say("[%s] [%8s] [%-8s] [%.2s] [%c] [%%] [%*d]", "text", "right", "left", "cut", 'x', width,
	    9);
	say("[%ld] [%lu] [%zu] [%lld]", -1l, 5ul, sizeof(uint64_t), (long long)INT64_MIN);
}

static void strings(void)
{
	char a[64], b[64];
	uint64_t sum = 0;

	for (unsigned int i = 0; i < 2000; i++) {
		size_t from = number() % 20, to = number() % 20, len = number() % 40;

		for (unsigned int j = 0; j < sizeof(a); j++)
			a[j] = (char)number();
		memset(b, (int)(number() & 0xff), sizeof(b));
		memcpy(b + to, a + from, len);
		memmove(a + to, a + from, len);
		for (unsigned int j = 0; j < sizeof(a); j++)
			sum = mix(sum, (uint64_t)(uint8_t)a[j] << 8 | (uint8_t)b[j]);
		sum = mix(sum, (uint64_t)(memcmp(a, b, sizeof(a)) > 0));
	}
	say("strings %016llx", (unsigned long long)sum);
	say("%d %d %d %d", strcmp("ab", "ac") < 0, strncmp("abc", "abd", 2), !strchr("abc", 'x'),
	    !strstr("a needle", "needle"));
	say("%s %s %s", strchr("a/b/c", '/'), strrchr("a/b/c", '/'), strstr("a needle", "need"));
}

static void numbers(void)
{
	static const char *const texts[] = { "0",     "42",  " -17x", "+8",  "0x1F", "0x",    "077",
					     "089",   "zz",  "65535", "",    "-",    "  7 8", "0xg",
					     "-0x10", "1e3", "\t\n9", "abc", "7fff" };
	static const int bases[] = { 0, 10, 16, 8, 36 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (int j = 0; j < 5; j++) {
			char *end;
			unsigned long value = strtoul(texts[i], &end, bases[j]);

			say("%s %d: %u %d", texts[i], bases[j], (unsigned int)value,
			    (int)(end - texts[i]));
		}
		say("%d", atoi(texts[i]));
	}
}

static void words(void)
{
	char text[] = "/usr//lib;/opt;;x", *state, none[] = ";;";

	for (char *word = strtok_r(text, ";/", &state); word; word = strtok_r(NULL, ";/", &state))
		say("[%s]", word);
	say("%d", strtok_r(none, ";", &state) == NULL);
	say("%d %d", (int)strnlen("abc", 2), (int)strnlen("abc", 9));
}

/* Blocks must not overlap: each keeps the pattern that was put into it. */
static void memory(void)
{
	unsigned char *blocks[32] = { 0 };
	size_t sizes[32];
	int bad = 0;

	for (int i = 0; i < 20000; i++) {
		int at = (int)(number() % 32);

		if (blocks[at]) {
			for (size_t j = 0; j < sizes[at]; j++)
				bad += blocks[at][j] != (unsigned char)at;
			free(blocks[at]);
			blocks[at] = NULL;
			continue;
		}
		sizes[at] = number() % 3000;
		blocks[at] = malloc(sizes[at]);
		if (blocks[at])
			memset(blocks[at], at, sizes[at]);
		bad += !blocks[at];
	}
	say("memory %d", bad);
}

static float from_bits(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The last digit may differ by one. */
static int is_near(float value, uint32_t want)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	if (value != value)
		return (want & 0x7fffffff) > 0x7f800000;
	return bits - want + 1 <= 2;
}

static int wrong_maths(void)
{
	int wrong = 0;

	for (size_t i = 0; i < sizeof(maths_table) / sizeof(maths_table[0]); i++) {
		float value = maths_table[i].function(from_bits(maths_table[i].value));

		if (!is_near(value, maths_table[i].want)) {
			say("line %d of the table", (int)i);
			wrong++;
		}
	}
	for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
		float value = powf(from_bits(powers[i][0]), from_bits(powers[i][1]));

		if (!is_near(value, powers[i][2])) {
			say("power %d", (int)i);
			wrong++;
		}
	}
	return wrong;
}

/* Zeros with signs, infinities, and what is no number */
static int wrong_edges(void)
{
	uint32_t big = 0x7f800000, none = 0x7fc00000, minus = 0x80000000;
	int wrong = 0;

	wrong += !is_near(sqrtf(from_bits(minus)), minus) || !is_near(sqrtf(-1), none);
	wrong += !is_near(sqrtf(from_bits(big)), big) || !is_near(logf(0), big | minus);
	wrong += !is_near(logf(-1), none) || !is_near(logf(from_bits(big)), big);
	wrong += !is_near(expf(from_bits(none)), none) || !is_near(expf(from_bits(big | minus)), 0);
	wrong += !is_near(sinf(from_bits(big)), none) || !is_near(sinf(from_bits(minus)), minus);
	wrong += !is_near(cosf(from_bits(none)), none) || !is_near(floorf(from_bits(big)), big);
	wrong += !is_near(ceilf(-0.5f), minus) || !is_near(floorf(from_bits(minus)), minus);
	wrong += !is_near(powf(-2, 0.5f), none) ||
		 !is_near(powf(from_bits(minus), -3), big | minus);
	wrong += !is_near(powf(0.5f, from_bits(big)), 0) ||
		 !is_near(powf(-1, from_bits(big)), 0x3f800000);
	wrong += !is_near(powf(from_bits(none), 0), 0x3f800000);
	wrong += floor(-1e15 - 0.5) != -1e15 - 1 || floor(0.999999999999) != 0;
	return wrong;
}

/* This machine's compiler passes them in another way, and has no need of them. */
static int wrong_halves(void)
{
	int wrong = 0;

#ifdef __hexagon__
	for (uint32_t half = 0; half < 0x10000; half++) {
		float value = __extendhfsf2((uint16_t)half);

		wrong += value == value ? __truncsfhf2(value) != half :
					  (__truncsfhf2(value) & 0x7e00) != 0x7e00;
	}
	wrong += __extendhfsf2(0x3555) != 0.333251953125f || __extendhfsf2(1) != 0x1p-24f;
	wrong += __truncsfhf2(65519) != 0x7bff || __truncsfhf2(65520) != 0x7c00;
	wrong += __truncsfhf2(-0x1p-25f) != 0x8000 || __truncsfhf2(0x1.000002p-25f) != 1;
	wrong += __truncsfhf2(1 + 0x1p-11f) != 0x3c00 || __truncsfhf2(1 + 0x1.8p-10f) != 0x3c02;
	wrong += _Log(8, 0) - 2.0794415416798357 > 1e-15 || _Log(1000, 1) - 3 > 1e-15;
	wrong += 2.0794415416798357 - _Log(8, 0) > 1e-15 || 3 - _Log(1000, 1) > 1e-15;
#endif
	return wrong;
}

static void maths(void)
{
	say("maths %d, edges %d, halves %d", wrong_maths(), wrong_edges(), wrong_halves());
}

static void aligned_memory(void)
{
	unsigned char *blocks[32] = { 0 };
	int bad = 0;

	for (int i = 0; i < 2000; i++) {
		int at = (int)(number() % 32);
		size_t align = (size_t)8 << (number() % 10), size = number() % 3000;

		free(blocks[at]);
		blocks[at] = memalign(align, size);
		bad += !blocks[at] || (uintptr_t)blocks[at] % align;
		if (blocks[at])
			memset(blocks[at], at, size);
	}
	for (int i = 0; i < 32; i++)
		free(blocks[i]);
	say("aligned memory %d", bad);
}

int main(void)
{
	divisions();
	float_divisions();
	formats();
	strings();
	memory();
	aligned_memory();
	maths();
	numbers();
	words();
	return 0;
}
