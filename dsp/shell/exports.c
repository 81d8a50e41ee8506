/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "exports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "HAP_farf.h"
#include "HAP_mem.h"
#include "HAP_timer.h"
#include "apps_std.h"
#include "remote.h"

struct export
{
	const char *name;
	const void *address;
};

#define EXPORT(name)                      \
	{                                 \
#name, (const void *)name \
	}

static const struct export exports[] = {
	EXPORT(HAP_debug),
	EXPORT(HAP_debug_runtime),
	EXPORT(HAP_debug_v2),
	EXPORT(HAP_mmap_get),
	EXPORT(HAP_mmap_put),
	EXPORT(HAP_timer_sleep),
	EXPORT(adsp_mmap_fd_getinfo),
	EXPORT(apps_std_fclose),
	EXPORT(apps_std_flen),
	EXPORT(apps_std_fopen),
	EXPORT(apps_std_fopen_with_env),
	EXPORT(apps_std_fread),
	EXPORT(apps_std_fseek),
	EXPORT(apps_std_ftell),
	EXPORT(apps_std_fwrite),
	EXPORT(calloc),
	EXPORT(free),
	EXPORT(malloc),
	EXPORT(memcmp),
	EXPORT(memcpy),
	EXPORT(memmove),
	EXPORT(memset),
	EXPORT(remote_handle_close),
	EXPORT(remote_handle_invoke),
	EXPORT(remote_handle_open),
	EXPORT(snprintf),
	EXPORT(strchr),
	EXPORT(strcmp),
	EXPORT(strlen),
	EXPORT(strncmp),
	EXPORT(strrchr),
	EXPORT(strstr),
	EXPORT(vsnprintf),
};

/* What libraries are linked with for their C library; all that is used of it is above. */
static const char *const replaced[] = { "libc.so", "libgcc.so", "libm.so" };

bool exports_find(const char *name, uint32_t *value)
{
	for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++) {
		if (strcmp(exports[i].name, name))
			continue;
		*value = (uint32_t)exports[i].address;
		return true;
	}
	return false;
}

bool exports_replace(const char *object)
{
	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++) {
		if (!strcmp(object, replaced[i]))
			return true;
	}
	return false;
}
