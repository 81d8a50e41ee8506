/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * What an application has for the DSP: files, heap, log. Only what the smallest of the real
 * ones (hexagonrpcd) has, and like that one this one takes nothing else: it is a failed test.
 */
#ifndef DSP_TESTS_FILES_H
#define DSP_TESTS_FILES_H

#include "app.h"

#define FILES_MAX_OPEN 8
#define FILES_MAX_LOG  64

struct file {
	uint8_t *bytes;
	size_t len;
	size_t pos;
};

struct files {
	const char *dirs[2];
	bool quiet; /* no line for each thing that is right */
	struct file open[FILES_MAX_OPEN];
	int opened; /* how often */

	/* A file that is not in a directory; its bytes are the caller's. */
	const char *extra_name;
	uint8_t *extra_bytes;
	size_t extra_len;

	/* Where the next pages for the heap are, and whether the driver knows of them. */
	uint32_t heap;
	bool heap_lie;
	int heap_requests;

	/* What the application maps for a DMA handle, when the size of it is not 0. */
	struct pd_map handle_map;
	int handles_asked;
	int handles_dropped;

	bool has_log;
	int log_refused;
	char log[FILES_MAX_LOG][300];
	int log_count;
};

/* Reads a whole file, or dies. */
uint8_t *files_read(const char *path, size_t *len);

/* app->serve, with a struct files as app->context */
uint32_t files_serve(struct app *app, struct request *request);

int files_open_count(const struct files *files);

#endif
