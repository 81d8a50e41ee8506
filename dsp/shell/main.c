/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The program of a protection domain (PD) of the virtual DSP. dspd starts it with the
 * session's file as fd 3, the pipe on which it says that it is ready as fd 4 and the table
 * of its mappings as fd 5. It maps its whole context bank where the addresses on the wire
 * point to; then its threads serve calls until the session's file is closed.
 */
#include <stdio.h>
#include <string.h>

#include "apps.h"
#include "crash.h"
#include "heap.h"
#include "maps.h"
#include "poll.h"
#include "pool.h"
#include "sys.h"
#include "vdsp.h"

#define SESSION_FD 3
#define READY_FD   4
#define MAPS_FD	   5

static _Noreturn void stop(const char *what, long error)
{
	log_line("shell: %s: error %ld", what, -error);
	sys_exit(1);
}

static void map_table(void)
{
	long error = maps_attach(MAPS_FD);

	if (error)
		stop("cannot map the table of mappings", error);
	sys_close(MAPS_FD);
}

static void map_window(int fd)
{
	long addr = sys_mmap((void *)VDSP_IOVA_START, VDSP_IOVA_SIZE,
			     SYS_PROT_READ | SYS_PROT_WRITE,
			     SYS_MAP_SHARED | SYS_MAP_FIXED | SYS_MAP_NORESERVE, fd,
			     VDSP_IOVA_START / SYS_PAGE);

	if ((unsigned long)addr != VDSP_IOVA_START)
		stop("cannot map the context bank", addr);
}

static int number(const char *text)
{
	int value = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (*text - '0');
	return value;
}

/*
 * "--poll-word": the DSP has poll mode. "--window-fd N" maps the memory of another file: tests
 * on a host without the virtual DSP. Gives the file to map.
 */
static int read_arguments(int argc, char **argv)
{
	int fd = SESSION_FD;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--poll-word"))
			poll_allow();
		else if (!strcmp(argv[i], "--window-fd") && i + 1 < argc)
			fd = number(argv[++i]);
	}
	return fd;
}

/* The first thread has a stack of which nobody knows the size, so no call runs on it. */
static _Noreturn void wait_for_ever(void)
{
	static const int never;

	for (;;)
		sys_futex_wait(&never, 0);
}

int main(int argc, char **argv)
{
	long error;

	crash_catch();
	map_window(read_arguments(argc, argv));
	map_table();
	rt_heap_ask(apps_more_heap);
	error = pool_start(SESSION_FD);
	if (error)
		stop("cannot start a thread", error);
	if (sys_write(READY_FD, "R", 1) != 1)
		stop("cannot say that the process is ready", 0);
	sys_close(READY_FD);
	wait_for_ever();
}
