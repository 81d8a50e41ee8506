// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the header says about the structures of calls as such: how large they are; a
 * part of the suite uapi.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

static unsigned long invoke_number(unsigned int direction, size_t size)
{
	return _IOC(direction, _IOC_TYPE(DRM_IOCTL_QDA_REMOTE_INVOKE),
		    _IOC_NR(DRM_IOCTL_QDA_REMOTE_INVOKE), size);
}

/* After a signal such a call would be made again: its cookie has no place or is not copied. */
TEST(remote_invoke_einval_cookie_could_be_lost)
{
	static const size_t sizes[] = { 0, 16, 24, 32, 47 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 2);
	struct drm_qda_invoke before = inv->req;
	size_t whole = sizeof(inv->req);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		CHECK_ERR(-EINVAL, do_ioctl(s.fd, invoke_number(_IOC_READ | _IOC_WRITE, sizes[i]),
					    &inv->req));
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, invoke_number(_IOC_READ, whole), &inv->req));
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, invoke_number(_IOC_WRITE, whole), &inv->req));
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, invoke_number(_IOC_NONE, whole), &inv->req));
	CHECK_MEM(&before, &inv->req, whole);
	CHECK_EQ(1, vdsp_get(dsp, "calls"));
	free(inv);
	dsp_finish(dsp);
}

TEST(remote_invoke_batch_e2big_stride)
{
	static struct drm_qda_invoke call = { .handle = TEST_HANDLE, .flags = QDA_INVOKE_ASYNC };
	static const uint32_t strides[] = { 4097, 8192, 1u << 31, ~0u };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned char *mem = guarded_alloc(8192);
	struct drm_qda_invoke_batch batch = { .calls = (uintptr_t)mem, .count = 1 };

	memcpy(mem, &call, sizeof(call));
	for (size_t i = 0; i < ARRAY_SIZE(strides); i++) {
		batch.stride = strides[i];
		CHECK_ERR(-E2BIG, do_ioctl(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH, &batch));
		CHECK_EQ(0, batch.submitted);
		CHECK_EQ(0, batch.error);
	}
	CHECK_EQ(1, vdsp_get(dsp, "calls"));
	batch.stride = 4096;
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(do_ioctl(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH, &batch));
	CHECK_EQ(1, batch.submitted);
	dsp_finish(dsp);
}
