// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface down to real Hexagon code: a process from an ELF file in a dma-buf,
 * a module of it, and calls with arguments in and outside of buffers.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "module.h"
#include "real.h"

enum { CALC_SUM = 2, CALC_ECHO = 4 };

static void create_from_fd(int fd, struct image image)
{
	size_t size = (image.size + PAGE - 1) & ~(size_t)(PAGE - 1);
	struct legacy_buffer b = legacy_alloc(fd, size);
	struct fastrpc_init_create create = LEGACY_PD;

	memcpy(b.mem, image.data, image.size);
	create.filelen = image.size;
	create.filefd = b.fd;
	create.file = (uintptr_t)b.mem;
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &create));
	legacy_free(&b);
}

static uint32_t open_module(int fd, const char *name)
{
	struct legacy_call *call = legacy_call_new(FRPC_HANDLE_REMOTECTL, FRPC_REMOTECTL_OPEN);
	uint32_t in[2] = { strlen(name) + 1, 256 }, out[2] = { 0, 0xdead };
	char text[256] = "";

	legacy_in(call, in, sizeof(in), -1);
	legacy_in(call, name, in[0], -1);
	legacy_out(call, out, sizeof(out), -1);
	legacy_out(call, text, sizeof(text), -1);
	CHECK_OK(legacy_call_run(fd, call));
	CHECK_EQ(0, out[1]);
	free(call);
	return out[0];
}

static void check_sum(int fd, uint32_t calc, const int32_t *numbers, uint32_t count, int dmabuf)
{
	struct legacy_call *call = legacy_call_new(calc, CALC_SUM);
	int64_t sum = 0, seen = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += numbers[i];
	legacy_in(call, &count, sizeof(count), -1);
	legacy_in(call, numbers, count * sizeof(*numbers), dmabuf);
	legacy_out(call, &seen, sizeof(seen), -1);
	CHECK_OK(legacy_call_run(fd, call));
	CHECK_EQ(sum, seen);
	free(call);
}

TEST(hexagon_code_by_the_legacy_interface)
{
	enum { COUNT = 5000 };
	struct image shell = image_load("qda_shell.elf");
	struct legacy_buffer b;
	struct dsp *dsp;
	uint32_t calc;
	int fd;

	module_load(LEGACY_MODULE);
	dsp = real_new("cdsp");
	fd = legacy_open(dsp, false);
	create_from_fd(fd, shell);
	calc = open_module(fd, "calc");
	b = legacy_alloc(fd, COUNT * sizeof(int32_t));
	fill_pattern(b.mem, b.size, 3);
	check_sum(fd, calc, (int32_t *)b.mem, COUNT, b.fd);
	check_sum(fd, calc, (int32_t *)b.mem + 1000, COUNT - 1000, b.fd);
	check_sum(fd, calc, (int32_t *)b.mem, COUNT, -1);
	legacy_free(&b);
	dsp_finish(dsp);
}
