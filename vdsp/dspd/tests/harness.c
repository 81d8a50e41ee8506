/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int done;
static int failed;

void check(bool ok, const char *format, ...)
{
	va_list args;

	printf("%s %d - ", ok ? "ok" : "not ok", ++done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	failed += !ok;
}

int finish(void)
{
	printf("1..%d\n# %d failed\n", done, failed);
	return failed != 0;
}

_Noreturn void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(2);
}

/* The processes: $1 is the image, fd 3 the session's file, fd 4 the ready pipe. */
static const char *const programs[][2] = {
	{ "good", "printf R >&4; exec 4>&-; read line <&3; exit 0" },
	{ "keys", "echo $$ > \"$0.pid\"; printf R >&4; exec 4>&-; read line <&3; exit 0" },
	{ "code7", "printf R >&4; exec 4>&-; read line <&3; exit 7" },
	{ "fault", "printf R >&4; exec 4>&-; read line <&3; kill -SEGV $$" },
	{ "quits", "exit 0" },
	{ "old", "exit 0" },
	{ "wrong", "printf X >&4; exec sleep 60" },
	{ "silent", "exec sleep 60" },
	{ "loud",
	  "printf R >&4; head -c 300000 /dev/zero; printf '\\033[2J\\nlast\\n'; read line <&3" },
	{ "endless", "printf R >&4; exec 4>&-; exec yes 'a line of the process' >&2" },
	{ "closes", "printf R >&4; exec 4>&-; read line <&3; exec 3>&-; exec sleep 60" },
	{ "holder", "printf R >&4; (trap '' HUP; exec sleep 9 <&3) & exec 3>&-; sleep 60" },
};

static void write_programs(const struct test *test)
{
	char path[64];
	FILE *file;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", test->folder, programs[i][0]);
		file = fopen(path, "w");
		if (!file)
			die("cannot write a program");
		fprintf(file, "#!/bin/sh\n[ \"$1\" != --version ] || exec echo %s\n%s\n",
			strcmp(programs[i][0], "old") ? "qemu-hexagon version 11.1.0" :
							"qemu-hexagon version 10.2.9",
			programs[i][1]);
		fclose(file);
		chmod(path, 0700);
	}
}

static void remove_programs(const struct test *test)
{
	char path[64];

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", test->folder, programs[i][0]);
		unlink(path);
		strcat(path, ".pid");
		unlink(path);
	}
	rmdir(test->folder);
}

static void set_number(const char *name, int number)
{
	char text[12];

	snprintf(text, sizeof(text), "%d", number);
	setenv(name, text, 1);
}

static _Noreturn void become_dspd(char **argv, const char *qemu, int device, int control,
				  int memory, int log)
{
	set_number("FAKE_DEVICE", device);
	set_number("FAKE_CONTROL", control);
	set_number("FAKE_MEMORY", memory);
	setenv("LD_PRELOAD", argv[2], 1);
	dup2(log, 1);
	dup2(log, 2);
	execl(argv[1], argv[1], "--device", "fake", "--qemu", qemu, NULL);
	_exit(127);
}

struct test start(char **argv, const char *program)
{
	struct test test = { .session = -1, .ctx = 0x100, .folder = "/tmp/dspd_test.XXXXXX" };
	int device[2], control[2], log[2], memory = memfd_create("banks", 0);
	char qemu[64];

	if (!mkdtemp(test.folder) || memory < 0 || pipe(log) ||
	    ftruncate(memory, (off_t)(SID | VDSP_IOVA_START) + MEMORY_SIZE) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, device) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, control))
		die("cannot set up");
	write_programs(&test);
	snprintf(qemu, sizeof(qemu), "%s/%s", test.folder, program);
	test.memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory,
			   (off_t)(SID | VDSP_IOVA_START));
	fcntl(device[1], F_SETFL, O_NONBLOCK);
	fcntl(device[0], F_SETFD, FD_CLOEXEC);
	fcntl(control[0], F_SETFD, FD_CLOEXEC);
	fcntl(log[0], F_SETFD, FD_CLOEXEC);
	test.dspd = fork();
	if (!test.dspd)
		become_dspd(argv, qemu, device[1], control[1], memory, log[1]);
	close(device[1]);
	close(control[1]);
	close(log[1]);
	close(memory);
	test.device = device[0];
	test.control = control[0];
	test.log = log[0];
	return test;
}

int stop(struct test *test, int signal, char *text, size_t size)
{
	size_t len = 0;
	ssize_t got;
	int status = 0;

	if (signal)
		kill(test->dspd, signal);
	else
		close(test->device);
	while (len + 1 < size && (got = read(test->log, text + len, size - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	close(test->log);
	waitpid(test->dspd, &status, 0);
	if (signal)
		close(test->device);
	close(test->control);
	if (test->session >= 0)
		close(test->session);
	munmap(test->memory, MEMORY_SIZE);
	remove_programs(test);
	return status;
}

void *at(const struct test *test, uint32_t iova)
{
	return test->memory + (iova - VDSP_IOVA_START);
}

bool receive(struct test *test, struct received *out, int timeout_ms)
{
	struct pollfd fd = { .fd = test->device, .events = POLLIN };
	union {
		struct vdsp_reply reply;
		struct frpc_notify notify;
	} bytes;
	ssize_t got;

	if (poll(&fd, 1, timeout_ms) != 1)
		return false;
	got = read(test->device, &bytes, sizeof(bytes));
	if (got != (ssize_t)sizeof(bytes.reply) && got != (ssize_t)sizeof(bytes.notify))
		return false;
	*out = (struct received){ .ctx = bytes.reply.ctx, .code = (uint32_t)bytes.reply.retval };
	out->is_notify = got == (ssize_t)sizeof(bytes.notify);
	if (out->is_notify)
		out->notify = bytes.notify;
	return true;
}

uint64_t send_record(struct test *test, struct vdsp_msg msg)
{
	msg.ctx = ++test->ctx;
	if (write(test->device, &msg, sizeof(msg)) != (ssize_t)sizeof(msg))
		die("cannot send");
	return msg.ctx;
}

uint32_t ask(struct test *test, struct vdsp_msg msg)
{
	uint64_t ctx = send_record(test, msg);
	struct received got;

	if (!receive(test, &got, 15000) || got.is_notify)
		return NO_ANSWER;
	return got.ctx == ctx ? got.code : 0xbad;
}

int take_session(struct test *test)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	int32_t id;
	struct iovec bytes = { &id, sizeof(id) };
	struct msghdr msg = { .msg_iov = &bytes,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct pollfd fd = { .fd = test->control, .events = POLLIN };
	int session;

	if (poll(&fd, 1, 5000) != 1 || recvmsg(test->control, &msg, 0) != (ssize_t)sizeof(id))
		return -1;
	memcpy(&session, CMSG_DATA(&control.head), sizeof(session));
	return session;
}

bool session_ends(const struct test *test, int timeout_ms)
{
	struct pollfd fd = { .fd = test->session, .events = POLLIN };
	char byte;

	return poll(&fd, 1, timeout_ms) == 1 && read(test->session, &byte, 1) <= 0;
}

void say_gone(struct test *test, int id, int orphans)
{
	struct vdsp_msg orphan = { .type = VDSP_MSG_CALL,
				   .flags = VDSP_MSG_ORPHANED,
				   .client_id = id,
				   .handle = 0x100,
				   .sc = FRPC_SC(2, 0, 0) };

	kill(test->dspd, SIGSTOP);
	send_record(test, (struct vdsp_msg){ .type = VDSP_MSG_PD_EXIT, .client_id = id });
	for (int i = 0; i < orphans; i++)
		send_record(test, orphan);
	kill(test->dspd, SIGCONT);
	close(test->session);
	test->session = -1;
}

void set_arg(const struct create *create, int i, uint32_t iova, uint32_t len)
{
	create->args[i] = (struct frpc_arg){ .pv = iova, .len = len };
	create->list[i] = (struct frpc_list){ .num = len != 0, .pgidx = (uint32_t)i };
	create->pages[i] = (struct frpc_page){ .addr = SID | (iova & ~0xfffu), .size = 0x20000 };
}

struct create make_create(struct test *test, uint32_t inputs)
{
	struct create create = { .create = at(test, CREATE_AT), .args = at(test, PAYLOAD) };

	memset(test->memory, 0, 0x20000);
	create.msg = (struct vdsp_msg){ .type = VDSP_MSG_CALL,
					.handle = FRPC_HANDLE_INIT,
					.sc = FRPC_SC(FRPC_INIT_CREATE, inputs, 0),
					.addr = SID | PAYLOAD,
					.size = 0x1000 };
	create.list = (struct frpc_list *)(create.args + inputs);
	create.pages = (struct frpc_page *)(create.list + inputs);
	create.image = at(test, IMAGE_AT);
	memcpy(create.image->e_ident, ELFMAG, SELFMAG);
	create.image->e_ident[EI_CLASS] = ELFCLASS32;
	create.image->e_ident[EI_DATA] = ELFDATA2LSB;
	create.image->e_machine = 164;
	create.image->e_type = ET_EXEC;
	*create.create = (struct frpc_create){
		.client_id = 5, .namelen = 4, .filelen = IMAGE_LEN, .pageslen = 1
	};
	set_arg(&create, 0, CREATE_AT, sizeof(struct frpc_create));
	set_arg(&create, 1, NAME_AT, 4);
	set_arg(&create, 2, IMAGE_AT, IMAGE_LEN);
	set_arg(&create, 3, PAGES_AT, sizeof(struct frpc_page));
	for (uint32_t i = 4; i < inputs; i++)
		set_arg(&create, (int)i, CREATE_AT, 4);
	return create;
}

uint32_t create_pd(struct test *test)
{
	uint32_t code = ask(test, make_create(test, 4).msg);

	test->session = take_session(test);
	return code;
}

struct vdsp_msg release_message(struct test *test, int id)
{
	struct create create = make_create(test, 1);

	set_arg(&create, 0, CREATE_AT, 4);
	create.create->client_id = id;
	create.msg.sc = FRPC_SC(FRPC_INIT_RELEASE, 1, 0);
	return create.msg;
}
