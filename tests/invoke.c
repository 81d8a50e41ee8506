// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls: what arrives at the DSP is what the application gave, what comes back is
 * what the DSP wrote, and no answer of a DSP, however wrong, does harm.
 */
#include <errno.h>
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
	check_size(dsp, &s, INLINE_MOST / 2, INLINE_MOST / 2);
	check_size(dsp, &s, INLINE_MOST - 1, 1);
	check_size(dsp, &s, 1, INLINE_MOST - 1);
	dsp_finish(dsp);
}

TEST(the_limit_in_one_argument)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned char *buf = guarded_alloc(INLINE_MOST);
	struct invocation *inv = inv_new(TEST_HANDLE, 7);

	dsp_serve(dsp, NULL, NULL);
	inv_in(inv, buf, INLINE_MOST);
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	free(inv);
	inv = inv_new(TEST_HANDLE, 7);
	memset(buf, POISON, INLINE_MOST);
	inv_out(inv, buf, INLINE_MOST);
	CHECK_OK(qda_invoke(s.fd, &inv->req));
	/* The DSP of this test writes zero. */
	for (size_t i = 0; i < INLINE_MOST; i++)
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
