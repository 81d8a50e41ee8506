/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* ELF for 32 bits as far as shared objects for Hexagon need it; names as in the ELF standard. */
#ifndef SHELL_ELF_FORMAT_H
#define SHELL_ELF_FORMAT_H

#include <stdint.h>

#define ELF_MAGIC	"\177ELF\1\1\1" /* 32 bits, little endian, version 1 */
#define ELF_MAGIC_LEN	7
#define ET_DYN		3
#define EM_QDSP6	164

#define PT_LOAD		1
#define PT_DYNAMIC	2
#define PT_TLS		7
#define PF_X		1
#define PF_W		2

#define DT_NULL		0
#define DT_NEEDED	1
#define DT_PLTRELSZ	2
#define DT_HASH		4
#define DT_STRTAB	5
#define DT_SYMTAB	6
#define DT_RELA		7
#define DT_RELASZ	8
#define DT_RELAENT	9
#define DT_STRSZ	10
#define DT_SYMENT	11
#define DT_INIT		12
#define DT_FINI		13
#define DT_REL		17
#define DT_PLTREL	20
#define DT_JMPREL	23
#define DT_INIT_ARRAY	25
#define DT_FINI_ARRAY	26
#define DT_INIT_ARRAYSZ 27
#define DT_FINI_ARRAYSZ 28
#define DT_COUNT	32 /* tags from here on are not looked at */

#define SHN_UNDEF	0
#define SHN_ABS		0xfff1
#define STB_LOCAL	0
#define STB_WEAK	2
#define STT_TLS		6

#define R_HEX_NONE	0
#define R_HEX_32	6
#define R_HEX_GLOB_DAT	33
#define R_HEX_JMP_SLOT	34
#define R_HEX_RELATIVE	35

struct elf_header {
	uint8_t ident[16];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint32_t entry;
	uint32_t phoff;
	uint32_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
	uint16_t shstrndx;
};

struct elf_segment {
	uint32_t type;
	uint32_t offset;
	uint32_t vaddr;
	uint32_t paddr;
	uint32_t filesz;
	uint32_t memsz;
	uint32_t flags;
	uint32_t align;
};

struct elf_dyn {
	uint32_t tag;
	uint32_t value;
};

struct elf_symbol {
	uint32_t name;
	uint32_t value;
	uint32_t size;
	uint8_t info;
	uint8_t other;
	uint16_t shndx;
};

struct elf_rela {
	uint32_t offset;
	uint32_t info;
	int32_t addend;
};

#endif
