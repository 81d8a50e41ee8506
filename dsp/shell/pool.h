/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The threads that read calls from the session's file, run them and answer them. */
#ifndef SHELL_POOL_H
#define SHELL_POOL_H

/* Starts the first of them; 0 or -errno. The process ends when the file does. */
int pool_start(int session_fd);

#endif
