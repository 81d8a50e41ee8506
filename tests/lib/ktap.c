// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "ktap.h"

#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "storm.h"

#define MAX_TESTS 512

enum { EXIT_PASS = 0, EXIT_FAIL = 1, EXIT_SKIP = 4 };
/* How long a killed test may take to go away before the run is given up. */
#define REAP_SECONDS 30

struct test {
	const char *name;
	ktap_fn fn;
	const void *arg;
};

static struct test tests[MAX_TESTS];
static size_t test_count;
static void (*after_each)(void);
static unsigned int limit_seconds = KTAP_TEST_SECONDS;

void ktap_register(const char *name, ktap_fn fn, const void *arg)
{
	if (test_count == MAX_TESTS) {
		fprintf(stderr, "too many tests: raise MAX_TESTS\n");
		abort();
	}
	tests[test_count++] = (struct test){ name, fn, arg };
}

void ktap_after_each(void (*fn)(void))
{
	after_each = fn;
}

void ktap_seconds(unsigned int seconds)
{
	limit_seconds = seconds;
}

static void print_line(const char *prefix, const char *format, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	/* One write per line: threads and child processes share the output. */
	dprintf(STDOUT_FILENO, "# %s%s\n", prefix, text);
}

void ktap_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line("", format, args);
	va_end(args);
}

void ktap_fail(const char *file, int line, const char *format, ...)
{
	char where[256];
	va_list args;

	snprintf(where, sizeof(where), "%s:%d: ", file, line);
	va_start(args, format);
	print_line(where, format, args);
	va_end(args);
	_exit(EXIT_FAIL);
}

void ktap_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line("skip: ", format, args);
	va_end(args);
	_exit(EXIT_SKIP);
}

void ktap_check_eq(const char *file, int line, const char *what, long long expected, long long seen)
{
	if (expected != seen)
		ktap_fail(file, line, "%s: expected %lld (%#llx), seen %lld (%#llx)", what,
			  expected, expected, seen, seen);
}

static const char *err_name(int ret)
{
	const char *name = ret < 0 ? strerrorname_np(-ret) : NULL;

	return name ? name : "no error";
}

void ktap_check_err(const char *file, int line, const char *what, int expected, int seen)
{
	if (expected != seen)
		ktap_fail(file, line, "%s: expected %d (%s), seen %d (%s)", what, expected,
			  err_name(expected), seen, err_name(seen));
}

void ktap_check_mem(const char *file, int line, const char *what, const void *expected,
		    const void *seen, size_t len)
{
	const unsigned char *a = expected, *b = seen;

	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			ktap_fail(file, line, "%s: byte %zu of %zu: expected %#x, seen %#x", what,
				  i, len, a[i], b[i]);
}

/* Waits for the end of @pid: its status, or -1 when it did not end in time. */
static int wait_child(pid_t pid, unsigned int seconds)
{
	struct pollfd p = { .events = POLLIN };
	int status = -1;

	p.fd = syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0 || poll(&p, 1, (int)seconds * 1000) == 1) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (p.fd >= 0)
		close(p.fd);
	return status;
}

static _Noreturn void run_child(const struct test *test)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	storm_begin(storm_wanted());
	test->fn(test->arg);
	_exit(EXIT_PASS);
}

/* Ends what is left of a test; a process that cannot die ends the whole run. */
static void kill_rest(pid_t pid, bool leader_lives)
{
	kill(-pid, SIGKILL);
	if (leader_lives && wait_child(pid, REAP_SECONDS) < 0) {
		printf("Bail out! a test process does not die\n");
		exit(EXIT_FAIL);
	}
	/* Orphaned children of the test come to us (child subreaper). */
	for (int i = 0; i < REAP_SECONDS * 100; i++) {
		pid_t got = waitpid(-pid, NULL, WNOHANG);

		if (got < 0)
			return;
		if (!got)
			usleep(10000);
	}
	printf("Bail out! a child of a test does not die\n");
	exit(EXIT_FAIL);
}

static int run_test(const struct test *test)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		run_child(test);
	if (pid < 0) {
		ktap_note("fork: %s", strerror(errno));
		return EXIT_FAIL;
	}
	setpgid(pid, pid);
	status = wait_child(pid, limit_seconds);
	if (status < 0)
		ktap_note("the test did not end within %u s", limit_seconds);
	kill_rest(pid, status < 0);
	if (after_each)
		after_each();
	if (status < 0)
		return EXIT_FAIL;
	if (WIFSIGNALED(status))
		ktap_note("the test was ended by signal %d", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAIL;
}

static bool selected(const char *name, int argc, char **argv)
{
	if (argc < 2)
		return true;
	for (int i = 1; i < argc; i++)
		if (!fnmatch(argv[i], name, 0))
			return true;
	return false;
}

static size_t count_selected(int argc, char **argv)
{
	size_t n = 0;

	for (size_t i = 0; i < test_count; i++)
		n += selected(tests[i].name, argc, argv);
	return n;
}

static int list_tests(void)
{
	for (size_t i = 0; i < test_count; i++)
		puts(tests[i].name);
	return 0;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Says what time it took, too: tests/run lists the slowest. */
static bool report_test(const struct test *test, size_t number)
{
	long long start = now_ms();
	int result = run_test(test);
	bool ok = result == EXIT_PASS || result == EXIT_SKIP;

	printf("# took %lld ms\n", now_ms() - start);
	printf("%s %zu %s%s\n", ok ? "ok" : "not ok", number, test->name,
	       result == EXIT_SKIP ? " # SKIP" : "");
	return ok;
}

/* Arguments: --list, or patterns of the tests to run. */
int main(int argc, char **argv)
{
	size_t number = 0;
	bool failed = false;

	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list_tests();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (storm_wanted() != STORM_NONE)
		limit_seconds *= STORM_SLOWER;
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n1..%zu\n", count_selected(argc, argv));
	for (size_t i = 0; i < test_count; i++)
		if (selected(tests[i].name, argc, argv) && !report_test(&tests[i], ++number))
			failed = true;
	return failed;
}
