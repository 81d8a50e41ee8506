/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "pd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

/* Places of the files in the new process. */
enum {
	PD_STDIN = 0,
	PD_STDOUT = 1,
	PD_STDERR = 2,
	PD_SESSION = 3,
	PD_READY = 4,
	PD_MAPS = 5,
	PD_IMAGE = 6,
	PD_FILES = 7,
};

/* A PD that prints without end must not keep dspd from its work, nor fill a disk. */
#define OUTPUT_PER_TURN 4096
#define OUTPUT_LIMIT	(1u << 20)
#define OUTPUT_AT_END	65536

void pd_init(struct pd *pd)
{
	*pd = (struct pd){ .ready = -1, .output = -1 };
}

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* First all out of the way of the low numbers, then each to its place; true when it worked. */
static bool place_files(const int files[PD_FILES])
{
	int high[PD_FILES];

	for (int i = 0; i < PD_FILES; i++) {
		high[i] = fcntl(files[i], F_DUPFD, PD_FILES);
		if (high[i] < 0)
			return false;
	}
	for (int i = 0; i < PD_FILES; i++) {
		if (dup2(high[i], i) < 0)
			return false;
	}
	return close_range(PD_FILES, ~0u, 0) == 0;
}

/* In the child. A core of qemu says nothing about the PD and is large. */
static _Noreturn void become_pd(const char *qemu, const int files[PD_FILES], bool poll_word,
				pid_t parent)
{
	struct rlimit no_core = { 0 };
	char path[32];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (!place_files(files))
		_exit(1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", PD_IMAGE);
	execlp(qemu, qemu, path, poll_word ? "--poll-word" : NULL, NULL);
	dprintf(PD_STDERR, "cannot run %s (errno %d): give dspd the right --qemu\n", qemu, errno);
	_exit(1);
}

/* Pipes whose reading ends do not block. */
static int make_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

static int spawn(struct pd *pd, const char *qemu, const struct pd_files *files)
{
	int ready[2] = { -1, -1 }, output[2] = { -1, -1 };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t parent = getpid();
	int err = null < 0 ? -errno : 0;

	if (!err)
		err = make_pipe(ready);
	if (!err)
		err = make_pipe(output);
	if (!err) {
		pd->pid = fork();
		if (pd->pid == 0)
			become_pd(qemu,
				  (int[PD_FILES]){ null, output[1], output[1], files->session,
						   ready[1], files->maps, files->image },
				  files->poll_word, parent);
		if (pd->pid < 0) {
			err = -errno;
			pd->pid = 0;
		}
	}
	close_file(&null);
	close_file(&ready[1]);
	close_file(&output[1]);
	pd->ready = ready[0];
	pd->output = output[0];
	return err;
}

int pd_start(struct pd *pd, const char *qemu, const struct pd_files *files)
{
	int err = spawn(pd, qemu, files);

	close(files->session);
	close(files->maps);
	close(files->image);
	if (err) {
		close_file(&pd->ready);
		close_file(&pd->output);
	}
	return err;
}

void pd_kill(const struct pd *pd)
{
	if (pd->pid)
		kill(pd->pid, SIGKILL);
}

bool pd_reap(struct pd *pd, bool block)
{
	pid_t got;

	if (!pd->pid)
		return true;
	do {
		got = waitpid(pd->pid, &pd->status, block ? 0 : WNOHANG);
	} while (got < 0 && errno == EINTR);
	if (got == 0)
		return false;
	pd->pid = 0;
	return true;
}

int pd_read_ready(struct pd *pd)
{
	char byte = 0;
	ssize_t got = read(pd->ready, &byte, 1);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	close_file(&pd->ready);
	return got == 1 && byte == 'R' ? 1 : -1;
}

static void print_line(struct pd *pd, int number)
{
	fprintf(stderr, "pd%d: %.*s\n", number, (int)pd->line_len, pd->line);
	pd->line_len = 0;
}

/* Only printable ASCII: it is a stranger's text on our terminal. */
static void print_byte(struct pd *pd, int number, char byte)
{
	if (byte == '\n') {
		print_line(pd, number);
		return;
	}
	pd->line[pd->line_len++] = byte == '\t' || (byte >= ' ' && byte <= '~') ? byte : '?';
	if (pd->line_len == sizeof(pd->line))
		print_line(pd, number);
}

static void print_bytes(struct pd *pd, int number, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && pd->printed < OUTPUT_LIMIT; i++) {
		print_byte(pd, number, bytes[i]);
		if (++pd->printed == OUTPUT_LIMIT)
			log_say("pd%d prints too much; the rest of it is dropped", number);
	}
}

static size_t read_some(struct pd *pd, int number)
{
	char bytes[OUTPUT_PER_TURN];
	ssize_t got = read(pd->output, bytes, sizeof(bytes));

	if (got > 0)
		print_bytes(pd, number, bytes, (size_t)got);
	if (got == 0)
		close_file(&pd->output);
	return got > 0 ? (size_t)got : 0;
}

void pd_read_output(struct pd *pd, int number)
{
	if (pd->output >= 0)
		read_some(pd, number);
}

void pd_finish(struct pd *pd, int number)
{
	size_t got = 1;

	for (size_t all = 0; pd->output >= 0 && got && all < OUTPUT_AT_END; all += got)
		got = read_some(pd, number);
	if (pd->line_len)
		print_line(pd, number);
	close_file(&pd->ready);
	close_file(&pd->output);
}
