// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ktap.h"
#include "sys.h"

enum { PATH_SIZE = 320 };

/* As depmod has it in modules.dep: "FILE: FILE...", what a file needs, the last of it first. */
static char dependencies[16384];

static void in_folder(const char *file, char path[PATH_SIZE])
{
	struct utsname kernel;

	uname(&kernel);
	snprintf(path, PATH_SIZE, "/lib/modules/%s/%s", kernel.release, file);
}

/* The name that the kernel has for the module in a file, the first of a line. */
static void name_of(const char *file, char name[64])
{
	const char *slash = memrchr(file, '/', strcspn(file, ":"));

	snprintf(name, 64, "%s", slash ? slash + 1 : file);
	name[strcspn(name, ".")] = '\0';
	for (char *p = name; (p = strchr(p, '-'));)
		*p = '_';
}

static void insert(const char *file)
{
	char path[PATH_SIZE], name[64];
	int fd;

	name_of(file, name);
	if (module_loaded(name))
		return;
	in_folder(file, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		FAIL("%s: %m", path);
	if (syscall(SYS_finit_module, fd, "", 0))
		FAIL("loading %s: %m", path);
	close(fd);
}

/* Returns the line of a module without its end. */
static char *find_line(const char *module)
{
	char path[PATH_SIZE], name[64], *rest, *line;

	in_folder("modules.dep", path);
	read_text(path, dependencies, sizeof(dependencies));
	for (line = strtok_r(dependencies, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		name_of(line, name);
		if (!strncmp(name, module, sizeof(name)))
			return line;
	}
	FAIL("%s has no module %s", path, module);
}

/* What modprobe does, without the half second that starting a program costs on the debug kernel. */
void module_load(const char *name)
{
	char *line = find_line(name), *file;

	while ((file = strrchr(line, ' '))) {
		*file = '\0';
		insert(file + 1);
	}
	line[strcspn(line, ":")] = '\0';
	insert(line);
}

bool module_loaded(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return !access(path, F_OK);
}

bool module_try_unload(const char *name)
{
	if (!syscall(SYS_delete_module, name, O_NONBLOCK))
		return true;
	if (errno != EWOULDBLOCK && errno != EBUSY)
		FAIL("unloading %s: %m", name);
	return false;
}

void module_unload(const char *name)
{
	if (module_loaded(name) && !module_try_unload(name))
		FAIL("%s is in use and cannot be unloaded", name);
}
