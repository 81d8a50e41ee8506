/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Built with -fno-builtin: the loops below must not become calls of themselves. */
#include <stdint.h>
#include <string.h>

/* Copies 8 bytes at a time when both sides are aligned to it. */
void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
	unsigned char *to = dst;
	const unsigned char *from = src;

	if ((((uintptr_t)to | (uintptr_t)from) & 7) == 0) {
		for (; len >= 8; len -= 8, to += 8, from += 8)
			*(uint64_t *)to = *(const uint64_t *)from;
	}
	while (len--)
		*to++ = *from++;
	return dst;
}

/* The compiler calls it for copies of at least 32 bytes, a multiple of 8, likely aligned. */
void *__hexagon_memcpy_likely_aligned_min32bytes_mult8bytes(void *dst, const void *src, size_t len)
{
	return memcpy(dst, src, len);
}

void *memmove(void *dst, const void *src, size_t len)
{
	unsigned char *to = dst;
	const unsigned char *from = src;

	if ((uintptr_t)to - (uintptr_t)from >= len)
		return memcpy(dst, src, len);
	while (len--)
		to[len] = from[len];
	return dst;
}

void *memset(void *dst, int value, size_t len)
{
	unsigned char *to = dst;
	uint64_t word = (uint8_t)value * 0x0101010101010101ull;

	if (((uintptr_t)to & 7) == 0) {
		for (; len >= 8; len -= 8, to += 8)
			*(uint64_t *)to = word;
	}
	while (len--)
		*to++ = (unsigned char)value;
	return dst;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	for (; len; len--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

size_t strlen(const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t max)
{
	size_t len = 0;

	while (len < max && text[len])
		len++;
	return len;
}

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t len = strlen(from), part = len;

	if (size) {
		if (part > size - 1)
			part = size - 1;
		memcpy(to, from, part);
		to[part] = '\0';
	}
	return len;
}

char *strtok_r(char *text, const char *delims, char **state)
{
	char *start = text ? text : *state;

	while (*start && strchr(delims, *start))
		start++;
	*state = start;
	if (!*start)
		return NULL;
	while (**state && !strchr(delims, **state))
		(*state)++;
	if (**state)
		*(*state)++ = '\0';
	return start;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t len)
{
	for (; len; len--, a++, b++) {
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	}
	return 0;
}

char *strchr(const char *text, int letter)
{
	for (; *text != (char)letter; text++) {
		if (!*text)
			return NULL;
	}
	return (char *)text;
}

char *strrchr(const char *text, int letter)
{
	const char *found = NULL;

	for (;; text++) {
		if (*text == (char)letter)
			found = text;
		if (!*text)
			return (char *)found;
	}
}

char *strstr(const char *text, const char *part)
{
	size_t len = strlen(part);

	for (;; text++) {
		if (!strncmp(text, part, len))
			return (char *)text;
		if (!*text)
			return NULL;
	}
}
