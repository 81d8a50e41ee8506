// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls that nobody waits for: each one that was sent has exactly one completion, whatever
 * the DSP, the process, the file or a signal does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "storm.h"
#include "sys.h"

#define BYTES 64
#define MANY  100

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(buffers_after_each);
}

/* ---- submitting and reading ---- */

static struct invocation *async_new(uint64_t user_data)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 6);

	inv->req.flags = QDA_INVOKE_ASYNC;
	inv->req.user_data = user_data;
	return inv;
}

static int submit(int fd, uint64_t user_data)
{
	struct invocation *inv = async_new(user_data);
	int ret = qda_invoke(fd, &inv->req);

	/* Without a device nobody looks at the structure. */
	CHECK_EQ(ret == -ENODEV ? 0xdeadbeef : 0, inv->req.dsp_status);
	CHECK_EQ(0, inv->req.cookie);
	free(inv);
	return ret;
}

static void submit_seen(struct dsp *dsp, int fd, uint64_t user_data, struct dsp_call *call)
{
	CHECK_OK(submit(fd, user_data));
	dsp_expect(dsp, call, TEST_HANDLE, 6);
}

static bool has_event(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 && p.revents & POLLIN;
}

static struct drm_qda_event_invoke next_event(int fd)
{
	struct drm_qda_event_invoke event;

	if (!has_event(fd, WAIT_MS))
		FAIL("no completion came");
	CHECK_EQ(sizeof(event), read(fd, &event, sizeof(event)));
	CHECK_EQ(QDA_EVENT_INVOKE, event.base.type);
	CHECK_EQ(sizeof(event), event.base.length);
	return event;
}

static void expect_event(int fd, uint64_t user_data, int error, uint32_t status)
{
	struct drm_qda_event_invoke event = next_event(fd);

	CHECK_EQ(user_data, event.user_data);
	CHECK_ERR(error, event.error);
	CHECK_EQ(status, event.dsp_status);
}

static uint64_t limit(int fd, uint32_t index)
{
	struct drm_qda_query query;

	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, index, &query));
	return query.value;
}

static uint64_t in_us(unsigned int us)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec + us * 1000ull;
}

/* ---- one call ---- */

TEST(the_answer_becomes_an_event)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = async_new(0x123456789abcdef0);
	unsigned char in[BYTES], copy[BYTES];
	struct dsp_call call;
	uint64_t len;
	void *p;

	fill_pattern(in, BYTES, 3);
	memcpy(copy, in, BYTES);
	inv_in(inv, in, BYTES);
	inv->req.dsp_status = 0xdeadbeef;
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	/* Nothing of the caller's is needed any more. */
	memset(in, POISON, BYTES);
	memset(inv, POISON, sizeof(*inv));
	dsp_expect(dsp, &call, TEST_HANDLE, 6);
	CHECK_EQ(s.id, call.msg.client_id);
	p = dsp_arg(dsp, &call, 0, &len);
	CHECK_EQ(BYTES, len);
	CHECK_MEM(copy, p, BYTES);
	CHECK(!has_event(s.fd, 0));
	dsp_reply(dsp, &call, 0x4711);
	expect_event(s.fd, 0x123456789abcdef0, 0, 0x4711);
	CHECK(!has_event(s.fd, 0));
	free(inv);
	dsp_finish(dsp);
}

TEST(epoll_tells_when_there_is_something)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct epoll_event want = { .events = EPOLLIN }, got;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct dsp_call call;

	CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, s.fd, &want));
	for (int i = 0; i < 5; i++) {
		submit_seen(dsp, s.fd, i, &call);
		CHECK_EQ(0, epoll_wait(epoll, &got, 1, 0));
		dsp_reply(dsp, &call, 0);
		CHECK_EQ(1, epoll_wait(epoll, &got, 1, WAIT_MS));
		expect_event(s.fd, i, 0, 0);
	}
	close(epoll);
	dsp_finish(dsp);
}

TEST(read_without_waiting)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_event_invoke events[10];
	struct dsp_call call[3];

	CHECK(!fcntl(s.fd, F_SETFL, O_RDWR | O_NONBLOCK));
	CHECK_EQ(-1, read(s.fd, events, sizeof(events)));
	CHECK_EQ(EAGAIN, errno);
	for (int i = 0; i < 3; i++)
		submit_seen(dsp, s.fd, i, &call[i]);
	for (int i = 0; i < 3; i++)
		dsp_reply(dsp, &call[i], i);
	qda_wait(dsp, "calls_in_flight", 0);
	/* Two and a half fit. */
	CHECK_EQ(2 * sizeof(*events), read(s.fd, events, 5 * sizeof(*events) / 2));
	CHECK_EQ(0, events[0].user_data);
	CHECK_EQ(1, events[1].user_data);
	CHECK_EQ(sizeof(*events), read(s.fd, events, sizeof(events)));
	CHECK_EQ(2, events[0].user_data);
	dsp_finish(dsp);
}

/* What the DSP wrote is there when the event is. */
TEST(outputs_in_buffers)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int i = 0; i < 4; i++) {
		struct buffer b = buffer_new(s.fd, 2 * PAGE, i % 2 ? QDA_GEM_WC : 0);
		struct invocation *inv = async_new(i);
		struct dsp_call call;
		uint64_t len;
		void *in, *out;

		fill_pattern(b.mem, PAGE, i);
		inv_bo_in(inv, b.handle, 0, PAGE);
		inv_bo_out(inv, b.handle, PAGE, PAGE);
		CHECK_OK(qda_invoke(s.fd, &inv->req));
		/* The call keeps the buffer. */
		buffer_close(&b);
		dsp_expect(dsp, &call, TEST_HANDLE, 6);
		in = dsp_arg(dsp, &call, 0, &len);
		out = dsp_arg(dsp, &call, 1, &len);
		memcpy(out, in, PAGE);
		dsp_reply(dsp, &call, 0);
		expect_event(s.fd, i, 0, 0);
		CHECK_MEM(b.mem, b.mem + PAGE, PAGE);
		free(inv);
	}
	buffers_finish(dsp);
}

TEST(empty_inline_outputs_are_no_outputs)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = async_new(9);

	dsp_serve(dsp, NULL, NULL);
	inv_in(inv, "abc", 3);
	inv_out(inv, bad_pointer(), 0);
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	expect_event(s.fd, 9, 0, 0);
	dsp_finish(dsp);
}

TEST(large_inputs)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = async_new(1);
	unsigned char *in = guarded_alloc(MIB);
	struct dsp_call call;
	uint64_t len;
	void *p;

	fill_pattern(in, MIB, 1);
	inv_in(inv, in, MIB);
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	dsp_expect(dsp, &call, TEST_HANDLE, 6);
	p = dsp_arg(dsp, &call, 0, &len);
	CHECK_EQ(MIB, len);
	CHECK_MEM(in, p, MIB);
	dsp_reply(dsp, &call, 0);
	expect_event(s.fd, 1, 0, 0);
	dsp_finish(dsp);
}

/* ---- many calls ---- */

TEST(many_in_flight_from_one_thread)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static struct dsp_call call[MANY];

	for (int i = 0; i < MANY; i++)
		submit_seen(dsp, s.fd, i, &call[i]);
	CHECK_EQ(MANY, qda_get(dsp, "calls_in_flight"));
	for (int i = MANY; i-- > 0;)
		dsp_reply(dsp, &call[i], 1000 + i);
	/* In the order in which they were answered. */
	for (int i = MANY; i-- > 0;)
		expect_event(s.fd, i, 0, 1000 + i);
	CHECK(!has_event(s.fd, 0));
	dsp_finish(dsp);
}

TEST(as_many_calls_as_the_limit_says)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	uint64_t calls = limit(s.fd, QDA_LIMIT_CALLS);
	struct dsp_call call, first;

	submit_seen(dsp, s.fd, 0, &first);
	for (uint64_t i = 1; i < calls; i++)
		submit_seen(dsp, s.fd, i, &call);
	for (int i = 0; i < 3; i++)
		CHECK_ERR(-EAGAIN, submit(s.fd, calls));
	dsp_reply(dsp, &first, 0);
	expect_event(s.fd, 0, 0, 0);
	/* The place of a call is free a moment after its event. */
	while (submit(s.fd, calls) == -EAGAIN)
		usleep(1000);
	dsp_expect(dsp, &call, TEST_HANDLE, 6);
	dsp_down(dsp);
	for (uint64_t i = 1; i <= calls; i++)
		CHECK_ERR(-EPIPE, next_event(s.fd).error);
	CHECK(!has_event(s.fd, 0));
	dsp_finish(dsp);
}

TEST(as_many_events_as_the_limit_says)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	uint64_t events = limit(s.fd, QDA_LIMIT_EVENTS);
	struct dsp_call call;

	for (uint64_t i = 0; i < events; i++) {
		submit_seen(dsp, s.fd, i, &call);
		dsp_reply(dsp, &call, 0);
		qda_wait(dsp, "calls_in_flight", 0);
	}
	for (int i = 0; i < 3; i++)
		CHECK_ERR(-EAGAIN, submit(s.fd, events));
	expect_event(s.fd, 0, 0, 0);
	submit_seen(dsp, s.fd, events, &call);
	CHECK_ERR(-EAGAIN, submit(s.fd, events + 1));
	dsp_reply(dsp, &call, 0);
	for (uint64_t i = 1; i <= events; i++)
		expect_event(s.fd, i, 0, 0);
	CHECK_EQ(events + 2, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(sessions_do_not_see_each_others_events)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s[2] = { session_new(dsp), session_new(dsp) };
	struct dsp_call call[2];

	submit_seen(dsp, s[0].fd, 10, &call[0]);
	submit_seen(dsp, s[1].fd, 11, &call[1]);
	dsp_reply(dsp, &call[1], 1);
	expect_event(s[1].fd, 11, 0, 1);
	CHECK(!has_event(s[0].fd, 0));
	dsp_reply(dsp, &call[0], 2);
	expect_event(s[0].fd, 10, 0, 2);
	CHECK(!has_event(s[1].fd, 0));
	dsp_finish(dsp);
}

TEST(waiting_calls_and_others_at_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	dsp_serve(dsp, NULL, NULL);
	for (int i = 0; i < 50; i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);
		unsigned char in[BYTES], out[BYTES];

		CHECK_OK(submit(s.fd, i));
		fill_pattern(in, BYTES, i);
		inv_in(inv, in, BYTES);
		inv_out(inv, out, BYTES);
		CHECK_OK(qda_invoke(s.fd, &inv->req));
		CHECK_MEM(in, out, BYTES);
		expect_event(s.fd, i, 0, 0);
		free(inv);
	}
	dsp_finish(dsp);
}

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

	vdsp_set(dsp, "send_fail", 5);
	submit_seen(dsp, s.fd, 0, &call);
	dsp_reply(dsp, &call, 0);
	expect_event(s.fd, 0, 0, 0);
	/* For ever: then it is not sent, and there is no event. */
	vdsp_set(dsp, "send_fail", 1000000);
	inv->req.deadline = in_us(100000);
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &inv->req));
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

/* ---- batches ---- */

static struct drm_qda_invoke_batch batch_of(struct drm_qda_invoke *calls, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		calls[i] = (struct drm_qda_invoke){ .handle = TEST_HANDLE,
						    .sc = QDA_SCALARS(6, 0, 0),
						    .flags = QDA_INVOKE_ASYNC,
						    .user_data = i };
	return (struct drm_qda_invoke_batch){ .calls = (uintptr_t)calls,
					      .count = count,
					      .stride = sizeof(*calls),
					      .submitted = 0xdeadbeef,
					      .error = -1 };
}

/* A signal ends a batch early, and it is up to the program to go on. */
static int qda_batch(int fd, struct drm_qda_invoke_batch *batch)
{
	struct drm_qda_invoke_batch rest = *batch;
	int ret;

	batch->submitted = 0;
	do {
		ret = do_ioctl(fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH, &rest);
		batch->submitted += rest.submitted;
		rest.calls += (uint64_t)rest.submitted * rest.stride;
		rest.count -= rest.submitted;
	} while (!ret && rest.error == -EINTR);
	batch->error = rest.error;
	if (!ret || !batch->submitted)
		return ret;
	batch->error = ret;
	return 0;
}

TEST(batch_in_order)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_invoke calls[16];
	struct drm_qda_invoke_batch batch = batch_of(calls, 16);
	struct drm_qda_arg in[16];
	uint32_t number[16];
	struct dsp_call call;
	uint64_t len;

	for (uint32_t i = 0; i < 16; i++) {
		number[i] = i;
		in[i] = (struct drm_qda_arg){ (uintptr_t)&number[i], 4, 0, QDA_ARG_INLINE };
		calls[i].sc = QDA_SCALARS(6, 1, 0);
		calls[i].args = (uintptr_t)&in[i];
	}
	CHECK_OK(qda_batch(s.fd, &batch));
	CHECK_EQ(16, batch.submitted);
	CHECK_EQ(0, batch.error);
	for (uint32_t i = 0; i < 16; i++) {
		dsp_expect(dsp, &call, TEST_HANDLE, 6);
		CHECK_EQ(i, *(uint32_t *)dsp_arg(dsp, &call, 0, &len));
		dsp_reply(dsp, &call, i);
		expect_event(s.fd, i, 0, i);
	}
	dsp_finish(dsp);
}

TEST(batch_up_to_the_limit)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static struct drm_qda_invoke calls[300];
	struct drm_qda_invoke_batch batch = batch_of(calls, 300);
	uint64_t most = limit(s.fd, QDA_LIMIT_CALLS);

	CHECK_OK(qda_batch(s.fd, &batch));
	CHECK_EQ(most, batch.submitted);
	CHECK_ERR(-EAGAIN, batch.error);
	CHECK_ERR(-EAGAIN, qda_batch(s.fd, &batch));
	CHECK_EQ(0, batch.submitted);
	CHECK_EQ(0, batch.error);
	dsp_down(dsp);
	for (uint64_t i = 0; i < most; i++)
		CHECK_ERR(-EPIPE, next_event(s.fd).error);
	CHECK(!has_event(s.fd, 0));
	dsp_finish(dsp);
}

TEST(batch_up_to_a_bad_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_invoke calls[4];
	struct drm_qda_invoke_batch batch = batch_of(calls, 4);

	dsp_serve(dsp, NULL, NULL);
	calls[2].handle = QDA_HANDLE_KERNEL;
	CHECK_OK(qda_batch(s.fd, &batch));
	CHECK_EQ(2, batch.submitted);
	CHECK_ERR(-EPERM, batch.error);
	calls[0].handle = QDA_HANDLE_KERNEL;
	CHECK_ERR(-EPERM, qda_batch(s.fd, &batch));
	CHECK_EQ(0, batch.submitted);
	CHECK_EQ(0, batch.error);
	expect_event(s.fd, 0, 0, 0);
	expect_event(s.fd, 1, 0, 0);
	batch.count = 0;
	batch.calls = 0;
	CHECK_OK(qda_batch(s.fd, &batch));
	CHECK_EQ(0, batch.submitted);
	dsp_finish(dsp);
}

/* The array ends where memory ends: the calls before are made. */
TEST(batch_up_to_the_end_of_memory)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_invoke *calls = guarded_alloc(3 * sizeof(*calls));
	struct drm_qda_invoke_batch batch = batch_of(calls, 3);

	dsp_serve(dsp, NULL, NULL);
	batch.count = ~0u;
	CHECK_OK(qda_batch(s.fd, &batch));
	CHECK_EQ(3, batch.submitted);
	CHECK_ERR(-EFAULT, batch.error);
	for (int i = 0; i < 3; i++)
		expect_event(s.fd, i, 0, 0);
	dsp_finish(dsp);
}

TEST(batch_of_a_later_headers_structures)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_invoke calls[3];
	struct drm_qda_invoke_batch batch = batch_of(calls, 3);
	unsigned char later[3][80] = { { 0 } };

	dsp_serve(dsp, NULL, NULL);
	for (int i = 0; i < 3; i++)
		memcpy(later[i], &calls[i], sizeof(calls[i]));
	batch.calls = (uintptr_t)later;
	batch.stride = sizeof(later[0]);
	CHECK_OK(qda_batch(s.fd, &batch));
	CHECK_EQ(3, batch.submitted);
	for (int i = 0; i < 3; i++)
		expect_event(s.fd, i, 0, 0);
	later[1][79] = 1;
	CHECK_OK(qda_batch(s.fd, &batch));
	CHECK_EQ(1, batch.submitted);
	CHECK_ERR(-E2BIG, batch.error);
	expect_event(s.fd, 0, 0, 0);
	dsp_finish(dsp);
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
