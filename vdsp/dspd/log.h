/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Plain lines on standard error. */
#ifndef DSPD_LOG_H
#define DSPD_LOG_H

/* Prints "dspd: " and the line; one write, so that lines stay whole. */
void log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "dspd: ", the line and what errno says, and ends the program with 1. */
_Noreturn void log_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
