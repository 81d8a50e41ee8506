/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Time on the DSP, by the names that the DSP's software has for it. */
#ifndef QDA_HAP_TIMER_H
#define QDA_HAP_TIMER_H

#include <stdint.h>

/* Sleeps at least that long; 0. */
int HAP_timer_sleep(unsigned long long us);

/* Of the system timer, 19.2 MHz. */
uint64_t HAP_perf_qtimer_count_to_us(uint64_t count);

/* Microseconds since some moment in the past. */
uint64_t HAP_perf_get_time_us(void);

#endif
