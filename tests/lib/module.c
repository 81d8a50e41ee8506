// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "module.h"

#include <fcntl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"

void module_load_with(const char *name, const char *option)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		execlp("modprobe", "modprobe", name, option, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		FAIL("modprobe %s failed (status %#x)", name, status);
}

void module_load(const char *name)
{
	module_load_with(name, NULL);
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
