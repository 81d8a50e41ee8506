// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "storm.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <drm/qda_accel.h>
#include <misc/fastrpc.h>

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
static __thread volatile sig_atomic_t hits; /* of this thread */

static void count_signal(int sig)
{
	(void)sig;
	hits++;
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

/* Tests give pointers to nothing as well: a system call that meets one fails, without SIGSEGV. */
static uint32_t calls_of_batch(const struct drm_qda_invoke_batch *batch)
{
	uint32_t count = 0;
	int fds[2];

	if (pipe(fds))
		FAIL("pipe: %m");
	if (write(fds[1], &batch->count, sizeof(count)) == sizeof(count) &&
	    read(fds[0], &count, sizeof(count)) != sizeof(count))
		FAIL("reading from a pipe: %m");
	close(fds[0]);
	close(fds[1]);
	return count;
}

static bool is_same(unsigned long cmd, unsigned long other)
{
	/* Whatever the size of the structure. */
	return _IOC_TYPE(cmd) == _IOC_TYPE(other) && _IOC_NR(cmd) == _IOC_NR(other);
}

void storm_make_calls(unsigned long cmd, const void *arg)
{
	if (storm == STORM_NONE)
		return;
	if (is_same(cmd, DRM_IOCTL_QDA_REMOTE_INVOKE) || is_same(cmd, FASTRPC_IOCTL_INVOKE))
		__atomic_fetch_add(&counts->made, 1, __ATOMIC_SEQ_CST);
	else if (is_same(cmd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH))
		__atomic_fetch_add(&counts->made, calls_of_batch(arg), __ATOMIC_SEQ_CST);
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

static bool is_gone(int fd)
{
	struct drm_version version = { 0 };

	return syscall(SYS_ioctl, fd, DRM_IOCTL_VERSION, &version) < 0 && errno == ENODEV;
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

static int ioctl_in_storm(int fd, unsigned long cmd, void *arg)
{
	timer_t timer = start_timer(__atomic_fetch_add(&counts->threads, 1, __ATOMIC_RELAXED));
	int ret = (int)syscall(SYS_ioctl, fd, cmd, arg), err = errno;

	timer_delete(timer);
	__atomic_fetch_sub(&counts->threads, 1, __ATOMIC_RELAXED);
	errno = err;
	return ret;
}

#if __WORDSIZE == 64
/*
 * Instead of the C library's, so that libraries under test are in the storm, too. Programs of
 * 32 bits test none, and are static: they have the C library's already.
 */
int ioctl(int fd, unsigned long cmd, ...)
{
	va_list args;
	void *arg;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	if (storm == STORM_NONE)
		return (int)syscall(SYS_ioctl, fd, cmd, arg);
	return ioctl_in_storm(fd, cmd, arg);
}
#endif

int storm_ioctl(int fd, unsigned long cmd, void *arg)
{
	bool gone = is_gone(fd);
	sig_atomic_t before;
	int ret;

	storm_make_calls(cmd, arg);
	do {
		before = hits;
		ret = ioctl_in_storm(fd, cmd, arg);
		/* As in do_ioctl(), which the old interface gives other results. */
		ret = ret == -1 ? -errno : ret;
		/* After another signal than those of the storm the test wants to know. */
	} while (ret == -EINTR && storm == STORM_EINTR && hits != before);
	return gone ? ret : gone_while_waiting(cmd, arg, ret);
}
