/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Loaded into dspd by LD_PRELOAD: makes a socket and a file of the test look like the
 * virtual DSP's device. FAKE_DEVICE is the number of the socket (records and answers),
 * FAKE_CONTROL of the one by which the test gets the other end of each session's file,
 * FAKE_MEMORY of the file that stands for the memory of all banks.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "vdsp.h"

#define FAKE_PATH "fake"

static int number(const char *name)
{
	const char *text = getenv(name);

	return text ? atoi(text) : -1;
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) =
		(int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");

	return strcmp(path, FAKE_PATH) ? real(path, flags) : number("FAKE_DEVICE");
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *(*real)(void *, size_t, int, int, int, off_t) =
		(void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");

	if (fd >= 0 && fd == number("FAKE_DEVICE"))
		fd = number("FAKE_MEMORY");
	return real(addr, len, prot, flags, fd, offset);
}

static int give_end(int fd, __s32 client_id)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	struct iovec bytes = { &client_id, sizeof(client_id) };
	struct msghdr msg = { .msg_iov = &bytes,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(number("FAKE_CONTROL"), &msg, 0) == sizeof(client_id) ? 0 : -1;
}

static int make_session(struct vdsp_session *session)
{
	int ends[2];

	if (session->sid < 1 || session->sid > 4) {
		errno = EINVAL;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -1;
	if (give_end(ends[0], session->client_id))
		return -1;
	close(ends[0]);
	session->fd = ends[1];
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	struct vdsp_info info = {
		.abi = VDSP_ABI_VERSION, .domain = 3, .sid_pos = 32, .banks = 4, .name = "cdsp"
	};
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd != number("FAKE_DEVICE")) {
		errno = ENOTTY;
		return -1;
	}
	switch (request) {
	case VDSP_IOC_INFO:
		memcpy(arg, &info, sizeof(info));
		return 0;
	case VDSP_IOC_UP:
		return 0;
	case VDSP_IOC_SESSION:
		return make_session(arg);
	default:
		errno = ENOTTY;
		return -1;
	}
}
