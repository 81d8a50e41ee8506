/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps.h"
#include "exports.h"
#include "fastrpc_wire.h"
#include "thread.h"

#define MAX_LIBRARIES 64
#define MAX_DEPTH     8
#define MAX_NAME      128

struct library {
	char name[MAX_NAME];
	struct elf elf;
	uint32_t users;
	struct library *needed[ELF_MAX_NEEDED];
	uint32_t needed_count;
};

/* One at a time loads: two must not load the same file. */
static struct rt_mutex loading;

/* lock protects the table and the numbers of users. It is taken inside of loading. */
static struct rt_mutex lock;
static struct library *libraries[MAX_LIBRARIES];

static struct library *find(const char *name)
{
	struct library *found = NULL;

	rt_mutex_lock(&lock);
	for (int i = 0; i < MAX_LIBRARIES && !found; i++) {
		if (libraries[i] && !strcmp(libraries[i]->name, name))
			found = libraries[i];
	}
	if (found)
		found->users++;
	rt_mutex_unlock(&lock);
	return found;
}

static bool add(struct library *library)
{
	bool added = false;

	rt_mutex_lock(&lock);
	for (int i = 0; i < MAX_LIBRARIES && !added; i++) {
		if (!libraries[i]) {
			libraries[i] = library;
			added = true;
		}
	}
	rt_mutex_unlock(&lock);
	return added;
}

/* True when that was its last user, and then nobody finds it any more. */
static bool leave(struct library *library)
{
	bool last;

	rt_mutex_lock(&lock);
	last = --library->users == 0;
	for (int i = 0; i < MAX_LIBRARIES && last; i++) {
		if (libraries[i] == library)
			libraries[i] = NULL;
	}
	rt_mutex_unlock(&lock);
	return last;
}

static void drop(struct library *library)
{
	elf_unmap(&library->elf);
	while (library->needed_count)
		library_put(library->needed[--library->needed_count]);
	free(library);
}

void library_put(struct library *library)
{
	if (!leave(library))
		return;
	elf_stop(&library->elf);
	drop(library);
}

bool library_find(const struct library *library, const char *name, uint32_t *value)
{
	return elf_find(&library->elf, name, value) &&
	       *value - (uint32_t)library->elf.base < library->elf.span;
}

/* The process itself, then what the object says it needs. */
static bool look_up(void *context, const char *name, uint32_t *value)
{
	const struct library *library = context;

	if (exports_find(name, value))
		return true;
	for (uint32_t i = 0; i < library->needed_count; i++) {
		if (elf_find(&library->needed[i]->elf, name, value))
			return true;
	}
	return false;
}

static uint32_t load(const char *file, uint32_t depth, struct library **library,
		     struct elf_text *text);

static uint32_t load_needed(struct library *library, uint32_t depth, struct elf_text *text)
{
	for (uint32_t i = 0; i < library->elf.needed_count; i++) {
		const char *name = elf_needed(&library->elf, i);
		struct library *needed;
		uint32_t error;

		if (exports_replace(name))
			continue;
		error = load(name, depth + 1, &needed, text);
		if (error)
			return error;
		library->needed[library->needed_count++] = needed;
	}
	return 0;
}

static uint32_t link(struct library *library, const uint8_t *bytes, size_t len, uint32_t depth,
		     struct elf_text *text)
{
	size_t start = text->len;
	uint32_t error;

	elf_say(text, "%s: ", library->name);
	if (!elf_map(&library->elf, bytes, len, text))
		return FRPC_EUNABLETOLOAD;
	text->len = start;
	error = load_needed(library, depth, text);
	if (error)
		return error;
	elf_say(text, "%s: ", library->name);
	if (!elf_relocate(&library->elf, look_up, library, text) ||
	    !elf_protect(&library->elf, text))
		return FRPC_EUNABLETOLOAD;
	text->len = start;
	text->text[start] = '\0';
	return 0;
}

static uint32_t fetch(const char *file, uint8_t **bytes, size_t *len, struct elf_text *text)
{
	uint32_t error = apps_read_file(file, bytes, len);

	if (!error)
		return 0;
	if (error == FRPC_EBADSTATE) {
		elf_say(text, "the application exits");
		return error;
	}
	elf_say(text, "the application gave no file %s (code 0x%x)", file, (unsigned int)error);
	return error == FRPC_ENOMEMORY ? FRPC_ENOMEMORY : FRPC_EUNABLETOLOAD;
}

static uint32_t load_new(const char *file, uint32_t depth, struct library *library,
			 struct elf_text *text)
{
	uint8_t *bytes;
	uint32_t error;
	size_t len;

	memcpy(library->name, file, strlen(file) + 1);
	library->users = 1;
	error = fetch(file, &bytes, &len, text);
	if (error)
		return error;
	error = link(library, bytes, len, depth, text);
	free(bytes);
	if (error)
		return error;
	if (!add(library)) {
		elf_say(text, "%d libraries are loaded", MAX_LIBRARIES);
		return FRPC_ENOMEMORY;
	}
	elf_start(&library->elf);
	return 0;
}

static uint32_t load(const char *file, uint32_t depth, struct library **library,
		     struct elf_text *text)
{
	uint32_t error;

	*library = find(file);
	if (*library)
		return 0;
	if (depth > MAX_DEPTH || !*file || strlen(file) >= MAX_NAME) {
		elf_say(text, "%.64s: its name is too long, or it needs itself", file);
		return FRPC_EUNABLETOLOAD;
	}
	*library = calloc(1, sizeof(**library));
	if (!*library)
		return FRPC_ENOMEMORY;
	error = load_new(file, depth, *library, text);
	if (error)
		drop(*library);
	return error;
}

uint32_t library_get(const char *file, struct library **library, struct elf_text *text)
{
	uint32_t error;

	rt_mutex_lock(&loading);
	error = load(file, 0, library, text);
	rt_mutex_unlock(&loading);
	return error;
}

const char *library_at(uint32_t address, uint32_t *offset)
{
	for (int i = 0; i < MAX_LIBRARIES; i++) {
		const struct library *library = libraries[i];

		if (!library || address - (uint32_t)library->elf.base >= library->elf.span)
			continue;
		*offset = address - (uint32_t)library->elf.base;
		return library->name;
	}
	return NULL;
}
