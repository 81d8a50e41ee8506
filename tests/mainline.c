// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The kernel's old driver, drivers/misc/fastrpc.c, on the same virtual DSP: shows that the virtual
 * DSP is a fair model and not made to fit our driver. Steps around what crashes
 * that driver: the image comes in a DMA-BUF, every file is closed before the DSP goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <misc/fastrpc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "module.h"
#include "sys.h"

static char unsigned_node[] = "/dev/fastrpc-cdsp";
static char secure_node[] = "/dev/fastrpc-cdsp-secure";

/* Back to our driver, for the suites after this one. */
static void clean_up(void)
{
	dsp_remove_all();
	if (module_loaded("fastrpc"))
		module_unload("fastrpc");
	driver_after_each();
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(clean_up);
}

static bool node_is_there(void *arg)
{
	return !access(arg, R_OK);
}

static bool node_is_gone(void *arg)
{
	return access(arg, R_OK);
}

static void wait_for_nodes(void)
{
	if (!wait_for(node_is_there, unsigned_node) || !wait_for(node_is_there, secure_node))
		FAIL("misc/fastrpc made no %s and %s", unsigned_node, secure_node);
}

/* A virtual DSP that the test plays, with the old driver bound to it. */
static struct dsp *old_driver(void)
{
	struct dsp *dsp;

	module_unload("qda");
	module_load("fastrpc");
	dsp = dsp_new_down("cdsp");
	dsp_announce(dsp);
	wait_for_nodes();
	return dsp;
}

static int open_node(struct dsp *dsp, const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		FAIL("cannot open %s: %m", node);
	dsp->files[dsp->file_count++] = fd;
	return fd;
}

static int heap_buffer(size_t size)
{
	struct dma_heap_allocation_data data = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };
	int heap = open("/dev/dma_heap/system", O_RDONLY | O_CLOEXEC);

	if (heap < 0 || do_ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		FAIL("no buffer from /dev/dma_heap/system: %m");
	close(heap);
	return data.fd;
}

enum { IMAGE_SIZE = 8192 };

struct old_image {
	int fd;
	void *data;
};

static struct old_image image_new(void)
{
	struct old_image image = { .fd = heap_buffer(IMAGE_SIZE) };

	image.data = mmap(NULL, IMAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, image.fd, 0);
	if (image.data == MAP_FAILED)
		FAIL("mmap of the image: %m");
	fill_pattern(image.data, IMAGE_SIZE, 5);
	return image;
}

static struct fastrpc_init_create create_of(struct old_image *image)
{
	return (struct fastrpc_init_create){
		.filelen = IMAGE_SIZE,
		.filefd = image->fd,
		.attrs = FASTRPC_MODE_UNSIGNED_MODULE,
		.file = (uintptr_t)image->data,
	};
}

static int invoke_echo(int fd, const void *in, void *out, size_t size)
{
	struct fastrpc_invoke_args args[2] = {
		{ .ptr = (uintptr_t)in, .length = size, .fd = -1 },
		{ .ptr = (uintptr_t)out, .length = size, .fd = -1 },
	};
	struct fastrpc_invoke invoke = {
		.handle = TEST_HANDLE,
		.sc = FRPC_SC(2, 1, 1),
		.args = (uintptr_t)args,
	};

	return do_ioctl(fd, FASTRPC_IOCTL_INVOKE, &invoke);
}

static void check_echo(int fd)
{
	unsigned char *in = malloc(100000), *out = malloc(100000);

	for (size_t size = 1; size < 100000; size *= 7) {
		fill_pattern(in, size, size);
		memset(out, POISON, size);
		CHECK_OK(invoke_echo(fd, in, out, size));
		CHECK_MEM(in, out, size);
	}
	free(in);
	free(out);
}

TEST(old_driver_binds_and_creates)
{
	struct dsp *dsp = old_driver();
	struct old_image image = image_new();
	struct fastrpc_init_create create = create_of(&image);
	int fd = open_node(dsp, unsigned_node);
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;
	uint64_t len;
	void *p;

	job = job_start(fd, FASTRPC_IOCTL_INIT_CREATE, &create);
	expect_create(dsp, &call, &wire);
	CHECK_EQ(FRPC_SC(FRPC_INIT_CREATE_ATTR, 4, 0), call.msg.sc);
	CHECK_EQ(IMAGE_SIZE, wire.filelen);
	CHECK_EQ(FASTRPC_MODE_UNSIGNED_MODULE, wire.attrs);
	p = dsp_arg(dsp, &call, 2, &len);
	CHECK_EQ(IMAGE_SIZE, len);
	CHECK_MEM(image.data, p, len);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
	CHECK(wait_for(node_is_gone, unsigned_node));
}

TEST(old_driver_calls_a_dsp_in_user_space)
{
	struct dsp *dsp = old_driver();
	struct old_image image = image_new();
	struct fastrpc_init_create create = create_of(&image);
	int fd = open_node(dsp, secure_node);

	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &create));
	check_echo(fd);
	dsp_finish(dsp);
}

static bool kernel_dsp_is_clean(void *arg)
{
	return vdsp_get(arg, "pages_mapped") == 0;
}

TEST(old_driver_calls_the_loopback_dsp)
{
	struct old_image image = image_new();
	struct fastrpc_init_create create = create_of(&image);
	struct dsp *dsp;
	int fd;

	module_unload("qda");
	module_load("fastrpc");
	dsp = dsp_new_inside("cdsp firmware=loopback");
	wait_for_nodes();
	/* That driver runs out of contexts when each call is answered inside send(). */
	vdsp_set(dsp, "delay_us", 100);
	fd = open_node(dsp, unsigned_node);
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &create));
	check_echo(fd);
	close(fd);
	dsp->file_count = 0;
	CHECK(wait_for(kernel_dsp_is_clean, dsp));
	dsp_finish(dsp);
}

TEST(our_driver_after_the_old_one)
{
	struct dsp *dsp = old_driver();
	struct session s;

	dsp_finish(dsp);
	module_unload("fastrpc");
	module_load("qda");
	dsp = dsp_new("cdsp");
	s = session_new(dsp);
	session_release(dsp, &s);
	dsp_finish(dsp);
}
