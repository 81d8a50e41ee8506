/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The process that runs a protection domain. */
#ifndef DSPD_PD_H
#define DSPD_PD_H

#include <stdbool.h>
#include <sys/types.h>

#define PD_LINE 256

/* What a new process gets; vdsp/include/pd_maps.h has the table of its mappings. */
struct pd_files {
	int session;
	int maps;
	int image;
	bool poll_word; /* tell it that the DSP has poll mode */
};

struct pd {
	pid_t pid;  /* 0: never started, or waited for */
	int status; /* as waitpid gave it */
	int ready;  /* the pipe on which it says that it is ready, or -1 */
	int output; /* the pipe with what it prints, or -1 */
	char line[PD_LINE];
	size_t line_len;
	size_t printed;
};

void pd_init(struct pd *pd);

/*
 * Starts qemu on the image. The files are closed here, whatever happens, so that only
 * the process holds its session. 0 or -errno.
 */
int pd_start(struct pd *pd, const char *qemu, const struct pd_files *files);

/* Sends SIGKILL; the status still comes by pd_reap. */
void pd_kill(const struct pd *pd);

/* Waits for the process; true when it has ended. Without block it only looks. */
bool pd_reap(struct pd *pd, bool block);

/* 1: it is ready; 0: nothing yet; -1: it closed the pipe without. */
int pd_read_ready(struct pd *pd);

/* Prints what it printed, with its number in front of each line, up to a limit. */
void pd_read_output(struct pd *pd, int number);

/* Prints the rest and closes the pipes. */
void pd_finish(struct pd *pd, int number);

#endif
