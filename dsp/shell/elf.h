/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Shared objects for Hexagon: from the bytes of a file to code that can be called. The file is
 * a stranger's: nothing in it is used unchecked. Functions that can fail give false and
 * say why in text.
 */
#ifndef SHELL_ELF_H
#define SHELL_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf_format.h"

#define ELF_MAX_SEGMENTS 8
#define ELF_MAX_NEEDED	 8

struct elf {
	uint8_t *base; /* where address 0 of the file is */
	uint32_t span; /* addresses that it has: 0..span */
	void *mapping; /* the same memory, or more of it for the alignment */
	size_t mapping_len;
	struct elf_segment segments[ELF_MAX_SEGMENTS]; /* those that are loaded */
	uint32_t segments_count;
	uint32_t dynamic[DT_COUNT]; /* value of each tag, 0: it has none */
	uint32_t needed[ELF_MAX_NEEDED];
	uint32_t needed_count;
	uint32_t symbols_count;
};

/* Room for what went wrong, one line. */
struct elf_text {
	char *text;
	size_t size;
	size_t len;
};

/* Finds a symbol that the object needs. */
typedef bool (*elf_lookup)(void *context, const char *name, uint32_t *value);

/* Takes the file's contents into memory; elf_unmap must follow, also after what fails later. */
bool elf_map(struct elf *elf, const uint8_t *bytes, size_t len, struct elf_text *text);

/* Name of an object that this one needs. */
const char *elf_needed(const struct elf *elf, uint32_t i);

/* All symbols that cannot be found are named. */
bool elf_relocate(struct elf *elf, elf_lookup lookup, void *context, struct elf_text *text);

/* Code can be executed and not written from here on, data the other way round. */
bool elf_protect(struct elf *elf, struct elf_text *text);

/* Constructors and destructors */
void elf_start(const struct elf *elf);
void elf_stop(const struct elf *elf);

bool elf_find(const struct elf *elf, const char *name, uint32_t *value);
void elf_unmap(struct elf *elf);

void elf_say(struct elf_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
