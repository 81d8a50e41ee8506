// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Ends of calls that nobody waits for: the DSP, the process, the file or the caller goes, a
 * deadline comes, memory runs out. Each call that was sent has one completion all the same.
 * Part of the suite "async".
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "async.h"
#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "storm.h"
#include "sys.h"

/* ---- ends of all kinds ---- */

TEST(dsp_goes_every_call_has_its_event)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	bool seen[20] = { false };
	struct dsp_call call;

	for (unsigned int i = 0; i < ARRAY_SIZE(seen); i++) {
		struct invocation *inv = async_new(i);

		if (i % 2)
			inv_bo_out(inv, b.handle, 0, PAGE);
		CHECK_OK(qda_invoke(s.fd, &inv->req));
		dsp_expect(dsp, &call, TEST_HANDLE, 6);
	}
	dsp_down(dsp);
	for (unsigned int i = 0; i < ARRAY_SIZE(seen); i++) {
		struct drm_qda_event_invoke event = next_event(s.fd);

		CHECK_ERR(-EPIPE, event.error);
		CHECK_EQ(0, event.dsp_status);
		CHECK(event.user_data < ARRAY_SIZE(seen) && !seen[event.user_data]);
		seen[event.user_data] = true;
	}
	CHECK(!has_event(s.fd, 0));
	CHECK_ERR(-ENODEV, submit(s.fd, 0));
	buffers_finish(dsp);
}

TEST(process_dies_every_call_has_its_event)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct dsp_call call[5];

	for (int i = 0; i < 5; i++)
		submit_seen(dsp, s.fd, i, &call[i]);
	dsp_notify(dsp, s.id, FRPC_PD_STATUS_EXCEPTION);
	for (int i = 0; i < 5; i++)
		dsp_reply(dsp, &call[i], FRPC_EBADSTATE);
	for (int i = 0; i < 5; i++)
		expect_event(s.fd, i, -EPIPE, FRPC_EBADSTATE);
	CHECK_ERR(-EPIPE, submit(s.fd, 5));
	dsp_finish(dsp);
}

TEST(release_every_call_has_its_event)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_session_release release = { 0 };
	struct dsp_call call[5], end;
	struct job *job;

	for (int i = 0; i < 5; i++)
		submit_seen(dsp, s.fd, i, &call[i]);
	job = release_start(s.fd, &release);
	expect_release(dsp, &end, s.id);
	for (int i = 0; i < 5; i++)
		dsp_reply(dsp, &call[i], FRPC_EBADSTATE);
	dsp_reply(dsp, &end, 0);
	CHECK_OK(job_wait(job));
	for (int i = 0; i < 5; i++)
		expect_event(s.fd, i, 0, FRPC_EBADSTATE);
	CHECK_ERR(-ENOTCONN, submit(s.fd, 5));
	dsp_finish(dsp);
}

/* Answers before and after RELEASE find nobody; what they used goes with them. */
static void close_in_flight(uint64_t deadline)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct buffer b = buffer_new(fd, PAGE, 0);
	struct dsp_call call[6], release;

	for (int i = 0; i < 6; i++) {
		struct invocation *inv = async_new(i);

		inv->req.deadline = deadline;
		if (i % 2)
			inv_bo_out(inv, b.handle, 0, PAGE);
		CHECK_OK(qda_invoke(fd, &inv->req));
		dsp_expect(dsp, &call[i], TEST_HANDLE, 6);
		free(inv);
	}
	buffer_munmap(&b);
	close(fd);
	expect_release(dsp, &release, s.id);
	for (int i = 0; i < 3; i++)
		dsp_reply(dsp, &call[i], FRPC_EBADSTATE);
	dsp_reply(dsp, &release, 0);
	for (int i = 3; i < 6; i++)
		dsp_reply(dsp, &call[i], 0);
	dsp_finish(dsp);
}

TEST(close_with_calls_in_flight)
{
	close_in_flight(0);
}

TEST(close_with_deadlines_to_come)
{
	close_in_flight(~0ull);
}

TEST(close_with_events_that_nobody_read)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	dsp_serve(dsp, NULL, NULL);
	for (int i = 0; i < 50; i++)
		CHECK_OK(submit(s.fd, i));
	dsp_finish(dsp);
}

static int submit_and_wait(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd = accel_open(arg);

	if (qda_create(fd, &create))
		return 1;
	for (int i = 0; i < 10; i++)
		CHECK_OK(submit(fd, i));
	pause();
	return 0;
}

TEST(kill_with_calls_in_flight)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call[10], create, release;
	pid_t pid = client_start(submit_and_wait, dsp->node);
	struct frpc_create wire;

	expect_create(dsp, &create, &wire);
	dsp_reply(dsp, &create, 0);
	for (int i = 0; i < 10; i++)
		dsp_expect(dsp, &call[i], TEST_HANDLE, 6);
	client_kill(pid);
	expect_release(dsp, &release, wire.client_id);
	dsp_reply(dsp, &release, 0);
	for (int i = 0; i < 10; i++)
		dsp_reply(dsp, &call[i], 0);
	dsp_finish(dsp);
}

TEST(answers_that_come_twice)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct dsp_call call;

	for (int i = 0; i < 20; i++) {
		submit_seen(dsp, s.fd, i, &call);
		for (int k = 0; k < 3; k++)
			dsp_reply(dsp, &call, i);
	}
	for (int i = 0; i < 20; i++)
		expect_event(s.fd, i, 0, i);
	CHECK(!has_event(s.fd, 0));
	dsp_finish(dsp);
}

TEST(transport_that_is_full)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = async_new(1);
	struct dsp_call call;
	int ret;

	vdsp_set(dsp, "send_fail", 5);
	submit_seen(dsp, s.fd, 0, &call);
	dsp_reply(dsp, &call, 0);
	expect_event(s.fd, 0, 0, 0);
	/* For ever: it is not sent. Whoever sees the deadline first says so, ioctl or timer. */
	vdsp_set(dsp, "send_fail", 1000000);
	inv->req.deadline = in_us(100000);
	ret = qda_invoke(s.fd, &inv->req);
	if (ret)
		CHECK_ERR(-ETIMEDOUT, ret);
	else
		expect_event(s.fd, 1, -ETIMEDOUT, 0);
	vdsp_set(dsp, "send_fail", 0);
	CHECK(!has_event(s.fd, 0));
	CHECK_EQ(0, qda_get(dsp, "calls_in_flight"));
	dsp_finish(dsp);
}

/* ---- deadlines ---- */

TEST(deadline_becomes_an_event)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = async_new(5);
	struct dsp_call call;

	inv->req.deadline = in_us(200000);
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	dsp_expect(dsp, &call, TEST_HANDLE, 6);
	expect_event(s.fd, 5, -ETIMEDOUT, 0);
	CHECK_EQ(1, qda_get(dsp, "calls_in_flight"));
	dsp_reply(dsp, &call, 0);
	qda_wait(dsp, "calls_in_flight", 0);
	CHECK(!has_event(s.fd, 0));
	dsp_finish(dsp);
}

TEST(deadline_and_answer_at_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	unsigned int late = 0;

	for (int i = 0; i < 200; i++) {
		struct invocation *inv = async_new(i);
		struct drm_qda_event_invoke event;
		struct dsp_call call;

		if (i % 2)
			inv_bo_out(inv, b.handle, 0, PAGE);
		inv->req.deadline = in_us(i % 4 < 2 ? 2000 : 12000);
		while (qda_invoke(s.fd, &inv->req) == -ETIMEDOUT)
			inv->req.deadline = in_us(12000);
		dsp_expect(dsp, &call, TEST_HANDLE, 6);
		usleep(i % 17 * 100);
		dsp_reply(dsp, &call, 0);
		event = next_event(s.fd);
		CHECK_EQ(i, event.user_data);
		late += event.error != 0;
		if (event.error)
			CHECK_ERR(-ETIMEDOUT, event.error);
		free(inv);
	}
	qda_wait(dsp, "calls_in_flight", 0);
	CHECK(!has_event(s.fd, 0));
	ktap_note("%u of 200 were late", late);
	buffers_finish(dsp);
}

/* ---- signals, lack of memory ---- */

TEST(storm_each_call_has_one_event)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	bool seen[300] = { false };

	dsp_serve(dsp, NULL, NULL);
	storm_begin(STORM_RESTART);
	for (unsigned int i = 0; i < ARRAY_SIZE(seen);) {
		struct drm_qda_invoke calls[10];
		struct drm_qda_invoke_batch batch = batch_of(calls, 10);
		int ret;

		for (int k = 0; k < 10; k++)
			calls[k].user_data += i;
		ret = qda_batch(s.fd, &batch);
		if (ret)
			CHECK_ERR(-EAGAIN, ret);
		if (batch.error && batch.error != -EINTR)
			CHECK_ERR(-EAGAIN, batch.error);
		i += batch.submitted;
		for (uint32_t k = 0; k < batch.submitted; k++) {
			struct drm_qda_event_invoke event = next_event(s.fd);

			CHECK_EQ(0, event.error);
			CHECK(event.user_data < ARRAY_SIZE(seen) + 10);
			if (event.user_data >= ARRAY_SIZE(seen))
				continue;
			CHECK(!seen[event.user_data]);
			seen[event.user_data] = true;
		}
	}
	ktap_note("%lu signals", storm_signals());
	storm_end();
	for (unsigned int i = 0; i < ARRAY_SIZE(seen); i++)
		CHECK(seen[i]);
	CHECK(!has_event(s.fd, 0));
	dsp_finish(dsp);
}

static uint32_t count_calls(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	*(unsigned int *)arg += call->msg.handle != FRPC_HANDLE_INIT;
	return dsp_echo(dsp, call, NULL);
}

/* Either it was sent and has an event, or neither. */
TEST(lack_of_memory)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	unsigned int sent = 0, events = 0;
	bool hit = true;

	fault_setup();
	dsp_serve(dsp, count_calls, &sent);
	for (unsigned int nth = 1; hit; nth++) {
		struct invocation *inv = async_new(nth);
		unsigned int before = sent;
		int ret;

		inv_in(inv, &nth, sizeof(nth));
		inv_bo_out(inv, b.handle, 0, PAGE);
		ret = fault_ioctl(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &inv->req, nth, &hit);
		/* The copy of the structure back to the caller is made after all else. */
		if (!ret || (ret == -EFAULT && has_event(s.fd, 100))) {
			expect_event(s.fd, nth, 0, 0);
			events++;
			CHECK_EQ(before + 1, sent);
		} else {
			CHECK(ret == -ENOMEM || ret == -EFAULT);
			CHECK_EQ(before, sent);
		}
		CHECK(nth < 1000);
		free(inv);
	}
	CHECK(!has_event(s.fd, 0));
	CHECK_EQ(events, sent);
	buffers_finish(dsp);
}
