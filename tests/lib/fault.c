// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ktap.h"
#include "sys.h"

#define FAULTS	"/sys/kernel/debug/"
#define TRACEFS "/sys/kernel/tracing/"
#define EVENT	"qdatest/ioctl_ret"

void fault_setup(void)
{
	if (access("/proc/self/fail-nth", W_OK) || access(FAULTS "failslab", X_OK))
		SKIP("this kernel cannot inject failures");
	write_text(FAULTS "failslab/ignore-gfp-wait", "N");
	/* The failures are wanted: no stack trace for each of them. */
	write_text(FAULTS "failslab/verbose", "0");
	write_text(FAULTS "fail_page_alloc/verbose", "0");
	write_text(FAULTS "fail_usercopy/verbose", "0");
}

/* Switching off can itself be the operation that fails: then a second try works. */
static void fault_off(int ctl)
{
	if (pwrite(ctl, "0", 1, 0) < 0 && pwrite(ctl, "0", 1, 0) < 0)
		FAIL("cannot switch fault injection off: %m");
}

int fault_ioctl(int fd, unsigned long cmd, void *arg, unsigned int nth, bool *hit)
{
	char text[32] = "";
	ssize_t n;
	int ctl, ret;

	ctl = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (ctl < 0)
		FAIL("/proc/thread-self/fail-nth: %m");
	snprintf(text, sizeof(text), "%u", nth);
	if (pwrite(ctl, text, strlen(text), 0) < 0)
		FAIL("writing fail-nth: %m");
	/* Not in a storm: a copy that fails while a signal is delivered is no error but SIGSEGV. */
	ret = syscall(SYS_ioctl, fd, cmd, arg) < 0 ? -errno : 0;
	n = pread(ctl, text, sizeof(text) - 1, 0);
	/* -EFAULT: the failure was still to come and hit this read instead. */
	*hit = n > 0 && atoi(text) == 0;
	fault_off(ctl);
	close(ctl);
	return ret;
}

void ioctl_trace_start(void)
{
	write_text(TRACEFS "trace", "");
	if (write_text(TRACEFS "kprobe_events", "r:" EVENT " drm_ioctl ret=$retval:s64"))
		SKIP("this kernel has no kprobe events");
	if (write_text(TRACEFS "events/" EVENT "/enable", "1"))
		FAIL("cannot switch the event on: %m");
}

int ioctl_trace_result(pid_t pid)
{
	static char text[1 << 16];
	char who[32], *line, *rest, *ret;
	int result = 1;

	read_text(TRACEFS "trace", text, sizeof(text));
	snprintf(who, sizeof(who), "-%d ", pid);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		ret = strstr(line, "ret=");
		if (ret && strstr(line, who))
			result = atoi(ret + strlen("ret="));
	}
	if (result == 1)
		FAIL("no return of drm_ioctl was seen for process %d", pid);
	return result;
}

void ioctl_trace_end(void)
{
	write_text(TRACEFS "events/" EVENT "/enable", "0");
	write_text(TRACEFS "kprobe_events", "-:" EVENT);
}
