// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * No DSP does harm by rewriting the payload of a call or by answering wrongly. Part of the
 * suite "invoke".
 */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "dsp.h"
#include "invoke.h"
#include "ktap.h"
#include "sys.h"

/* ---- a DSP that rewrites the payload ---- */

struct attack {
	unsigned char in[100], out[100];
	struct invocation *inv;
	struct dsp_call call;
	struct job *job;
};

static void attack_start(struct dsp *dsp, struct session *s, struct attack *a)
{
	uint64_t len;

	memset(a, 0, sizeof(*a));
	memset(a->out, POISON, sizeof(a->out));
	a->inv = inv_new(TEST_HANDLE, 1);
	inv_in(a->inv, a->in, sizeof(a->in));
	inv_out(a->inv, a->out, 50);
	a->job = invoke_start(s->fd, &a->inv->req);
	dsp_expect(dsp, &a->call, TEST_HANDLE, 1);
	memset(dsp_arg(dsp, &a->call, 1, &len), 0x42, 50);
}

/* The user gets the 50 bytes from where they were, whatever the lists say now. */
static void attack_end(struct dsp *dsp, struct attack *a)
{
	dsp_reply(dsp, &a->call, 0);
	CHECK_OK(job_wait(a->job));
	CHECK_EQ(0, a->inv->req.dsp_status);
	for (int i = 0; i < 50; i++)
		CHECK_EQ(0x42, a->out[i]);
	for (int i = 50; i < 100; i++)
		CHECK_EQ(POISON, a->out[i]);
	free(a->inv);
}

TEST(dsp_rewrites_argument_addresses_and_lengths)
{
	static const uint64_t evil[] = { 0,	1,   4096,	 0x7fffffff,
					 ~0ull, MIB, 1ull << 32, 0xffff888000000000ull };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct attack a;

	for (size_t i = 0; i < ARRAY_SIZE(evil); i++) {
		attack_start(dsp, &s, &a);
		a.call.arg[1].len = evil[i];
		attack_end(dsp, &a);
		attack_start(dsp, &s, &a);
		a.call.arg[1].pv = evil[i];
		attack_end(dsp, &a);
		attack_start(dsp, &s, &a);
		a.call.arg[0] = a.call.arg[1] = (struct frpc_arg){ evil[i], evil[i] };
		attack_end(dsp, &a);
	}
	dsp_finish(dsp);
}

TEST(dsp_rewrites_lists_and_pages)
{
	static const uint32_t evil[] = { 0, 1, 2, 0x7fffffff, ~0u };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct attack a;

	for (size_t i = 0; i < ARRAY_SIZE(evil); i++) {
		attack_start(dsp, &s, &a);
		for (int k = 0; k < 2; k++) {
			a.call.list[k] = (struct frpc_list){ evil[i], evil[i] };
			a.call.page[k] = (struct frpc_page){ evil[i], evil[i] };
		}
		attack_end(dsp, &a);
		attack_start(dsp, &s, &a);
		for (int k = 0; k < FRPC_FDLIST_COUNT; k++)
			a.call.fdlist[k] = evil[i];
		attack_end(dsp, &a);
	}
	dsp_finish(dsp);
}

TEST(dsp_fills_all_of_the_lists)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct attack a;

	for (int byte = 0; byte < 256; byte += 85) {
		uint64_t len;
		char *lists, *data;

		attack_start(dsp, &s, &a);
		lists = (char *)a.call.arg;
		data = dsp_arg(dsp, &a.call, 0, &len);
		CHECK(data > lists);
		memset(lists, byte, data - lists);
		attack_end(dsp, &a);
	}
	dsp_finish(dsp);
}

/* ---- a DSP that answers wrongly ---- */

struct victim victim_new(struct dsp *dsp, struct session *s)
{
	struct victim v = { .inv = inv_new(TEST_HANDLE, 9) };

	v.job = invoke_start(s->fd, &v.inv->req);
	dsp_expect(dsp, &v.call, TEST_HANDLE, 9);
	return v;
}

void victim_end(struct dsp *dsp, struct victim *v)
{
	/* Messages are in order: when this other one is there, the wrong ones were seen. */
	CHECK(!job_done(v->job));
	dsp_reply(dsp, &v->call, 0x123);
	CHECK_OK(job_wait(v->job));
	CHECK_EQ(0x123, v->inv->req.dsp_status);
	free(v->inv);
}

TEST(answer_of_wrong_length)
{
	unsigned char junk[512];
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct victim v = victim_new(dsp, &s);

	for (size_t len = 1; len < sizeof(struct vdsp_reply); len++) {
		/* The right context, but not a whole answer. */
		memset(junk, 0, sizeof(junk));
		memcpy(junk, &v.call.msg.ctx, len < 8 ? len : 8);
		dsp_write(dsp, junk, len);
	}
	memset(junk, 0xff, sizeof(junk));
	for (size_t len = 1; len <= sizeof(junk); len += 13)
		dsp_write(dsp, junk, len);
	for (unsigned int seed = 0; seed < 200; seed++) {
		fill_pattern(junk, sizeof(junk), seed);
		dsp_write(dsp, junk, 1 + seed % 512);
	}
	victim_end(dsp, &v);
	dsp_finish(dsp);
}

/* Firmware may append what we do not know; it must not count twice either. */
TEST(longer_answer_ends_the_call_at_most_once)
{
	unsigned char message[512] = { 0 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (size_t len = sizeof(struct vdsp_reply) + 1; len <= sizeof(message); len += 31) {
		struct victim v = victim_new(dsp, &s);
		struct vdsp_reply reply = { .ctx = v.call.msg.ctx, .retval = 0x123 };

		memcpy(message, &reply, sizeof(reply));
		dsp_write(dsp, message, len);
		dsp_reply(dsp, &v.call, 0x123);
		CHECK_OK(job_wait(v.job));
		CHECK_EQ(0x123, v.inv->req.dsp_status);
		free(v.inv);
	}
	dsp_finish(dsp);
}

TEST(every_bit_of_the_context_counts)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct victim v = victim_new(dsp, &s);

	for (int bit = 0; bit < 64; bit++)
		dsp_reply_ctx(dsp, v.call.msg.ctx ^ (1ull << bit), 0x666);
	dsp_reply_ctx(dsp, 0, 0x666);
	dsp_reply_ctx(dsp, ~0ull, 0x666);
	victim_end(dsp, &v);
	dsp_finish(dsp);
}

TEST(stale_answers_do_not_end_later_calls)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	uint64_t seen[265];
	unsigned int same_id = 0;

	/* Ids go round: in the end there are old calls that had the same one. */
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		struct victim v = victim_new(dsp, &s);

		seen[i] = v.call.msg.ctx;
		for (size_t k = 0; k < i; k++) {
			bool same = (seen[k] & 0xff00) == (seen[i] & 0xff00);

			CHECK(seen[k] != seen[i]);
			same_id += same;
			if (same || k + 5 > i)
				dsp_reply_ctx(dsp, seen[k], 0x666);
		}
		victim_end(dsp, &v);
	}
	CHECK(same_id > 0);
	dsp_finish(dsp);
}

TEST(duplicate_answers_are_ignored)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int i = 0; i < 20; i++) {
		struct victim v = victim_new(dsp, &s);
		uint64_t ctx = v.call.msg.ctx;

		dsp_reply_ctx(dsp, ctx, 0x123);
		dsp_reply_ctx(dsp, ctx, 0x666);
		dsp_reply_ctx(dsp, ctx, 0x666);
		CHECK_OK(job_wait(v.job));
		CHECK_EQ(0x123, v.inv->req.dsp_status);
		free(v.inv);
	}
	dsp_finish(dsp);
}

TEST(flood_of_notices)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct victim v = victim_new(dsp, &s);
	struct frpc_notify notify = { .ctx = FRPC_NOTIFY_CTX };

	for (int i = 0; i < 1000; i++)
		dsp_notify(dsp, s.id + 1 + i, FRPC_PD_STATUS_EXCEPTION);
	/* Other types and states, shorter ones, longer ones. */
	notify.client_id = s.id;
	for (uint32_t type = 0; type < 8; type++) {
		notify.type = type;
		notify.status = type == FRPC_NOTIFY_TYPE_STATUS ? 0 : FRPC_PD_STATUS_EXIT;
		dsp_write(dsp, &notify, sizeof(notify));
	}
	notify.type = FRPC_NOTIFY_TYPE_STATUS;
	for (size_t len = 1; len < 20; len++)
		dsp_write(dsp, &notify, len);
	victim_end(dsp, &v);
	dsp_finish(dsp);
}
