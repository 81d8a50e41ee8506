/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sys.h"

/* Where the text goes; len counts what does not fit, too. */
struct sink {
	char *buf;
	size_t size;
	size_t len;
};

struct spec {
	bool left;
	bool zero;
	int width;
	int precision; /* -1: none */
	int size;      /* number of l's; size_t and pointers are 32 bits, like l */
	char kind;
};

static void put(struct sink *sink, char letter)
{
	if (sink->len + 1 < sink->size)
		sink->buf[sink->len] = letter;
	sink->len++;
}

static void put_many(struct sink *sink, char letter, int count)
{
	while (count-- > 0)
		put(sink, letter);
}

/* sign is put before zeros but after blanks; 0 for none */
static void put_field(struct sink *sink, const struct spec *spec, char sign, const char *text,
		      int len)
{
	int fill = spec->width - len - (sign != 0);

	if (!spec->left && !spec->zero)
		put_many(sink, ' ', fill);
	if (sign)
		put(sink, sign);
	if (!spec->left && spec->zero)
		put_many(sink, '0', fill);
	for (int i = 0; i < len; i++)
		put(sink, text[i]);
	if (spec->left)
		put_many(sink, ' ', fill);
}

static void put_string(struct sink *sink, struct spec *spec, const char *text)
{
	int len = 0;

	if (!text)
		text = "(null)";
	while ((spec->precision < 0 || len < spec->precision) && text[len])
		len++;
	spec->zero = false;
	put_field(sink, spec, 0, text, len);
}

static void put_number(struct sink *sink, const struct spec *spec, char sign, uint64_t value,
		       unsigned int base)
{
	const char *digits = spec->kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[20];
	int at = sizeof(text);

	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value);
	while ((int)sizeof(text) - at < spec->precision && at > 0)
		text[--at] = '0';
	put_field(sink, spec, sign, text + at, (int)sizeof(text) - at);
}

static const char *parse_number(const char *at, int *value, va_list *args)
{
	if (*at == '*') {
		*value = va_arg(*args, int);
		return at + 1;
	}
	*value = 0;
	while (*at >= '0' && *at <= '9')
		*value = *value * 10 + (*at++ - '0');
	return at;
}

/* at is behind the %; gives the place behind the whole specification */
static const char *parse_spec(const char *at, struct spec *spec, va_list *args)
{
	*spec = (struct spec){ .precision = -1 };
	for (; *at == '-' || *at == '0'; at++) {
		if (*at == '-')
			spec->left = true;
		else
			spec->zero = true;
	}
	at = parse_number(at, &spec->width, args);
	if (*at == '.')
		at = parse_number(at + 1, &spec->precision, args);
	for (; *at == 'l' || *at == 'z'; at++)
		spec->size += *at == 'l';
	spec->kind = *at;
	return *at ? at + 1 : at;
}

static void put_integer(struct sink *sink, const struct spec *spec, va_list *args)
{
	bool is_signed = spec->kind == 'd' || spec->kind == 'i';
	uint64_t value;

	if (spec->size >= 2)
		value = va_arg(*args, uint64_t);
	else if (is_signed)
		value = (uint64_t)(int64_t)va_arg(*args, int);
	else
		value = va_arg(*args, unsigned int);
	if (is_signed && (int64_t)value < 0)
		put_number(sink, spec, '-', 0 - value, 10);
	else
		put_number(sink, spec, 0, value, is_signed || spec->kind == 'u' ? 10 : 16);
}

static void put_spec(struct sink *sink, struct spec *spec, va_list *args)
{
	char letter;

	switch (spec->kind) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
		put_integer(sink, spec, args);
		break;
	case 'p':
		put_number(sink, spec, 0, va_arg(*args, unsigned int), 16);
		break;
	case 's':
		put_string(sink, spec, va_arg(*args, const char *));
		break;
	case 'c':
		letter = (char)va_arg(*args, int);
		put_field(sink, spec, 0, &letter, 1);
		break;
	default:
		put(sink, spec->kind);
		break;
	}
}

int vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
	struct sink sink = { .buf = buf, .size = size };
	struct spec spec;

	va_list rest;

	va_copy(rest, args);
	while (*format) {
		if (*format != '%') {
			put(&sink, *format++);
			continue;
		}
		format = parse_spec(format + 1, &spec, &rest);
		if (spec.kind)
			put_spec(&sink, &spec, &rest);
	}
	va_end(rest);
	if (size)
		buf[sink.len < size ? sink.len : size - 1] = '\0';
	return (int)sink.len;
}

int snprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(buf, size, format, args);
	va_end(args);
	return len;
}

/* One write: lines of several threads do not mix. */
void log_line(const char *format, ...)
{
	char line[256];
	va_list args;
	size_t len;

	va_start(args, format);
	vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	len = strlen(line);
	line[len++] = '\n';
	sys_write(2, line, len);
}
