/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Processes of dspd: how they are made, how they end, what is refused.
 *	dspd_test DSPD FAKE_DEVICE_SO
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

struct damage {
	const char *what;
	uint32_t error;
	void (*spoil)(struct create *create);
};

#define SPOIL(name, ...)                   \
	static void name(struct create *c) \
	{                                  \
		__VA_ARGS__;               \
	}

SPOIL(no_elf, c->image->e_ident[0] = 'X')
SPOIL(elf_64, c->image->e_ident[EI_CLASS] = ELFCLASS64)
SPOIL(elf_big, c->image->e_ident[EI_DATA] = ELFDATA2MSB)
SPOIL(elf_x86, c->image->e_machine = EM_386)
SPOIL(elf_core, c->image->e_type = ET_CORE)
SPOIL(elf_short, c->create->filelen = 20; c->args[2].len = 20)
SPOIL(no_image, c->create->filelen = 0; c->args[2].len = 0)
SPOIL(user_call, c->msg.client_id = 3)
SPOIL(one_output, c->msg.sc = FRPC_SC(FRPC_INIT_CREATE, 3, 1))
SPOIL(three_inputs, c->msg.sc = FRPC_SC(FRPC_INIT_CREATE, 3, 0))
SPOIL(many_inputs, c->msg.sc = FRPC_SC(FRPC_INIT_CREATE, 255, 255))
SPOIL(with_handle, c->msg.sc |= 0x11)
SPOIL(no_method, c->msg.sc = FRPC_SC(2, 1, 0))
SPOIL(id_zero, c->create->client_id = 0)
SPOIL(id_negative, c->create->client_id = -7)
SPOIL(name_length, c->create->namelen = 5)
SPOIL(long_name, c->create->namelen = 4000; c->args[1].len = 4000)
SPOIL(file_length, c->create->filelen = IMAGE_LEN + 1)
SPOIL(page_count, c->create->pageslen = 0x10000001)
SPOIL(signature, c->create->siglen = IMAGE_LEN + 1)
SPOIL(small_input, c->args[0].len = 23)
SPOIL(payload_size, c->msg.size = 4 * 40 - 1)
SPOIL(payload_bank, c->msg.addr = 5ull << 32 | PAYLOAD)
SPOIL(payload_bank_0, c->msg.addr = PAYLOAD)
SPOIL(payload_low, c->msg.addr = SID | 0x1000)
SPOIL(payload_odd, c->msg.addr += 4)
SPOIL(payload_unmapped, c->msg.addr = SID | (PAYLOAD + MEMORY_SIZE))
SPOIL(payload_half, c->msg.addr = SID | (PAYLOAD + MEMORY_SIZE - 64))
SPOIL(payload_other, c->msg.addr = 2ull << 32 | PAYLOAD)
SPOIL(page_index, c->list[0].pgidx = 4)
SPOIL(page_bank, c->pages[2].addr ^= 3ull << 32)
SPOIL(image_unmapped, c->pages[2].addr += MEMORY_SIZE)
SPOIL(image_half, c->pages[2].addr = SID | (PAYLOAD + MEMORY_SIZE - 0x1000); c->args[2].pv = 0xf80)
SPOIL(image_huge, c->create->filelen = 0xffffffff; c->args[2].len = 0xffffffff;
      c->pages[2].size = ~0ull)
SPOIL(image_window, c->args[2].len = c->create->filelen = 0x7fff0000; c->pages[2].size = ~0ull)

static const struct damage damages[] = {
	{ "not an ELF file", FRPC_EUNABLETOLOAD, no_elf },
	{ "64-bit ELF", FRPC_EUNABLETOLOAD, elf_64 },
	{ "big-endian ELF", FRPC_EUNABLETOLOAD, elf_big },
	{ "ELF of another machine", FRPC_EUNABLETOLOAD, elf_x86 },
	{ "ELF core", FRPC_EUNABLETOLOAD, elf_core },
	{ "ELF of 20 bytes", FRPC_EUNABLETOLOAD, elf_short },
	{ "no image, and dspd has no shell", FRPC_EUNABLETOLOAD, no_image },
	{ "CREATE by a client", FRPC_EBADPARM, user_call },
	{ "an output", FRPC_EBADPARM, one_output },
	{ "three inputs", FRPC_EBADPARM, three_inputs },
	{ "510 arguments", FRPC_EBADPARM, many_inputs },
	{ "DMA handles", FRPC_EBADPARM, with_handle },
	{ "a method that is not served", FRPC_EUNSUPPORTED, no_method },
	{ "client 0", FRPC_EBADPARM, id_zero },
	{ "client -7", FRPC_EBADPARM, id_negative },
	{ "wrong length of the name", FRPC_EBADPARM, name_length },
	{ "name of 4000 bytes", FRPC_EBADPARM, long_name },
	{ "wrong length of the image", FRPC_EBADPARM, file_length },
	{ "page count that wraps", FRPC_EBADPARM, page_count },
	{ "signature longer than the image", FRPC_EBADPARM, signature },
	{ "input 0 too short", FRPC_EBADPARM, small_input },
	{ "payload smaller than its tables", FRPC_EBADPARM, payload_size },
	{ "payload in bank 5 of 4", FRPC_EBADPARM, payload_bank },
	{ "payload in bank 0", FRPC_EBADPARM, payload_bank_0 },
	{ "payload below the window", FRPC_EBADPARM, payload_low },
	{ "payload not aligned", FRPC_EBADPARM, payload_odd },
	{ "payload not mapped", FRPC_EBADPARM, payload_unmapped },
	{ "payload mapped by half", FRPC_EBADPARM, payload_half },
	{ "payload in an empty bank", FRPC_EBADPARM, payload_other },
	{ "page index one too high", FRPC_EBADPARM, page_index },
	{ "page in another bank", FRPC_EBADPARM, page_bank },
	{ "image not mapped", FRPC_EBADPARM, image_unmapped },
	{ "image mapped by half", FRPC_EBADPARM, image_half },
	{ "image of 4 GiB", FRPC_EBADPARM, image_huge },
	{ "image as large as the window", FRPC_EBADPARM, image_window },
};

static void test_damage(char **argv)
{
	struct test test = start(argv, "good");
	static char log[65536];
	int status;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct create create = make_create(&test, 4);
		uint32_t code;

		damages[i].spoil(&create);
		code = ask(&test, create.msg);
		check(code == damages[i].error, "%s: 0x%x", damages[i].what, code);
	}
	check(create_pd(&test) == 0, "and a good one still works");
	status = stop(&test, SIGTERM, log, sizeof(log));
	check(WIFEXITED(status) && !WEXITSTATUS(status), "SIGTERM ends dspd with 0");
	check(!strncmp(log, "dspd: cdsp is up, 4 context banks\n", 34), "its first line: %.33s",
	      log);
}

/* Random tables; whatever comes out, dspd answers and lives. */
static void test_fuzz(char **argv)
{
	static const uint32_t methods[] = { FRPC_INIT_CREATE,	    FRPC_INIT_CREATE_ATTR,
					    FRPC_INIT_RELEASE,	    FRPC_INIT_MEM_MAP,
					    FRPC_INIT_MEM_UNMAP,    FRPC_INIT_MMAP,
					    FRPC_INIT_MUNMAP,	    FRPC_INIT_ATTACH,
					    FRPC_INIT_CREATE_STATIC };
	struct test test = start(argv, "good");
	static char log[1 << 20];
	int answered = 0, rounds = 3000;

	srandom(11);
	for (int i = 0; i < rounds && answered == i; i++) {
		struct create create = make_create(&test, 4 + 2 * (uint32_t)(random() % 2));
		uint32_t *words = (uint32_t *)create.args;

		create.msg.sc = FRPC_SC(methods[random() % 9], random() % 7, random() % 2);
		create.msg.handle = 1 + (uint32_t)random() % 3;
		create.create->client_id = -1;
		for (int j = (int)(random() % 6); j > 0; j--)
			words[random() % 60] = (uint32_t)(random() % 2 ? random() : random() % 16);
		answered += ask(&test, create.msg) != NO_ANSWER;
	}
	check(answered == rounds, "%d of %d random payloads answered", answered, rounds);
	stop(&test, SIGTERM, log, sizeof(log));
}

/* How the end of a live process reaches the driver. */
static void test_end(char **argv, const char *program, uint32_t status)
{
	struct test test = start(argv, program);
	struct received got[4] = { 0 };
	static char log[65536];
	bool all = true;

	check(create_pd(&test) == 0, "%s: CREATE", program);
	send(test.session, "\n", 1, 0);
	check(session_ends(&test, 10000), "%s: the process ends", program);
	say_gone(&test, 5, 2);
	for (int i = 0; i < 3; i++)
		all = all && receive(&test, &got[i], 10000);
	check(all && got[0].is_notify && got[0].notify.ctx == FRPC_NOTIFY_CTX &&
		      got[0].notify.client_id == 5 && got[0].notify.status == status &&
		      got[0].notify.type == FRPC_NOTIFY_TYPE_STATUS,
	      "%s: the driver is told first, status %u", program, got[0].notify.status);
	check(all && got[1].ctx == test.ctx - 1 && got[2].ctx == test.ctx &&
		      got[1].code == FRPC_EBADSTATE && got[2].code == FRPC_EBADSTATE,
	      "%s: then its calls are answered", program);
	check(ask(&test, make_create(&test, 4).msg) == FRPC_EBADSTATE, "%s: CREATE before RELEASE",
	      program);
	check(ask(&test, release_message(&test, 5)) == 0, "%s: RELEASE", program);
	check(create_pd(&test) == 0, "%s: CREATE again", program);
	stop(&test, SIGTERM, log, sizeof(log));
}

static void test_release(char **argv)
{
	struct test test = start(argv, "good");
	struct received got[3] = { 0 };
	static char log[65536];
	uint64_t ctx;

	check(ask(&test, release_message(&test, 77)) == 0, "RELEASE of an unknown client");
	check(create_pd(&test) == 0, "CREATE");
	check(ask(&test, make_create(&test, 4).msg) == FRPC_EBADSTATE,
	      "a second CREATE of the client");
	ctx = send_record(&test, release_message(&test, 5));
	check(session_ends(&test, 10000), "RELEASE ends the process");
	check(!receive(&test, &got[0], 200), "and waits for the rest");
	say_gone(&test, 5, 2);
	for (int i = 0; i < 3; i++)
		receive(&test, &got[i], 10000);
	check(got[0].code == FRPC_EBADSTATE && got[1].code == FRPC_EBADSTATE && !got[0].is_notify,
	      "the calls are answered first, without a notification");
	check(got[2].ctx == ctx && got[2].code == 0, "then RELEASE");
	check(create_pd(&test) == 0, "the client number can be used again");
	stop(&test, SIGTERM, log, sizeof(log));
	check(true, "dspd ends with a process running");
}

/* Processes that never become ready; CREATE is answered when they are gone. */
static void test_not_ready(char **argv, const char *program)
{
	struct test test = start(argv, program);
	uint64_t ctx = send_record(&test, make_create(&test, 4).msg);
	struct received got = { 0 };
	static char log[65536];

	test.session = take_session(&test);
	check(session_ends(&test, 12000), "%s: the process ends", program);
	say_gone(&test, 5, 0);
	check(receive(&test, &got, 5000) && got.ctx == ctx && got.code == FRPC_EUNABLETOLOAD,
	      "%s: CREATE is refused: 0x%x", program, got.code);
	check(ask(&test, release_message(&test, 5)) == 0, "%s: RELEASE", program);
	stop(&test, SIGTERM, log, sizeof(log));
}

/* dspd does not start with an emulator that it cannot use. */
static void test_no_qemu(char **argv, const char *program, const char *why)
{
	struct test test = start(argv, program);
	static char log[4096];
	int status = stop(&test, 0, log, sizeof(log));

	check(WIFEXITED(status) && WEXITSTATUS(status) == 1 && strstr(log, why), "%s: %.*s",
	      program, (int)strcspn(log, "\n"), log);
}

static void test_loud(char **argv)
{
	struct test test = start(argv, "loud");
	static char log[1 << 20];
	struct pollfd fd = { .fd = test.log, .events = POLLIN };
	size_t len = 0;

	check(create_pd(&test) == 0, "loud: CREATE");
	while (len < sizeof(log) - 1 && !strstr(log, "last") && poll(&fd, 1, 10000) == 1)
		len += (size_t)read(test.log, log + len, sizeof(log) - 1 - len);
	check(strstr(log, "\npd5: last\n") && !strchr(log, '\033'),
	      "loud: its lines come marked and harmless");
	stop(&test, SIGTERM, log, sizeof(log));
}

static void *read_log(void *arg)
{
	struct test *test = arg;
	static char log[4 << 20];
	size_t len = 0;
	ssize_t got;

	while (len < sizeof(log) - 1 &&
	       (got = read(test->log, log + len, sizeof(log) - 1 - len)) > 0)
		len += (size_t)got;
	return log;
}

static void test_endless(char **argv)
{
	struct test test = start(argv, "endless");
	pthread_t reader;
	char rest[16];
	void *log;

	pthread_create(&reader, NULL, read_log, &test);
	check(create_pd(&test) == 0, "endless: CREATE");
	usleep(1000000);
	send_record(&test, release_message(&test, 5));
	check(session_ends(&test, 10000), "endless: RELEASE ends the process");
	kill(test.dspd, SIGTERM);
	pthread_join(reader, &log);
	check(strstr(log, "prints too much"), "endless: and dspd stopped to print");
	stop(&test, SIGTERM, rest, sizeof(rest));
}

/* The process is killed, but a child of it holds the session's file. */
static void test_holder(char **argv)
{
	struct test test = start(argv, "holder");
	static char log[65536];

	check(create_pd(&test) == 0, "holder: CREATE");
	check(ask(&test, release_message(&test, 5)) == FRPC_EBADSTATE,
	      "holder: RELEASE is refused in time");
	check(ask(&test, make_create(&test, 4).msg) == FRPC_EBADSTATE,
	      "holder: the client number is lost");
	check(session_ends(&test, 15000), "holder: at last the file is free");
	say_gone(&test, 5, 0);
	check(create_pd(&test) == 0, "holder: then the number can be used again");
	stop(&test, SIGTERM, log, sizeof(log));
}

static void test_capabilities(char **argv)
{
	static const uint32_t lengths[] = { 0, 4, 7, 1020, 1024, 4096 };
	struct test test = start(argv, "good");
	static char log[65536];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct create create = make_create(&test, 2);
		uint32_t *out = at(&test, IMAGE_AT), len = lengths[i];
		uint8_t *end = (uint8_t *)out + (len < 1024 ? len : 1024);

		create.msg.handle = FRPC_HANDLE_UTILITIES;
		create.msg.sc = FRPC_SC(0, 1, 1);
		set_arg(&create, 0, CREATE_AT, 4);
		set_arg(&create, 1, IMAGE_AT, len);
		memset(out, 0xee, 8192);
		check(ask(&test, create.msg) == 0 && *end == 0xee && (len < 4 || out[0] == 1) &&
			      (len < 1020 || (out[5] == 0x68 && end[-1] == 0)),
		      "capabilities into %u bytes", len);
	}
	stop(&test, SIGTERM, log, sizeof(log));
}

/* The message of a driver that attaches client id to the PD of this type. */
static uint32_t ask_attach(struct test *test, uint32_t sc, int id, uint64_t ctx)
{
	struct create create = make_create(test, FRPC_SC_COUNT(sc));

	create.create->client_id = id;
	for (uint32_t i = 0; i < FRPC_SC_COUNT(sc); i++)
		set_arg(&create, (int)i, CREATE_AT, 4);
	create.msg.sc = sc;
	test->ctx = ctx - 1;
	return ask(test, create.msg);
}

static uint32_t ask_static(struct test *test, const char *name, uint32_t len, int id)
{
	struct create create = make_create(test, 3);
	struct frpc_create_static *wire = at(test, CREATE_AT);

	*wire = (struct frpc_create_static){ .client_id = id, .namelen = len };
	memcpy(at(test, NAME_AT), name, strlen(name) + 1);
	set_arg(&create, 0, CREATE_AT, sizeof(*wire));
	set_arg(&create, 1, NAME_AT, len);
	set_arg(&create, 2, PAGES_AT, sizeof(struct frpc_page));
	create.msg.sc = FRPC_SC(FRPC_INIT_CREATE_STATIC, 3, 0);
	return ask(test, create.msg);
}

/* This dspd has no shell, so what is right is refused, too, but with another code. */
static void test_attach(char **argv)
{
	struct test test = start(argv, "good");
	uint32_t sc = FRPC_SC(FRPC_INIT_ATTACH, 1, 0);
	static char log[65536];

	check(ask_attach(&test, sc, 5, 0x1000) == FRPC_EUNABLETOLOAD, "ATTACH to root");
	check(ask_attach(&test, sc, 5, 0x2002) == FRPC_EUNABLETOLOAD, "ATTACH to sensors");
	check(ask_attach(&test, sc, 5, 0x3001) == FRPC_EBADPARM, "ATTACH to a user's PD");
	check(ask_attach(&test, sc, 5, 0x400f) == FRPC_EBADPARM, "ATTACH to PD type 15");
	check(ask_attach(&test, sc, 0, 0x5000) == FRPC_EBADPARM, "ATTACH of client 0");
	check(ask_attach(&test, sc, -1, 0x6000) == FRPC_EBADPARM, "ATTACH of client -1");
	check(ask_attach(&test, sc + (1 << 16), 5, 0x7000) == FRPC_EBADPARM, "ATTACH, two inputs");
	check(ask_attach(&test, sc + (1 << 8), 5, 0x8000) == FRPC_EBADPARM, "ATTACH, an output");
	check(ask_static(&test, "audiopd", 8, 5) == FRPC_EUNABLETOLOAD, "CREATE_STATIC");
	check(ask_static(&test, "unknown", 8, 5) == FRPC_EUNABLETOLOAD, "CREATE_STATIC, unknown");
	check(ask_static(&test, "audiopd", 7, 5) == FRPC_EBADPARM, "CREATE_STATIC without NUL");
	check(ask_static(&test, "audiopd", 0, 5) == FRPC_EBADPARM, "CREATE_STATIC without name");
	check(ask_static(&test, "audiopd", 257, 5) == FRPC_EBADPARM, "CREATE_STATIC, long name");
	check(ask_static(&test, "audiopd", 8, 0) == FRPC_EBADPARM, "CREATE_STATIC of client 0");
	stop(&test, SIGTERM, log, sizeof(log));
	check(strstr(log, "attach to root: dspd was started without --shell"), "the log says why");
}

static void test_channel_gone(char **argv)
{
	struct test test = start(argv, "good");
	static char log[65536];
	int status;

	check(create_pd(&test) == 0, "channel: CREATE");
	shutdown(test.device, SHUT_RDWR);
	check(session_ends(&test, 10000), "channel: the processes end with it");
	status = stop(&test, 0, log, sizeof(log));
	check(WIFEXITED(status) && WEXITSTATUS(status) == 3, "channel: dspd ends with 3");
}

/* Even when dspd cannot do anything about it any more. */
static void test_killed(char **argv)
{
	struct test test = start(argv, "good");
	static char log[65536];

	check(create_pd(&test) == 0, "killed: CREATE");
	kill(test.dspd, SIGKILL);
	check(session_ends(&test, 10000), "killed: the processes end with dspd");
	stop(&test, SIGKILL, log, sizeof(log));
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_damage(argv);
	test_fuzz(argv);
	test_end(argv, "good", FRPC_PD_STATUS_EXIT);
	test_end(argv, "code7", FRPC_PD_STATUS_EXIT);
	test_end(argv, "fault", FRPC_PD_STATUS_EXCEPTION);
	test_end(argv, "closes", FRPC_PD_STATUS_EXCEPTION);
	test_release(argv);
	test_not_ready(argv, "quits");
	test_not_ready(argv, "wrong");
	test_no_qemu(argv, "missing", "cannot run");
	test_no_qemu(argv, "old", "11.1 or later");
	test_not_ready(argv, "silent");
	test_loud(argv);
	test_endless(argv);
	test_holder(argv);
	test_capabilities(argv);
	test_attach(argv);
	test_channel_gone(argv);
	test_killed(argv);
	return finish();
}
