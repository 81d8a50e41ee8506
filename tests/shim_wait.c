// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: how a caller waits, and what is left when it gives up; a part of the suite shim.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
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
