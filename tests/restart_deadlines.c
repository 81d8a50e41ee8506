// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Deadlines of calls hold whatever happens: signals, a full session, a DSP that does not
 * answer. Part of the suite "restart".
 */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "restart.h"
#include "storm.h"
#include "sys.h"

/* The caller is free, the memory is not: the DSP may still write to it. */
TEST(deadline_gives_the_call_up)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();
	unsigned char poison[BYTES];

	memset(poison, POISON, BYTES);
	f->inv->req.deadline = in_ms(300);
	f->job = invoke_start(s.fd, &f->inv->req);
	dsp_expect(dsp, &f->call, TEST_HANDLE, 5);
	CHECK_ERR(-ETIMEDOUT, job_wait(f->job));
	CHECK_EQ(0, f->inv->req.cookie);
	CHECK_EQ(0, f->inv->req.dsp_status);
	CHECK_EQ(1, qda_get(dsp, "calls_in_flight"));
	CHECK(dsp_can_read(dsp, f->call.msg.addr));
	flight_answer(dsp, f);
	qda_wait(dsp, "calls_in_flight", 0);
	CHECK_MEM(poison, f->out, BYTES);
	CHECK_EQ(0, vdsp_get(dsp, "faults"));
	f = flight_new(dsp, &s);
	flight_land(dsp, f);
	dsp_finish(dsp);
}

TEST(deadline_that_is_met)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static const uint64_t far[] = { 1ull << 62, ~0ull, 1ull << 63 };

	for (size_t i = 0; i <= ARRAY_SIZE(far); i++) {
		struct flight *f = flight_prepare();

		f->inv->req.deadline = i < ARRAY_SIZE(far) ? far[i] : in_ms(WAIT_MS);
		f->job = invoke_start(s.fd, &f->inv->req);
		dsp_expect(dsp, &f->call, TEST_HANDLE, 5);
		flight_land(dsp, f);
	}
	dsp_finish(dsp);
}

TEST(deadline_in_the_past_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();

	f->inv->req.deadline = 1;
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &f->inv->req));
	f->inv->req.deadline = in_ms(0);
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &f->inv->req));
	CHECK_EQ(1, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(deadline_while_waiting_for_its_turn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();
	long long calls;

	fill_session(dsp, &s);
	calls = vdsp_get(dsp, "calls");
	f->inv->req.deadline = in_ms(300);
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &f->inv->req));
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	dsp_down(dsp);
	dsp_finish(dsp);
}

/* Signals come faster than the deadline: each of them would begin a relative time anew. */
TEST(signals_do_not_put_off_the_deadline)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_prepare();

	storm_begin(STORM_RESTART);
	f->inv->req.deadline = in_ms(500);
	f->job = invoke_start(s.fd, &f->inv->req);
	dsp_expect(dsp, &f->call, TEST_HANDLE, 5);
	CHECK_ERR(-ETIMEDOUT, job_wait(f->job));
	CHECK(storm_signals() > 10);
	storm_end();
	flight_answer(dsp, f);
	dsp_finish(dsp);
}

TEST(deadline_of_the_second_ioctl)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct flight *f = flight_interrupted(dsp, &s);

	f->inv->req.deadline = in_ms(100);
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &f->inv->req));
	CHECK_EQ(0, f->inv->req.cookie);
	flight_answer(dsp, f);
	qda_wait(dsp, "calls_in_flight", 0);
	dsp_finish(dsp);
}
