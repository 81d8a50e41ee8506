/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "apps.h"

#include <stdlib.h>
#include <string.h>

#include "apps_std.h"
#include "fastrpc_wire.h"
#include "listener.h"
#include "maps.h"
#include "thread.h"

/* A directory list of the application; the name is as old as the first of these DSPs. */
#define PATH_ENV   "ADSP_LIBRARY_PATH"
#define PATH_DELIM ";"
#define CHUNK	   0x10000
#define MAX_FILE   0x4000000u

/* apps_mem: ADD_PAGES means memory of the kernel's, not the application's. */
#define MEM_REQUEST_MAP64   REMOTE_SCALARS_MAKE(2, 1, 1)
#define MEM_FLAGS_ADD_PAGES 0x1000

struct map_request {
	uint32_t heap;
	uint32_t lflags;
	uint32_t rflags;
	uint32_t pad;
	uint64_t address;
	int64_t len;
};

struct map_result {
	uint64_t app_address;
	uint64_t dsp_address;
};

/* A handle means something as long as the listener that gave it is the one that serves. */
struct slot {
	const char *name;
	uint32_t handle;
	uint32_t listener; /* 0: not open */
};

/* lock protects what is in the slots. It is not held while the application is asked. */
static struct rt_mutex lock;
static struct slot slots[APPS_COUNT] = {
	[APPS_STD] = { .name = "apps_std" },
	[APPS_MEM] = { .name = "apps_mem" },
	[APPS_LOG] = { .name = "adspmsgd_apps" },
};

/* Two threads that open at the same time get a handle each, and one of them is kept. */
static uint32_t get_handle(struct slot *slot, uint32_t *handle)
{
	uint32_t listener = listener_number(), error = 0;

	rt_mutex_lock(&lock);
	if (slot->listener == listener)
		*handle = slot->handle;
	else
		error = FRPC_ENOSUCHHANDLE;
	rt_mutex_unlock(&lock);
	if (!error)
		return 0;
	error = (uint32_t)remote_handle_open(slot->name, handle);
	if (error)
		return error;
	rt_mutex_lock(&lock);
	slot->handle = *handle;
	slot->listener = listener;
	rt_mutex_unlock(&lock);
	return 0;
}

uint32_t apps_invoke(enum apps_module module, uint32_t sc, remote_arg *args)
{
	uint32_t handle, error = get_handle(&slots[module], &handle);

	return error ? error : listener_ask(handle, sc, args);
}

/* The file as far as it was read. */
struct content {
	uint8_t *bytes;
	size_t len;
	size_t room;
};

static uint32_t make_room(struct content *content)
{
	size_t room = content->room ? 2 * content->room : 4 * CHUNK;
	uint8_t *bytes;

	if (content->room - content->len >= CHUNK)
		return 0;
	if (room > MAX_FILE)
		return FRPC_ENOMEMORY;
	bytes = malloc(room);
	if (!bytes)
		return FRPC_ENOMEMORY;
	memcpy(bytes, content->bytes, content->len);
	free(content->bytes);
	content->bytes = bytes;
	content->room = room;
	return 0;
}

/* The end is where nothing comes any more: not every application says so in time. */
static uint32_t read_all(apps_std_FILE file, struct content *content)
{
	int got, eof;
	uint32_t error;

	do {
		error = make_room(content);
		if (!error)
			error = (uint32_t)apps_std_fread(file, content->bytes + content->len, CHUNK,
							 &got, &eof);
		if (error)
			return error;
		if (got < 0 || got > CHUNK)
			return FRPC_EBADPARM;
		content->len += (size_t)got;
	} while (got && !eof);
	return 0;
}

uint32_t apps_read_file(const char *name, uint8_t **bytes, size_t *len)
{
	struct content content = { 0 };
	apps_std_FILE file;
	uint32_t error = (uint32_t)apps_std_fopen_with_env(PATH_ENV, PATH_DELIM, name, "rb", &file);

	if (error)
		return error;
	error = read_all(file, &content);
	apps_std_fclose(file);
	if (error) {
		free(content.bytes);
		return error;
	}
	*bytes = content.bytes;
	*len = content.len;
	return 0;
}

/* The application says where the pages are; the driver's word counts that they are there. */
void *apps_more_heap(size_t len)
{
	struct map_request request = { .rflags = MEM_FLAGS_ADD_PAGES, .len = (int64_t)len };
	struct map_result result = { 0 };
	remote_arg args[2] = {
		{ .buf = { &request, sizeof(request) } },
		{ .buf = { &result, sizeof(result) } },
	};

	if (!listener_came(0) || apps_invoke(APPS_MEM, MEM_REQUEST_MAP64, args))
		return NULL;
	if (!maps_is_heap(result.dsp_address, len))
		return NULL;
	return (void *)(uint32_t)result.dsp_address;
}
