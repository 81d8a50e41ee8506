/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "modules.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fastrpc_wire.h"
#include "thread.h"

#define MAX_MODULES 64
#define MAX_NAME    64

/* One open module. */
struct module {
	const struct skel *skel; /* NULL: the place is free */
	uint64_t object;	 /* what the skel's open gave */
	uint32_t generation;	 /* makes handles of earlier users of the place invalid */
	uint32_t users;		 /* calls that run, and 1 while it is open */
	bool open;
};

/* lock protects the table and what is in it; it is not held while a skel runs. */
static struct rt_mutex lock;
static struct module modules[MAX_MODULES];

/* A handle is above 255, which is where the fixed ones end: generation, then place. */
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
	error = skel_close(module->skel, module->object);
	rt_mutex_lock(&lock);
	module->skel = NULL;
	rt_mutex_unlock(&lock);
	return error;
}

static struct module *module_new(const struct skel *skel)
{
	struct module *module = NULL;

	rt_mutex_lock(&lock);
	for (int i = 0; i < MAX_MODULES && !module; i++) {
		if (!modules[i].skel)
			module = &modules[i];
	}
	if (module) {
		uint32_t generation = (module->generation + 1) & 0xffffff;

		*module = (struct module){ .skel = skel, .users = 1 };
		module->generation = generation ? generation : 1;
	}
	rt_mutex_unlock(&lock);
	return module;
}

/* The X in ".../libX_skel.so?..", or a plain name as it is; length 0 when it is neither. */
static size_t skel_name(const char *name, const char **start)
{
	const char *end = strchr(name, '?');
	size_t len;

	*start = name;
	if (strncmp(name, "file:", 5))
		return strlen(name);
	if (!end)
		end = name + strlen(name);
	for (const char *at = name; at < end; at++) {
		if (*at == '/')
			*start = at + 1;
	}
	len = (size_t)(end - *start);
	if (len <= 11 || strncmp(*start, "lib", 3) || strncmp(end - 8, "_skel.so", 8))
		return 0;
	*start += 3;
	return len - 11;
}

static const struct skel *skel_find(const char *name, char *error, size_t error_size)
{
	const char *start;
	size_t len = skel_name(name, &start);
	int used;

	for (const struct skel *skel = shell_skels; skel->name && len; skel++) {
		if (strlen(skel->name) == len && !strncmp(skel->name, start, len))
			return skel;
	}
	used = snprintf(error, error_size, "no module \"%.*s\" in this process; it has:",
			len && len < MAX_NAME ? (int)len : MAX_NAME, len ? start : name);
	for (const struct skel *skel = shell_skels; skel->name && used < (int)error_size; skel++)
		used += snprintf(error + used, error_size - (size_t)used, " %s", skel->name);
	return NULL;
}

uint32_t modules_open(const char *name, uint32_t *handle, char *error, size_t error_size)
{
	const struct skel *skel = skel_find(name, error, error_size);
	struct module *module;
	uint64_t object = 0;
	uint32_t result;

	if (!skel)
		return FRPC_ENOSUCHMOD;
	module = module_new(skel);
	if (!module) {
		snprintf(error, error_size, "%d modules are open, close one first", MAX_MODULES);
		return FRPC_ENOMEMORY;
	}
	result = skel_open(skel, name, &object);
	rt_mutex_lock(&lock);
	module->object = object;
	module->open = !result;
	*handle = handle_of(module);
	if (result)
		module->skel = NULL;
	rt_mutex_unlock(&lock);
	if (result)
		snprintf(error, error_size, "the module \"%s\" refused to open", skel->name);
	return result;
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
	if (module->skel->plain)
		return (uint32_t)module->skel->plain(sc, args);
	if (REMOTE_SCALARS_METHOD(sc) < 2)
		return FRPC_EUNSUPPORTED;
	return (uint32_t)module->skel->invoke(module->object, sc, args);
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
