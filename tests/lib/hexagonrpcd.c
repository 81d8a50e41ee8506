// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "hexagonrpcd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"
#include "sys.h"

#define LOADER	 "ld-linux-x86-64.so.2"
#define MAX_ARGS 20

static const char *package(void)
{
	return fetched_folder("QDA_HEXAGONRPC", "hexagonrpcd", "hexagonrpcd");
}

static void output_path(char path[512])
{
	snprintf(path, 512, "%s/hexagonrpcd.out", getenv("QDA_DSP_DIR"));
}

static void add(const char **args, const char *option, const char *value)
{
	size_t count = 0;

	if (!value)
		return;
	while (args[count])
		count++;
	if (option)
		args[count++] = option;
	args[count++] = value;
}

static int run(void *arg)
{
	const struct hexagonrpcd_options *options = arg;
	char loader[512], program[512], output[512];
	const char *folder = package(), *args[MAX_ARGS] = { loader };
	int fd;

	snprintf(loader, sizeof(loader), "%s/" LOADER, folder);
	snprintf(program, sizeof(program), "%s/hexagonrpcd", folder);
	add(args, "--library-path", folder);
	add(args, NULL, program);
	add(args, "-f", options->node);
	add(args, "-d", options->dsp);
	add(args, "-R", options->folder);
	add(args, "-c", options->shell);
	add(args, "-p", options->program);
	add(args, NULL, options->sensors ? "-s" : NULL);
	output_path(output);
	fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		FAIL("%s: %m", output);
	if (options->unprivileged)
		drop_root();
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execv(loader, (char **)args);
	FAIL("cannot start %s: %m", loader);
}

pid_t hexagonrpcd_start(const struct hexagonrpcd_options *options)
{
	package();
	return client_start(run, (void *)options);
}

bool hexagonrpcd_has_said(const char *text)
{
	char path[512], all[8192];

	output_path(path);
	read_text(path, all, sizeof(all));
	return strstr(all, text) != NULL;
}

static bool has_said(void *arg)
{
	return hexagonrpcd_has_said(arg);
}

void hexagonrpcd_says(const char *text)
{
	char path[512], all[512];

	if (wait_for(has_said, (void *)text))
		return;
	output_path(path);
	read_text(path, all, sizeof(all));
	FAIL("hexagonrpcd did not say \"%s\" but \"%s\"", text, all);
}

void hexagonrpcd_script(const char *path, const char *program, const char *go)
{
	const char *folder = package();
	FILE *file = fopen(path, "w");

	if (!file)
		FAIL("%s: %m", path);
	fprintf(file, "#!/bin/sh\nread -r line <%s\n", go);
	fprintf(file, "exec %s/" LOADER " --library-path %s %s/%s\n", folder, folder, folder,
		program);
	if (fclose(file) || chmod(path, 0755))
		FAIL("%s: %m", path);
}

void hexagonrpcd_folder(const char *dsp, char path[512])
{
	const char *dir = getenv("QDA_DSP_DIR");
	char link[600];

	snprintf(path, 512, "%s/served", dir);
	snprintf(link, sizeof(link), "%s/dsp", path);
	if ((mkdir(path, 0755) || mkdir(link, 0755)) && errno != EEXIST)
		FAIL("%s: %m", link);
	snprintf(link, sizeof(link), "%s/dsp/%s", path, dsp);
	if (symlink(dir, link) && errno != EEXIST)
		FAIL("%s: %m", link);
}
