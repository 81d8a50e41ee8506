// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The old interface, by whichever driver: drivers/misc/fastrpc.c, or ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
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

/* misc/fastrpc gives context banks back in a work item, some time after close(). */
static int legacy_open_plain(struct dsp *dsp)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/fastrpc-%s", dsp->name);
	while ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 && errno == EBUSY)
		sched_yield();
	if (fd < 0)
		FAIL("cannot open %s: %m", path);
	return fd;
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
	mem = dmabuf_mmap(*dmabuf, len);
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
	unsigned char *from = dmabuf_mmap(in, len), *to = dmabuf_mmap(out, len);
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

/* A call is an ioctl that waits, so it takes a thread for each. */
static double in_flight(int fd, unsigned int depth, unsigned int calls)
{
	struct step *steps = calloc(depth, sizeof(*steps));
	double ns;

	for (unsigned int i = 0; i < depth; i++)
		steps[i] = call_of(fd, 0);
	ns = threads_cost(steps, depth, calls);
	free(steps);
	return ns;
}

struct waiter {
	pthread_t thread;
	pthread_barrier_t *start;
	struct step step;
};

static void *wait_and_call(void *arg)
{
	struct waiter *waiter = arg;

	pthread_barrier_wait(waiter->start);
	step_run(&waiter->step);
	return NULL;
}

static double bytes_in_flight(int fd, unsigned int calls)
{
	struct waiter *waiters = calloc(calls, sizeof(*waiters));
	pthread_barrier_t start;
	double bytes;

	pthread_barrier_init(&start, NULL, calls + 1);
	for (unsigned int i = 0; i < calls; i++) {
		waiters[i] = (struct waiter){ .start = &start, .step = call_of(fd, 64) };
		CHECK(!pthread_create(&waiters[i].thread, NULL, wait_and_call, &waiters[i]));
	}
	/* Now they have their stacks; a tenth of what the DSP needs, for all to begin. */
	usleep(100000);
	bytes = free_bytes();
	pthread_barrier_wait(&start);
	usleep(100000);
	bytes -= free_bytes();
	for (unsigned int i = 0; i < calls; i++)
		pthread_join(waiters[i].thread, NULL);
	free(waiters);
	return bytes / calls;
}

#define LEGACY_SUBJECT                                                                            \
	.most_inline = 4 * MIB, .bytes_in_flight = bytes_in_flight, .dsp = legacy_dsp,            \
	.open = legacy_open_plain, .create = create, .call = call_of, .call_shared = call_shared, \
	.call_dmabuf = call_dmabuf, .map_buffer = map_buffer, .map_unmap = map_unmap,             \
	.in_flight = in_flight

const struct subject subject_misc = {
	.name = "misc",
	.module = "fastrpc",
	/* Each takes a context bank. */
	.most_files = 10,
	LEGACY_SUBJECT,
};

const struct subject subject_shim = {
	.name = "shim",
	.module = LEGACY_MODULE,
	.most_files = 900,
	LEGACY_SUBJECT,
};
