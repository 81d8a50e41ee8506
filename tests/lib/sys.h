/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Small things that every suite needs: files, time, memory that faults, threads
 * and child processes that run one ioctl. All of them end the test when they
 * cannot do their work.
 */
#ifndef TESTS_SYS_H
#define TESTS_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * How long to wait for something that must happen. Emulation is slow and the
 * machine is shared: this bound only says "never".
 */
#define WAIT_MS 20000
/*
 * How long to watch that something does not happen. What comes later is seen too: a test
 * must have read all messages when it ends.
 */
#define SILENCE_MS    500

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

double now_ms(void);
/* A deadline, as the driver wants it: CLOCK_MONOTONIC in ns. */
uint64_t in_us(unsigned int us);
uint64_t in_ms(unsigned int ms);

/* Whole file as text, "" if it cannot be read. */
void read_text(const char *path, char *text, size_t size);
/* Where the VM has a fetched package, whose program must be there; the variable says. */
const char *fetched_folder(const char *variable, const char *program, const char *package);
/* 0 or -errno */
int write_text(const char *path, const char *text);
/* Value of a file that holds one number; -1 if there is none. */
long long read_number(const char *path);
void write_number(const char *path, long long value);

/* Waits until @done(@arg) holds, looking again every few ms; false after WAIT_MS. */
bool wait_for(bool (*done)(void *arg), void *arg);

/* Reproducible bytes. */
void fill_pattern(void *buf, size_t len, unsigned int seed);

/* @len bytes right before an inaccessible page; anything behind them faults. */
void *guarded_alloc(size_t len);
/* Which physical pages a mapping of a file has; for root. */
void find_pages(const void *mem, uint64_t *pfns, unsigned int count);
/* An address where nothing is mapped. */
void *bad_pointer(void);

/* ioctl() as its result or -errno. */
int do_ioctl(int fd, unsigned long cmd, void *arg);

/* One ioctl in a thread of its own. */
struct job;
struct job *job_start(int fd, unsigned long cmd, void *arg);
bool job_done(struct job *job);
/* Result of the ioctl; the test fails when there is none after WAIT_MS. */
int job_wait(struct job *job);
/* The same for long waits, e.g. of an ioctl that times out itself. */
int job_wait_ms(struct job *job, int ms);
/* How long the ioctl took. Before job_wait(), after job_done(). */
double job_ms(struct job *job);
void job_signal(struct job *job, int sig);

/* A child process that makes one ioctl. */
pid_t client_ioctl(int fd, unsigned long cmd, void *arg);
/* A child process that runs @fn(@arg) and exits with its result. */
pid_t client_start(int (*fn)(void *arg), void *arg);
/* Its exit status; the test fails when it does not end or was killed. */
int client_wait(pid_t pid);
/* kill -9, and waits until it is gone. */
void client_kill(pid_t pid);
/* Runs in every child of client_start() first, e.g. to close the DSP's file. */
void client_at_start(void (*fn)(void));

/* Gives up root; the calling process keeps its open files. */
void drop_root(void);

#endif /* TESTS_SYS_H */
