// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Tests that go wrong in every way a test can; tests/selftest checks that the harness
 * says so.
 */
#include <signal.h>
#include <unistd.h>

#include "ktap.h"
#include "sys.h"

__attribute__((constructor)) static void setup(void)
{
	ktap_seconds(2);
}

TEST(passes)
{
	CHECK_EQ(1, 1);
}

TEST(fails_a_check)
{
	CHECK_EQ(1, 2);
}

TEST(fails_an_error_check)
{
	CHECK_OK(-22);
}

TEST(fails_a_comparison)
{
	CHECK_MEM("abc", "abd", 3);
}

TEST(skips)
{
	SKIP("there is a reason");
}

TEST(crashes)
{
	raise(SIGSEGV);
}

TEST(hangs)
{
	pause();
}

static int sleep_long(void *arg)
{
	(void)arg;
	pause();
	return 0;
}

/* What a test leaves behind is ended, and is not the next one's trouble. */
TEST(leaves_a_process)
{
	client_start(sleep_long, NULL);
}

TEST(fails_in_a_child)
{
	client_kill(client_start(sleep_long, NULL));
	CHECK_EQ(0, client_wait(client_start(sleep_long, NULL)));
}

TEST(exits_with_an_odd_status)
{
	_exit(77);
}
