/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "apps_std.h"

#include <string.h>

#include "AEEStdErr.h"
#include "apps.h"

/* Methods with the numbers of their arguments. */
#define FOPEN	       REMOTE_SCALARS_MAKE(0, 3, 1)
#define FCLOSE	       REMOTE_SCALARS_MAKE(3, 1, 0)
#define FREAD	       REMOTE_SCALARS_MAKE(4, 1, 2)
#define FWRITE	       REMOTE_SCALARS_MAKE(5, 2, 1)
#define FTELL	       REMOTE_SCALARS_MAKE(8, 1, 1)
#define FSEEK	       REMOTE_SCALARS_MAKE(9, 1, 0)
#define FLEN	       REMOTE_SCALARS_MAKE(10, 1, 1)
#define FOPEN_WITH_ENV REMOTE_SCALARS_MAKE(19, 5, 1)

#define MAX_STRINGS    4

static remote_arg buffer(const void *data, size_t len)
{
	return (remote_arg){ .buf = { (void *)data, (uint32_t)len } };
}

/* Lengths of all strings, with their NULs, then the strings; the file comes back. */
static int open_file(uint32_t sc, const char *const *strings, apps_std_FILE *file)
{
	uint32_t count = REMOTE_SCALARS_INBUFS(sc) - 1, lengths[MAX_STRINGS];
	remote_arg args[MAX_STRINGS + 2];
	int32_t got = 0;
	int error;

	for (uint32_t i = 0; i < count; i++) {
		lengths[i] = (uint32_t)strlen(strings[i]) + 1;
		args[1 + i] = buffer(strings[i], lengths[i]);
	}
	args[0] = buffer(lengths, count * sizeof(lengths[0]));
	args[1 + count] = buffer(&got, sizeof(got));
	error = (int)apps_invoke(APPS_STD, sc, args);
	if (!error)
		*file = got;
	return error;
}

int apps_std_fopen(const char *name, const char *mode, apps_std_FILE *file)
{
	return open_file(FOPEN, (const char *const[]){ name, mode }, file);
}

int apps_std_fopen_with_env(const char *env, const char *delim, const char *name, const char *mode,
			    apps_std_FILE *file)
{
	return open_file(FOPEN_WITH_ENV, (const char *const[]){ env, delim, name, mode }, file);
}

int apps_std_fclose(apps_std_FILE file)
{
	remote_arg args[1] = { buffer(&file, sizeof(file)) };

	return (int)apps_invoke(APPS_STD, FCLOSE, args);
}

int apps_std_fread(apps_std_FILE file, unsigned char *buf, int buf_len, int *bytes_read, int *eof)
{
	int32_t in[2] = { file, buf_len }, out[2] = { 0 };
	remote_arg args[3] = { buffer(in, sizeof(in)), buffer(out, sizeof(out)),
			       buffer(buf, (size_t)buf_len) };
	int error;

	if (buf_len < 0)
		return (int)AEE_EBADPARM;
	error = (int)apps_invoke(APPS_STD, FREAD, args);
	if (error)
		return error;
	*bytes_read = out[0];
	*eof = out[1];
	return 0;
}

int apps_std_fwrite(apps_std_FILE file, const unsigned char *buf, int buf_len, int *bytes_written,
		    int *eof)
{
	int32_t in[2] = { file, buf_len }, out[2] = { 0 };
	remote_arg args[3] = { buffer(in, sizeof(in)), buffer(buf, (size_t)buf_len),
			       buffer(out, sizeof(out)) };
	int error;

	if (buf_len < 0)
		return (int)AEE_EBADPARM;
	error = (int)apps_invoke(APPS_STD, FWRITE, args);
	if (error)
		return error;
	*bytes_written = out[0];
	*eof = out[1];
	return 0;
}

int apps_std_fseek(apps_std_FILE file, int offset, enum apps_std_SEEK whence)
{
	int32_t in[3] = { file, offset, (int32_t)whence };
	remote_arg args[1] = { buffer(in, sizeof(in)) };

	return (int)apps_invoke(APPS_STD, FSEEK, args);
}

int apps_std_ftell(apps_std_FILE file, int *offset)
{
	int32_t out = 0;
	remote_arg args[2] = { buffer(&file, sizeof(file)), buffer(&out, sizeof(out)) };
	int error = (int)apps_invoke(APPS_STD, FTELL, args);

	if (!error)
		*offset = out;
	return error;
}

int apps_std_flen(apps_std_FILE file, uint64_t *len)
{
	uint64_t out = 0;
	remote_arg args[2] = { buffer(&file, sizeof(file)), buffer(&out, sizeof(out)) };
	int error = (int)apps_invoke(APPS_STD, FLEN, args);

	if (!error)
		*len = out;
	return error;
}
