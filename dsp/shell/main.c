/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The program of a protection domain (PD) of the virtual DSP. dspd starts it with the
 * session's file as fd 3, the pipe on which it says that it is ready as fd 4 and the table
 * of its mappings as fd 5. It maps its whole context bank where the addresses on the wire
 * point to, and a few threads
 * read calls, run them and answer them: a method that blocks stops no other call
 * until all threads are in such methods.
 */
#include <stdio.h>
#include <string.h>

#include "crash.h"
#include "maps.h"
#include "payload.h"
#include "services.h"
#include "sys.h"
#include "thread.h"

#define SESSION_FD  3
#define READY_FD    4
#define MAPS_FD	    5

#define THREADS	    8
#define STACK_SIZE  0x20000u
#define CRASH_STACK 0x4000u

struct worker {
	_Alignas(16) char stack[STACK_SIZE];
	_Alignas(16) char crash_stack[CRASH_STACK];
};

/* The main thread is a worker, too, and needs no stack from here. */
static struct worker workers[THREADS];

static uint32_t run(const struct vdsp_msg *msg, struct payload *payload)
{
	uint32_t error;

	if (msg->type != VDSP_MSG_CALL)
		return FRPC_EUNSUPPORTED;
	error = payload_decode(msg, payload);
	if (error)
		return error;
	error = services_invoke(msg->handle, msg->sc, payload->args);
	payload_end(payload);
	return error;
}

static _Noreturn void stop(const char *what, long error)
{
	log_line("shell: %s: error %ld", what, -error);
	sys_exit(1);
}

/* The buffer has room for one record: every thread gets a call of its own. */
static void serve(void *arg)
{
	struct worker *worker = arg;
	struct payload payload;
	struct vdsp_reply reply = { 0 };
	struct vdsp_msg msg;
	long got;

	crash_thread_stack(worker->crash_stack, sizeof(worker->crash_stack));
	for (;;) {
		got = sys_read(SESSION_FD, &msg, sizeof(msg));
		if (got == -SYS_EINTR)
			continue;
		if (got == 0 || got == -SYS_EPIPE)
			sys_exit(0);
		if (got != (long)sizeof(msg))
			stop("cannot read a call", got);
		reply.ctx = msg.ctx;
		reply.retval = (int32_t)run(&msg, &payload);
		got = sys_write(SESSION_FD, &reply, sizeof(reply));
		if (got == -SYS_EPIPE)
			sys_exit(0);
		if (got < 0 && got != -SYS_ENOENT)
			stop("cannot answer a call", got);
	}
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

/* "--window-fd N" maps the memory of another file: tests on a host without the virtual DSP */
static int window_fd(int argc, char **argv)
{
	int fd = 0;

	if (argc < 3 || strcmp(argv[1], "--window-fd"))
		return SESSION_FD;
	for (const char *at = argv[2]; *at >= '0' && *at <= '9'; at++)
		fd = fd * 10 + (*at - '0');
	return fd;
}

int main(int argc, char **argv)
{
	long error;

	crash_catch();
	map_window(window_fd(argc, argv));
	map_table();
	for (int i = 1; i < THREADS; i++) {
		error = rt_thread_start(serve, &workers[i], workers[i].stack, STACK_SIZE);
		if (error)
			stop("cannot start a thread", error);
	}
	if (sys_write(READY_FD, "R", 1) != 1)
		stop("cannot say that the process is ready", 0);
	sys_close(READY_FD);
	serve(&workers[0]);
	return 0;
}
