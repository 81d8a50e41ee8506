/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

/* Handles that an application gives look like anything. */
#define HANDLE_STD 0xb2b3b4e1u
#define HANDLE_MEM 0x31u
#define HANDLE_LOG 0xfffffffeu

#define EFILE	   0x2bu

uint8_t *files_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(0x1000000);

	if (!file || !bytes)
		die(path);
	*len = fread(bytes, 1, 0x1000000, file);
	fclose(file);
	return bytes;
}

int files_open_count(const struct files *files)
{
	int count = 0;

	for (int i = 0; i < FILES_MAX_OPEN; i++)
		count += files->open[i].bytes != NULL;
	return count;
}

static uint32_t serve_remotectl(struct files *files, struct request *request)
{
	uint32_t out[2] = { 0, 1 };

	if (request->sc != FRPC_SC(0, 2, 2)) {
		check(false, "remotectl of the application with scalars 0x%x", request->sc);
		return 1;
	}
	if (!strcmp((char *)request->data[1], "apps_std"))
		out[0] = HANDLE_STD;
	if (!strcmp((char *)request->data[1], "apps_mem"))
		out[0] = HANDLE_MEM;
	if (!strcmp((char *)request->data[1], "adspmsgd_apps")) {
		files->log_refused += !files->has_log;
		out[0] = files->has_log ? HANDLE_LOG : 0;
	}
	out[1] = !out[0];
	memcpy(request->data[2], out, sizeof(out));
	strcpy((char *)request->data[3], "the text of an earlier error");
	return 0;
}

/* Lengths of the strings with their NULs, which must be there. */
static bool strings_ok(const struct request *request)
{
	uint32_t count = FRPC_SC_IN(request->sc) - 1, len;

	for (uint32_t i = 0; i < count; i++) {
		memcpy(&len, request->data[0] + 4 * i, 4);
		if (request->len[0] != 4 * count || len != request->len[1 + i] || !len ||
		    request->data[1 + i][len - 1])
			return false;
	}
	return true;
}

static bool read_file(struct files *files, const char *name, struct file *file)
{
	char path[512];

	if (files->extra_name && !strcmp(name, files->extra_name)) {
		*file = (struct file){ malloc(files->extra_len + 1), files->extra_len, 0 };
		memcpy(file->bytes, files->extra_bytes, files->extra_len);
		return true;
	}
	for (int i = 0; i < 2; i++) {
		FILE *there;

		snprintf(path, sizeof(path), "%s/%s", files->dirs[i], name);
		there = fopen(path, "rb");
		if (!there)
			continue;
		fclose(there);
		file->pos = 0;
		file->bytes = files_read(path, &file->len);
		return true;
	}
	return false;
}

static uint32_t serve_open(struct files *files, struct request *request)
{
	int32_t place = 0;

	bool good = strings_ok(request) && !strcmp((char *)request->data[1], "ADSP_LIBRARY_PATH") &&
		    !strcmp((char *)request->data[2], ";") &&
		    !strcmp((char *)request->data[4], "rb");

	if (!good || !files->quiet)
		check(good, "the DSP opens %s", request->data[3]);
	while (place < FILES_MAX_OPEN && files->open[place].bytes)
		place++;
	if (place == FILES_MAX_OPEN ||
	    !read_file(files, (char *)request->data[3], &files->open[place]))
		return EFILE;
	files->opened++;
	memcpy(request->data[5], &place, 4);
	return 0;
}

static struct file *find_file(struct files *files, const struct request *request)
{
	uint32_t number;

	memcpy(&number, request->data[0], 4);
	return number < FILES_MAX_OPEN && files->open[number].bytes ? &files->open[number] : NULL;
}

static uint32_t serve_read(struct files *files, struct request *request)
{
	struct file *file = find_file(files, request);
	uint32_t out[2], room = request->len[2];

	if (!file || memcmp(request->data[0] + 4, &room, 4))
		return EFILE;
	out[0] = room < file->len - file->pos ? room : (uint32_t)(file->len - file->pos);
	memcpy(request->data[2], file->bytes + file->pos, out[0]);
	file->pos += out[0];
	out[1] = out[0] < room;
	memcpy(request->data[1], out, sizeof(out));
	return 0;
}

static uint32_t serve_std(struct files *files, struct request *request)
{
	struct file *file;

	if (request->sc == FRPC_SC(19, 5, 1))
		return serve_open(files, request);
	if (request->sc == FRPC_SC(4, 1, 2))
		return serve_read(files, request);
	file = find_file(files, request);
	if (request->sc != FRPC_SC(3, 1, 0) || !file) {
		check(false, "apps_std with scalars 0x%x", request->sc);
		return 0x14;
	}
	free(file->bytes);
	file->bytes = NULL;
	return 0;
}

static uint32_t serve_handle(struct app *app, struct files *files, struct request *request)
{
	bool unmap = request->sc == FRPC_SC(7, 1, 0);
	const struct pd_map *map = &files->handle_map;
	int32_t in[3] = { 0 };

	if (request->len[0] != (unmap ? 8 : 12)) {
		check(false, "a DMA handle of %u bytes", request->len[0]);
		return 1;
	}
	memcpy(in, request->data[0], request->len[0]);
	files->handles_asked += !unmap;
	if (!map->size || in[0] != map->key || in[unmap ? 1 : 2] != (int32_t)map->size)
		return EFILE;
	files->handles_dropped += unmap;
	return unmap ? maps_remove(app->shell->maps, map) : maps_add(app->shell->maps, map);
}

/* As the application's ioctl and the driver do it; dspd puts the range into the table. */
static uint32_t serve_mem(struct app *app, struct files *files, struct request *request)
{
	uint64_t in[4], out[2];
	struct pd_map map = { .kind = PD_MAP_HEAP, .iova = files->heap };

	if (request->sc == FRPC_SC(6, 1, 0) || request->sc == FRPC_SC(7, 1, 0))
		return serve_handle(app, files, request);
	if (request->sc != FRPC_SC(2, 1, 1) || request->len[0] != 32 || request->len[1] != 16) {
		check(false, "apps_mem with scalars 0x%x", request->sc);
		return 0x14;
	}
	files->heap_requests++;
	memcpy(in, request->data[0], sizeof(in));
	if ((uint32_t)in[1] != FRPC_MMAP_ADD_PAGES || in[2] || in[3] > 0x2000000)
		return EFILE;
	map.size = (uint32_t)in[3];
	if (!files->heap_lie && maps_add(app->shell->maps, &map))
		return EFILE;
	out[0] = 0x7f0000000000;
	out[1] = files->heap;
	files->heap += map.size;
	memcpy(request->data[1], out, sizeof(out));
	return 0;
}

/* Lines as FastRPC's library prints them. */
static uint32_t serve_log(struct files *files, struct request *request)
{
	const uint8_t *node = request->data[1];
	uint16_t line;

	if (request->sc != FRPC_SC(0, 2, 0) || request->len[1] % 256 ||
	    memcmp(request->data[0], &request->len[1], 4)) {
		check(false, "the log with scalars 0x%x", request->sc);
		return 1;
	}
	memcpy(&line, node + 4, 2);
	if (files->log_count < FILES_MAX_LOG)
		snprintf(files->log[files->log_count++], 300, "%d %.30s:%u:%.218s", *(int *)node,
			 (const char *)node + 226, line, (const char *)node + 8);
	return 0;
}

uint32_t files_serve(struct app *app, struct request *request)
{
	struct files *files = app->context;

	switch (request->handle) {
	case 0:
		return serve_remotectl(files, request);
	case HANDLE_STD:
		return serve_std(files, request);
	case HANDLE_MEM:
		return serve_mem(app, files, request);
	case HANDLE_LOG:
		return serve_log(files, request);
	default:
		check(false, "a call to handle 0x%x", request->handle);
		return 0x27;
	}
}
