// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "storm.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <drm/qda_accel.h>

#include "ktap.h"

#define PERIOD_NS 1000000

/* With more threads than this in ioctls at once each gets fewer signals, lest nothing else runs. */
#define THREADS 8

/* Shared with child processes. */
struct counts {
	unsigned long signals, made, seen, threads;
};

static enum storm_kind storm;
static struct counts *counts;

static void count_signal(int sig)
{
	(void)sig;
	__atomic_fetch_add(&counts->signals, 1, __ATOMIC_RELAXED);
}

void storm_begin(enum storm_kind kind)
{
	struct sigaction action = { .sa_handler = count_signal };

	if (kind == STORM_NONE)
		return;
	if (!counts)
		counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		FAIL("mmap: %m");
	memset(counts, 0, sizeof(*counts));
	action.sa_flags = kind == STORM_RESTART ? SA_RESTART : 0;
	if (sigaction(SIGALRM, &action, NULL))
		FAIL("sigaction: %m");
	storm = kind;
}

void storm_end(void)
{
	storm = STORM_NONE;
}

enum storm_kind storm_wanted(void)
{
	const char *kind = getenv("QDA_STORM");

	if (!kind)
		return STORM_NONE;
	return strcmp(kind, "eintr") ? STORM_RESTART : STORM_EINTR;
}

bool storm_rages(void)
{
	return storm != STORM_NONE;
}

unsigned long storm_signals(void)
{
	return __atomic_load_n(&counts->signals, __ATOMIC_RELAXED);
}

static void count_calls(unsigned long cmd, const void *arg)
{
	const struct drm_qda_invoke_batch *batch = arg;

	if (cmd == DRM_IOCTL_QDA_REMOTE_INVOKE)
		__atomic_fetch_add(&counts->made, 1, __ATOMIC_SEQ_CST);
	else if (cmd == DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH)
		__atomic_fetch_add(&counts->made, batch->count, __ATOMIC_SEQ_CST);
}

void storm_see_call(void)
{
	unsigned long seen, made;

	if (storm == STORM_NONE)
		return;
	seen = __atomic_add_fetch(&counts->seen, 1, __ATOMIC_SEQ_CST);
	made = __atomic_load_n(&counts->made, __ATOMIC_SEQ_CST);
	if (seen > made)
		FAIL("the DSP has seen %lu calls, the application has made %lu", seen, made);
}

/* The first signal can come at any time, so that it hits short ioctls as well. */
static long first_ns(long period)
{
	static __thread unsigned int seed;

	seed = seed * 1664525 + 1013904223;
	return 1 + (long)(seed >> 8) % period;
}

static timer_t start_timer(unsigned long threads)
{
	long period = PERIOD_NS * (long)(1 + threads / THREADS);
	struct itimerspec every = { .it_interval.tv_nsec = period,
				    .it_value.tv_nsec = first_ns(period) };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };
	timer_t timer;

	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &every, NULL))
		FAIL("no timer: %m");
	return timer;
}

/*
 * The kernel's DRM core refuses to restart an ioctl when the device has gone meanwhile. The
 * cookie is still there: the DSP went while the call waited.
 */
static int gone_while_waiting(unsigned long cmd, void *arg, int ret)
{
	struct drm_qda_invoke *invoke = arg;

	if (cmd != DRM_IOCTL_QDA_REMOTE_INVOKE || ret != -ENODEV || !invoke->cookie)
		return ret;
	invoke->cookie = 0;
	return -EPIPE;
}

int storm_ioctl(int fd, unsigned long cmd, void *arg)
{
	timer_t timer;
	int ret;

	count_calls(cmd, arg);
	timer = start_timer(__atomic_fetch_add(&counts->threads, 1, __ATOMIC_RELAXED));
	do {
		ret = ioctl(fd, cmd, arg) < 0 ? -errno : 0;
	} while (ret == -EINTR && storm == STORM_EINTR);
	timer_delete(timer);
	__atomic_fetch_sub(&counts->threads, 1, __ATOMIC_RELAXED);
	return gone_while_waiting(cmd, arg, ret);
}
