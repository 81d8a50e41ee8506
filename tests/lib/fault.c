// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ktap.h"
#include "storm.h"
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

/*
 * The kernel's own check of DMA mappings takes radix tree nodes, and gives up for good when one
 * cannot be had (kernel/dma/debug.c). If the allocation that is to fail is such a one, the tree
 * takes a node of those kept for this CPU, if there are any. A watch of inotify fills them up.
 */
static void keep_tree_nodes(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, "/proc", IN_DELETE_SELF) < 0)
		FAIL("inotify: %m");
	close(fd);
}

static void stay_on_this_cpu(cpu_set_t *before)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (sched_getaffinity(0, sizeof(*before), before) ||
	    sched_setaffinity(0, sizeof(set), &set))
		FAIL("affinity: %m");
}

int fault_ioctl(int fd, unsigned long cmd, void *arg, unsigned int nth, bool *hit)
{
	char text[32] = "";
	cpu_set_t cpus;
	ssize_t n;
	int ctl, ret;

	storm_make_calls(cmd, arg);
	stay_on_this_cpu(&cpus);
	keep_tree_nodes();
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
	sched_setaffinity(0, sizeof(cpus), &cpus);
	return ret;
}

static const char *const failing[] = { "failslab", "fail_page_alloc" };

static void fault_set(const char *which, const char *name, const char *value)
{
	char path[96];
	int ret;

	snprintf(path, sizeof(path), FAULTS "%s/%s", which, name);
	ret = write_text(path, value);
	if (ret)
		FAIL("%s: %s", path, strerror(-ret));
}

static void fault_set_number(const char *which, const char *name, unsigned long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", value);
	fault_set(which, name, text);
}

void fault_setup_pages(void)
{
	fault_setup();
	for (size_t i = 0; i < ARRAY_SIZE(failing); i++)
		fault_set(failing[i], "task-filter", "Y");
	fault_set("fail_page_alloc", "ignore-gfp-wait", "N");
	fault_set("fail_page_alloc", "ignore-gfp-highmem", "N");
	fault_set("fail_page_alloc", "min-order", "0");
}

void fault_reset(void)
{
	if (access(FAULTS "failslab", X_OK))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(failing); i++) {
		fault_set(failing[i], "probability", "0");
		fault_set(failing[i], "times", "1");
		fault_set(failing[i], "space", "0");
		fault_set(failing[i], "reject-start", "0");
		fault_set(failing[i], "reject-end", "0");
	}
	fault_set("fail_page_alloc", "ignore-gfp-wait", "Y");
	fault_set("fail_page_alloc", "ignore-gfp-highmem", "Y");
	fault_set("fail_page_alloc", "min-order", "1");
}

/* What the thread does before and after may not fail. */
static int fault_mark(void)
{
	int ctl = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);

	if (ctl < 0 || pwrite(ctl, "1", 1, 0) < 0)
		FAIL("/proc/thread-self/make-it-fail: %m");
	return ctl;
}

static void fault_unmark(int ctl)
{
	if (pwrite(ctl, "0", 1, 0) < 0)
		FAIL("cannot switch fault injection off: %m");
	close(ctl);
}

int fault_ioctl_marked(int fd, unsigned long cmd, void *arg)
{
	int ctl = fault_mark(), ret;

	ret = syscall(SYS_ioctl, fd, cmd, arg) < 0 ? -errno : 0;
	fault_unmark(ctl);
	return ret;
}

void fault_close_marked(int fd)
{
	int ctl = fault_mark();

	close(fd);
	fault_unmark(ctl);
}

/* Pages of files are tried in one piece, then in smaller ones: no order has that many. */
#define FAULT_PAGES 16

int fault_ioctl_page(int fd, unsigned long cmd, void *arg, unsigned int skip, bool *hit)
{
	cpu_set_t cpus;
	int ret;

	stay_on_this_cpu(&cpus);
	keep_tree_nodes();
	fault_set_number("fail_page_alloc", "space", skip);
	fault_set_number("fail_page_alloc", "times", FAULT_PAGES);
	fault_set("fail_page_alloc", "probability", "100");
	ret = fault_ioctl_marked(fd, cmd, arg);
	*hit = read_number(FAULTS "fail_page_alloc/times") < FAULT_PAGES;
	fault_set("fail_page_alloc", "probability", "0");
	sched_setaffinity(0, sizeof(cpus), &cpus);
	return ret;
}

struct range {
	unsigned long long start, end;
};

/*
 * Where functions are whose line in the list of symbols has this text: from the first to the
 * begin of the last one, and so many bytes more.
 */
static struct range find_functions(const char *text, unsigned int more)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	struct range found = { ~0ull, 0 };
	unsigned long long address;
	char line[512], kind;

	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (!strstr(line, text) || sscanf(line, "%llx %c", &address, &kind) != 2 ||
		    (kind | 0x20) != 't')
			continue;
		if (address < found.start)
			found.start = address;
		if (address > found.end)
			found.end = address;
	}
	if (!found.end)
		FAIL("no function with \"%s\" in /proc/kallsyms", text);
	fclose(symbols);
	found.end += more;
	return found;
}

static void fault_spare(const char *which, struct range range)
{
	fault_set_number(which, "reject-start", range.start);
	fault_set_number(which, "reject-end", range.end);
}

void fault_begin(unsigned int percent)
{
	struct range vdsp = find_functions("[vdsp]", 0);

	fault_spare("failslab", vdsp);
	/* When kvmalloc() fails twice that is a warning, which by chance happens at times. */
	fault_spare("fail_page_alloc",
		    percent == 100 ? vdsp : find_functions(" __vmalloc_node_range_noprof\n", 8192));
	for (size_t i = 0; i < ARRAY_SIZE(failing); i++) {
		fault_set(failing[i], "times", "-1");
		fault_set_number(failing[i], "probability", percent);
	}
}

void ioctl_trace_start(void)
{
	write_text(TRACEFS "trace", "");
	if (access(TRACEFS "kprobe_events", F_OK))
		SKIP("this kernel has no kprobe events");
	if (write_text(TRACEFS "kprobe_events", "r:" EVENT " qda_drv_ioctl ret=$retval:s64"))
		FAIL("cannot look at the driver's ioctls: %m");
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
		FAIL("no return of an ioctl was seen for process %d", pid);
	return result;
}

void ioctl_trace_end(void)
{
	write_text(TRACEFS "events/" EVENT "/enable", "0");
	write_text(TRACEFS "kprobe_events", "-:" EVENT);
}
