/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A small test harness that speaks KTAP. Each test runs in a process (and
 * process group) of its own with a time limit, so a test that crashes or hangs
 * costs one line of the result and not the run. The first check that fails ends the
 * test: it prints where and what it saw.
 */
#ifndef TESTS_KTAP_H
#define TESTS_KTAP_H

#include <stdbool.h>
#include <stddef.h>

#define KTAP_TEST_SECONDS 60

typedef void (*ktap_fn)(const void *arg);

/* Tests run in the order of their registration. @arg is handed to @fn. */
void ktap_register(const char *name, ktap_fn fn, const void *arg);

/* @fn runs in the harness after each test, when the test's processes are gone. */
void ktap_after_each(void (*fn)(void));

/* Another time limit for each test of this program, in seconds of guest time. */
void ktap_seconds(unsigned int seconds);

#define TEST(name)                                                     \
	static void test_##name(const void *arg);                      \
	__attribute__((constructor)) static void register_##name(void) \
	{                                                              \
		ktap_register(#name, test_##name, NULL);               \
	}                                                              \
	static void test_##name(const void *arg __attribute__((unused)))

void ktap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void ktap_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
_Noreturn void ktap_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

void ktap_check_eq(const char *file, int line, const char *what, long long expected,
		   long long seen);
void ktap_check_err(const char *file, int line, const char *what, int expected, int seen);
void ktap_check_mem(const char *file, int line, const char *what, const void *expected,
		    const void *seen, size_t len);

#define FAIL(...) ktap_fail(__FILE__, __LINE__, __VA_ARGS__)
#define SKIP(...) ktap_skip(__VA_ARGS__)
#define CHECK(cond)                                      \
	do {                                             \
		if (!(cond))                             \
			FAIL("%s does not hold", #cond); \
	} while (0)
#define CHECK_EQ(expected, seen) \
	ktap_check_eq(__FILE__, __LINE__, #seen, (long long)(expected), (long long)(seen))
/* For results that are 0 (or positive) or -errno: prints the error's name. */
#define CHECK_ERR(expected, seen) ktap_check_err(__FILE__, __LINE__, #seen, expected, seen)
#define CHECK_OK(seen)		  CHECK_ERR(0, seen)
#define CHECK_MEM(expected, seen, len) \
	ktap_check_mem(__FILE__, __LINE__, #seen, expected, seen, len)

#endif /* TESTS_KTAP_H */
