// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Poll mode: a word in the payload ends a call as an answer does, whichever of them comes,
 * and a call that is not polled does not care about it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "storm.h"
#include "sys.h"

#define KAANAPALI "cdsp soc=kaanapali"
#define SUCCESS	  0xdecafu
#define BYTES	  64

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(dsp_remove_all);
}

/* ---- helpers ---- */

static int set_poll_mode(int fd, uint64_t value)
{
	struct drm_qda_set_option option = { .option = QDA_OPTION_POLL_MODE, .value = value };

	return do_ioctl(fd, DRM_IOCTL_QDA_SET_OPTION, &option);
}

static struct session polled_session(struct dsp *dsp)
{
	struct session s = session_new(dsp);

	CHECK_OK(set_poll_mode(s.fd, 1));
	return s;
}

struct polled {
	struct invocation *inv;
	struct job *job;
	struct dsp_call call;
	volatile uint32_t *word;
	unsigned char in[BYTES], out[BYTES];
};

static struct polled *polled_new(struct dsp *dsp, struct session *s, uint32_t handle)
{
	struct polled *p = calloc(1, sizeof(*p));

	if (!p)
		FAIL("out of memory");
	fill_pattern(p->in, BYTES, 1);
	memset(p->out, POISON, BYTES);
	p->inv = inv_new(handle, 3);
	inv_in(p->inv, p->in, BYTES);
	inv_out(p->inv, p->out, BYTES);
	p->job = invoke_start(s->fd, &p->inv->req);
	dsp_expect(dsp, &p->call, handle, 3);
	p->word = (uint32_t *)(p->call.fdlist + FRPC_FDLIST_COUNT) + FRPC_CRCLIST_COUNT;
	CHECK_EQ(0, *p->word);
	return p;
}

static void write_outputs(struct dsp *dsp, struct polled *p)
{
	uint64_t len;
	void *in = dsp_arg(dsp, &p->call, 0, &len);

	memcpy(dsp_arg(dsp, &p->call, 1, &len), in, BYTES);
	__sync_synchronize();
}

static void check_success(struct polled *p)
{
	CHECK_OK(job_wait(p->job));
	CHECK_EQ(0, p->inv->req.dsp_status);
	CHECK_MEM(p->in, p->out, BYTES);
	free(p->inv);
	free(p);
}

/* Neither the spin nor the looks later on take it for a success. */
static void check_goes_on(struct polled *p)
{
	usleep(400000);
	CHECK(!job_done(p->job));
}

static void answer(struct dsp *dsp, struct polled *p)
{
	write_outputs(dsp, p);
	dsp_reply(dsp, &p->call, 0);
	check_success(p);
}

/* ---- the word ---- */

TEST(the_word_instead_of_an_answer)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);

	for (int i = 0; i < 20; i++) {
		struct polled *p = polled_new(dsp, &s, TEST_HANDLE);

		write_outputs(dsp, p);
		*p->word = SUCCESS;
		check_success(p);
		CHECK_EQ(0, qda_get(dsp, "calls_in_flight"));
	}
	dsp_finish(dsp);
}

/* Long after the spin has ended. */
TEST(the_word_comes_late)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);
	struct polled *p = polled_new(dsp, &s, TEST_HANDLE);

	check_goes_on(p);
	write_outputs(dsp, p);
	*p->word = SUCCESS;
	check_success(p);
	dsp_finish(dsp);
}

TEST(the_word_and_then_the_answer)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);
	long long dropped = qda_get(dsp, "dropped_messages");
	uint64_t ctx[50];

	for (int i = 0; i < 50; i++) {
		struct polled *p = polled_new(dsp, &s, TEST_HANDLE);

		ctx[i] = p->call.msg.ctx;
		write_outputs(dsp, p);
		*p->word = SUCCESS;
		check_success(p);
		/* Some answers come when the next calls have been made. */
		if (i % 5 == 4)
			for (int k = i - 4; k <= i; k++)
				dsp_reply_ctx(dsp, ctx[k], 0x666);
	}
	CHECK_EQ(dropped, qda_get(dsp, "dropped_messages"));
	/* But an answer comes once. */
	dsp_reply_ctx(dsp, ctx[49], 0);
	CHECK_EQ(dropped + 1, qda_get(dsp, "dropped_messages"));
	dsp_finish(dsp);
}

TEST(the_answer_without_the_word)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);

	for (int i = 0; i < 10; i++) {
		struct polled *p = polled_new(dsp, &s, TEST_HANDLE);

		if (i % 2)
			usleep(20000);
		answer(dsp, p);
	}
	dsp_finish(dsp);
}

TEST(a_refusal_comes_as_an_answer)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);
	struct polled *p = polled_new(dsp, &s, TEST_HANDLE);

	dsp_reply(dsp, &p->call, 0x123);
	CHECK_OK(job_wait(p->job));
	CHECK_EQ(0x123, p->inv->req.dsp_status);
	dsp_finish(dsp);
}

TEST(other_words_mean_nothing)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);
	static const uint32_t words[] = { 1, SUCCESS + 1, SUCCESS << 8, ~0u, ~SUCCESS, 0xdeca };
	struct polled *p = polled_new(dsp, &s, TEST_HANDLE);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		*p->word = words[i];
		check_goes_on(p);
	}
	answer(dsp, p);
	/* Its neighbours are not the word either. */
	p = polled_new(dsp, &s, TEST_HANDLE);
	p->word[-1] = SUCCESS;
	p->word[1] = SUCCESS;
	p->call.fdlist[0] = SUCCESS;
	check_goes_on(p);
	answer(dsp, p);
	dsp_finish(dsp);
}

TEST(calls_that_are_not_polled)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session off = session_new(dsp), s = polled_session(dsp);
	static const uint32_t handles[] = { 0, 3, 20 };
	struct polled *p = polled_new(dsp, &off, TEST_HANDLE);

	/* Of a session that does not want it, or no more; of the firmware's own services. */
	*p->word = SUCCESS;
	check_goes_on(p);
	answer(dsp, p);
	for (size_t i = 0; i < ARRAY_SIZE(handles); i++) {
		p = polled_new(dsp, &s, handles[i]);
		*p->word = SUCCESS;
		check_goes_on(p);
		answer(dsp, p);
	}
	p = polled_new(dsp, &s, 21);
	write_outputs(dsp, p);
	*p->word = SUCCESS;
	check_success(p);
	CHECK_OK(set_poll_mode(s.fd, 0));
	p = polled_new(dsp, &s, TEST_HANDLE);
	*p->word = SUCCESS;
	check_goes_on(p);
	answer(dsp, p);
	dsp_finish(dsp);
}

TEST(large_calls_are_answered)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	unsigned char *in = guarded_alloc(MIB / 2), *out = guarded_alloc(MIB / 2);

	dsp_serve(dsp, NULL, NULL);
	fill_pattern(in, MIB / 2, 1);
	inv_in(inv, in, MIB / 2);
	inv_out(inv, out, MIB / 2);
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	CHECK_MEM(in, out, MIB / 2);
	dsp_finish(dsp);
}

/* ---- ends of other kinds ---- */

TEST(deadline_of_a_polled_call)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct dsp_call call;

	inv->req.deadline = 1;
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &inv->req));
	inv->req.deadline = now_ms() * 1000000 + 250000000;
	CHECK_ERR(-ETIMEDOUT, qda_invoke(s.fd, &inv->req));
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	CHECK_EQ(1, qda_get(dsp, "calls_in_flight"));
	dsp_reply(dsp, &call, 0);
	qda_wait(dsp, "calls_in_flight", 0);
	dsp_finish(dsp);
}

TEST(storm_over_a_polled_call)
{
	struct dsp *dsp = dsp_new(KAANAPALI);
	struct session s = polled_session(dsp);

	storm_begin(STORM_RESTART);
	for (int i = 0; i < 5; i++) {
		struct polled *p = polled_new(dsp, &s, TEST_HANDLE);

		usleep(50000);
		write_outputs(dsp, p);
		*p->word = SUCCESS;
		check_success(p);
	}
	storm_end();
	dsp_finish(dsp);
}

TEST(dsp_goes_while_a_call_is_polled)
{
	for (unsigned int us = 0; us < 20000; us += 4000) {
		struct dsp *dsp = dsp_new(KAANAPALI);
		struct session s = polled_session(dsp);
		struct polled *p = polled_new(dsp, &s, TEST_HANDLE);

		usleep(us);
		dsp_down(dsp);
		CHECK_ERR(-EPIPE, job_wait(p->job));
		dsp_finish(dsp);
	}
}

static int polled_call(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	int fd = accel_open(arg);

	if (qda_create(fd, &create) || set_poll_mode(fd, 1))
		return 1;
	return qda_invoke(fd, &inv->req) ? 1 : 0;
}

TEST(kill_while_a_call_is_polled)
{
	struct dsp *dsp = dsp_new(KAANAPALI);

	for (int i = 0; i < 4; i++) {
		struct dsp_call call, release;
		struct frpc_create wire;
		pid_t pid = client_start(polled_call, dsp->node);

		expect_create(dsp, &call, &wire);
		dsp_reply(dsp, &call, 0);
		dsp_expect(dsp, &call, TEST_HANDLE, 3);
		usleep(4000 * i);
		client_kill(pid);
		expect_release(dsp, &release, wire.client_id);
		dsp_reply(dsp, &call, 0);
		dsp_reply(dsp, &release, 0);
	}
	dsp_finish(dsp);
}
