/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Modules that the DSP fetches from the application and loads.
 *	loader_test QEMU SHELL LIBS TESTLIBS
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "files.h"

#define URI(file, symbol) "file:///" file "?" symbol "&_modver=1.0&_dom=cdsp"
#define ODD		  URI("libodd_skel.so", "odd_skel_handle_invoke")
#define DAMAGED		  URI("damaged.so", "odd_skel_handle_invoke")

static struct app app;
static struct files files;

static void begin(struct shell *shell, char **argv, bool old, uint32_t room)
{
	*shell = start(argv[1], argv[2]);
	app_start(&app, shell, old, room);
	files = (struct files){ .dirs = { argv[3], argv[4] }, .heap = VDSP_IOVA_START + 0x1000000 };
	app.serve = files_serve;
	app.context = &files;
	check(!app_init(&app), "%s listener", old ? "an old" : "a new");
}

static void end(struct shell *shell, const char *text)
{
	char log[4096];
	int status = stop(shell, log, sizeof(log));

	check(WIFEXITED(status) && !WEXITSTATUS(status), "the process ends in order");
	if (text)
		check(strstr(log, text), "the log has \"%s\": %s", text, log);
	else
		check(!log[0], "the log is empty: %s", log);
}

static uint32_t must_load(const char *name)
{
	char text[ERROR_TEXT] = "";
	uint32_t handle, error = app_open(&app, name, &handle, text);

	check(!error && handle > 255, "load %.40s: 0x%x %s", name, error, text);
	check(!files_open_count(&files), "all files are closed");
	return handle;
}

static uint32_t close_it(uint32_t handle)
{
	uint32_t in[2] = { handle, ERROR_TEXT }, out = 0xdead;
	char text[ERROR_TEXT];
	struct buffer buffers[] = { { in, sizeof(in) }, { &out, sizeof(out) }, { text, 200 } };
	uint32_t code = app_invoke(&app, FRPC_HANDLE_REMOTECTL1, FRPC_SC(3, 1, 2), buffers);

	return code ? code : out;
}

static uint32_t get(uint32_t handle, uint32_t method)
{
	uint32_t value = 0;
	struct buffer out = { &value, 4 };

	return app_invoke(&app, handle, FRPC_SC(method, 0, 1), &out) ? 0 : value;
}

static void test_twice(void)
{
	uint32_t handle = must_load(URI("libtwice_skel.so", "twice_skel_handle_invoke"));
	int32_t number = -21, result = 0;
	struct buffer buffers[] = { { &number, 4 }, { &result, 4 } };

	check(!app_invoke(&app, handle, FRPC_SC(2, 1, 1), buffers) && result == -42,
	      "a skel of the SDK doubles a number");
	check(!close_it(handle), "close it");
	check(app_invoke(&app, handle, FRPC_SC(2, 1, 1), buffers) == FRPC_ENOSUCHHANDLE,
	      "it is gone");
}

/* The bytes of an example as a file of another name, which is not linked into the process. */
static void test_calc(const char *dir)
{
	uint32_t handle, count = 1000;
	int32_t numbers[1000];
	int64_t sum = 0;
	char path[512];
	struct buffer buffers[] = { { &count, 4 }, { numbers, sizeof(numbers) }, { &sum, 8 } };

	snprintf(path, sizeof(path), "%s/libcalc_skel.so", dir);
	files.extra_name = "mycalc.so";
	files.extra_bytes = files_read(path, &files.extra_len);
	for (int i = 0; i < 1000; i++)
		numbers[i] = i;
	handle = must_load(URI("mycalc.so", "calc_skel_handle_invoke"));
	check(!app_invoke(&app, handle, FRPC_SC(2, 2, 1), buffers) && sum == 499500,
	      "calc from a file sums up");
	check(!close_it(handle), "close it");
	free(files.extra_bytes);
	files.extra_name = NULL;
}

static void test_odd(void)
{
	int before = files.opened;
	uint32_t first = must_load(ODD), second, data;

	check(files.opened == before + 2, "the object and the one that it needs");
	check(get(first, 2) == 255, "all of it works: %u", get(first, 2));
	data = get(first, 3);
	second = must_load(ODD);
	check(files.opened == before + 2 && second != first && get(second, 3) == data,
	      "opened twice, it is there once");
	check(!close_it(first) && get(second, 2) == 255, "and until its last user goes");
	check(!close_it(second), "now it goes");
	first = must_load(ODD);
	check(files.opened == before + 4, "the next one loads it anew");
	check(!close_it(first), "close it");
}

static void test_plain(void)
{
	uint32_t handle = must_load("plain"), in[2] = { 77, 78 }, out = 0;
	struct buffer buffers[] = { { in, 8 }, { &out, 4 } };

	check(!app_invoke(&app, handle, FRPC_SC(0, 1, 1), buffers) && out == 77,
	      "method 0 of a plain module");
	check(!app_invoke(&app, handle, FRPC_SC(31, 1, 1), buffers) && out == 77,
	      "method 31 is the way to more of them");
	check(!close_it(handle), "close it");
}

static void refused(const char *name, uint32_t code, const char *part, const char *other)
{
	char text[ERROR_TEXT] = "";
	uint32_t handle = 1, error = app_open(&app, name, &handle, text);

	check(error == code && !handle && strstr(text, part) && strstr(text, other),
	      "refused with 0x%x: %s", error, text);
	check(!files_open_count(&files), "all files are closed");
}

static void test_refusals(void)
{
	static char long_name[300] = "file:///lib";

	refused(URI("libmissing_skel.so", "missing_skel_handle_invoke"), FRPC_EUNABLETOLOAD,
		"first_missing", "second_missing");
	refused(URI("libnothere_skel.so", "x"), FRPC_EUNABLETOLOAD, "libnothere_skel.so", "0x2b");
	refused("nothere", FRPC_EUNABLETOLOAD, "libnothere_skel.so", "");
	refused(URI("libodd_skel.so", "odd_skel_invoke"), FRPC_EUNABLETOLOAD, "odd_skel_invoke",
		"libodd_skel.so");
	refused("file:///libnothere_skel.so", FRPC_ENOSUCHMOD, "not a name", "");
	refused("file:///?x", FRPC_ENOSUCHMOD, "not a name", "");
	memset(long_name + 11, 'x', sizeof(long_name) - 12);
	refused(long_name, FRPC_ENOSUCHMOD, "not a name", "");
}

/* The object that is to be damaged. */
struct victim {
	uint8_t *bytes;
	size_t len;
	Elf32_Ehdr *head;
	Elf32_Phdr *parts;
	Elf32_Dyn *dynamic;
};

static struct victim read_victim(const char *path)
{
	struct victim victim;

	victim.bytes = files_read(path, &victim.len);
	victim.head = (Elf32_Ehdr *)victim.bytes;
	victim.parts = (Elf32_Phdr *)(victim.bytes + victim.head->e_phoff);
	for (int i = 0; i < victim.head->e_phnum; i++) {
		if (victim.parts[i].p_type == PT_DYNAMIC)
			victim.dynamic = (Elf32_Dyn *)(victim.bytes + victim.parts[i].p_offset);
	}
	return victim;
}

static Elf32_Phdr *part(const struct victim *victim, uint32_t type)
{
	Elf32_Phdr *found = victim->parts;

	while (found->p_type != type)
		found++;
	return found;
}

static Elf32_Dyn *tag(const struct victim *victim, int32_t tag)
{
	Elf32_Dyn *found = victim->dynamic;

	while (found->d_tag != tag && found->d_tag != DT_NULL)
		found++;
	if (found->d_tag != tag)
		die("the object has no such tag");
	return found;
}

/* The bytes at an address of the object; the first segments lie as in the file. */
static void *bytes_at(const struct victim *victim, uint32_t address)
{
	for (int i = 0; i < victim->head->e_phnum; i++) {
		const Elf32_Phdr *part = &victim->parts[i];

		if (part->p_type == PT_LOAD && address - part->p_vaddr < part->p_filesz)
			return victim->bytes + part->p_offset + (address - part->p_vaddr);
	}
	die("no such address");
}

#define SPOIL(name, ...)                   \
	static void name(struct victim *v) \
	{                                  \
		__VA_ARGS__;               \
	}

SPOIL(spoil_short, v->len = 51)
SPOIL(spoil_empty, v->len = 0)
SPOIL(spoil_magic, v->bytes[1] = 'e')
SPOIL(spoil_class, v->head->e_ident[EI_CLASS] = ELFCLASS64)
SPOIL(spoil_machine, v->head->e_machine = EM_386)
SPOIL(spoil_type, v->head->e_type = ET_EXEC)
SPOIL(spoil_phoff, v->head->e_phoff = (uint32_t)v->len - 8)
SPOIL(spoil_phnum, v->head->e_phnum = 0xffff)
SPOIL(spoil_no_load, for (int i = 0; i < v->head->e_phnum; i++) if (v->parts[i].p_type == PT_LOAD)
			     v->parts[i]
				     .p_type = PT_NULL)
SPOIL(spoil_offset, part(v, PT_LOAD)->p_offset = (uint32_t)v->len)
SPOIL(spoil_filesz, part(v, PT_LOAD)->p_filesz = ~0u)
SPOIL(spoil_memsz, part(v, PT_LOAD)->p_memsz = 1)
SPOIL(spoil_huge, part(v, PT_LOAD)->p_memsz = 0x7fffffff)
SPOIL(spoil_wrap, part(v, PT_LOAD)->p_vaddr = 0xfffff000)
SPOIL(spoil_rwx, part(v, PT_LOAD)->p_flags = PF_R | PF_W | PF_X)
SPOIL(spoil_align, part(v, PT_LOAD)->p_align = 0x300)
SPOIL(spoil_overlap, part(v, PT_LOAD)->p_vaddr = 0x10000)
SPOIL(spoil_tls, part(v, PT_GNU_STACK)->p_type = PT_TLS)
SPOIL(spoil_no_dynamic, part(v, PT_DYNAMIC)->p_type = PT_NULL)
SPOIL(spoil_dynamic, part(v, PT_DYNAMIC)->p_vaddr = 0x4000000)
SPOIL(spoil_no_hash, tag(v, DT_HASH)->d_tag = 0x70000000)
SPOIL(spoil_hash, tag(v, DT_HASH)->d_un.d_ptr = 0xfffffffc)
SPOIL(spoil_chains, ((uint32_t *)bytes_at(v, tag(v, DT_HASH)->d_un.d_ptr))[1] = 0x10000001)
SPOIL(spoil_symtab, tag(v, DT_SYMTAB)->d_un.d_ptr = 0x80000000)
SPOIL(spoil_strtab, tag(v, DT_STRTAB)->d_un.d_ptr = 0x80000000)
SPOIL(spoil_strsz, tag(v, DT_STRSZ)->d_un.d_val = ~0u)
SPOIL(spoil_rela, tag(v, DT_RELA)->d_un.d_ptr = 0x80000000)
SPOIL(spoil_relasz, tag(v, DT_RELASZ)->d_un.d_val -= 1)
SPOIL(spoil_relaent, tag(v, DT_RELAENT)->d_un.d_val = 8)
SPOIL(spoil_rel, tag(v, DT_RELA)->d_tag = DT_REL)
SPOIL(spoil_init, tag(v, DT_INIT)->d_un.d_ptr = 0x80000000)
SPOIL(spoil_array, tag(v, DT_INIT_ARRAYSZ)->d_un.d_val = 0x10000000)
SPOIL(spoil_kind, ((Elf32_Rela *)bytes_at(v, tag(v, DT_RELA)->d_un.d_ptr))->r_info = 63)
SPOIL(spoil_place, ((Elf32_Rela *)bytes_at(v, tag(v, DT_RELA)->d_un.d_ptr))->r_offset = 0xfffffffe)
SPOIL(spoil_symbol,
      ((Elf32_Rela *)bytes_at(v, tag(v, DT_JMPREL)->d_un.d_ptr))->r_info |= 0xffffff00)
SPOIL(spoil_needed, tag(v, DT_NEEDED)->d_un.d_val = 0x7fffffff)

static const struct damage {
	const char *text;
	void (*spoil)(struct victim *victim);
} damages[] = {
	{ "not a 32-bit ELF", spoil_short },
	{ "not a 32-bit ELF", spoil_empty },
	{ "not a 32-bit ELF", spoil_magic },
	{ "not a 32-bit ELF", spoil_class },
	{ "not for Hexagon", spoil_machine },
	{ "not a shared object", spoil_type },
	{ "program headers", spoil_phoff },
	{ "program headers", spoil_phnum },
	{ "nothing in it", spoil_no_load },
	{ "not in the file", spoil_offset },
	{ "not in the file", spoil_filesz },
	{ "too large", spoil_memsz },
	{ "too large", spoil_huge },
	{ "too large", spoil_wrap },
	{ "writable and executable", spoil_rwx },
	{ "alignment", spoil_align },
	{ "share a page", spoil_overlap },
	{ "thread-local", spoil_tls },
	{ "no dynamic section", spoil_no_dynamic },
	{ "no dynamic section", spoil_dynamic },
	{ "no DT_HASH", spoil_no_hash },
	{ "hash table", spoil_hash },
	{ "symbols are not", spoil_chains },
	{ "symbols are not", spoil_symtab },
	{ "strings are not", spoil_strtab },
	{ "strings are not", spoil_strsz },
	{ "relocations are not", spoil_rela },
	{ "relocations are not", spoil_relasz },
	{ "strange size", spoil_relaent },
	{ "no addends", spoil_rel },
	{ "constructors", spoil_init },
	{ "constructors", spoil_array },
	{ "type 63", spoil_kind },
	{ "a relocation is not", spoil_place },
	{ "for no symbol", spoil_symbol },
	{ "its name is too long", spoil_needed },
};

static void test_damage(const char *path)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct victim victim = read_victim(path);

		damages[i].spoil(&victim);
		files.extra_name = "damaged.so";
		files.extra_bytes = victim.bytes;
		files.extra_len = victim.len;
		refused(DAMAGED, FRPC_EUNABLETOLOAD, damages[i].text, "");
		free(victim.bytes);
	}
	files.extra_name = NULL;
}

/*
 * A file of which some of what describes it is damaged: headers, symbols, relocations,
 * or values of the dynamic section. It has no constructors, and its function is not called,
 * so the process has no reason to die.
 */
static void test_fuzz(const char *dir)
{
	int rounds = 1500, answered = 0, loaded = 0;
	char path[512], text[ERROR_TEXT];
	uint32_t handle;

	srandom(11);
	snprintf(path, sizeof(path), "%s/libcalc_skel.so", dir);
	files.quiet = true;
	for (int i = 0; i < rounds && answered == i; i++) {
		struct victim victim = read_victim(path);
		uint32_t end = part(&victim, PT_DYNAMIC)->p_offset, code, error;

		code = victim.parts[2].p_offset;
		for (int j = 0; j < 1 + i % 3; j++) {
			uint8_t *byte = victim.bytes + (uint32_t)random() % code;

			if (random() % 3 == 0)
				byte = victim.bytes + end + 8 * (random() % 10) + 4 + random() % 4;
			*byte = (uint8_t)(random() % 2 ? random() : *byte ^ 1 << random() % 8);
		}
		files.extra_name = "damaged.so";
		files.extra_bytes = victim.bytes;
		files.extra_len = victim.len;
		error = app_open(&app, URI("damaged.so", "nobody"), &handle, text);
		answered += error == FRPC_EUNABLETOLOAD;
		loaded += strstr(text, "has no function") != NULL;
		free(victim.bytes);
	}
	files.extra_name = NULL;
	files.quiet = false;
	check(answered == rounds && loaded, "%d of %d damaged files refused, %d after loading",
	      answered, rounds, loaded);
}

/*
 * The shape of objects that vendors ship: signed, without sections, with segments that
 * say nothing to a loader, for newer processors.
 */
static void test_vendor_shape(const char *path)
{
	static const uint32_t flags[] = { 0x68, 0x75 };
	struct victim victim = read_victim(path);
	uint32_t handle;

	victim.head->e_shoff = 0;
	victim.head->e_shnum = 0;
	victim.head->e_shstrndx = 0;
	*part(&victim, PT_GNU_STACK) = (Elf32_Phdr){
		.p_type = PT_NULL, .p_offset = 0xfffff000, .p_filesz = 0x2000, .p_flags = 0x2200000
	};
	files.extra_name = "damaged.so";
	files.extra_bytes = victim.bytes;
	files.extra_len = victim.len;
	for (int i = 0; i < 2; i++) {
		victim.head->e_flags = flags[i];
		handle = must_load(DAMAGED);
		check(get(handle, 2) == 255, "it works");
		check(!close_it(handle), "close it");
	}
	free(victim.bytes);
	files.extra_name = NULL;
}

/* A thread of the application that does not serve leaves nobody waiting for another. */
static void test_blocked_load(void)
{
	uint64_t blocked;
	uint32_t in[2] = { sizeof(ODD), ERROR_TEXT }, out[2], code;
	char text[ERROR_TEXT];
	struct buffer open[] = { { in, 8 }, { ODD, sizeof(ODD) }, { out, 8 }, { text, ERROR_TEXT } };

	blocked = app_call(&app, 8, FRPC_HANDLE_REMOTECTL1, FRPC_SC(2, 2, 2), open);
	code = app_wait(&app,
			app_call(&app, 9, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(3, 0, 0), NULL));
	check(!code && !app_answered(&app, blocked), "a load waits, and others do not");
	check(!app_run(&app, blocked), "until it is served");
	app_fetch(&app, 8, FRPC_SC(2, 2, 2), open);
	check(!out[1] && !close_it(out[0]), "close it");
}

static void test_heap(void)
{
	uint32_t probe = must_load("probe"), size = 0x800000, result = 0;
	struct buffer buffers[] = { { &size, 4 }, { &result, 4 } };
	int before = files.heap_requests;

	for (int i = 0; i < 6; i++)
		check(!app_invoke(&app, probe, FRPC_SC(22, 1, 1), buffers) && result,
		      "8 MiB at 0x%x", result);
	check(files.heap_requests == before + 3 && result >= VDSP_IOVA_START,
	      "more than the process has comes from the application");
	files.heap_lie = true;
	check(!app_invoke(&app, probe, FRPC_SC(22, 1, 1), buffers) && !result,
	      "pages that the driver knows nothing of are none");
	files.heap_lie = false;
	size = 0x3000000;
	check(!app_invoke(&app, probe, FRPC_SC(22, 1, 1), buffers) && !result,
	      "nor what the application has not");
}

/* Nobody waits for the line: it comes when it comes. */
static void test_log(void)
{
	uint32_t handle = must_load(URI("libtwice_skel.so", "twice_skel_handle_invoke"));
	int32_t number = 4, result;
	struct buffer buffers[] = { { &number, 4 }, { &result, 4 } };

	files.has_log = true;
	check(!app_invoke(&app, handle, FRPC_SC(2, 1, 1), buffers), "a skel prints");
	while (!files.log_count && app_serve(&app))
		;
	check(!strcmp(files.log[0], "2 twice_skel.c:31:twice is 8\n"),
	      "the application's log has: %s", files.log[0]);
}

int main(int argc, char **argv)
{
	struct shell shell;
	char path[512];

	if (argc < 5)
		return 2;
	snprintf(path, sizeof(path), "%s/libodd_skel.so", argv[4]);
	begin(&shell, argv, true, 256);
	test_twice();
	test_calc(argv[3]);
	test_odd();
	test_plain();
	test_refusals();
	end(&shell, "odd: fini");
	begin(&shell, argv, false, 0);
	test_twice();
	test_odd();
	test_vendor_shape(path);
	test_blocked_load();
	test_damage(path);
	test_fuzz(argv[3]);
	test_odd();
	end(&shell, "odd: fini");
	begin(&shell, argv, false, 4096);
	test_heap();
	end(&shell, NULL);
	begin(&shell, argv, false, 4096);
	test_log();
	end(&shell, "twice_skel.c:31: twice is 8");
	return finish();
}
