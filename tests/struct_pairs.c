// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the header says about the structures of calls as such: how large they are, and
 * what it means when they cannot be written; a part of the suite uapi.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "storm.h"
#include "sys.h"

#define CALLS 3

/* ---- sizes ---- */

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

/* ---- structures that cannot be written ---- */

static void *read_only(const void *what, size_t size)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	memcpy(p, what, size);
	CHECK(!mprotect(p, PAGE, PROT_READ));
	return p;
}

static bool has_event(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 && p.revents & POLLIN;
}

static void expect_events(int fd, uint64_t first, int count)
{
	struct drm_qda_event_invoke event;

	for (int i = 0; i < count; i++) {
		CHECK(has_event(fd, WAIT_MS));
		CHECK_EQ(sizeof(event), read(fd, &event, sizeof(event)));
		CHECK_EQ(first + i, event.user_data);
		CHECK_EQ(0, event.error);
	}
	CHECK(!has_event(fd, 0));
}

/* Nothing is made twice, and a call that nobody waits for has its event all the same. */
TEST(remote_invoke_efault_of_a_structure_that_cannot_be_written)
{
	struct drm_qda_invoke async = { .handle = TEST_HANDLE,
					.flags = QDA_INVOKE_ASYNC,
					.user_data = 77 };
	struct drm_qda_invoke waits = { .handle = TEST_HANDLE };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	dsp_serve(dsp, NULL, NULL);
	CHECK_ERR(-EFAULT, qda_invoke(s.fd, read_only(&async, sizeof(async))));
	expect_events(s.fd, 77, 1);
	CHECK_EQ(2, vdsp_get(dsp, "calls"));
	CHECK_ERR(-EFAULT, qda_invoke(s.fd, read_only(&waits, sizeof(waits))));
	qda_wait(dsp, "calls_in_flight", 0);
	CHECK_EQ(3, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

/* How many were sent cannot be told; the events are theirs. */
TEST(remote_invoke_batch_efault_of_a_structure_that_cannot_be_written)
{
	struct drm_qda_invoke calls[CALLS + 1];
	struct drm_qda_invoke_batch batch = { .calls = (uintptr_t)calls,
					      .count = CALLS + 1,
					      .stride = sizeof(*calls) };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int sent;

	for (int i = 0; i <= CALLS; i++)
		calls[i] = (struct drm_qda_invoke){ .handle = TEST_HANDLE,
						    .flags = QDA_INVOKE_ASYNC,
						    .user_data = 100 + i };
	calls[CALLS].handle = QDA_HANDLE_KERNEL;
	dsp_serve(dsp, NULL, NULL);
	CHECK_ERR(-EFAULT, do_ioctl(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH,
				    read_only(&batch, sizeof(batch))));
	sent = (int)vdsp_get(dsp, "calls") - 1;
	/* Only a signal ends a batch earlier. */
	CHECK(sent == CALLS || (storm_rages() && sent > 0));
	expect_events(s.fd, 100, sent);
	dsp_finish(dsp);
}

/* What another ioctl does is done as well. */
TEST(remote_session_create_efault_of_a_structure_that_cannot_be_written)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	dsp_serve(dsp, NULL, NULL);
	CHECK_ERR(-EFAULT, qda_create(fd, read_only(&create, sizeof(create))));
	CHECK_ERR(-EBUSY, qda_create(fd, &create));
	dsp_finish(dsp);
}
