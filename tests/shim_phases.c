// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: what happens to a client when the DSP goes, the client is killed,
 * the module is to be unloaded or unbound, at each point of the client's life; a part of
 * the suite shim.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "module.h"

#define VADDR  0x12340000ull
#define METHOD 2
#define DRIVER "/sys/bus/auxiliary/drivers/" LEGACY_MODULE ".shim/"

enum phase { OPEN, CREATING, LIVE, CALL, MAP_HEAP, UNMAP_HEAP, MAP_BUFFER, UNMAP_BUFFER, CLOSING };

/* What the client does in a phase, and what the DSP sees of it. */
static const struct {
	const char *name;
	unsigned long cmd;
	uint32_t handle;
	unsigned int method;
} phases[] = {
	[OPEN] = { .name = "open" },
	[CREATING] = { "creating", FASTRPC_IOCTL_INIT_CREATE, FRPC_HANDLE_INIT,
		       FRPC_INIT_CREATE_ATTR },
	[LIVE] = { .name = "live" },
	[CALL] = { "in a call", FASTRPC_IOCTL_INVOKE, TEST_HANDLE, METHOD },
	[MAP_HEAP] = { "in MMAP", FASTRPC_IOCTL_MMAP, FRPC_HANDLE_INIT, FRPC_INIT_MMAP },
	[UNMAP_HEAP] = { "in MUNMAP", FASTRPC_IOCTL_MUNMAP, FRPC_HANDLE_INIT, FRPC_INIT_MUNMAP },
	[MAP_BUFFER] = { "in MEM_MAP", FASTRPC_IOCTL_MEM_MAP, FRPC_HANDLE_INIT, FRPC_INIT_MEM_MAP },
	[UNMAP_BUFFER] = { "in MEM_UNMAP", FASTRPC_IOCTL_MEM_UNMAP, FRPC_HANDLE_INIT,
			   FRPC_INIT_MEM_UNMAP },
	[CLOSING] = { "closing", 0, FRPC_HANDLE_INIT, FRPC_INIT_RELEASE },
};

/* A client in a phase. */
struct client {
	struct dsp *dsp;
	enum phase phase;
	int fd;
	int buffer;
	struct job *job;      /* its ioctl in a thread, or */
	pid_t pid;	      /* a process that makes it */
	struct dsp_call seen; /* that the DSP has not answered */
	struct legacy_call *call;
	struct fastrpc_init_create create;
	struct fastrpc_req_mmap mmap;
	struct fastrpc_req_munmap munmap;
	struct fastrpc_mem_map mem_map;
	struct fastrpc_mem_unmap mem_unmap;
};

static void *argument(struct client *c, unsigned long cmd)
{
	switch (cmd) {
	case FASTRPC_IOCTL_INIT_CREATE:
		return &c->create;
	case FASTRPC_IOCTL_INVOKE:
		return &c->call->req;
	case FASTRPC_IOCTL_MMAP:
		return &c->mmap;
	case FASTRPC_IOCTL_MUNMAP:
		return &c->munmap;
	case FASTRPC_IOCTL_MEM_MAP:
		return &c->mem_map;
	default:
		return &c->mem_unmap;
	}
}

static bool has_answer_address(const struct client *c)
{
	unsigned int method = FRPC_SC_METHOD(c->seen.msg.sc);

	return c->seen.msg.handle == FRPC_HANDLE_INIT &&
	       (method == FRPC_INIT_MMAP || method == FRPC_INIT_MEM_MAP);
}

static void answer(struct client *c)
{
	uint64_t vaddr = VADDR, len;

	if (has_answer_address(c))
		memcpy(dsp_arg(c->dsp, &c->seen, c->seen.n - 1, &len), &vaddr, sizeof(vaddr));
	dsp_reply(c->dsp, &c->seen, 0);
}

static void start(struct client *c, enum phase phase)
{
	c->job = job_start(c->fd, phases[phase].cmd, argument(c, phases[phase].cmd));
	dsp_expect(c->dsp, &c->seen, phases[phase].handle, phases[phase].method);
}

static void end(struct client *c)
{
	answer(c);
	CHECK_OK(job_wait(c->job));
	c->job = NULL;
}

static bool has_process(enum phase phase)
{
	return phase != OPEN && phase != CREATING;
}

/* Everything up to the phase is answered. */
static struct client client_new(struct dsp *dsp, enum phase phase)
{
	struct client c = {
		.dsp = dsp,
		.phase = phase,
		.fd = legacy_open_node(dsp, false),
		.buffer = heap_dmabuf(PAGE),
		.call = legacy_call_new(TEST_HANDLE, METHOD),
		.create = LEGACY_PD,
		.mmap = { .fd = -1, .flags = FRPC_MMAP_ADD_PAGES, .size = PAGE },
		.munmap = { .vaddrout = VADDR, .size = PAGE },
		.mem_unmap = { .vaddr = VADDR },
	};

	ktap_note("%s", phases[phase].name);
	c.mem_map = (struct fastrpc_mem_map){ .fd = c.buffer, .length = PAGE };
	c.mem_unmap.fd = c.buffer;
	legacy_in(c.call, NULL, PAGE, c.buffer);
	legacy_handle_in(c.call, 0, PAGE, c.buffer);
	if (has_process(phase)) {
		start(&c, CREATING);
		end(&c);
	}
	if (phase == UNMAP_HEAP || phase == UNMAP_BUFFER) {
		start(&c, phase == UNMAP_HEAP ? MAP_HEAP : MAP_BUFFER);
		end(&c);
	}
	return c;
}

static void enter(struct client *c)
{
	if (c->phase == CLOSING) {
		close(c->fd);
		dsp_expect(c->dsp, &c->seen, FRPC_HANDLE_INIT, FRPC_INIT_RELEASE);
	} else if (phases[c->phase].cmd) {
		start(c, c->phase);
	}
}

static void client_free(struct client *c)
{
	if (c->phase != CLOSING)
		close(c->fd);
	close(c->buffer);
	free(c->call);
}

/* ---- the DSP goes ---- */

static void check_all_epipe(struct client *c)
{
	struct fastrpc_alloc_dma_buf alloc = { .size = PAGE };

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
		if (phases[i].cmd)
			CHECK_ERR(-EPIPE,
				  do_ioctl(c->fd, phases[i].cmd, argument(c, phases[i].cmd)));
	CHECK_ERR(-EPIPE, do_ioctl(c->fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	CHECK_ERR(-EPIPE, do_ioctl(c->fd, FASTRPC_IOCTL_INIT_ATTACH, NULL));
}

TEST(dsp_goes_in_each_phase)
{
	struct dsp *dsp = legacy_new("cdsp");

	for (enum phase phase = OPEN; phase <= CLOSING; phase++) {
		struct client c = client_new(dsp, phase);

		enter(&c);
		dsp_down(dsp);
		if (c.job)
			CHECK_ERR(-EPIPE, job_wait(c.job));
		if (phase != CLOSING)
			check_all_epipe(&c);
		client_free(&c);
		dsp_up(dsp);
	}
	dsp_finish(dsp);
}

/* ---- the client is killed ---- */

static int be_client(void *arg)
{
	struct client *c = arg;

	if (!phases[c->phase].cmd)
		pause();
	return do_ioctl(c->fd, phases[c->phase].cmd, argument(c, phases[c->phase].cmd)) != 0;
}

/* The file is the child's only, so killing it closes the file. */
static void enter_as_child(struct client *c)
{
	c->pid = client_start(be_client, c);
	close(c->fd);
	if (phases[c->phase].cmd)
		dsp_expect(c->dsp, &c->seen, phases[c->phase].handle, phases[c->phase].method);
}

static void expect_end(struct client *c)
{
	struct dsp_call release;

	/* A process that is being created has to exist before it can end. */
	if (c->phase == CREATING)
		answer(c);
	if (c->phase != OPEN) {
		dsp_expect(c->dsp, &release, FRPC_HANDLE_INIT, FRPC_INIT_RELEASE);
		if (c->phase != CREATING && c->phase != LIVE)
			answer(c);
		dsp_reply(c->dsp, &release, 0);
	}
	qda_wait(c->dsp, "sessions", 0);
	CHECK_EQ(0, qda_get(c->dsp, "processes"));
	CHECK_EQ(0, qda_get(c->dsp, "remote_maps"));
	CHECK_EQ(0, qda_get(c->dsp, "mappings"));
	vdsp_wait(c->dsp, "pages_mapped", c->dsp->pages_at_start);
}

TEST(client_is_killed_in_each_phase)
{
	struct dsp *dsp = legacy_new("cdsp");

	for (enum phase phase = OPEN; phase < CLOSING; phase++) {
		struct client c = client_new(dsp, phase);

		enter_as_child(&c);
		client_kill(c.pid);
		expect_end(&c);
		close(c.buffer);
		free(c.call);
	}
	dsp_finish(dsp);
}

/* ---- the module ---- */

/* Once the file is closed the module is not needed: the rest is the driver's own business. */
TEST(module_is_unloaded_in_each_phase)
{
	struct dsp *dsp = legacy_new("cdsp");

	for (enum phase phase = OPEN; phase <= CLOSING; phase++) {
		struct client c = client_new(dsp, phase);

		enter(&c);
		CHECK_EQ(phase == CLOSING, module_try_unload(LEGACY_MODULE));
		if (c.job)
			end(&c);
		else if (phase == CLOSING)
			answer(&c);
		client_free(&c);
		if (phase != CLOSING && phase != OPEN) {
			dsp_expect(dsp, &c.seen, FRPC_HANDLE_INIT, FRPC_INIT_RELEASE);
			answer(&c);
		}
		qda_wait(dsp, "sessions", 0);
	}
	dsp_finish(dsp);
}

static void bind(struct dsp *dsp, bool on)
{
	char name[32];

	snprintf(name, sizeof(name), "qda.fastrpc.%u", dsp->info.domain);
	CHECK_EQ(0, write_text(on ? DRIVER "bind" : DRIVER "unbind", name));
	CHECK_EQ(on, legacy_has_node(dsp, true));
	CHECK_EQ(on, legacy_has_node(dsp, false));
}

/* The nodes go, the files stay: what they ask for is done by the driver below. */
TEST(device_is_unbound_in_each_phase)
{
	struct dsp *dsp = legacy_new("cdsp");

	for (enum phase phase = OPEN; phase <= CLOSING; phase++) {
		struct client c = client_new(dsp, phase);

		enter(&c);
		bind(dsp, false);
		if (c.job)
			end(&c);
		else if (phase == CLOSING)
			answer(&c);
		if (phase == OPEN) {
			start(&c, CREATING);
			end(&c);
		}
		if (phase != CLOSING) {
			start(&c, CALL);
			end(&c);
		}
		client_free(&c);
		if (phase != CLOSING) {
			dsp_expect(dsp, &c.seen, FRPC_HANDLE_INIT, FRPC_INIT_RELEASE);
			answer(&c);
		}
		qda_wait(dsp, "sessions", 0);
		bind(dsp, true);
	}
	dsp_finish(dsp);
}

/* A file of a node that is gone, when the DSP goes, and the one that comes is another. */
TEST(dsp_goes_after_the_device_was_unbound)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct client c = client_new(dsp, CALL);

	enter(&c);
	bind(dsp, false);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(c.job));
	check_all_epipe(&c);
	dsp_up(dsp);
	check_all_epipe(&c);
	client_free(&c);
	legacy_session(dsp);
	dsp_finish(dsp);
}
