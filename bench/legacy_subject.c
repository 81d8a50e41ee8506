// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The old interface, by whichever driver: drivers/misc/fastrpc.c, or ours.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"
#include "legacy.h"
#include "module.h"

static struct dsp *legacy_dsp(const char *line)
{
	struct dsp *dsp = dsp_new_inside(line);

	legacy_wait_nodes(dsp, true, true);
	return dsp;
}

static int legacy_open_plain(struct dsp *dsp)
{
	return legacy_open_node(dsp, false);
}

static void create(int fd)
{
	struct fastrpc_init_create create = LEGACY_PD;

	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &create));
}

static struct step step_of(int fd, struct legacy_call *call)
{
	return (struct step){ .fd = fd, .cmd = FASTRPC_IOCTL_INVOKE, .arg = &call->req };
}

static struct step call_of(int fd, size_t len)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 2);
	struct step step;
	unsigned char *mem;

	if (len) {
		mem = malloc(2 * len);
		fill_pattern(mem, 2 * len, 1);
		legacy_in(call, mem, len, -1);
		legacy_out(call, mem + len, len, -1);
	}
	step = step_of(fd, call);
	step.len = len;
	step.in = len ? mem : NULL;
	step.out = len ? mem + len : NULL;
	return step;
}

static void mem_map(int fd, int dmabuf, size_t size, struct fastrpc_mem_map *map)
{
	*map = (struct fastrpc_mem_map){ .fd = dmabuf, .length = size };
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_MEM_MAP, map));
}

static unsigned char *shared_buffer(int fd, size_t len, int *dmabuf)
{
	struct fastrpc_mem_map map;
	unsigned char *mem;

	len = (len + PAGE - 1) & ~(size_t)(PAGE - 1);
	*dmabuf = heap_dmabuf(len);
	mem = legacy_mmap(*dmabuf, len);
	fill_pattern(mem, len, *dmabuf);
	mem_map(fd, *dmabuf, len, &map);
	return mem;
}

static struct step call_shared(int fd, size_t len)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 2);
	struct step step;
	int in, out;

	step = step_of(fd, call);
	step.len = len;
	step.in = shared_buffer(fd, len, &in);
	step.out = shared_buffer(fd, len, &out);
	legacy_in(call, step.in, len, in);
	legacy_out(call, (void *)step.out, len, out);
	return step;
}

/* The drivers look up what is mapped at the address, so it has to be the buffer. */
static void call_dmabuf(int fd, int in, int out, size_t len)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 2);
	unsigned char *from = legacy_mmap(in, len), *to = legacy_mmap(out, len);
	struct step step = step_of(fd, call);

	legacy_in(call, from, len, in);
	legacy_out(call, to, len, out);
	step_run(&step);
	munmap(from, len);
	munmap(to, len);
	free(call);
}

static struct buffer map_buffer(int fd, size_t size)
{
	return (struct buffer){ .fd = fd, .handle = heap_dmabuf(size), .size = size };
}

static void map_unmap(int fd, struct buffer *buffer)
{
	struct fastrpc_mem_unmap unmap = { .fd = buffer->handle, .length = buffer->size };
	struct fastrpc_mem_map map;

	mem_map(fd, buffer->handle, buffer->size, &map);
	unmap.vaddr = map.vaddrout;
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap));
}

struct worker {
	pthread_t thread;
	pthread_barrier_t *start;
	struct step step;
	unsigned int calls;
};

static void *work(void *arg)
{
	struct worker *worker = arg;

	step_run(&worker->step);
	pthread_barrier_wait(worker->start);
	for (unsigned int i = 0; i < worker->calls; i++)
		step_run(&worker->step);
	return NULL;
}

/* A call is an ioctl that waits, so it takes a thread for each. */
static double in_flight(int fd, unsigned int depth, unsigned int calls)
{
	struct worker *workers = calloc(depth, sizeof(*workers));
	pthread_barrier_t start;
	double begin;

	pthread_barrier_init(&start, NULL, depth + 1);
	for (unsigned int i = 0; i < depth; i++) {
		workers[i] = (struct worker){ .start = &start, .calls = calls / depth };
		workers[i].step = call_of(fd, 0);
		CHECK(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	pthread_barrier_wait(&start);
	begin = now_ns();
	for (unsigned int i = 0; i < depth; i++)
		pthread_join(workers[i].thread, NULL);
	return (now_ns() - begin) / (calls / depth * depth);
}

#define LEGACY_SUBJECT                                                                          \
	.most_inline = 4 * MIB, .dsp = legacy_dsp, .open = legacy_open_plain, .create = create, \
	.call = call_of, .call_shared = call_shared, .call_dmabuf = call_dmabuf,                \
	.map_buffer = map_buffer, .map_unmap = map_unmap, .in_flight = in_flight

const struct subject subject_misc = {
	.name = "misc",
	.module = "fastrpc",
	LEGACY_SUBJECT,
};

const struct subject subject_shim = {
	.name = "shim",
	.module = LEGACY_MODULE,
	LEGACY_SUBJECT,
};
