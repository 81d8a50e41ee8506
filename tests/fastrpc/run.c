// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Runs qemu-user with a program of another machine, traced by a child: an msync() with the mark of
 * marker.h becomes an ioctl. Its addresses are those that the program used, as
 * qemu-user maps a program of 64 bits where that wants to be (-B 0 sees to it).
 *
 * Usage: arm64-run QEMU ARGUMENT...
 *   This process becomes QEMU, so signals and the exit status are the program's own.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "marker.h"

#define OPTIONS	     (PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE)
#define SYSCALL_STOP (SIGTRAP | 0x80)

static void make_ioctl(pid_t tid, struct user_regs_struct *regs)
{
	uint64_t arg = regs->rdi, both = regs->rsi;

	regs->orig_rax = SYS_ioctl;
	regs->rdi = (uint32_t)both;
	/* The kernel takes the lower half only; the upper one tells it from other ioctls. */
	regs->rsi = (uint64_t)IOCTL_MARKER << 32 | both >> 32;
	regs->rdx = arg;
	ptrace(PTRACE_SETREGS, tid, NULL, regs);
}

/* A system call changes no register of its arguments; qemu-user's compiler relied on that. */
static void restore(pid_t tid, struct user_regs_struct *regs)
{
	uint64_t arg = regs->rdx;

	regs->rdx = IOCTL_MARKER;
	regs->rsi = regs->rsi << 32 | (uint32_t)regs->rdi;
	regs->rdi = arg;
	ptrace(PTRACE_SETREGS, tid, NULL, regs);
}

/* Results inside the kernel that mean: the system call is made again, as it is now. */
static bool is_restart(int64_t result)
{
	enum { FIRST = -516, LAST = -512 };

	return result >= FIRST && result <= LAST;
}

/* True when an ioctl is done that was to be made in place of an msync(). */
static bool at_system_call(pid_t tid)
{
	struct __ptrace_syscall_info info;
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs))
		return false;
	if (regs.orig_rax == SYS_msync && regs.rdx == IOCTL_MARKER) {
		make_ioctl(tid, &regs);
		return false;
	}
	if (regs.orig_rax != SYS_ioctl || regs.rsi >> 32 != IOCTL_MARKER ||
	    ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_EXIT || is_restart((int64_t)regs.rax))
		return false;
	restore(tid, &regs);
	return true;
}

/* Lets the thread go on: until its next system call where that may be an ioctl. */
static void at_stop(pid_t tid, int status)
{
	int sig = WSTOPSIG(status);

	if (sig == SYSCALL_STOP)
		ptrace(at_system_call(tid) ? PTRACE_CONT : PTRACE_SYSCALL, tid, NULL, 0);
	else if (status >> 16)
		/* What the kernel says about threads is no signal of the program. */
		ptrace(PTRACE_CONT, tid, NULL, 0);
	else
		ptrace(PTRACE_SYSCALL, tid, NULL, sig == IOCTL_SIGNAL ? 0 : sig);
}

static _Noreturn void trace_all(void)
{
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (tid > 0 && WIFSTOPPED(status))
			at_stop(tid, status);
	}
	_exit(0);
}

/* In the child. Ends when all threads have ended. */
static _Noreturn void trace_parent(pid_t parent, int ready)
{
	int status;

	if (ptrace(PTRACE_SEIZE, parent, NULL, OPTIONS) ||
	    ptrace(PTRACE_INTERRUPT, parent, NULL, NULL) ||
	    waitpid(parent, &status, __WALL) != parent || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_CONT, parent, NULL, 0))
		_exit(1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	trace_all();
}

int main(int argc, char **argv)
{
	pid_t self = getpid(), child;
	int fds[2];
	char c;

	if (argc < 2) {
		fprintf(stderr, "arm64-run: usage: arm64-run QEMU ARGUMENT...\n");
		return 2;
	}
	if (pipe(fds)) {
		perror("arm64-run: pipe");
		return 125;
	}
	child = fork();
	if (!child)
		trace_parent(self, fds[1]);
	close(fds[1]);
	if (child < 0 || read(fds[0], &c, 1) != 1) {
		fprintf(stderr, "arm64-run: cannot be traced\n");
		return 125;
	}
	close(fds[0]);
	execv(argv[1], argv + 1);
	fprintf(stderr, "arm64-run: cannot start %s: %m\n", argv[1]);
	return 127;
}
