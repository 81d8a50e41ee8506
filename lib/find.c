// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Finding a DSP among the accel nodes. Their numbers say nothing: a DSP that crashed
 * comes back with another one.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static bool is_node_name(const char *name)
{
	return !strncmp(name, "accel", 5) && name[5] >= '0' && name[5] <= '9';
}

/* A node that is not a DSP's, or that went away since, does not count as an error. */
static bool is_worth_telling(int err)
{
	return err && err != -ENOTTY && err != -ENODEV && err != -ENOENT && err != -ENXIO;
}

/* *dev stays NULL if the node is another domain's. */
static int try_node(const char *folder, const char *name, const char *domain,
		    struct qda_device **dev)
{
	char path[PATH_MAX];
	int ret;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	ret = qda_device_open_path(path, dev);
	if (!ret && strcmp(qda_device_domain(*dev), domain)) {
		qda_device_close(*dev);
		*dev = NULL;
	}
	return ret;
}

int qda_find_device(const char *folder, const char *domain, struct qda_device **dev)
{
	int first_error = -ENODEV, ret;
	const struct dirent *entry;
	DIR *dir;

	*dev = NULL;
	dir = opendir(folder);
	if (!dir)
		return errno == ENOENT ? -ENODEV : -errno;
	while (!*dev && (entry = readdir(dir))) {
		if (!is_node_name(entry->d_name))
			continue;
		ret = try_node(folder, entry->d_name, domain, dev);
		if (is_worth_telling(ret) && first_error == -ENODEV)
			first_error = ret;
	}
	closedir(dir);
	return *dev ? 0 : first_error;
}
