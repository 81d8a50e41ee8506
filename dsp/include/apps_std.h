/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Files of the application, read and written from the DSP, by the names that FastRPC's
 * interface "apps_std" has. Every call waits for the application's listener (remote.h). 0, what
 * the application gave, or an AEE code; outputs are set on 0 only.
 *
 * Not every application has all of it: hexagonrpcd has no fopen, fwrite, ftell and flen, and
 * ends when it is asked for them.
 */
#ifndef QDA_APPS_STD_H
#define QDA_APPS_STD_H

#include <stdint.h>

typedef int32_t apps_std_FILE;

enum apps_std_SEEK {
	APPS_STD_SEEK_SET,
	APPS_STD_SEEK_CUR,
	APPS_STD_SEEK_END,
	APPS_STD_SEEK_WORD = 0x7fffffff /* makes it an int for every compiler */
};

int apps_std_fopen(const char *name, const char *mode, apps_std_FILE *file);

/* Looks for it in the directories of an environment variable of the application. */
int apps_std_fopen_with_env(const char *env, const char *delim, const char *name, const char *mode,
			    apps_std_FILE *file);
int apps_std_fclose(apps_std_FILE file);
int apps_std_fread(apps_std_FILE file, unsigned char *buf, int buf_len, int *bytes_read, int *eof);
int apps_std_fwrite(apps_std_FILE file, const unsigned char *buf, int buf_len, int *bytes_written,
		    int *eof);
int apps_std_fseek(apps_std_FILE file, int offset, enum apps_std_SEEK whence);
int apps_std_ftell(apps_std_FILE file, int *offset);
int apps_std_flen(apps_std_FILE file, uint64_t *len);

#endif
