/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * hexagonrpcd, a published program of the old interface, as Debian's package has it. It
 * attaches to a PD, or makes one, and serves files to it.
 */
#ifndef TESTS_HEXAGONRPCD_H
#define TESTS_HEXAGONRPCD_H

#include <stdbool.h>
#include <sys/types.h>

struct hexagonrpcd_options {
	const char *node;
	const char *dsp;     /* files for it are in FOLDER/dsp/NAME */
	const char *folder;  /* of the files that are served */
	const char *shell;   /* makes a PD of this program */
	const char *program; /* that it starts and shares its file with */
	bool sensors;	     /* attaches to the sensors' PD, not to the root PD */
	bool unprivileged;   /* not as root */
};

/* Starts it; what it prints goes to a file. The test fails when the package is not there. */
pid_t hexagonrpcd_start(const struct hexagonrpcd_options *options);
/* Has it, or what it started, printed this? */
bool hexagonrpcd_has_said(const char *text);
/* Waits until it has. */
void hexagonrpcd_says(const char *text);
/* A script that starts another program of the package when there is something to read from @go. */
void hexagonrpcd_script(const char *path, const char *program, const char *go);
/* A folder with what is in QDA_DSP_DIR as files for this DSP. */
void hexagonrpcd_folder(const char *dsp, char path[512]);

#endif /* TESTS_HEXAGONRPCD_H */
