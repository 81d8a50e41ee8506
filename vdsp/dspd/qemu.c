/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEED_MAJOR 11
#define NEED_MINOR 1

extern char **environ;

/* Starts "qemu --version" with its output in a pipe. */
static int start(const char *qemu, int output, pid_t *pid)
{
	char *const args[] = { (char *)qemu, (char *)"--version", NULL };
	posix_spawn_file_actions_t files;
	int err = posix_spawn_file_actions_init(&files);

	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	if (!err)
		err = posix_spawnp(pid, qemu, &files, NULL, args, environ);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

static size_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len + 1 < size && (got = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	return len;
}

int qemu_check(const char *qemu)
{
	int fds[2], major, minor, err;
	const char *version;
	char text[256];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	err = start(qemu, fds[1], &pid);
	close(fds[1]);
	if (!err) {
		read_all(fds[0], text, sizeof(text));
		waitpid(pid, NULL, 0);
	}
	close(fds[0]);
	if (err)
		return err;
	version = strstr(text, "version ");
	if (!version || sscanf(version, "version %d.%d", &major, &minor) != 2)
		return -ENOTSUP;
	if (major < NEED_MAJOR || (major == NEED_MAJOR && minor < NEED_MINOR))
		return -ENOTSUP;
	return 0;
}
