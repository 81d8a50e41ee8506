/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * dspd on this machine: the test plays the kernel (fake_device.c) and, by scripts that
 * dspd takes for qemu, the processes. For everything that a driver that works never does.
 */
#ifndef DSPD_TESTS_HARNESS_H
#define DSPD_TESTS_HARNESS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fastrpc_wire.h"
#include "vdsp.h"

/* Bank 1 has memory up to here, the other banks have none. */
#define MEMORY_SIZE 0x01000000u
#define SID	    (1ull << 32)
#define PAYLOAD	    VDSP_IOVA_START
#define NAME_AT	    (VDSP_IOVA_START + 0x2000)
#define PAGES_AT    (VDSP_IOVA_START + 0x3000)
#define CREATE_AT   (VDSP_IOVA_START + 0x4000)
#define ANSWER_AT   (VDSP_IOVA_START + 0x5000)
#define IMAGE_AT    (VDSP_IOVA_START + 0x10000)
#define IMAGE_LEN   256
#define NO_ANSWER   0xdeadu

struct test {
	pid_t dspd;
	int device;
	int control;
	int log;
	int session; /* other end of the last session's file, or -1 */
	uint8_t *memory;
	uint64_t ctx;
	char folder[32];
};

/* What came from dspd: an answer, or a notification. */
struct received {
	uint64_t ctx;
	uint32_t code;
	struct frpc_notify notify;
	bool is_notify;
};

/* A CREATE as a driver sends it; the test then spoils it. */
struct create {
	struct vdsp_msg msg;
	struct frpc_create *create;
	struct frpc_arg *args;
	struct frpc_list *list;
	struct frpc_page *pages;
	Elf32_Ehdr *image;
};

/* One line of TAP; finish prints the last ones and gives the exit code. */
void check(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
int finish(void);
_Noreturn void die(const char *what);

/* Starts a dspd whose processes are the named program; argv: the test, dspd, fake device. */
struct test start(char **argv, const char *program);

/* How dspd ended after the signal; 0 leaves it to itself. */
int stop(struct test *test, int signal, char *text, size_t size);

void *at(const struct test *test, uint32_t iova);
bool receive(struct test *test, struct received *out, int timeout_ms);

/* Sends with the next ctx, which it gives; ask gives the answer's code, or NO_ANSWER. */
uint64_t send_record(struct test *test, struct vdsp_msg msg);
uint32_t ask(struct test *test, struct vdsp_msg msg);

/* The other end of the file of a session that dspd made. */
int take_session(struct test *test);

/* Does the process give up its file within that time? */
bool session_ends(const struct test *test, int timeout_ms);

/* As the kernel does, all at once: the record, then the calls that are left. */
void say_gone(struct test *test, int id, int orphans);

void set_arg(const struct create *create, int i, uint32_t iova, uint32_t len);
struct create make_create(struct test *test, uint32_t inputs);

/* CREATE of client 5, whose session's other end is then in the test. */
uint32_t create_pd(struct test *test);
struct vdsp_msg release_message(struct test *test, int id);

#endif
