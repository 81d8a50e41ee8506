// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Our own interface.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "client.h"
#include "ktap.h"
#include "remote_map.h"

static struct dsp *native_dsp(const char *line)
{
	struct dsp *dsp = dsp_new_inside(line);

	dsp_wait_node(dsp);
	return dsp;
}

static int open_node(struct dsp *dsp)
{
	return accel_open(dsp->node);
}

static void create(int fd)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	CHECK_OK(qda_create(fd, &create));
}

static void release(int fd)
{
	struct drm_qda_session_release release = { 0 };

	CHECK_OK(qda_release(fd, &release));
}

static struct step step_of(int fd, struct invocation *inv)
{
	return (struct step){ .fd = fd, .cmd = DRM_IOCTL_QDA_REMOTE_INVOKE, .arg = &inv->req };
}

static struct step call_of(int fd, size_t len)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 2);
	struct step step = step_of(fd, inv);
	unsigned char *mem;

	if (len) {
		mem = malloc(2 * len);
		fill_pattern(mem, 2 * len, 1);
		inv_in(inv, mem, len);
		inv_out(inv, mem + len, len);
		step.in = mem;
		step.out = mem + len;
		step.len = len;
	}
	return step;
}

static struct step call_shared(int fd, size_t len)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 2);
	struct buffer in = buffer_new(fd, len, 0), out = buffer_new(fd, len, 0);
	struct step step = step_of(fd, inv);

	fill_pattern(in.mem, len, 1);
	fill_pattern(out.mem, len, 2);
	inv_bo_in(inv, in.handle, 0, len);
	inv_bo_out(inv, out.handle, 0, len);
	step.in = in.mem;
	step.out = out.mem;
	step.len = len;
	return step;
}

static void call_dmabuf(int fd, int in, int out, size_t len)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 2);
	uint32_t from = dmabuf_import(fd, in), to = dmabuf_import(fd, out);
	struct step step = step_of(fd, inv);

	inv_bo_in(inv, from, 0, len);
	inv_bo_out(inv, to, 0, len);
	step_run(&step);
	CHECK_OK(gem_close(fd, from));
	CHECK_OK(gem_close(fd, to));
	free(inv);
}

static struct buffer map_buffer(int fd, size_t size)
{
	return buffer_new(fd, size, 0);
}

static void map_unmap(int fd, struct buffer *buffer)
{
	struct drm_qda_remote_map map = map_of(buffer, 0, buffer->size, 7);
	struct drm_qda_remote_munmap munmap = munmap_of(7);

	CHECK_OK(qda_map(fd, &map));
	CHECK_OK(qda_munmap(fd, &munmap));
}

static struct drm_qda_invoke *requests(unsigned int count)
{
	struct drm_qda_invoke *calls = calloc(count, sizeof(*calls));

	for (unsigned int i = 0; i < count; i++)
		calls[i] = (struct drm_qda_invoke){
			.handle = TEST_HANDLE,
			.sc = QDA_SCALARS(2, 0, 0),
			.flags = QDA_INVOKE_ASYNC,
		};
	return calls;
}

/* Submits @count calls that do not wait; there is always room for all of them. */
static void submit(int fd, struct drm_qda_invoke *calls, unsigned int count)
{
	struct drm_qda_invoke_batch batch = {
		.calls = (uintptr_t)calls,
		.count = count,
		.stride = sizeof(*calls),
	};

	if (ioctl(fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH, &batch) || batch.submitted != count)
		FAIL("%u of %u calls were submitted: %d, %m", batch.submitted, count, batch.error);
}

/* Waits until at least one call has ended, and takes note of all that have. */
static unsigned int reap(int fd, struct drm_qda_event_invoke *events, unsigned int room)
{
	ssize_t n = read(fd, events, room * sizeof(*events));

	if (n <= 0)
		FAIL("reading completions: %m");
	for (size_t i = 0; i < n / sizeof(*events); i++)
		if (events[i].error || events[i].dsp_status)
			FAIL("a call failed: %d, %#x", events[i].error, events[i].dsp_status);
	return n / sizeof(*events);
}

/*
 * From one thread. When a quarter of the calls has ended as many are submitted at once, so
 * that not each of them costs a system call.
 */
static double in_flight(int fd, unsigned int depth, unsigned int calls)
{
	struct drm_qda_event_invoke *events = calloc(depth, sizeof(*events));
	struct drm_qda_invoke *invokes = requests(depth);
	unsigned int few = depth / 4 ? depth / 4 : 1, ended = 0, more;
	double start;

	submit(fd, invokes, depth);
	for (more = 0; more < depth; more += reap(fd, events, depth))
		;
	start = now_ns();
	submit(fd, invokes, depth);
	for (unsigned int sent = depth; ended < calls; sent += more) {
		for (more = 0; more < few && ended < sent;) {
			unsigned int n = reap(fd, events, depth);

			more += n;
			ended += n;
		}
		more = more < calls - sent ? more : calls - sent;
		submit(fd, invokes, more);
	}
	start = now_ns() - start;
	free(invokes);
	free(events);
	return start / ended;
}

static double bytes_in_flight(int fd, unsigned int calls)
{
	struct drm_qda_event_invoke *events = calloc(calls, sizeof(*events));
	struct drm_qda_invoke *invokes = requests(calls);
	double bytes = free_bytes();

	submit(fd, invokes, calls);
	bytes -= free_bytes();
	for (unsigned int n = 0; n < calls; n += reap(fd, events, calls))
		;
	free(invokes);
	free(events);
	return bytes / calls;
}

static struct step call_buffer(int fd, size_t len)
{
	struct drm_qda_gem_create create;
	struct invocation *inv = inv_new(TEST_HANDLE, 2);

	CHECK_OK(gem_create(fd, len, 0, &create));
	inv_bo_in(inv, create.handle, 0, len);
	return step_of(fd, inv);
}

const struct subject subject_native = {
	.name = "native",
	.module = "qda",
	.most_inline = 4 * MIB,
	.most_files = 900,
	.dsp = native_dsp,
	.open = open_node,
	.create = create,
	.release = release,
	.call = call_of,
	.call_shared = call_shared,
	.call_dmabuf = call_dmabuf,
	.map_buffer = map_buffer,
	.map_unmap = map_unmap,
	.in_flight = in_flight,
	.bytes_in_flight = bytes_in_flight,
	.call_buffer = call_buffer,
};
