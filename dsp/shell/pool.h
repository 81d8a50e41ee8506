/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The threads that read calls from the session's file, run them and answer them. */
#ifndef SHELL_POOL_H
#define SHELL_POOL_H

/* The calling thread is the first of them. The process ends when the file does. */
_Noreturn void pool_run(int session_fd);

#endif
