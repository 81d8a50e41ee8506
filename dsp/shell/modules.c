/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "modules.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fastrpc_wire.h"
#include "library.h"
#include "listener.h"
#include "thread.h"

#define MAX_MODULES 64
#define MAX_NAME    128

/* How long a program without a listener waits for the answer that it has none. */
#define LISTENER_WAIT_US 5000000

#define FIRST_GENERATION 0x100u
#define MAX_GENERATION	 0xffffffu

/* One open module. */
struct module {
	struct skel skel;	 /* its name is NULL: the place is free */
	struct library *library; /* where the skel is, or NULL */
	uint64_t object;	 /* what the skel's open gave */
	uint32_t generation;	 /* makes handles of earlier users of the place invalid */
	uint32_t users;		 /* calls that run, and 1 while it is open */
	bool open;
};

/* lock protects the table and what is in it; it is not held while a skel runs. */
static struct rt_mutex lock;
static struct module modules[MAX_MODULES];

/*
 * A handle is generation, then place. Fixed ones end at 255; from 256 to 512 FastRPC's library (1.0.8)
 * has numbers of its own: what is opened with such a handle it neither calls nor closes,
 * and its caller sees success.
 */
static uint32_t handle_of(const struct module *module)
{
	return module->generation << 8 | (uint32_t)(module - modules);
}

static struct module *module_get(uint32_t handle)
{
	struct module *module = NULL;

	rt_mutex_lock(&lock);
	if ((handle & 0xff) < MAX_MODULES) {
		module = &modules[handle & 0xff];
		if (module->open && handle_of(module) == handle)
			module->users++;
		else
			module = NULL;
	}
	rt_mutex_unlock(&lock);
	return module;
}

static uint32_t skel_open(const struct skel *skel, const char *name, uint64_t *object)
{
	uint32_t len = (uint32_t)strlen(name) + 1, error;
	remote_arg args[3] = {
		{ .buf = { &len, sizeof(len) } },
		{ .buf = { (void *)name, len } },
		{ .h64 = 0 },
	};

	if (skel->plain)
		return 0;
	error = (uint32_t)skel->invoke(0, REMOTE_SCALARS_OPEN, args);
	*object = args[2].h64;
	return error;
}

static uint32_t skel_close(const struct skel *skel, uint64_t object)
{
	remote_arg arg = { .h64 = object };

	return skel->plain ? 0 : (uint32_t)skel->invoke(object, REMOTE_SCALARS_CLOSE, &arg);
}

static void module_free(struct module *module)
{
	struct library *library = module->library;

	rt_mutex_lock(&lock);
	module->skel.name = NULL;
	rt_mutex_unlock(&lock);
	if (library)
		library_put(library);
}

/* Whoever is last closes the skel's object; gives what the skel says then. */
static uint32_t module_put(struct module *module)
{
	uint32_t error;
	bool last;

	rt_mutex_lock(&lock);
	last = --module->users == 0;
	rt_mutex_unlock(&lock);
	if (!last)
		return 0;
	error = skel_close(&module->skel, module->object);
	module_free(module);
	return error;
}

static struct module *module_new(const struct skel *skel, struct library *library)
{
	struct module *module = NULL;

	rt_mutex_lock(&lock);
	for (int i = 0; i < MAX_MODULES && !module; i++) {
		if (!modules[i].skel.name)
			module = &modules[i];
	}
	if (module) {
		uint32_t generation = (module->generation + 1) & MAX_GENERATION;

		*module = (struct module){ .skel = *skel, .library = library, .users = 1 };
		module->generation = generation < FIRST_GENERATION ? FIRST_GENERATION : generation;
	}
	rt_mutex_unlock(&lock);
	return module;
}

/* What a name asks for; all of it points into the name or is made from it. */
struct wish {
	char file[MAX_NAME];
	char symbol[MAX_NAME];
	bool plain;
};

/* The part of text up to one of the two characters, if it fits. */
static bool copy_until(char *to, const char *text, char one, char other)
{
	size_t len = 0;

	while (text[len] && text[len] != one && text[len] != other)
		len++;
	if (len >= MAX_NAME)
		return false;
	memcpy(to, text, len);
	to[len] = '\0';
	return len > 0;
}

/*
 * ".../libX_skel.so?X_skel_handle_invoke&.."; names need not be of this pattern. What is linked
 * into the process is also found without the function's name.
 */
static bool read_uri(const char *name, struct wish *wish)
{
	const char *query = strchr(name, '?'), *file = name;

	for (const char *at = name; *at && at != query; at++) {
		if (*at == '/')
			file = at + 1;
	}
	if (!copy_until(wish->file, file, '?', '?'))
		return false;
	return !query || copy_until(wish->symbol, query + 1, '&', '&');
}

/* A name alone is of a module that is neither opened nor closed. */
static bool read_name(const char *name, struct wish *wish)
{
	if (!strncmp(name, "file:", 5))
		return read_uri(name, wish);
	wish->plain = true;
	if (strlen(name) + sizeof("lib_skel_invoke") > MAX_NAME)
		return false;
	snprintf(wish->file, MAX_NAME, "lib%s_skel.so", name);
	snprintf(wish->symbol, MAX_NAME, "%s_skel_invoke", name);
	return true;
}

/* Is the file lib<name>_skel.so? */
static bool is_file_of(const char *file, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(file, "lib", 3) && !strncmp(file + 3, name, len) &&
	       !strcmp(file + 3 + len, "_skel.so");
}

/*
 * What is linked into the process goes before files: programs without a listener
 * have nothing else, and a name must not mean one thing with a listener and another without.
 */
static const struct skel *find_linked(const struct wish *wish)
{
	for (const struct skel *skel = shell_skels; skel->name; skel++) {
		if (is_file_of(wish->file, skel->name))
			return skel;
	}
	return NULL;
}

static void say_unknown(const struct wish *wish, struct elf_text *text)
{
	elf_say(text, "no %s in this process, and no listener to fetch it; it has:", wish->file);
	for (const struct skel *skel = shell_skels; skel->name; skel++)
		elf_say(text, " %s", skel->name);
}

static uint32_t load_skel(const struct wish *wish, struct skel *skel, struct library **library,
			  struct elf_text *text)
{
	uint32_t error, entry;

	if (!listener_came(LISTENER_WAIT_US)) {
		say_unknown(wish, text);
		return FRPC_ENOSUCHMOD;
	}
	error = library_get(wish->file, library, text);
	if (error)
		return error;
	if (!library_find(*library, wish->symbol, &entry)) {
		elf_say(text, "%s has no function %s", wish->file, wish->symbol);
		library_put(*library);
		return FRPC_EUNABLETOLOAD;
	}
	*skel = (struct skel){ .name = "library" };
	if (wish->plain)
		skel->plain = (skel_plain_entry)entry;
	else
		skel->invoke = (skel_entry)entry;
	return 0;
}

static uint32_t find_skel(const char *name, struct skel *skel, struct library **library,
			  struct elf_text *text)
{
	struct wish wish = { .plain = false };
	bool good = read_name(name, &wish);
	const struct skel *linked = good ? find_linked(&wish) : NULL;

	*library = NULL;
	if (!good || (!linked && !wish.symbol[0])) {
		elf_say(text, "not a name of a module: \"%.64s\"", name);
		return FRPC_ENOSUCHMOD;
	}
	if (!linked)
		return load_skel(&wish, skel, library, text);
	*skel = *linked;
	return 0;
}

/* The skel's own open can take long, so it runs without the lock. */
static uint32_t open_new(const char *name, struct module *module, uint32_t *handle)
{
	uint64_t object = 0;
	uint32_t error = skel_open(&module->skel, name, &object);

	if (error) {
		module_free(module);
		return error;
	}
	rt_mutex_lock(&lock);
	module->object = object;
	module->open = true;
	*handle = handle_of(module);
	rt_mutex_unlock(&lock);
	return 0;
}

uint32_t modules_open(const char *name, uint32_t *handle, char *error_text, size_t error_size)
{
	struct elf_text text = { .text = error_text, .size = error_size };
	struct library *library;
	struct module *module;
	struct skel skel;
	uint32_t error = find_skel(name, &skel, &library, &text);

	if (error)
		return error;
	module = module_new(&skel, library);
	if (!module) {
		if (library)
			library_put(library);
		elf_say(&text, "%d modules are open, close one first", MAX_MODULES);
		return FRPC_ENOMEMORY;
	}
	error = open_new(name, module, handle);
	if (error)
		elf_say(&text, "the module's own open failed with 0x%x", (unsigned int)error);
	return error;
}

uint32_t modules_close(uint32_t handle)
{
	struct module *module = module_get(handle);
	bool was_open;

	if (!module)
		return FRPC_ENOSUCHHANDLE;
	rt_mutex_lock(&lock);
	was_open = module->open;
	module->open = false;
	if (was_open)
		module->users--;
	rt_mutex_unlock(&lock);
	return module_put(module);
}

/* Methods 0 and 1 are the shell's: a caller who closed a skel by one would pull it away. */
static uint32_t skel_invoke(const struct module *module, uint32_t sc, remote_arg *args)
{
	if (module->skel.plain)
		return (uint32_t)module->skel.plain(sc, args);
	if (REMOTE_SCALARS_METHOD(sc) < 2)
		return FRPC_EUNSUPPORTED;
	return (uint32_t)module->skel.invoke(module->object, sc, args);
}

uint32_t modules_invoke(uint32_t handle, uint32_t sc, remote_arg *args)
{
	struct module *module = module_get(handle);
	uint32_t result;

	if (!module)
		return FRPC_ENOSUCHHANDLE;
	result = skel_invoke(module, sc, args);
	module_put(module);
	return result;
}
