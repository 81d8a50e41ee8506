// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "freeze.h"

#include <unistd.h>

#include "ktap.h"
#include "sys.h"

#define POWER "/sys/power/"
#define DELAY "/sys/module/suspend/parameters/pm_test_delay"

void freeze_and_thaw(int seconds)
{
	if (access(POWER "pm_test", W_OK))
		SKIP("this kernel cannot test a suspend");
	CHECK_OK(write_text(POWER "pm_test", "freezer"));
	write_number(DELAY, seconds);
	CHECK_OK(write_text(POWER "state", "freeze"));
}
