// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface without memory: each allocation and each copy from or to the caller
 * fails once, in each ioctl. It returns -ENOMEM or -EFAULT then, or manages without; nothing
 * is left, and the next ioctl works. A part of the suite shim.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "exporter.h"
#include "fault.h"
#include "ktap.h"
#include "legacy.h"
#include "platform.h"

#define METHOD 5
#define VADDR  0x45670000ull

/* What fails, and on which file; @fails counts the places where it did. */
struct sweep {
	struct dsp *dsp;
	int fd;
	unsigned int nth;
	unsigned int fails;
	bool hit;
};

/* The DSP has finished with all DMA handles, and has one place for mappings. */
static uint32_t serve(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	unsigned int method = FRPC_SC_METHOD(call->msg.sc), handles;
	uint64_t vaddr = VADDR, len;

	(void)arg;
	handles = FRPC_SC_IN_HANDLES(call->msg.sc);
	for (unsigned int i = 0; i < handles; i++)
		call->fdlist[i] = ((struct frpc_dma_handle *)&call->arg[call->n - handles + i])->fd;
	if (call->msg.handle == FRPC_HANDLE_INIT &&
	    (method == FRPC_INIT_MMAP || method == FRPC_INIT_MEM_MAP))
		memcpy(dsp_arg(dsp, call, call->n - 1, &len), &vaddr, sizeof(vaddr));
	return dsp_echo(dsp, call, NULL);
}

static struct sweep sweep_new(const char *line)
{
	struct sweep s = { .fd = -1, .hit = true };

	fault_setup();
	s.dsp = legacy_new(line);
	dsp_serve(s.dsp, serve, NULL);
	legacy_wait_nodes(s.dsp, true, false);
	return s;
}

/* Another round, until the failure comes after the end of the ioctl. */
static bool next(struct sweep *s)
{
	if (!s->hit)
		return false;
	s->nth++;
	CHECK(s->nth < 1000);
	return true;
}

static int run(struct sweep *s, unsigned long cmd, void *arg)
{
	int ret = fault_ioctl(s->fd, cmd, arg, s->nth, &s->hit);

	if (ret && ret != -ENOMEM && ret != -EFAULT)
		FAIL("failure %u: expected 0, -ENOMEM or -EFAULT, seen %d", s->nth, ret);
	s->fails += !!ret;
	return ret;
}

static void check_clean(struct sweep *s)
{
	CHECK_EQ(0, qda_get(s->dsp, "remote_maps"));
	CHECK_EQ(0, qda_get(s->dsp, "mappings"));
}

static void restart(struct sweep *s)
{
	dsp_serve_end(s->dsp);
	dsp_down(s->dsp);
	dsp_up(s->dsp);
	dsp_serve(s->dsp, serve, NULL);
}

static void sweep_end(struct sweep *s)
{
	ktap_note("%u of %u failures showed", s->fails, s->nth - 1);
	CHECK(s->fails > 0);
	dsp_finish(s->dsp);
}

static int create(int fd)
{
	struct fastrpc_init_create args = { .filefd = -1 };

	return do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &args);
}

static void open_with_process(struct sweep *s)
{
	s->fd = legacy_open(s->dsp, true);
	CHECK_OK(create(s->fd));
}

/* A file per round: a process that was made, or not, must not stay. */
static void sweep_process(struct sweep *s, unsigned long cmd, void *arg)
{
	while (next(s)) {
		int ret;

		s->fd = legacy_open_node(s->dsp, true);
		ret = run(s, cmd, arg);
		CHECK_EQ(!ret, qda_get(s->dsp, "processes"));
		if (ret)
			CHECK_OK(create(s->fd));
		close(s->fd);
		qda_wait(s->dsp, "sessions", 0);
		check_clean(s);
	}
	sweep_end(s);
}

TEST(failures_in_create)
{
	struct fastrpc_init_create args = { .filefd = -1 };
	struct sweep s = sweep_new("cdsp");

	sweep_process(&s, FASTRPC_IOCTL_INIT_CREATE, &args);
}

TEST(failures_in_create_by_pointer)
{
	struct fastrpc_init_create args = {
		.filefd = -1,
		.filelen = 2 * PAGE,
		.file = (uintptr_t)guarded_alloc(2 * PAGE),
	};
	struct sweep s = sweep_new("cdsp");

	sweep_process(&s, FASTRPC_IOCTL_INIT_CREATE, &args);
}

TEST(failures_in_create_by_fd)
{
	struct fastrpc_init_create args = { .filelen = 2 * PAGE };
	struct sweep s = sweep_new("cdsp");

	args.filefd = heap_dmabuf(2 * PAGE);
	sweep_process(&s, FASTRPC_IOCTL_INIT_CREATE, &args);
}

TEST(failures_in_attach)
{
	struct sweep s = sweep_new("adsp");

	sweep_process(&s, FASTRPC_IOCTL_INIT_ATTACH, NULL);
}

TEST(failures_in_create_static)
{
	static char name[] = "audiopd";
	struct fastrpc_init_create_static args = {
		.namelen = sizeof(name),
		.name = (uintptr_t)name,
	};
	struct sweep s = sweep_new("adsp");

	sweep_process(&s, FASTRPC_IOCTL_INIT_CREATE_STATIC, &args);
}

/* The first to attach takes the memory out of its pool; a DSP of its own for each round. */
TEST(failures_in_create_static_with_memory)
{
	static char name[] = "audiopd";
	struct fastrpc_init_create_static args = {
		.namelen = sizeof(name),
		.name = (uintptr_t)name,
	};
	struct sweep s = sweep_new("adsp heap=pool vmids=2");

	platform_on(true);
	while (next(&s)) {
		s.fd = legacy_open_node(s.dsp, true);
		if (run(&s, FASTRPC_IOCTL_INIT_CREATE_STATIC, &args))
			CHECK_OK(do_ioctl(s.fd, FASTRPC_IOCTL_INIT_CREATE_STATIC, &args));
		CHECK(platform_get("assigned_at"));
		close(s.fd);
		qda_wait(s.dsp, "sessions", 0);
		restart(&s);
		CHECK_EQ(0, platform_get("assigned_at"));
		CHECK_EQ(0, qda_get(s.dsp, "quarantined_pages"));
	}
	CHECK_EQ(0, platform_get("mistakes"));
	sweep_end(&s);
	platform_off();
}

TEST(failures_in_alloc)
{
	struct sweep s = sweep_new("cdsp");
	int spare;

	s.fd = legacy_open(s.dsp, true);
	spare = dup(s.fd);
	close(spare);
	while (next(&s)) {
		struct fastrpc_alloc_dma_buf args = { .fd = -1, .size = 3 * PAGE };

		if (!run(&s, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &args))
			close(args.fd);
		/* No descriptor is left of one that failed. */
		CHECK_EQ(spare, dup(s.fd));
		close(spare);
		qda_wait(s.dsp, "buffer_objects", 0);
	}
	sweep_end(&s);
}

/* An inline argument of this size, a buffer, and a DMA handle, each if it is wanted. */
static void sweep_call(size_t size, int buffer, int handle)
{
	unsigned char *in = malloc(size + 1), *out = malloc(size + 1);
	struct sweep s = sweep_new("cdsp");

	fill_pattern(in, size, 3);
	open_with_process(&s);
	while (next(&s)) {
		struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);

		legacy_in(call, in, size, -1);
		if (buffer >= 0)
			legacy_in(call, NULL, PAGE, buffer);
		legacy_out(call, out, size, -1);
		if (handle >= 0)
			legacy_handle_in(call, 0, PAGE, handle);
		if (!run(&s, FASTRPC_IOCTL_INVOKE, &call->req))
			CHECK_MEM(in, out, size);
		check_clean(&s);
		CHECK_OK(legacy_call_run(s.fd, call));
		check_clean(&s);
		free(call);
	}
	free(in);
	free(out);
	sweep_end(&s);
}

TEST(failures_in_a_small_call)
{
	sweep_call(64, -1, -1);
}

TEST(failures_in_a_large_call)
{
	sweep_call(100000, -1, -1);
}

TEST(failures_in_a_call_with_a_buffer)
{
	sweep_call(64, heap_dmabuf(PAGE), -1);
}

/* What was lent to a call that was not made is not lent any more. */
TEST(failures_in_a_call_with_a_handle)
{
	sweep_call(64, -1, heap_dmabuf(PAGE));
}

/* Nothing is assigned to a DSP for a call that was not made. */
TEST(failures_in_a_call_with_a_secure_buffer)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	struct sweep s = sweep_new("cdsp vmids=2");
	unsigned char *mem;

	platform_on(true);
	legacy_in(call, NULL, PAGE, udmabuf_in_pieces(4, &mem));
	call->args[0].attr = 1; /* FASTRPC_ATTR_SECUREMAP */
	open_with_process(&s);
	while (next(&s)) {
		run(&s, FASTRPC_IOCTL_INVOKE, &call->req);
		check_clean(&s);
		CHECK_EQ(0, platform_get("assigned"));
		CHECK_OK(legacy_call_run(s.fd, call));
		CHECK_EQ(0, platform_get("assigned"));
	}
	CHECK_EQ(0, platform_get("mistakes"));
	free(call);
	sweep_end(&s);
	platform_off();
}

static int unmap_heap(struct sweep *s)
{
	struct fastrpc_req_munmap args = { .vaddrout = VADDR, .size = PAGE };

	return do_ioctl(s->fd, FASTRPC_IOCTL_MUNMAP, &args);
}

TEST(failures_in_mmap)
{
	struct sweep s = sweep_new("cdsp");

	open_with_process(&s);
	while (next(&s)) {
		struct fastrpc_req_mmap args = {
			.fd = -1,
			.flags = FRPC_MMAP_ADD_PAGES,
			.size = PAGE,
		};

		if (!run(&s, FASTRPC_IOCTL_MMAP, &args))
			CHECK_OK(unmap_heap(&s));
		check_clean(&s);
	}
	sweep_end(&s);
}

TEST(failures_in_munmap)
{
	struct sweep s = sweep_new("cdsp");

	open_with_process(&s);
	while (next(&s)) {
		struct fastrpc_req_mmap map = {
			.fd = -1,
			.flags = FRPC_MMAP_ADD_PAGES,
			.size = PAGE,
		};
		struct fastrpc_req_munmap args = { .vaddrout = VADDR, .size = PAGE };

		CHECK_OK(do_ioctl(s.fd, FASTRPC_IOCTL_MMAP, &map));
		if (run(&s, FASTRPC_IOCTL_MUNMAP, &args))
			CHECK_OK(unmap_heap(&s));
		check_clean(&s);
	}
	sweep_end(&s);
}

static int unmap_buffer(struct sweep *s, int dmabuf)
{
	struct fastrpc_mem_unmap args = { .fd = dmabuf, .vaddr = VADDR };

	return do_ioctl(s->fd, FASTRPC_IOCTL_MEM_UNMAP, &args);
}

TEST(failures_in_mem_map)
{
	struct sweep s = sweep_new("cdsp");
	int dmabuf = heap_dmabuf(PAGE);

	open_with_process(&s);
	while (next(&s)) {
		struct fastrpc_mem_map args = { .fd = dmabuf, .length = PAGE };

		if (!run(&s, FASTRPC_IOCTL_MEM_MAP, &args))
			CHECK_OK(unmap_buffer(&s, dmabuf));
		check_clean(&s);
	}
	sweep_end(&s);
}

TEST(failures_in_mem_unmap)
{
	struct sweep s = sweep_new("cdsp");
	int dmabuf = heap_dmabuf(PAGE);

	open_with_process(&s);
	while (next(&s)) {
		struct fastrpc_mem_map map = { .fd = dmabuf, .length = PAGE };
		struct fastrpc_mem_unmap args = { .fd = dmabuf, .vaddr = VADDR };

		CHECK_OK(do_ioctl(s.fd, FASTRPC_IOCTL_MEM_MAP, &map));
		if (run(&s, FASTRPC_IOCTL_MEM_UNMAP, &args))
			CHECK_OK(unmap_buffer(&s, dmabuf));
		check_clean(&s);
	}
	sweep_end(&s);
}

/* A DSP of its own for each round: what it has told once is remembered. */
TEST(failures_in_get_dsp_info)
{
	struct sweep s = sweep_new("cdsp");

	while (next(&s)) {
		uint32_t args[7] = { 0, 6, 0 }, again[7] = { 0, 6, 0 };

		s.fd = legacy_open_node(s.dsp, true);
		run(&s, FASTRPC_IOCTL_GET_DSP_INFO, args);
		CHECK_OK(do_ioctl(s.fd, FASTRPC_IOCTL_GET_DSP_INFO, again));
		close(s.fd);
		qda_wait(s.dsp, "sessions", 0);
		restart(&s);
	}
	sweep_end(&s);
}

TEST(failures_in_set_option)
{
	struct sweep s = sweep_new("cdsp soc=kaanapali");

	s.fd = legacy_open(s.dsp, true);
	while (next(&s)) {
		struct fastrpc_ioctl_set_option args = {
			.request_id = FASTRPC_POLL_MODE,
			.value = FASTRPC_POLL_MODE_ENABLE,
		};

		run(&s, FASTRPC_IOCTL_SET_OPTION, &args);
	}
	sweep_end(&s);
}
