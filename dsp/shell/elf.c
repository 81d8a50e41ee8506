/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "elf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys.h"

#define MAX_SPAN  0x8000000u
#define MAX_ALIGN 0x100000u

_Static_assert(sizeof(struct elf_header) == 52, "as the file lays it out");
_Static_assert(sizeof(struct elf_segment) == 32, "as the file lays it out");
_Static_assert(sizeof(struct elf_symbol) == 16, "as the file lays it out");
_Static_assert(sizeof(struct elf_rela) == 12, "as the file lays it out");

void elf_say(struct elf_text *text, const char *format, ...)
{
	va_list args;
	int len;

	if (text->len + 1 >= text->size)
		return;
	va_start(args, format);
	len = vsnprintf(text->text + text->len, text->size - text->len, format, args);
	va_end(args);
	text->len += len > 0 ? (size_t)len : 0;
	if (text->len >= text->size)
		text->len = text->size - 1;
}

static bool wrong(struct elf_text *text, const char *what)
{
	elf_say(text, "%s", what);
	return false;
}

static uint32_t page_up(uint32_t value)
{
	return (value + SYS_PAGE - 1) & ~(SYS_PAGE - 1);
}

/* Is [address, address + len) in the object? */
static bool inside(const struct elf *elf, uint32_t address, uint64_t len)
{
	return address <= elf->span && len <= elf->span - address;
}

static bool check_header(const struct elf_header *header, size_t len, struct elf_text *text)
{
	if (memcmp(header->ident, ELF_MAGIC, ELF_MAGIC_LEN))
		return wrong(text, "not a 32-bit ELF file");
	if (header->machine != EM_QDSP6)
		return wrong(text, "not for Hexagon (machine 164)");
	if (header->type != ET_DYN)
		return wrong(text, "not a shared object");
	if (header->phentsize != sizeof(struct elf_segment) || header->phoff > len ||
	    (uint64_t)header->phnum * sizeof(struct elf_segment) > len - header->phoff)
		return wrong(text, "its program headers are not in the file");
	return true;
}

static bool check_segment(const struct elf_segment *segment, size_t len, struct elf_text *text)
{
	if (segment->offset > len || segment->filesz > len - segment->offset)
		return wrong(text, "a segment is not in the file");
	if (segment->filesz > segment->memsz || segment->memsz > MAX_SPAN ||
	    segment->vaddr > MAX_SPAN - segment->memsz)
		return wrong(text, "a segment is too large");
	if ((segment->flags & PF_W) && (segment->flags & PF_X))
		return wrong(text, "a segment is writable and executable");
	if (segment->align > MAX_ALIGN || (segment->align & (segment->align - 1)))
		return wrong(text, "a segment wants a strange alignment");
	return true;
}

/* Each has pages of its own: they differ in what may be done with them. */
static bool check_order(const struct elf *elf, const struct elf_segment *segment,
			struct elf_text *text)
{
	uint32_t start = segment->vaddr & ~(SYS_PAGE - 1);

	for (uint32_t i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *other = &elf->segments[i];

		if (page_up(other->vaddr + other->memsz) > start)
			return wrong(text, "two segments share a page, or are in no order");
	}
	return true;
}

static bool take_segment(struct elf *elf, const struct elf_segment *segment, size_t len,
			 struct elf_text *text)
{
	if (segment->type == PT_TLS)
		return wrong(text, "it has thread-local variables");
	if (segment->type != PT_LOAD || !segment->memsz)
		return true;
	if (elf->segments_count == ELF_MAX_SEGMENTS)
		return wrong(text, "it has too many segments");
	if (!check_segment(segment, len, text) || !check_order(elf, segment, text))
		return false;
	elf->segments[elf->segments_count++] = *segment;
	elf->span = page_up(segment->vaddr + segment->memsz);
	return true;
}

/* Finds what is to be loaded and what describes it. */
static bool read_segments(struct elf *elf, const uint8_t *bytes, size_t len,
			  struct elf_segment *dynamic, struct elf_text *text)
{
	const uint8_t *at;
	struct elf_header header;
	struct elf_segment segment;

	if (len < sizeof(header))
		return wrong(text, "not a 32-bit ELF file");
	memcpy(&header, bytes, sizeof(header));
	if (!check_header(&header, len, text))
		return false;
	at = bytes + header.phoff;
	for (uint32_t i = 0; i < header.phnum; i++, at += sizeof(segment)) {
		memcpy(&segment, at, sizeof(segment));
		if (segment.type == PT_DYNAMIC)
			*dynamic = segment;
		if (!take_segment(elf, &segment, len, text))
			return false;
	}
	if (!elf->segments_count)
		return wrong(text, "nothing in it is to be loaded");
	if (!dynamic->memsz || dynamic->vaddr % 4 || !inside(elf, dynamic->vaddr, dynamic->memsz))
		return wrong(text, "it has no dynamic section");
	return true;
}

static bool map_memory(struct elf *elf, struct elf_text *text)
{
	uint32_t align = SYS_PAGE;
	long addr;

	for (uint32_t i = 0; i < elf->segments_count; i++) {
		if (elf->segments[i].align > align)
			align = elf->segments[i].align;
	}
	elf->mapping_len = elf->span + align - SYS_PAGE;
	addr = sys_mmap(NULL, elf->mapping_len, SYS_PROT_READ | SYS_PROT_WRITE,
			SYS_MAP_PRIVATE | SYS_MAP_ANONYMOUS, -1, 0);
	if ((unsigned long)addr > -(unsigned long)SYS_PAGE)
		return wrong(text, "there is no memory for it");
	elf->mapping = (void *)addr;
	elf->base = (uint8_t *)(((uint32_t)addr + align - 1) & ~(align - 1));
	return true;
}

static void copy_segments(const struct elf *elf, const uint8_t *bytes)
{
	for (uint32_t i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];

		memcpy(elf->base + segment->vaddr, bytes + segment->offset, segment->filesz);
	}
}

static bool read_dynamic(struct elf *elf, const struct elf_segment *dynamic, struct elf_text *text)
{
	const struct elf_dyn *dyn = (const struct elf_dyn *)(elf->base + dynamic->vaddr);

	for (uint32_t i = 0; i < dynamic->memsz / sizeof(*dyn) && dyn[i].tag != DT_NULL; i++) {
		if (dyn[i].tag == DT_NEEDED) {
			if (elf->needed_count == ELF_MAX_NEEDED)
				return wrong(text, "it needs too many other objects");
			elf->needed[elf->needed_count++] = dyn[i].value;
		} else if (dyn[i].tag < DT_COUNT) {
			elf->dynamic[dyn[i].tag] = dyn[i].value;
		}
	}
	return true;
}

static bool table_ok(const struct elf *elf, uint32_t table, uint32_t size, uint32_t entry)
{
	return !elf->dynamic[size] ||
	       (elf->dynamic[table] % 4 == 0 && elf->dynamic[size] % entry == 0 &&
		inside(elf, elf->dynamic[table], elf->dynamic[size]));
}

/* The number of symbols is in the hash table only, which has two words, buckets, and chains. */
static bool check_symbols(struct elf *elf, struct elf_text *text)
{
	uint32_t hash = elf->dynamic[DT_HASH], words[2];

	if (!hash)
		return wrong(text, "it has no DT_HASH; link it with --hash-style=sysv or both");
	if (!inside(elf, hash, sizeof(words)))
		return wrong(text, "its hash table is not in it");
	memcpy(words, elf->base + hash, sizeof(words));
	elf->symbols_count = words[1];
	if (elf->dynamic[DT_SYMTAB] % 4 || elf->dynamic[DT_SYMENT] != sizeof(struct elf_symbol) ||
	    !inside(elf, elf->dynamic[DT_SYMTAB],
		    (uint64_t)elf->symbols_count * sizeof(struct elf_symbol)))
		return wrong(text, "its symbols are not in it");
	if (!inside(elf, elf->dynamic[DT_STRTAB], elf->dynamic[DT_STRSZ]))
		return wrong(text, "its strings are not in it");
	return true;
}

static bool check_tables(struct elf *elf, struct elf_text *text)
{
	if (elf->dynamic[DT_REL] || (elf->dynamic[DT_JMPREL] && elf->dynamic[DT_PLTREL] != DT_RELA))
		return wrong(text, "its relocations have no addends");
	if (elf->dynamic[DT_RELASZ] && elf->dynamic[DT_RELAENT] != sizeof(struct elf_rela))
		return wrong(text, "its relocations have a strange size");
	if (!table_ok(elf, DT_RELA, DT_RELASZ, sizeof(struct elf_rela)) ||
	    !table_ok(elf, DT_JMPREL, DT_PLTRELSZ, sizeof(struct elf_rela)))
		return wrong(text, "its relocations are not in it");
	if (!table_ok(elf, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, 4) ||
	    !table_ok(elf, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, 4) ||
	    !inside(elf, elf->dynamic[DT_INIT], 4) || !inside(elf, elf->dynamic[DT_FINI], 4))
		return wrong(text, "its constructors are not in it");
	return check_symbols(elf, text);
}

bool elf_map(struct elf *elf, const uint8_t *bytes, size_t len, struct elf_text *text)
{
	struct elf_segment dynamic = { 0 };

	*elf = (struct elf){ 0 };
	if (!read_segments(elf, bytes, len, &dynamic, text) || !map_memory(elf, text))
		return false;
	copy_segments(elf, bytes);
	return read_dynamic(elf, &dynamic, text) && check_tables(elf, text);
}

/* A name without its end is none. */
static const char *string_at(const struct elf *elf, uint32_t offset)
{
	const char *strings = (const char *)elf->base + elf->dynamic[DT_STRTAB];
	uint32_t size = elf->dynamic[DT_STRSZ];

	for (uint32_t i = offset; i < size; i++) {
		if (!strings[i])
			return strings + offset;
	}
	return "";
}

const char *elf_needed(const struct elf *elf, uint32_t i)
{
	return string_at(elf, elf->needed[i]);
}

static const struct elf_symbol *symbol_at(const struct elf *elf, uint32_t i)
{
	return (const struct elf_symbol *)(elf->base + elf->dynamic[DT_SYMTAB]) + i;
}

static uint32_t symbol_value(const struct elf *elf, const struct elf_symbol *symbol)
{
	return symbol->shndx == SHN_ABS ? symbol->value : (uint32_t)elf->base + symbol->value;
}

bool elf_find(const struct elf *elf, const char *name, uint32_t *value)
{
	for (uint32_t i = 1; i < elf->symbols_count; i++) {
		const struct elf_symbol *symbol = symbol_at(elf, i);

		if (symbol->shndx == SHN_UNDEF || symbol->info >> 4 == STB_LOCAL ||
		    strcmp(string_at(elf, symbol->name), name))
			continue;
		*value = symbol_value(elf, symbol);
		return true;
	}
	return false;
}

/* What the object has itself comes first; what is weak and nobody has is 0. */
static bool resolve(const struct elf *elf, uint32_t i, elf_lookup lookup, void *context,
		    uint32_t *value)
{
	const struct elf_symbol *symbol = symbol_at(elf, i);

	*value = 0;
	if (i == 0)
		return true;
	if (symbol->shndx != SHN_UNDEF) {
		*value = symbol_value(elf, symbol);
		return true;
	}
	return lookup(context, string_at(elf, symbol->name), value) ||
	       symbol->info >> 4 == STB_WEAK;
}

static bool relocate_one(const struct elf *elf, const struct elf_rela *rela, uint32_t value,
			 struct elf_text *text)
{
	switch (rela->info & 0xff) {
	case R_HEX_NONE:
		return true;
	case R_HEX_RELATIVE:
		value = (uint32_t)elf->base + (uint32_t)rela->addend;
		break;
	case R_HEX_32:
	case R_HEX_GLOB_DAT:
	case R_HEX_JMP_SLOT:
		value += (uint32_t)rela->addend;
		break;
	default:
		elf_say(text, "it has a relocation of type %u", (unsigned int)rela->info & 0xff);
		return false;
	}
	if (!inside(elf, rela->offset, sizeof(value)))
		return wrong(text, "a relocation is not in it");
	memcpy(elf->base + rela->offset, &value, sizeof(value));
	return true;
}

/* Names of symbols that are missing are collected; 0, or how many of them there are. */
struct relocation {
	elf_lookup lookup;
	void *context;
	uint32_t missing;
	struct elf_text *text;
};

static bool relocate_table(struct elf *elf, uint32_t table, uint32_t size, struct relocation *all)
{
	const uint8_t *at = elf->base + elf->dynamic[table];
	struct elf_rela rela;
	uint32_t value;

	for (uint32_t i = 0; i < elf->dynamic[size] / sizeof(rela); i++, at += sizeof(rela)) {
		memcpy(&rela, at, sizeof(rela));
		if (rela.info >> 8 && rela.info >> 8 >= elf->symbols_count)
			return wrong(all->text, "a relocation is for no symbol");
		if (!resolve(elf, rela.info >> 8, all->lookup, all->context, &value)) {
			elf_say(all->text, "%s%s",
				all->missing++ ? ", " : "it needs what this DSP has not: ",
				string_at(elf, symbol_at(elf, rela.info >> 8)->name));
			continue;
		}
		if (!relocate_one(elf, &rela, value, all->text))
			return false;
	}
	return true;
}

bool elf_relocate(struct elf *elf, elf_lookup lookup, void *context, struct elf_text *text)
{
	struct relocation all = { .lookup = lookup, .context = context, .text = text };

	return relocate_table(elf, DT_RELA, DT_RELASZ, &all) &&
	       relocate_table(elf, DT_JMPREL, DT_PLTRELSZ, &all) && !all.missing;
}

bool elf_protect(struct elf *elf, struct elf_text *text)
{
	for (uint32_t i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		uint32_t start = segment->vaddr & ~(SYS_PAGE - 1);
		int prot = SYS_PROT_READ;

		if (segment->flags & PF_W)
			prot |= SYS_PROT_WRITE;
		if (segment->flags & PF_X)
			prot |= SYS_PROT_EXEC;
		if (sys_mprotect(elf->base + start,
				 page_up(segment->vaddr + segment->memsz) - start, prot))
			return wrong(text, "its memory cannot be protected");
	}
	return true;
}

/* Their addresses were made by relocations; 0 and all ones stand for none. */
static void call_table(const struct elf *elf, uint32_t table, uint32_t size, bool backwards)
{
	const uint32_t *entries = (const uint32_t *)(elf->base + elf->dynamic[table]);
	uint32_t count = elf->dynamic[size] / sizeof(*entries);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t entry = entries[backwards ? count - 1 - i : i];

		if (entry && entry != ~0u)
			((void (*)(void))entry)();
	}
}

static void call_one(const struct elf *elf, uint32_t tag)
{
	if (elf->dynamic[tag])
		((void (*)(void))(elf->base + elf->dynamic[tag]))();
}

void elf_start(const struct elf *elf)
{
	call_one(elf, DT_INIT);
	call_table(elf, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, false);
}

void elf_stop(const struct elf *elf)
{
	call_table(elf, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, true);
	call_one(elf, DT_FINI);
}

void elf_unmap(struct elf *elf)
{
	if (elf->mapping)
		sys_munmap(elf->mapping, elf->mapping_len);
	elf->mapping = NULL;
}
