/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "maps.h"

/* What the shell gets: session, ready, table, window, and its output. */
#define FILES	  5
#define WINDOW_FD 6

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

static void run_qemu(const char *qemu, const char *elf, const int fds[FILES], bool polled)
{
	static const int places[FILES] = { 3, 4, 5, WINDOW_FD, 2 };
	int high[FILES];

	/* First all out of the way, then each to its place. */
	for (int i = 0; i < FILES; i++)
		high[i] = fcntl(fds[i], F_DUPFD, 20);
	for (int i = 0; i < FILES; i++)
		dup2(high[i], places[i]);
	close_range(WINDOW_FD + 1, ~0u, 0);
	execlp(qemu, qemu, elf, "--window-fd", "6", polled ? "--poll-word" : NULL, NULL);
	_exit(127);
}

static struct shell start_with(const char *qemu, const char *elf, bool polled)
{
	int sockets[2], ready[2], log[2], memfd = memfd_create("bank", MFD_CLOEXEC);
	struct shell shell = { .ctx = 0x1000 };
	char byte = 0;
	int table = maps_create(&shell.maps);

	if (table < 0 || memfd < 0 || ftruncate(memfd, (off_t)VDSP_IOVA_START + MEMORY) ||
	    pipe(ready) || pipe(log) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets))
		die("cannot set up");
	shell.memory =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, VDSP_IOVA_START);
	if (shell.memory == MAP_FAILED)
		die("cannot map the memory");
	shell.pid = fork();
	if (!shell.pid)
		run_qemu(qemu, elf, (int[]){ sockets[1], ready[1], table, memfd, log[1] }, polled);
	close(table);
	close(sockets[1]);
	close(ready[1]);
	close(log[1]);
	close(memfd);
	shell.socket = sockets[0];
	shell.log = log[0];
	check(read(ready[0], &byte, 1) == 1 && byte == 'R', "the shell says that it is ready");
	check(read(ready[0], &byte, 1) == 0, "and closes the ready pipe");
	close(ready[0]);
	return shell;
}

struct shell start(const char *qemu, const char *elf)
{
	return start_with(qemu, elf, false);
}

struct shell start_polled(const char *qemu, const char *elf)
{
	return start_with(qemu, elf, true);
}

int stop(struct shell *shell, char *text, size_t size)
{
	ssize_t got;
	size_t len = 0;
	int status = 0;

	/*
	 * Closed with answers that nobody read (a listener's wait that the end broke off), a
	 * socket of this kind tells the other end of an error and not of the end.
	 */
	shutdown(shell->socket, SHUT_WR);
	while (len + 1 < size && (got = read(shell->log, text + len, size - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	close(shell->log);
	close(shell->socket);
	munmap(shell->memory, MEMORY);
	maps_destroy(shell->maps);
	waitpid(shell->pid, &status, 0);
	return status;
}

void *at(struct shell *shell, uint32_t iova)
{
	return shell->memory + (iova - VDSP_IOVA_START);
}

uint64_t send_raw(struct shell *shell, const struct vdsp_msg *msg)
{
	struct vdsp_msg copy = *msg;

	copy.ctx = ++shell->ctx;
	if (write(shell->socket, &copy, sizeof(copy)) != sizeof(copy))
		die("cannot send");
	return copy.ctx;
}

bool receive(struct shell *shell, struct vdsp_reply *reply)
{
	struct pollfd fd = { .fd = shell->socket, .events = POLLIN };

	return poll(&fd, 1, 10000) == 1 &&
	       read(shell->socket, reply, sizeof(*reply)) == sizeof(*reply);
}

uint32_t ask_raw(struct shell *shell, const struct vdsp_msg *msg)
{
	uint64_t ctx = send_raw(shell, msg);
	struct vdsp_reply reply;

	if (!receive(shell, &reply))
		return NO_ANSWER;
	return reply.ctx == ctx ? (uint32_t)reply.retval : 0xbad;
}

struct vdsp_msg message(uint32_t handle, uint32_t sc)
{
	return (struct vdsp_msg){ .type = VDSP_MSG_CALL,
				  .client_id = 1,
				  .handle = handle,
				  .sc = sc,
				  .addr = SID | PAYLOAD,
				  .size = 0x8000 };
}

struct tables tables_at(struct shell *shell, uint32_t payload, uint32_t sc)
{
	struct tables tables = { .args = at(shell, payload) };

	tables.list = (struct frpc_list *)(tables.args + FRPC_SC_COUNT(sc));
	tables.pages = (struct frpc_page *)(tables.list + FRPC_SC_COUNT(sc));
	return tables;
}

/* Without the DMA handles. */
static uint32_t buffer_count(uint32_t sc)
{
	return FRPC_SC_IN(sc) + FRPC_SC_OUT(sc);
}

void build(struct shell *shell, uint32_t payload, uint32_t sc, const struct buffer *buffers)
{
	struct tables tables = tables_at(shell, payload, sc);
	uint32_t data = payload + DATA - PAYLOAD;

	for (uint32_t i = 0; i < buffer_count(sc); i++) {
		uint32_t len = buffers[i].len;

		data += 128;
		tables.args[i] =
			(struct frpc_arg){ .pv = 0xffff800000000000ull | data, .len = len };
		tables.list[i] = (struct frpc_list){ .num = len != 0, .pgidx = i };
		tables.pages[i] = (struct frpc_page){
			.addr = SID | (data & ~0xfffu),
			.size = ((data & 0xfff) + len + 0xfff) & ~0xfffull,
		};
		if (i < FRPC_SC_IN(sc) && len)
			memcpy(at(shell, data), buffers[i].data, len);
		data = (data + len + 127) & ~127u;
	}
}

void build_dma(struct shell *shell, uint32_t payload, uint32_t sc, const struct dma *handles)
{
	struct tables tables = tables_at(shell, payload, sc);
	uint32_t first = buffer_count(sc);

	for (uint32_t i = first; i < FRPC_SC_COUNT(sc); i++) {
		const struct dma *dma = &handles[i - first];
		struct frpc_dma_handle handle = { dma->key, dma->offset, dma->len, 0 };

		memcpy(&tables.args[i], &handle, sizeof(handle));
		tables.list[i] = (struct frpc_list){ .num = 1, .pgidx = i };
		tables.pages[i] = (struct frpc_page){ .addr = SID | dma->iova, .size = dma->size };
	}
}

void fetch(struct shell *shell, uint32_t payload, uint32_t sc, const struct buffer *buffers)
{
	struct frpc_arg *args = at(shell, payload);

	for (uint32_t i = FRPC_SC_IN(sc); i < buffer_count(sc); i++)
		memcpy(buffers[i].data, at(shell, (uint32_t)args[i].pv), buffers[i].len);
}

uint32_t call_dma(struct shell *shell, uint32_t handle, uint32_t sc, const struct buffer *buffers,
		  const struct dma *handles)
{
	struct vdsp_msg msg = message(handle, sc);
	uint32_t result;

	build(shell, PAYLOAD, sc, buffers);
	build_dma(shell, PAYLOAD, sc, handles);
	result = ask_raw(shell, &msg);
	fetch(shell, PAYLOAD, sc, buffers);
	return result;
}

uint32_t call(struct shell *shell, uint32_t handle, uint32_t sc, const struct buffer *buffers)
{
	return call_dma(shell, handle, sc, buffers, NULL);
}

uint32_t open_module(struct shell *shell, const char *name, uint32_t *handle, char *text)
{
	uint32_t in[2] = { (uint32_t)strlen(name) + 1, ERROR_TEXT }, out[2] = { 0, 0xdead };
	struct buffer buffers[] = { { in, sizeof(in) },
				    { (void *)name, in[0] },
				    { out, sizeof(out) },
				    { text, ERROR_TEXT } };
	uint32_t result =
		call(shell, FRPC_HANDLE_REMOTECTL, FRPC_SC(FRPC_REMOTECTL_OPEN, 2, 2), buffers);

	*handle = out[0];
	return result ? result : out[1];
}

uint32_t close_module(struct shell *shell, uint32_t handle)
{
	uint32_t in[2] = { handle, ERROR_TEXT }, out = 0xdead;
	char text[ERROR_TEXT];
	struct buffer buffers[] = { { in, sizeof(in) },
				    { &out, sizeof(out) },
				    { text, sizeof(text) } };
	uint32_t result = call(shell, FRPC_HANDLE_REMOTECTL1,
			       FRPC_SC(FRPC_REMOTECTL_CLOSE + 2, 1, 2), buffers);

	return result ? result : out;
}

uint32_t must_open(struct shell *shell, const char *name)
{
	char text[ERROR_TEXT];
	uint32_t handle;

	check(!open_module(shell, name, &handle, text) && handle > 255, "open \"%s\"", name);
	return handle;
}
