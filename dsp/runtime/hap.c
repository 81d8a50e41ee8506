/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "HAP_timer.h"

#include "sys.h"

int HAP_timer_sleep(unsigned long long us)
{
	sys_sleep_us(us);
	return 0;
}

uint64_t HAP_perf_qtimer_count_to_us(uint64_t count)
{
	return count * 10 / 192;
}

uint64_t HAP_perf_get_time_us(void)
{
	return sys_time_us();
}
