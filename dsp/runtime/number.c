/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Numbers from text */
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

static bool is_space(char letter)
{
	return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

/* 255 when it is no digit of any base. */
static unsigned int digit_of(char letter)
{
	if (letter >= '0' && letter <= '9')
		return (unsigned int)(letter - '0');
	if (letter >= 'a' && letter <= 'z')
		return (unsigned int)(letter - 'a' + 10);
	if (letter >= 'A' && letter <= 'Z')
		return (unsigned int)(letter - 'A' + 10);
	return 255;
}

/* Skips "0x" when a digit follows it; base 0 is found out. */
static const char *skip_prefix(const char *at, int *base)
{
	bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && digit_of(at[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : at[0] == '0' ? 8 : 10;
	return hex && *base == 16 ? at + 2 : at;
}

unsigned long strtoul(const char *text, char **end, int base)
{
	const char *at = text, *digits;
	unsigned long value = 0;
	bool minus, over = false;

	while (is_space(*at))
		at++;
	minus = *at == '-';
	if (*at == '-' || *at == '+')
		at++;
	at = skip_prefix(at, &base);
	for (digits = at; digit_of(*at) < (unsigned int)base; at++) {
		unsigned int digit = digit_of(*at);

		over |= value > (ULONG_MAX - digit) / (unsigned int)base;
		value = value * (unsigned int)base + digit;
	}
	if (end)
		*end = (char *)(at == digits ? text : at);
	if (over)
		return ULONG_MAX;
	return minus ? -value : value;
}

int atoi(const char *text)
{
	return (int)strtoul(text, NULL, 10);
}
