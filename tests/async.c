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
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "async.h"
#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

#define MANY 100

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(buffers_after_each);
}

/* ---- submitting and reading ---- */

struct invocation *async_new(uint64_t user_data)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 6);

	inv->req.flags = QDA_INVOKE_ASYNC;
	inv->req.user_data = user_data;
	return inv;
}

int submit(int fd, uint64_t user_data)
{
	struct invocation *inv = async_new(user_data);
	int ret = qda_invoke(fd, &inv->req);

	/* Without a device nobody looks at the structure. */
	CHECK_EQ(ret == -ENODEV ? 0xdeadbeef : 0, inv->req.dsp_status);
	CHECK_EQ(0, inv->req.cookie);
	free(inv);
	return ret;
}

void submit_seen(struct dsp *dsp, int fd, uint64_t user_data, struct dsp_call *call)
{
	CHECK_OK(submit(fd, user_data));
	dsp_expect(dsp, call, TEST_HANDLE, 6);
}

bool has_event(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 && p.revents & POLLIN;
}

struct drm_qda_event_invoke next_event(int fd)
{
	struct drm_qda_event_invoke event;

	if (!has_event(fd, WAIT_MS))
		FAIL("no completion came");
	CHECK_EQ(sizeof(event), read(fd, &event, sizeof(event)));
	CHECK_EQ(QDA_EVENT_INVOKE, event.base.type);
	CHECK_EQ(sizeof(event), event.base.length);
	return event;
}

void expect_event(int fd, uint64_t user_data, int error, uint32_t status)
{
	struct drm_qda_event_invoke event = next_event(fd);

	CHECK_EQ(user_data, event.user_data);
	CHECK_ERR(error, event.error);
	CHECK_EQ(status, event.dsp_status);
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
	uint64_t calls = qda_limit(s.fd, QDA_LIMIT_CALLS);
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
	uint64_t events = qda_limit(s.fd, QDA_LIMIT_EVENTS);
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
