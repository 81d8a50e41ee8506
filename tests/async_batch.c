// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Several calls in one ioctl, as far as they can be submitted. Part of the suite "async".
 */
#include <errno.h>
#include <string.h>

#include "async.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

struct drm_qda_invoke_batch batch_of(struct drm_qda_invoke *calls, uint32_t count)
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
int qda_batch(int fd, struct drm_qda_invoke_batch *batch)
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
	uint64_t most = qda_limit(s.fd, QDA_LIMIT_CALLS);

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
