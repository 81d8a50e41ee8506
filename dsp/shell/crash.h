/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* One line in the log about why the process dies. */
#ifndef SHELL_CRASH_H
#define SHELL_CRASH_H

/* Once per process. */
void crash_catch(void);

/* Once per thread, so that a full stack can be reported, too. */
void crash_thread_stack(void *stack, unsigned int size);

#endif
