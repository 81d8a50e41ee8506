// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the header says about the errors of calls, alone and in batches; a part of the suite
 * uapi.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "sys.h"
#include "uapi.h"

/* ---- REMOTE_INVOKE ---- */

static void refuse_call(struct dsp *dsp, int fd, int err, struct invocation *inv)
{
	long long calls = vdsp_get(dsp, "calls");

	inv->req.dsp_status = 0xdeadbeef;
	CHECK_ERR(err, qda_invoke(fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	free(inv);
}

struct invocation *plain_call(void)
{
	static char in[64], out[64];
	struct invocation *inv = inv_new(TEST_HANDLE, 2);

	inv_in(inv, in, sizeof(in));
	inv_out(inv, out, sizeof(out));
	return inv;
}

#define REFUSE_CALL(err, ...)                          \
	do {                                           \
		struct invocation *inv = plain_call(); \
		__VA_ARGS__;                           \
		refuse_call(dsp, s.fd, err, inv);      \
	} while (0)

TEST(remote_invoke_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int bit = 1; bit < 32; bit++)
		REFUSE_CALL(-EINVAL, inv->req.flags = 1u << bit);
	REFUSE_CALL(-EINVAL, inv->req.cookie = 1; inv->req.flags = QDA_INVOKE_ASYNC);
	for (int bit = 29; bit < 32; bit++)
		REFUSE_CALL(-EINVAL, inv->req.sc |= 1u << bit);
	for (int i = 0; i < 2; i++) {
		REFUSE_CALL(-EINVAL, inv->args[i].kind = 0);
		REFUSE_CALL(-EINVAL, inv->args[i].kind = 4);
		REFUSE_CALL(-EINVAL, inv->args[i].kind = ~0u);
		REFUSE_CALL(-EINVAL, inv->args[i].handle = 1);
	}
	dsp_finish(dsp);
}

TEST(remote_invoke_einval_kind_of_place)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-EINVAL, inv->args[0].kind = QDA_ARG_KEY);
	REFUSE_CALL(-EINVAL, inv->args[1].kind = QDA_ARG_KEY);
	REFUSE_CALL(-EINVAL, inv->req.sc = QDA_SCALARS(2, 1, 0) | QDA_SCALARS_HANDLES(1, 0));
	REFUSE_CALL(-EINVAL, inv->req.sc = QDA_SCALARS(2, 1, 0) | QDA_SCALARS_HANDLES(0, 1));
	REFUSE_CALL(-EINVAL, inv->req.sc = QDA_SCALARS(2, 1, 0) | QDA_SCALARS_HANDLES(1, 0);
		    inv->args[1].kind = QDA_ARG_BO);
	dsp_finish(dsp);
}

TEST(remote_invoke_enoent_cookie)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int bit = 0; bit < 64; bit++)
		REFUSE_CALL(-ENOENT, inv->req.cookie = 1ull << bit);
	REFUSE_CALL(-ENOENT, inv->req.cookie = ~0ull);
	dsp_finish(dsp);
}

TEST(remote_invoke_etimedout)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *late = plain_call();
	struct dsp_call call;
	struct job *job;

	REFUSE_CALL(-ETIMEDOUT, inv->req.deadline = 1);
	late->req.deadline = in_ms(300);
	job = invoke_start(s.fd, &late->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 2);
	CHECK_ERR(-ETIMEDOUT, job_wait(job));
	CHECK_EQ(0, late->req.dsp_status);
	CHECK_EQ(0, late->req.cookie);
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}

static int invoke_and_wait(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 0);
	int fd = accel_open(arg);

	if (!qda_create(fd, &create))
		qda_invoke(fd, &inv->req);
	return 0;
}

TEST(remote_invoke_eintr)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call, invoke, release;
	struct frpc_create wire;
	pid_t pid;

	ioctl_trace_start();
	pid = client_start(invoke_and_wait, dsp->node);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &invoke, TEST_HANDLE, 0);
	client_kill(pid);
	CHECK_ERR(-EINTR, ioctl_trace_result(pid));
	ioctl_trace_end();
	expect_release(dsp, &release, wire.client_id);
	dsp_reply(dsp, &invoke, FRPC_EBADSTATE);
	dsp_reply(dsp, &release, 0);
	dsp_finish(dsp);
}

TEST(remote_invoke_e2big)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-E2BIG, inv->args[0].length = INLINE_MOST + 1);
	REFUSE_CALL(-E2BIG, inv->args[1].length = INLINE_MOST + 1);
	REFUSE_CALL(-E2BIG, inv->args[0].length = INLINE_MOST / 2;
		    inv->args[1].length = INLINE_MOST / 2 + 1);
	REFUSE_CALL(-E2BIG, inv->args[0].length = ~0ull);
	REFUSE_CALL(-E2BIG, inv->args[1].length = ~0ull);
	/* The sum of both is 8. */
	REFUSE_CALL(-E2BIG, inv->args[0].length = ~0ull; inv->args[1].length = 9);
	REFUSE_CALL(-E2BIG, inv->args[0].length = 1ull << 63; inv->args[1].length = 1ull << 63);
	REFUSE_CALL(-E2BIG, inv->args[0].length = 1ull << 32);
	dsp_finish(dsp);
}

TEST(remote_invoke_efault_args)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-EFAULT, inv->req.args = 0);
	REFUSE_CALL(-EFAULT, inv->req.args = (uintptr_t)bad_pointer());
	REFUSE_CALL(-EFAULT, inv->req.args = ~0ull);
	REFUSE_CALL(-EFAULT, inv->req.args = (uintptr_t)guarded_alloc(sizeof(inv->args[0]));
		    memcpy((void *)(uintptr_t)inv->req.args, inv->args, sizeof(inv->args[0])));
	dsp_finish(dsp);
}

TEST(remote_invoke_efault_input)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-EFAULT, inv->args[0].addr = 0);
	REFUSE_CALL(-EFAULT, inv->args[0].addr = (uintptr_t)bad_pointer());
	REFUSE_CALL(-EFAULT, inv->args[0].addr = (uintptr_t)guarded_alloc(63));
	REFUSE_CALL(-EFAULT, inv->args[0].addr = ~0ull - 10);
	REFUSE_CALL(-EFAULT, inv->args[0].addr = 0xffff800000000000ull);
	dsp_finish(dsp);
}

/* An output is written after the answer: the call was made, the session stays whole. */
TEST(remote_invoke_efault_output)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	uint64_t bad[] = { (uintptr_t)bad_pointer(), (uintptr_t)guarded_alloc(63),
			   0xffff800000000000ull };
	char good[64];

	dsp_serve(dsp, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct invocation *inv = plain_call();

		inv->args[1].addr = bad[i];
		CHECK_ERR(-EFAULT, qda_invoke(s.fd, &inv->req));
		inv->args[1].addr = (uintptr_t)good;
		CHECK_OK(qda_invoke(s.fd, &inv->req));
		free(inv);
	}
	dsp_finish(dsp);
}

TEST(remote_invoke_eperm)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	/* With every method that handle 1 has. */
	for (unsigned int method = 0; method < 32; method++)
		REFUSE_CALL(-EPERM, inv->req.handle = QDA_HANDLE_KERNEL;
			    inv->req.sc = QDA_SCALARS(method, 1, 1));
	dsp_finish(dsp);
}

TEST(remote_invoke_einval_async_output)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-EINVAL, inv->req.flags = QDA_INVOKE_ASYNC);
	REFUSE_CALL(-EINVAL, inv->req.flags = QDA_INVOKE_ASYNC; inv->args[1].length = 1);
	dsp_finish(dsp);
}

TEST(remote_invoke_eagain)
{
	struct drm_qda_invoke async = { .handle = TEST_HANDLE, .flags = QDA_INVOKE_ASYNC };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (uint64_t i = qda_limit(s.fd, QDA_LIMIT_CALLS); i > 0; i--)
		CHECK_OK(qda_invoke(s.fd, &async));
	CHECK_ERR(-EAGAIN, qda_invoke(s.fd, &async));
	CHECK_EQ(0, async.dsp_status);
	dsp_serve(dsp, NULL, NULL);
	dsp_finish(dsp);
}

/* ---- REMOTE_INVOKE of a session without a process ---- */

TEST(remote_invoke_enotconn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = { .fd = dsp_open(dsp) };

	REFUSE_CALL(-ENOTCONN, (void)inv);
	session_create(dsp, s.fd);
	s.id = 1;
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(qda_release(s.fd, &(struct drm_qda_session_release){ 0 }));
	REFUSE_CALL(-ENOTCONN, (void)inv);
	dsp_finish(dsp);
}

TEST(remote_invoke_epipe)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	long long calls;

	session_die(dsp, &s);
	calls = vdsp_get(dsp, "calls");
	for (int i = 0; i < 2; i++) {
		struct invocation *inv = plain_call();

		CHECK_ERR(-EPIPE, qda_invoke(s.fd, &inv->req));
		free(inv);
	}
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(remote_invoke_epipe_dsp_gone)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = plain_call();
	struct dsp_call call;
	struct job *job;

	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 2);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ(0, inv->req.dsp_status);
	CHECK_ERR(-ENODEV, qda_invoke(s.fd, &inv->req));
	free(inv);
	dsp_finish(dsp);
}

/* ---- REMOTE_INVOKE_BATCH ---- */

#define REFUSE_BATCH(err, ...)                                                             \
	do {                                                                               \
		struct drm_qda_invoke_batch batch = one_async_call();                      \
		struct drm_qda_invoke *call = (void *)(uintptr_t)batch.calls;              \
		struct drm_qda_invoke good = *call;                                        \
		__VA_ARGS__;                                                               \
		batch.submitted = 0xdeadbeef;                                              \
		CHECK_ERR(err, do_ioctl(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH, &batch)); \
		CHECK_EQ(0, batch.submitted);                                              \
		CHECK_EQ(0, batch.error);                                                  \
		CHECK_EQ(1, vdsp_get(dsp, "calls"));                                       \
		*call = good;                                                              \
	} while (0)

TEST(remote_invoke_batch_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int bit = 0; bit < 32; bit++)
		REFUSE_BATCH(-EINVAL, batch.flags = 1u << bit);
	REFUSE_BATCH(-EINVAL, batch.pad = 1);
	REFUSE_BATCH(-EINVAL, batch.stride = 0);
	REFUSE_BATCH(-EINVAL, batch.stride = sizeof(*call) - 1);
	REFUSE_BATCH(-EINVAL, call->flags = 0);
	REFUSE_BATCH(-EINVAL, call->cookie = 1);
	dsp_finish(dsp);
}

TEST(remote_invoke_batch_e2big)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned char later[200] = { 0 };

	later[199] = 1;
	REFUSE_BATCH(-E2BIG, memcpy(later, call, sizeof(*call)); batch.calls = (uintptr_t)later;
		     batch.stride = sizeof(later));
	dsp_finish(dsp);
}

TEST(remote_invoke_batch_efault_calls)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_BATCH(-EFAULT, batch.calls = (uintptr_t)bad_pointer());
	REFUSE_BATCH(-EFAULT, batch.calls = 0);
	REFUSE_BATCH(-EFAULT, batch.calls = 0xffff800000000000ull);
	REFUSE_BATCH(-EFAULT, batch.calls = (uintptr_t)guarded_alloc(sizeof(*call) - 1));
	dsp_finish(dsp);
}
