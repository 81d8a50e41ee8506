// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "legacy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "module.h"

static void node_path(struct dsp *dsp, bool secure, char path[64])
{
	snprintf(path, 64, "/dev/fastrpc-%s%s", dsp->name, secure ? "-secure" : "");
}

bool legacy_has_node(struct dsp *dsp, bool secure)
{
	char path[64];

	node_path(dsp, secure, path);
	return !access(path, F_OK);
}

static bool has_secure_node(void *arg)
{
	return legacy_has_node(arg, true);
}

static bool has_plain_node(void *arg)
{
	return legacy_has_node(arg, false);
}

void legacy_wait_nodes(struct dsp *dsp, bool secure, bool plain)
{
	if (secure && !wait_for(has_secure_node, dsp))
		FAIL("there is no /dev/fastrpc-%s-secure", dsp->name);
	if (plain && !wait_for(has_plain_node, dsp))
		FAIL("there is no /dev/fastrpc-%s", dsp->name);
}

void legacy_load(void)
{
	if (!module_loaded(LEGACY_MODULE))
		module_load(LEGACY_MODULE);
}

struct dsp *legacy_new(const char *line)
{
	legacy_load();
	return dsp_new(line);
}

int legacy_open_node(struct dsp *dsp, bool secure)
{
	char path[64];
	int fd;

	legacy_wait_nodes(dsp, secure, !secure);
	node_path(dsp, secure, path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		FAIL("cannot open %s: %m", path);
	return fd;
}

int legacy_open(struct dsp *dsp, bool secure)
{
	if (dsp->file_count == DSP_MAX_FILES)
		FAIL("too many open files");
	dsp->files[dsp->file_count] = legacy_open_node(dsp, secure);
	return dsp->files[dsp->file_count++];
}

struct session legacy_create(struct dsp *dsp, int fd)
{
	struct fastrpc_init_create create = LEGACY_PD;
	struct session s = { .fd = fd };
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;

	job = job_start(fd, FASTRPC_IOCTL_INIT_CREATE, &create);
	expect_create(dsp, &call, &wire);
	s.id = wire.client_id;
	s.sid = dsp_sid(dsp, call.msg.addr);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	return s;
}

struct session legacy_session(struct dsp *dsp)
{
	return legacy_create(dsp, legacy_open(dsp, false));
}

struct legacy_buffer legacy_alloc(int fd, size_t size)
{
	struct fastrpc_alloc_dma_buf alloc = { .fd = -1, .size = size };
	struct legacy_buffer b = { .size = size };

	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	b.fd = alloc.fd;
	b.mem = dmabuf_mmap(b.fd, size);
	return b;
}

void legacy_free(struct legacy_buffer *b)
{
	munmap(b->mem, b->size);
	close(b->fd);
}

struct legacy_call *legacy_call_new(uint32_t handle, unsigned int method)
{
	struct legacy_call *call = calloc(1, sizeof(*call));

	if (!call)
		FAIL("out of memory");
	call->req.handle = handle;
	call->req.sc = method << 24;
	call->req.args = (uintptr_t)call->args;
	return call;
}

static void add(struct legacy_call *call, uint64_t ptr, uint64_t len, int dmabuf)
{
	unsigned int n = call->in + call->out + call->in_handles + call->out_handles;

	call->args[n] = (struct fastrpc_invoke_args){ .ptr = ptr, .length = len, .fd = dmabuf };
}

static void count(struct legacy_call *call)
{
	call->req.sc = (call->req.sc & 0xff000000) | call->in << 16 | call->out << 8 |
		       call->in_handles << 4 | call->out_handles;
}

void legacy_in(struct legacy_call *call, const void *p, uint64_t len, int dmabuf)
{
	add(call, (uintptr_t)p, len, dmabuf);
	call->in++;
	count(call);
}

void legacy_out(struct legacy_call *call, void *p, uint64_t len, int dmabuf)
{
	add(call, (uintptr_t)p, len, dmabuf);
	call->out++;
	count(call);
}

void legacy_handle_in(struct legacy_call *call, uint32_t offset, uint64_t len, int dmabuf)
{
	add(call, offset, len, dmabuf);
	call->in_handles++;
	count(call);
}

struct job *legacy_call_start(int fd, struct legacy_call *call)
{
	return job_start(fd, FASTRPC_IOCTL_INVOKE, &call->req);
}

int legacy_call_run(int fd, struct legacy_call *call)
{
	return do_ioctl(fd, FASTRPC_IOCTL_INVOKE, &call->req);
}

void legacy_after_each(void)
{
	dsp_remove_all();
	if (module_loaded(LEGACY_MODULE))
		module_unload(LEGACY_MODULE);
}
