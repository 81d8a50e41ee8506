// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls: what arrives at the DSP is what the application gave, what comes back is
 * what the DSP wrote, and no answer of a DSP, however wrong, does harm.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(dsp_remove_all);
}

/* ---- arguments ---- */

TEST(call_without_arguments)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (unsigned int method = 0; method < 32; method++) {
		struct invocation *inv = inv_new(TEST_HANDLE, method);
		struct job *job = invoke_start(s.fd, &inv->req);
		struct dsp_call call;

		dsp_expect(dsp, &call, TEST_HANDLE, method);
		CHECK_EQ(inv->req.sc, call.msg.sc);
		CHECK_EQ(s.id, call.msg.client_id);
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		CHECK_EQ(0, inv->req.dsp_status);
		free(inv);
	}
	dsp_finish(dsp);
}

TEST(args_pointer_is_not_used_without_arguments)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);

	dsp_serve(dsp, NULL, NULL);
	inv->req.args = (uintptr_t)bad_pointer();
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	dsp_finish(dsp);
}

TEST(empty_arguments)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	char in[5] = "12345", out[5] = "abcde";
	struct dsp_call call;
	struct job *job;
	uint64_t len;

	inv_in(inv, bad_pointer(), 0);
	inv_in(inv, in, sizeof(in));
	inv_in(inv, NULL, 0);
	inv_out(inv, bad_pointer(), 0);
	inv_out(inv, out, sizeof(out));
	inv_out(inv, NULL, 0);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	for (unsigned int i = 0; i < 6; i++) {
		void *p = dsp_arg(dsp, &call, i, &len);

		CHECK_EQ(i % 3 == 1 ? 5 : 0, len);
		if (i == 1)
			CHECK_MEM(in, p, len);
		if (i == 4)
			memcpy(p, "vwxyz", len);
	}
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_MEM("vwxyz", out, sizeof(out));
	dsp_finish(dsp);
}

/* One input and one output of @size, in memory that ends at a guard page. */
static void check_size(struct dsp *dsp, struct session *s, size_t in_size, size_t out_size)
{
	unsigned char *in = guarded_alloc(in_size), *out = guarded_alloc(out_size + 16);
	unsigned char *expected = malloc(out_size + 16);
	struct invocation *inv = inv_new(TEST_HANDLE, 7);
	struct dsp_call call;
	struct job *job;
	uint64_t len;
	void *p;

	fill_pattern(in, in_size, in_size);
	memset(out, POISON, out_size + 16);
	memset(expected, POISON, out_size + 16);
	fill_pattern(expected, out_size, out_size + 1);
	inv_in(inv, in, in_size);
	inv_out(inv, out, out_size);
	job = invoke_start(s->fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 7);
	p = dsp_arg(dsp, &call, 0, &len);
	CHECK_EQ(in_size, len);
	CHECK_MEM(in, p, len);
	p = dsp_arg(dsp, &call, 1, &len);
	CHECK_EQ(out_size, len);
	memcpy(p, expected, len);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, inv->req.dsp_status);
	/* And not a byte behind it. */
	CHECK_MEM(expected, out, out_size + 16);
	free(inv);
	free(expected);
}

TEST(sizes_from_1_byte_to_the_limit)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (size_t size = 1; size < MIB; size *= 4) {
		check_size(dsp, &s, size, size);
		check_size(dsp, &s, size + 1, 1);
		check_size(dsp, &s, 1, size + 1);
	}
	for (size_t size = 4094; size < 4099; size++)
		check_size(dsp, &s, size, size);
	check_size(dsp, &s, MIB / 2, MIB / 2);
	check_size(dsp, &s, MIB - 1, 1);
	check_size(dsp, &s, 1, MIB - 1);
	dsp_finish(dsp);
}

TEST(the_limit_in_one_argument)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned char *buf = guarded_alloc(MIB);
	struct invocation *inv = inv_new(TEST_HANDLE, 7);

	dsp_serve(dsp, NULL, NULL);
	inv_in(inv, buf, MIB);
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	free(inv);
	inv = inv_new(TEST_HANDLE, 7);
	memset(buf, POISON, MIB);
	inv_out(inv, buf, MIB);
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	/* The DSP of this test writes zero. */
	for (size_t i = 0; i < MIB; i++)
		CHECK(buf[i] == 0);
	dsp_finish(dsp);
}

TEST(most_arguments)
{
	enum { COUNT = 255, LEN = 33 };
	static unsigned char in[COUNT][LEN], out[COUNT][LEN];
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 31);
	struct dsp_call call;
	struct job *job;
	uint64_t len;

	fill_pattern(in, sizeof(in), 1);
	for (int i = 0; i < COUNT; i++)
		inv_in(inv, in[i], i % LEN);
	for (int i = 0; i < COUNT; i++)
		inv_out(inv, out[i], LEN);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 31);
	for (int i = 0; i < COUNT; i++) {
		void *p = dsp_arg(dsp, &call, i, &len);

		CHECK_EQ(i % LEN, len);
		CHECK_MEM(in[i], p, len);
		p = dsp_arg(dsp, &call, COUNT + i, &len);
		CHECK_EQ(LEN, len);
		memset(p, i, len);
	}
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	for (int i = 0; i < COUNT; i++)
		for (int j = 0; j < LEN; j++)
			CHECK_EQ(i, out[i][j]);
	dsp_finish(dsp);
}

/* The lists that the DSP reads before the data: empty ones, and no leftovers. */
TEST(payload_lists_start_clean)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	char in[16], out[16];

	for (int round = 0; round < 4; round++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);
		struct dsp_call call;
		struct job *job;

		inv_in(inv, in, sizeof(in));
		inv_out(inv, out, sizeof(out));
		job = invoke_start(s.fd, &inv->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 1);
		CHECK_EQ(0, call.msg.size & 0xfff);
		CHECK_EQ(0, call.msg.addr & 0xfff);
		for (int i = 0; i < FRPC_FDLIST_COUNT; i++) {
			CHECK_EQ(0, call.fdlist[i]);
			call.fdlist[i] = 0x4141414141414141ull;
		}
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		free(inv);
	}
	dsp_finish(dsp);
}

/* What one session had in its payload must not show up in another's. */
TEST(payload_does_not_leak_other_sessions)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	static char secret[3000];
	char in[1] = { 1 };

	memset(secret, 'S', sizeof(secret));
	for (int round = 0; round < 2; round++) {
		int fd = accel_open(dsp->node);
		struct session s = session_create(dsp, fd);
		struct invocation *inv = inv_new(TEST_HANDLE, 1);
		struct dsp_call call;
		struct job *job;

		if (!round)
			inv_in(inv, secret, sizeof(secret));
		else
			inv_in(inv, in, sizeof(in));
		job = invoke_start(s.fd, &inv->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 1);
		if (round)
			CHECK(!memmem(dsp_mem(dsp, call.msg.addr, call.msg.size), call.msg.size,
				      "SSSSSSSS", 8));
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		close(fd);
		expect_release(dsp, &call, s.id);
		dsp_reply(dsp, &call, 0);
		qda_wait(dsp, "sessions", 0);
		free(inv);
	}
	dsp_finish(dsp);
}

/* Whichever input is bad, nothing is sent, and nothing of the call stays behind. */
TEST(bad_pointer_in_each_position)
{
	enum { COUNT = 12 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static const size_t sizes[] = { 16, 5000 };
	static char data[5000];
	long long calls = vdsp_get(dsp, "calls");

	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		for (int bad = 0; bad < COUNT; bad++) {
			struct invocation *inv = inv_new(TEST_HANDLE, 1);

			for (int i = 0; i < COUNT; i++)
				inv_in(inv, i == bad ? bad_pointer() : data, sizes[k]);
			CHECK_ERR(-EFAULT, qda_invoke(s.fd, &inv->req));
			free(inv);
		}
	}
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	CHECK_EQ(0, qda_get(dsp, "calls_in_flight"));
	check_size(dsp, &s, 100, 100);
	dsp_finish(dsp);
}

/* Memory that is there but was never touched, or is read-only. */
TEST(pages_that_are_not_there_yet)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static const size_t sizes[] = { 100, 3 * 4096, MIB / 2 };
	size_t most = MIB / 2;
	char *in, *out, *none;

	dsp_serve(dsp, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);

		in = mmap(NULL, most, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		out = mmap(NULL, most, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		none = mmap(NULL, most, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(in != MAP_FAILED && out != MAP_FAILED && none != MAP_FAILED);
		inv_in(inv, in, sizes[i]);
		inv_out(inv, out, sizes[i]);
		CHECK_OK(qda_invoke(s.fd, &inv->req));
		CHECK_MEM(in, out, sizes[i]);
		/* An output that cannot be written. */
		inv->args[1].addr = (uintptr_t)none;
		CHECK_ERR(-EFAULT, qda_invoke(s.fd, &inv->req));
		free(inv);
		munmap(in, most);
		munmap(out, most);
		munmap(none, most);
	}
	dsp_finish(dsp);
}

/* ---- results ---- */

TEST(outputs_are_not_copied_when_the_method_failed)
{
	static const uint32_t codes[] = { 1, 0x7fffffff, FRPC_EUNSUPPORTED, FRPC_EBADSTATE,
					  0xffffffff };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned char out[500], poison[500];

	memset(poison, POISON, sizeof(poison));
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);
		struct dsp_call call;
		struct job *job;
		uint64_t len;

		memset(out, POISON, sizeof(out));
		inv_out(inv, out, sizeof(out));
		job = invoke_start(s.fd, &inv->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 1);
		memset(dsp_arg(dsp, &call, 0, &len), 0x11, sizeof(out));
		dsp_reply(dsp, &call, codes[i]);
		CHECK_OK(job_wait(job));
		CHECK_EQ(codes[i], inv->req.dsp_status);
		CHECK_MEM(poison, out, sizeof(out));
		free(inv);
	}
	dsp_finish(dsp);
}

/* Outputs that the DSP did not touch must not carry kernel memory to the user. */
TEST(untouched_outputs_carry_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static unsigned char secret[20000], out[20000];

	memset(secret, 'S', sizeof(secret));
	for (int round = 0; round < 2; round++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);
		struct dsp_call call;
		struct job *job;

		if (!round)
			inv_in(inv, secret, sizeof(secret));
		else
			inv_out(inv, out, sizeof(out));
		job = invoke_start(s.fd, &inv->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 1);
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		free(inv);
	}
	for (size_t i = 0; i < sizeof(out); i++)
		CHECK(out[i] == 0 || out[i] == 'S');
	dsp_finish(dsp);
}

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

/* A call whose answer the test plays with. */
struct victim {
	struct invocation *inv;
	struct dsp_call call;
	struct job *job;
};

static struct victim victim_new(struct dsp *dsp, struct session *s)
{
	struct victim v = { .inv = inv_new(TEST_HANDLE, 9) };

	v.job = invoke_start(s->fd, &v.inv->req);
	dsp_expect(dsp, &v.call, TEST_HANDLE, 9);
	return v;
}

/* Nothing has ended the call until now, and the right answer does. */
static void victim_end(struct dsp *dsp, struct victim *v)
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

/* ---- many at once ---- */

enum { MANY = 32 };

static void start_many(struct dsp *dsp, struct session *s, struct victim *v,
		       unsigned char (*data)[64])
{
	for (int i = 0; i < MANY; i++) {
		v[i].inv = inv_new(TEST_HANDLE, 9);
		memset(data[i], i, 64);
		inv_in(v[i].inv, data[i], 64);
		inv_out(v[i].inv, data[i], 64);
		v[i].job = invoke_start(s->fd, &v[i].inv->req);
		dsp_expect(dsp, &v[i].call, TEST_HANDLE, 9);
	}
}

static void answer_one(struct dsp *dsp, struct victim *v)
{
	uint64_t len;
	unsigned char *in = dsp_arg(dsp, &v->call, 0, &len), *out = dsp_arg(dsp, &v->call, 1, &len);

	memset(out, in[0] + 100, 64);
	dsp_reply(dsp, &v->call, 0);
}

static void end_many(struct victim *v, unsigned char (*data)[64])
{
	for (int i = 0; i < MANY; i++) {
		CHECK_OK(job_wait(v[i].job));
		CHECK_EQ(0, v[i].inv->req.dsp_status);
		for (int k = 0; k < 64; k++)
			CHECK_EQ(i + 100, data[i][k]);
		free(v[i].inv);
	}
}

TEST(calls_from_32_threads_answered_in_reverse)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static unsigned char data[MANY][64];
	struct victim v[MANY];

	start_many(dsp, &s, v, data);
	for (int i = MANY - 1; i >= 0; i--)
		answer_one(dsp, &v[i]);
	end_many(v, data);
	dsp_finish(dsp);
}

TEST(calls_from_32_threads_answered_in_odd_order)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static unsigned char data[MANY][64];
	struct victim v[MANY];

	start_many(dsp, &s, v, data);
	for (int i = 0; i < MANY; i++)
		answer_one(dsp, &v[i * 13 % MANY]);
	end_many(v, data);
	dsp_finish(dsp);
}

static void *call_often(void *arg)
{
	struct session *s = arg;
	unsigned char in[200], out[200];

	for (int i = 0; i < 50; i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 2);

		fill_pattern(in, sizeof(in), i + (unsigned int)(uintptr_t)&in);
		inv_in(inv, in, sizeof(in));
		inv_out(inv, out, sizeof(out));
		CHECK_OK(qda_invoke(s->fd, &inv->req));
		CHECK_EQ(0, inv->req.dsp_status);
		CHECK_MEM(in, out, sizeof(out));
		free(inv);
	}
	return NULL;
}

TEST(threads_of_two_sessions_do_not_mix)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s[2] = { session_new(dsp), session_new(dsp) };
	pthread_t threads[8];

	dsp_serve(dsp, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK_EQ(0, pthread_create(&threads[i], NULL, call_often, &s[i % 2]));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	dsp_finish(dsp);
}

enum { CROWD = 300 };

static unsigned int call_limit(int fd)
{
	struct drm_qda_query query;

	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, QDA_LIMIT_CALLS, &query));
	return query.value;
}

/*
 * One session tries more calls than the DSP has ids: it gets its share, the others wait their
 * turn, a second session is served meanwhile, and in the end all were made once.
 */
TEST(more_calls_than_ids_wait_fairly)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), other = session_new(dsp);
	unsigned int limit = call_limit(s.fd), made = 0;
	static struct dsp_call calls[CROWD];
	struct invocation *inv[CROWD];
	struct job *jobs[CROWD];
	struct victim v;

	for (int i = 0; i < CROWD; i++) {
		inv[i] = inv_new(TEST_HANDLE, 4);
		jobs[i] = invoke_start(s.fd, &inv[i]->req);
	}
	for (; made < limit; made++)
		dsp_expect(dsp, &calls[made], TEST_HANDLE, 4);
	dsp_expect_silence(dsp);
	v = victim_new(dsp, &other);
	victim_end(dsp, &v);
	/* Each answer makes room for exactly one. */
	for (unsigned int i = 0; i < CROWD; i++) {
		dsp_reply(dsp, &calls[i], 0);
		if (made < CROWD)
			dsp_expect(dsp, &calls[made++], TEST_HANDLE, 4);
	}
	for (int i = 0; i < CROWD; i++) {
		CHECK_OK(job_wait(jobs[i]));
		free(inv[i]);
	}
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

struct crowd_client {
	const char *node;
	unsigned int threads;
};

static int client_crowd(void *arg)
{
	struct crowd_client *c = arg;
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd = accel_open(c->node);

	if (qda_create(fd, &create))
		return 1;
	for (unsigned int i = 0; i < c->threads; i++)
		invoke_start(fd, &inv_new(TEST_HANDLE, 4)->req);
	pause();
	return 0;
}

/* Calls that wait for an id are killable and leave no trace. */
TEST(kill_with_calls_that_wait_for_an_id)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session other = session_new(dsp);
	unsigned int limit = call_limit(other.fd);
	struct crowd_client c = { dsp->node, limit + 20 };
	pid_t pid = client_start(client_crowd, &c);
	static struct dsp_call calls[256];
	struct frpc_create wire;
	struct dsp_call call;
	struct victim v;

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	for (unsigned int i = 0; i < limit; i++)
		dsp_expect(dsp, &calls[i], TEST_HANDLE, 4);
	client_kill(pid);
	expect_release(dsp, &call, wire.client_id);
	for (unsigned int i = 0; i < limit; i++)
		dsp_reply(dsp, &calls[i], FRPC_EBADSTATE);
	dsp_reply(dsp, &call, 0);
	v = victim_new(dsp, &other);
	victim_end(dsp, &v);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

/* ---- sending ---- */

TEST(refused_sends_are_tried_again_and_made_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	static const int fails[] = { 1, 2, 10 };

	for (size_t i = 0; i < ARRAY_SIZE(fails); i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);
		struct dsp_call call;
		struct job *job;

		vdsp_set(dsp, "send_fail", fails[i]);
		job = invoke_start(s.fd, &inv->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 1);
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		free(inv);
		CHECK_EQ(0, vdsp_get(dsp, "send_fail"));
	}
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(refused_sends_of_create_and_release)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s;

	vdsp_set(dsp, "send_fail", 3);
	s = session_new(dsp);
	vdsp_set(dsp, "send_fail", 3);
	session_release(dsp, &s);
	vdsp_set(dsp, "send_fail", 3);
	s = session_create(dsp, s.fd);
	CHECK_EQ(0, vdsp_get(dsp, "send_fail"));
	vdsp_set(dsp, "send_fail", 3);
	/* The release of close comes through, too. */
	dsp_finish(dsp);
}

/* ---- interruptions ---- */

static void ignore_signal(int sig)
{
	(void)sig;
}

/* An ordinary signal must not make a call happen twice, or end it. */
TEST(signals_do_not_disturb_a_call)
{
	struct sigaction action = { .sa_handler = ignore_signal, .sa_flags = SA_RESTART };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct victim v;

	sigaction(SIGUSR2, &action, NULL);
	v = victim_new(dsp, &s);
	for (int i = 0; i < 20; i++) {
		job_signal(v.job, SIGUSR2);
		usleep(1000);
	}
	dsp_expect_silence(dsp);
	victim_end(dsp, &v);
	dsp_finish(dsp);
}

struct kill_client {
	const char *node;
	size_t size;
};

static int client_invoke(void *arg)
{
	struct kill_client *c = arg;
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 4);
	int fd = accel_open(c->node);

	inv_in(inv, guarded_alloc(c->size), c->size);
	inv_out(inv, guarded_alloc(c->size), c->size);
	if (qda_create(fd, &create))
		return 1;
	return qda_invoke(fd, &inv->req) ? 1 : 0;
}

/* The payload stays until the DSP answers, however late, and then goes. */
static void kill_in_call(size_t size)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct kill_client c = { dsp->node, size };
	struct dsp_call call, invoke;
	struct frpc_create wire;
	uint64_t len;
	void *p;
	pid_t pid = client_start(client_invoke, &c);

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &invoke, TEST_HANDLE, 4);
	p = dsp_arg(dsp, &invoke, 1, &len);
	client_kill(pid);
	expect_release(dsp, &call, wire.client_id);
	CHECK(dsp_can_read(dsp, invoke.msg.addr));
	memset(p, 0x77, len);
	CHECK(vdsp_get(dsp, "pages_mapped") > dsp->pages_at_start);
	dsp_reply(dsp, &invoke, 0);
	dsp_reply(dsp, &call, 0);
	vdsp_wait(dsp, "pages_mapped", dsp->pages_at_start);
	CHECK_EQ(0, vdsp_get(dsp, "faults"));
	dsp_finish(dsp);
}

TEST(kill_in_call_late_answer)
{
	kill_in_call(100);
}

TEST(kill_in_big_call_late_answer)
{
	kill_in_call(MIB / 2);
}

/* RELEASE is answered, but the killed call is not: its memory waits for it. */
TEST(kill_in_call_answer_after_release)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct kill_client c = { dsp->node, 100000 };
	struct dsp_call call, invoke;
	struct frpc_create wire;
	struct session s;
	pid_t pid = client_start(client_invoke, &c);

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &invoke, TEST_HANDLE, 4);
	client_kill(pid);
	expect_release(dsp, &call, wire.client_id);
	dsp_reply(dsp, &call, 0);
	s = session_new(dsp);
	session_release(dsp, &s);
	/* Whether the driver still knows it or not, the answer does no harm. */
	dsp_reply(dsp, &invoke, 0);
	dsp_finish(dsp);
}

TEST(fork_shares_the_session)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct dsp_call call;
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(qda_invoke(s.fd, &inv->req) ? 1 : 0);
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	CHECK_EQ(s.id, call.msg.client_id);
	dsp_reply(dsp, &call, 0);
	status = client_wait(pid);
	CHECK_EQ(0, status);
	/* The child's end does not release the process. */
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}
