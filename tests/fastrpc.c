// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * FastRPC's library, as Debian's package for arm64 has it, in qemu-aarch64, with a program of ours
 * (fastrpc/client.c) that uses it as any application does, and real Hexagon code on the other side.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"
#include "legacy.h"
#include "legacy_suite.h"
#include "sys.h"

#define TWICE "twice 21 is 42\n"
#define USED_ALL                    \
	TWICE                       \
	"not there: 0x80000406\n"   \
	"sum is right\n"            \
	"mapped, then 0x80000448\n" \
	"filled\n"                  \
	"twice 100 is 200\n"        \
	"twice -4 is -8\n"          \
	"100 packets\n"

enum { OUTPUT_SIZE = 2048 };

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(legacy_after_each);
	/* Two emulators on top of each other. */
	ktap_seconds(240);
}

/* ---- the program ---- */

static const char *folder(void)
{
	return fetched_folder("QDA_LIBFASTRPC", "client", "libfastrpc");
}

/* What the program says, and what the library prints, which is what the DSP logs. */
#define SAID   "library.said"
#define LOGGED "library.log"

static void output_path(const char *name, char path[512])
{
	snprintf(path, 512, "%s/%s", getenv("QDA_DSP_DIR"), name);
}

static void redirect(int fd, const char *name)
{
	char path[512];
	int file;

	output_path(name, path);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (file < 0)
		FAIL("%s: %m", path);
	dup2(file, fd);
}

static int run(void *arg)
{
	const char *where = folder();

	if (chdir(where))
		FAIL("%s: %m", where);
	setenv("DSP_LIBRARY_PATH", getenv("QDA_DSP_DIR"), 1);
	redirect(STDOUT_FILENO, LOGGED);
	redirect(STDERR_FILENO, SAID);
	execl("./arm64-run", "arm64-run", "./qemu-aarch64", "-B", "0", "-cpu", "cortex-a53",
	      "./ld-linux-aarch64.so.1", "--library-path", ".", "--preload", "./ioctl.so",
	      "./client", (const char *)arg, (char *)NULL);
	FAIL("cannot start %s/arm64-run: %m", where);
}

/* What it prints is read by the functions below. */
static pid_t start(const char *what)
{
	folder();
	return client_start(run, (void *)what);
}

static void read_output(const char *name, char text[OUTPUT_SIZE])
{
	char path[512];

	output_path(name, path);
	read_text(path, text, OUTPUT_SIZE);
}

static bool has_said(void *arg)
{
	char text[OUTPUT_SIZE];

	read_output(SAID, text);
	return !strcmp(text, arg);
}

static void check_said(const char *expected)
{
	char text[OUTPUT_SIZE];

	read_output(SAID, text);
	if (strcmp(text, expected))
		FAIL("the program said \"%s\", expected was \"%s\"", text, expected);
}

/* Two emulators and all that the program does need their time. */
static void wait_said(const char *expected)
{
	double end = now_ms() + REAL_MS;

	while (!wait_for(has_said, (void *)expected) && now_ms() < end)
		;
	check_said(expected);
}

static void check_logged(const char *line)
{
	char text[OUTPUT_SIZE];

	read_output(LOGGED, text);
	if (!strstr(text, line))
		FAIL("the library printed \"%s\", which is not \"%s\"", text, line);
}

static void check_ended(pid_t pid, const char *said)
{
	int status;

	/* As long as the test may run. */
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	check_said(said);
	CHECK(WIFEXITED(status));
	CHECK_EQ(0, WEXITSTATUS(status));
}

/* ---- tests ---- */

/* A program that says this, with two calls at the DSP: its listener's, and one without an answer. */
static pid_t start_call(struct dsp *dsp, const char *what, const char *says)
{
	pid_t pid = start(what);

	wait_said(says);
	qda_wait(dsp, "calls_in_flight", 2);
	CHECK_EQ(1, qda_get(dsp, "processes"));
	CHECK_EQ(1, real_pds());
	return pid;
}

/* The second program is the new one that works after the crash. */
TEST(library_works_until_the_dsp_crashes_or_its_program_is_killed)
{
	struct dsp *dsp = legacy_dsp("cdsp");
	pid_t pid = start_call(dsp, "all", USED_ALL "waits\n");

	vdsp_set(dsp, "up", 0);
	check_ended(pid, USED_ALL "waits\nwaited: 0x68\n");
	check_logged("adsprpc: twice_skel.c:31:0x0:twice is 42\n");
	real_restart(dsp);
	legacy_wait_nodes(dsp, true, true);
	pid = start_call(dsp, "wait", TWICE "waits\n");
	client_kill(pid);
	qda_wait(dsp, "sessions", 0);
	check_no_pd_left();
	check_works();
	qda_wait(dsp, "sessions", 0);
	dsp_finish(dsp);
	check_no_pd_left();
}
