// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the DSP finds in an application: files of some folders, memory, a log.
 */
#include <string.h>

#include "rpc_private.h"

/* Handles look like addresses of the application, which is what they are elsewhere. */
#define HANDLE_STD  0xb2b3b4e0u
#define HANDLE_MEM  0x7fff1230u
#define HANDLE_LOG  0xfffffff0u

#define FAILED	    1u
#define UNSUPPORTED 0x14u
#define NO_FILE	    0x2bu

/* Method, inputs, outputs */
#define SC(method, in, out) ((uint32_t)(method) << 24 | (in) << 16 | (out) << 8)

#define PATH_VARIABLE	    "ADSP_LIBRARY_PATH"
#define ADD_PAGES	    0x1000u

static struct rpc_part *output(struct rpc_request *request, uint32_t number)
{
	return &request->part[request->inputs + number];
}

/* Words of the first input, 0 where there are none. */
static uint32_t word(const struct rpc_request *request, uint32_t number)
{
	uint32_t value = 0;

	if (request->inputs && request->part[0].len >= 4 * (number + 1))
		memcpy(&value, request->part[0].data + (size_t)4 * number, sizeof(value));
	return value;
}

static uint32_t put(struct rpc_request *request, const void *data, uint32_t len)
{
	struct rpc_part *part = output(request, 0);

	if (part->len != len)
		return FAILED;
	memcpy(part->data, data, len);
	return 0;
}

/* String number n of those after the first input, or NULL when it does not end. */
static const char *string(const struct rpc_request *request, uint32_t number)
{
	const struct rpc_part *part = &request->part[1 + number];

	if (!part->len || part->data[part->len - 1] || word(request, number) != part->len)
		return NULL;
	return (const char *)part->data;
}

/* ---- remotectl ---- */

static uint32_t open_module(struct rpc_client *client, struct rpc_request *request)
{
	static const struct {
		const char *name;
		uint32_t handle;
	} modules[] = {
		{ "apps_std", HANDLE_STD },
		{ "apps_mem", HANDLE_MEM },
		{ "adspmsgd_apps", HANDLE_LOG },
	};
	const char *name = string(request, 0);
	uint32_t out[2] = { 0, FAILED };

	if (!name)
		return FAILED;
	rpc_event(client, "open", name);
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		/* A small client has no log. */
		if (strcmp(modules[i].name, name) ||
		    (client->options.old && modules[i].handle == HANDLE_LOG))
			continue;
		out[0] = modules[i].handle;
		out[1] = 0;
	}
	return put(request, out, sizeof(out));
}

static uint32_t serve_remotectl(struct rpc_client *client, struct rpc_request *request)
{
	uint32_t none = 0;

	if (request->sc == SC(0, 2, 2))
		return open_module(client, request);
	if (request->sc == SC(1, 1, 2))
		return put(request, &none, sizeof(none));
	return UNSUPPORTED;
}

/* ---- files ---- */

static FILE *find_file(const struct rpc_client *client, const char *name)
{
	const char *const *folder = client->options.folders;
	FILE *file = NULL;
	char path[1024];

	/* Out of the folders nothing is for the DSP. */
	if (strchr(name, '/'))
		return NULL;
	for (; folder && *folder && !file; folder++) {
		snprintf(path, sizeof(path), "%s/%s", *folder, name);
		file = fopen(path, "rb");
	}
	return file;
}

/* Numbers are of their place in the table. */
static uint32_t open_file(struct rpc_client *client, struct rpc_request *request)
{
	const char *env = string(request, 0), *delim = string(request, 1);
	const char *name = string(request, 2), *mode = string(request, 3);
	int32_t place = 0;

	if (!env || !delim || !name || !mode || strcmp(env, PATH_VARIABLE) || mode[0] != 'r')
		return NO_FILE;
	rpc_event(client, "fopen_with_env", name);
	while (place < RPC_MAX_FILES && client->listener.files[place])
		place++;
	if (place == RPC_MAX_FILES)
		return NO_FILE;
	client->listener.files[place] = find_file(client, name);
	if (!client->listener.files[place])
		return NO_FILE;
	return put(request, &place, sizeof(place));
}

static uint32_t read_file(FILE *file, struct rpc_request *request)
{
	struct rpc_part *data = output(request, 1);
	uint32_t out[2];

	if (word(request, 1) != data->len)
		return FAILED;
	out[0] = (uint32_t)fread(data->data, 1, data->len, file);
	out[1] = feof(file) != 0;
	return ferror(file) ? FAILED : put(request, out, sizeof(out));
}

static uint32_t close_file(struct rpc_client *client, uint32_t number)
{
	fclose(client->listener.files[number]);
	client->listener.files[number] = NULL;
	return 0;
}

static uint32_t seek_file(FILE *file, const struct rpc_request *request)
{
	static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END };
	uint32_t whence = word(request, 2);

	return whence > 2 || fseek(file, (int32_t)word(request, 1), whences[whence]) ? FAILED : 0;
}

static uint32_t tell_file(FILE *file, struct rpc_request *request)
{
	int32_t place = (int32_t)ftell(file);

	return put(request, &place, sizeof(place));
}

static uint32_t file_length(FILE *file, struct rpc_request *request)
{
	long place = ftell(file);
	uint64_t len;

	if (place < 0 || fseek(file, 0, SEEK_END))
		return FAILED;
	len = (uint64_t)ftell(file);
	return fseek(file, place, SEEK_SET) ? FAILED : put(request, &len, sizeof(len));
}

static uint32_t serve_file(struct rpc_client *client, struct rpc_request *request)
{
	uint32_t number = word(request, 0);
	FILE *file = number < RPC_MAX_FILES ? client->listener.files[number] : NULL;

	if (!file)
		return NO_FILE;
	switch (request->sc) {
	case SC(3, 1, 0):
		rpc_event(client, "fclose", "");
		return close_file(client, number);
	case SC(4, 1, 2):
		rpc_event(client, "fread", "");
		return read_file(file, request);
	case SC(8, 1, 1):
		return tell_file(file, request);
	case SC(9, 1, 0):
		return seek_file(file, request);
	case SC(10, 1, 1):
		return file_length(file, request);
	default:
		return UNSUPPORTED;
	}
}

/* ---- memory ---- */

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

struct unmap_request {
	uint64_t dsp_address;
	int64_t len;
};

/* Pages for the heap are the driver's; other memory an application would have to hand out. */
static uint32_t map_heap(struct rpc_client *client, struct rpc_request *request)
{
	struct fastrpc_req_mmap args = { .fd = -1, .flags = ADD_PAGES };
	struct map_result result = { 0 };
	struct map_request in;
	int ret;

	if (request->part[0].len != sizeof(in))
		return FAILED;
	memcpy(&in, request->part[0].data, sizeof(in));
	if (in.rflags != ADD_PAGES || in.len <= 0)
		return UNSUPPORTED;
	args.vaddrin = in.address;
	args.size = (uint64_t)in.len;
	ret = rpc_ioctl(client->fd, FASTRPC_IOCTL_MMAP, &args);
	rpc_event(client, ret ? "no heap" : "heap", "");
	result.dsp_address = args.vaddrout;
	return ret ? FAILED : put(request, &result, sizeof(result));
}

static uint32_t unmap_heap(struct rpc_client *client, struct rpc_request *request)
{
	struct fastrpc_req_munmap args = { 0 };
	struct unmap_request in;

	if (request->part[0].len != sizeof(in))
		return FAILED;
	memcpy(&in, request->part[0].data, sizeof(in));
	args.vaddrout = in.dsp_address;
	args.size = (uint64_t)in.len;
	return rpc_ioctl(client->fd, FASTRPC_IOCTL_MUNMAP, &args) ? FAILED : 0;
}

/* The DSP asks for a buffer that it knows by its descriptor, from its start. */
static uint32_t map_handle(struct rpc_client *client, const struct rpc_request *request)
{
	struct fastrpc_mem_map args = {
		.fd = (int32_t)word(request, 0),
		.offset = (int32_t)word(request, 1),
		.flags = FASTRPC_MAP_FD,
		.length = word(request, 2),
	};
	struct rpc_handle_map *map = &client->listener.handle_map;

	rpc_event(client, "map handle", "");
	if (map->size || !args.length || rpc_ioctl(client->fd, FASTRPC_IOCTL_MEM_MAP, &args))
		return FAILED;
	*map = (struct rpc_handle_map){ args.fd, args.length, args.vaddrout };
	return 0;
}

static uint32_t unmap_handle(struct rpc_client *client, const struct rpc_request *request)
{
	struct rpc_handle_map *map = &client->listener.handle_map;
	struct fastrpc_mem_unmap args = {
		.fd = map->fd,
		.vaddr = map->address,
		.length = map->size,
	};

	rpc_event(client, "unmap handle", "");
	if ((int32_t)word(request, 0) != map->fd || word(request, 1) != map->size)
		return FAILED;
	map->size = 0;
	return rpc_ioctl(client->fd, FASTRPC_IOCTL_MEM_UNMAP, &args) ? FAILED : 0;
}

static uint32_t serve_mem(struct rpc_client *client, struct rpc_request *request)
{
	if (request->sc == SC(6, 1, 0))
		return map_handle(client, request);
	if (request->sc == SC(7, 1, 0))
		return unmap_handle(client, request);
	if (request->sc == SC(2, 1, 1))
		return map_heap(client, request);
	if (request->sc == SC(3, 1, 0))
		return unmap_heap(client, request);
	return UNSUPPORTED;
}

/* ---- log ---- */

struct log_node {
	int32_t level;
	uint16_t line;
	uint16_t thread;
	char text[218]; /* ends its line itself */
	char file[30];
};

static uint32_t serve_log(struct rpc_client *client, const struct rpc_request *request)
{
	struct log_node node;
	char line[300];

	if (request->sc != SC(0, 2, 0))
		return UNSUPPORTED;
	for (uint32_t at = 0; at + sizeof(node) <= request->part[1].len; at += sizeof(node)) {
		memcpy(&node, request->part[1].data + at, sizeof(node));
		node.text[sizeof(node.text) - 1] = '\0';
		node.text[strcspn(node.text, "\n")] = '\0';
		snprintf(line, sizeof(line), "%.30s:%u: %.218s", node.file, node.line, node.text);
		rpc_event(client, "log", line);
	}
	return 0;
}

uint32_t rpc_serve(struct rpc_client *client, struct rpc_request *request)
{
	switch (request->handle) {
	case RPC_REMOTECTL:
		return serve_remotectl(client, request);
	case HANDLE_STD:
		return request->sc == SC(19, 5, 1) ? open_file(client, request) :
						     serve_file(client, request);
	case HANDLE_MEM:
		return serve_mem(client, request);
	case HANDLE_LOG:
		return serve_log(client, request);
	default:
		rpc_event(client, "call", "");
		return UNSUPPORTED;
	}
}
