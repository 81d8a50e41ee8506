// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: how a caller waits, what is left when it gives up, and answers that
 * do not belong to what it waits for; a part of the suite shim.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "exporter.h"
#include "ktap.h"
#include "legacy.h"

#define METHOD 3

struct caller {
	int fd;
	struct legacy_call *call;
};

static int call(void *arg)
{
	struct caller *c = arg;

	return legacy_call_run(c->fd, c->call) != 0;
}

static char state_of(pid_t pid)
{
	char path[32], text[512], *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	read_text(path, text, sizeof(text));
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

static bool is_idle(void *arg)
{
	return state_of(*(pid_t *)arg) == 'I';
}

/* 'D' would count as load, for as long as it waits. An idle task is none, nor one that hangs. */
TEST(listener_that_waits_is_idle_and_can_be_killed)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_create(dsp, legacy_open_node(dsp, false));
	struct caller c = { s.fd, legacy_call_new(FRPC_HANDLE_LISTENER1, 6) };
	struct dsp_call seen;
	pid_t pid = client_start(call, &c);

	dsp_expect(dsp, &seen, FRPC_HANDLE_LISTENER1, 6);
	CHECK(wait_for(is_idle, &pid));
	client_kill(pid);
	dsp_reply(dsp, &seen, 0);
	free(c.call);
	close(s.fd);
	expect_release(dsp, &seen, s.id);
	dsp_reply(dsp, &seen, 0);
	dsp_finish(dsp);
}

static bool is_lent(void *arg)
{
	return qda_get(arg, "remote_maps") == 1;
}

/* The DSP never hears of the DMA handle, so it would never give it back either. */
TEST(handle_of_a_call_that_was_not_sent_is_taken_back)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_create(dsp, legacy_open_node(dsp, false));
	struct caller c = { s.fd, legacy_call_new(TEST_HANDLE, METHOD) };
	int dmabuf = heap_dmabuf(PAGE);
	struct dsp_call seen;
	struct job *job;
	pid_t pid;

	legacy_handle_in(c.call, 0, PAGE, dmabuf);
	vdsp_set(dsp, "send_fail", 1000000000);
	pid = client_start(call, &c);
	CHECK(wait_for(is_lent, dsp));
	client_kill(pid);
	vdsp_set(dsp, "send_fail", 0);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	dsp_expect_silence(dsp);
	/* The next one counts from the beginning. */
	job = legacy_call_start(s.fd, c.call);
	dsp_expect(dsp, &seen, TEST_HANDLE, METHOD);
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	seen.fdlist[0] = dmabuf;
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	close(dmabuf);
	free(c.call);
	close(s.fd);
	expect_release(dsp, &seen, s.id);
	dsp_reply(dsp, &seen, 0);
	dsp_finish(dsp);
}

/* It may use the handle still: nobody has heard that it does not. */
TEST(handle_of_a_call_that_was_left_stays_lent)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_create(dsp, legacy_open_node(dsp, false));
	struct caller c = { s.fd, legacy_call_new(TEST_HANDLE, METHOD) };
	int dmabuf = heap_dmabuf(PAGE);
	struct dsp_call seen;
	uint64_t addr;
	pid_t pid;

	legacy_handle_in(c.call, 0, PAGE, dmabuf);
	pid = client_start(call, &c);
	dsp_expect(dsp, &seen, TEST_HANDLE, METHOD);
	addr = seen.page[0].addr;
	client_kill(pid);
	close(dmabuf);
	CHECK(dsp_can_read(dsp, addr));
	dsp_reply(dsp, &seen, 0);
	CHECK(dsp_can_read(dsp, addr));
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	free(c.call);
	close(s.fd);
	expect_release(dsp, &seen, s.id);
	dsp_reply(dsp, &seen, 0);
	dsp_finish(dsp);
}

/* The old driver may complete a call with them before it is made, or free it twice. */
TEST(forged_early_and_double_answers_end_nothing)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *request = legacy_call_new(TEST_HANDLE, METHOD);
	struct dsp_call seen;
	struct job *job;

	for (int round = 0; round < 20; round++) {
		job = legacy_call_start(s.fd, request);
		dsp_expect(dsp, &seen, TEST_HANDLE, METHOD);
		/* The contexts that come next, and this one as it is not. */
		for (uint64_t bit = 0; bit < 64; bit++)
			dsp_reply_ctx(dsp, seen.msg.ctx ^ 1ull << bit, 1);
		for (uint64_t next = 1; next < 20; next++)
			dsp_reply_ctx(dsp, seen.msg.ctx + (next << 16), 1);
		CHECK(!job_done(job));
		dsp_reply(dsp, &seen, 0);
		dsp_reply(dsp, &seen, 1);
		CHECK_OK(job_wait(job));
		dsp_reply(dsp, &seen, 1);
	}
	free(request);
	dsp_finish(dsp);
}

/* Answered inside of the send. The old driver runs out of contexts: it frees them later. */
TEST(busy_client_never_runs_out_of_contexts)
{
	struct legacy_call *request = legacy_call_new(TEST_HANDLE, METHOD);
	struct fastrpc_init_create create = LEGACY_PD;
	struct dsp *dsp;
	int fd;

	legacy_load();
	dsp = dsp_new_inside("cdsp firmware=loopback");
	dsp_wait_node(dsp);
	fd = legacy_open(dsp, false);
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &create));
	for (int i = 0; i < 3000; i++)
		CHECK_OK(legacy_call_run(fd, request));
	free(request);
	dsp_finish(dsp);
}

/* A buffer of several pieces is of no use to a DSP that takes physical addresses. */
TEST(buffer_in_pieces_einval_without_an_iommu)
{
	struct dsp *dsp = legacy_new("cdsp banks=1 direct=1");
	struct session s = legacy_session(dsp);
	int dmabuf = udmabuf_of_one_page(3);
	struct fastrpc_mem_map map = { .fd = dmabuf, .length = PAGE };
	struct legacy_call *request = legacy_call_new(TEST_HANDLE, METHOD);

	legacy_in(request, NULL, PAGE, dmabuf);
	CHECK_ERR(-EINVAL, legacy_call_run(s.fd, request));
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, FASTRPC_IOCTL_MEM_MAP, &map));
	dsp_expect_silence(dsp);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	close(dmabuf);
	free(request);
	dsp_finish(dsp);
}

/*
 * The driver lets go of a DSP that goes on, without an IOMMU. The calls that end by that have
 * the only references to their buffers, which the DSP may still write to.
 */
TEST(buffers_of_calls_that_end_with_the_channel_are_quarantined)
{
	enum { CALLS = 8 };
	struct dsp *dsp = legacy_new("cdsp banks=1 direct=1");
	struct session s = legacy_session(dsp);
	struct legacy_call *request[CALLS];
	struct job *job[CALLS];
	struct dsp_call seen;
	int dmabuf[CALLS];
	long long mapped;

	for (int i = 0; i < CALLS; i++) {
		dmabuf[i] = heap_dmabuf(PAGE);
		request[i] = legacy_call_new(TEST_HANDLE, METHOD);
		legacy_in(request[i], NULL, PAGE, dmabuf[i]);
		job[i] = legacy_call_start(s.fd, request[i]);
		dsp_expect(dsp, &seen, TEST_HANDLE, METHOD);
	}
	mapped = qda_get(dsp, "mapped_pages");
	CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/unbind", dsp->parent));
	for (int i = 0; i < CALLS; i++) {
		CHECK_ERR(-EPIPE, job_wait(job[i]));
		close(dmabuf[i]);
		free(request[i]);
	}
	CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/bind", dsp->parent));
	dsp_wait_node(dsp);
	CHECK_EQ(mapped, qda_get(dsp, "quarantined_pages"));
	dsp_down(dsp);
	dsp_up(dsp);
	CHECK_EQ(0, qda_get(dsp, "quarantined_pages"));
	dsp_finish(dsp);
}

static int call_until_the_end(void *arg)
{
	struct caller *c = arg;
	int ret;

	do
		ret = legacy_call_run(c->fd, c->call);
	while (!ret);
	return ret != -EPIPE;
}

/* The channel goes between the check whether it is there and the send. */
TEST(calls_race_with_the_end_of_the_dsp)
{
	enum { CALLERS = 3 };
	struct legacy_call *request = legacy_call_new(TEST_HANDLE, METHOD);
	struct dsp *dsp = legacy_new("cdsp");
	struct session s;

	for (int round = 0; round < 10; round++) {
		pid_t pid[CALLERS];
		struct caller c;
		struct dsp_call seen;

		s = legacy_create(dsp, legacy_open_node(dsp, false));
		c = (struct caller){ s.fd, request };
		for (int i = 0; i < CALLERS; i++)
			pid[i] = client_start(call_until_the_end, &c);
		for (int i = 0; i < 5 * (round + 1); i++) {
			dsp_expect(dsp, &seen, TEST_HANDLE, METHOD);
			dsp_reply(dsp, &seen, 0);
		}
		dsp_down(dsp);
		for (int i = 0; i < CALLERS; i++)
			CHECK_EQ(0, client_wait(pid[i]));
		close(s.fd);
		dsp_up(dsp);
	}
	free(request);
	dsp_finish(dsp);
}
