// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Fields of 64 bits are taken as such, whatever the width of the program: what is above
 * 32 bits is neither cut off nor beyond what a program of 32 bits can say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "remote_map.h"
#include "sys.h"

#define HIGH (1ull << 32)

/* A page below 4 GiB, above which there is nothing at the same distance. */
static uint64_t low_page(void)
{
	static void *p;

	if (!p)
		p = mmap((void *)0x20000000, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (p == MAP_FAILED)
		FAIL("mmap: %m");
	return (uintptr_t)p;
}

TEST(remote_session_create_efault_high_file)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	dsp_serve(dsp, NULL, NULL);
	create.filelen = PAGE;
	create.file = low_page() + HIGH;
	CHECK_ERR(-EFAULT, qda_create(fd, &create));
	create.file = low_page();
	CHECK_OK(qda_create(fd, &create));
	dsp_finish(dsp);
}

TEST(remote_attach_efault_high_name)
{
	struct drm_qda_remote_attach attach = { .pd = QDA_PD_STATIC, .namelen = 2 };
	struct dsp *dsp = dsp_new("adsp");
	int fd = dsp_open(dsp);

	dsp_serve(dsp, NULL, NULL);
	strcpy((char *)(uintptr_t)low_page(), "a");
	attach.name = low_page() + HIGH;
	CHECK_ERR(-EFAULT, qda_attach(fd, &attach));
	attach.name = low_page();
	CHECK_OK(qda_attach(fd, &attach));
	dsp_finish(dsp);
}

TEST(remote_invoke_efault_high_pointers)
{
	struct drm_qda_arg *args = (struct drm_qda_arg *)(uintptr_t)low_page();
	struct drm_qda_invoke call = { .handle = TEST_HANDLE, .sc = QDA_SCALARS(1, 1, 1) };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	char *data = (char *)(args + 2);

	dsp_serve(dsp, NULL, NULL);
	memcpy(data, "0123456789abcdef", 16);
	args[0].addr = (uintptr_t)data;
	args[1].addr = (uintptr_t)data + 8;
	args[0].length = args[1].length = 8;
	args[0].kind = args[1].kind = QDA_ARG_INLINE;
	call.args = low_page() + HIGH;
	CHECK_ERR(-EFAULT, qda_invoke(s.fd, &call));
	call.args = low_page();
	for (int i = 0; i < 2; i++) {
		args[i].addr += HIGH;
		CHECK_ERR(-EFAULT, qda_invoke(s.fd, &call));
		args[i].addr -= HIGH;
	}
	CHECK_OK(qda_invoke(s.fd, &call));
	CHECK_MEM("0123456701234567", data, 16);
	dsp_finish(dsp);
}

TEST(remote_invoke_batch_efault_high_calls)
{
	struct drm_qda_invoke *call = (struct drm_qda_invoke *)(uintptr_t)low_page();
	struct drm_qda_invoke_batch batch = { .count = 1, .stride = sizeof(*call) };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	dsp_serve(dsp, NULL, NULL);
	*call = (struct drm_qda_invoke){ .handle = TEST_HANDLE, .flags = QDA_INVOKE_ASYNC };
	batch.calls = low_page() + HIGH;
	CHECK_ERR(-EFAULT, do_ioctl(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH, &batch));
	batch.calls = low_page();
	CHECK_OK(do_ioctl(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH, &batch));
	CHECK_EQ(1, batch.submitted);
	dsp_finish(dsp);
}

TEST(gem_create_einval_high_size)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_gem_create create;

	CHECK_ERR(-EINVAL, gem_create(dsp_open(dsp), HIGH + PAGE, 0, &create));
	dsp_finish(dsp);
}

TEST(remote_map_einval_high_range)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 2 * PAGE, 0);
	struct drm_qda_remote_map offset = map_of(&b, HIGH, PAGE, 1),
				  size = map_of(&b, 0, HIGH + PAGE, 1);

	CHECK_ERR(-EINVAL, qda_map(s.fd, &offset));
	CHECK_ERR(-EINVAL, qda_map(s.fd, &size));
	buffers_finish(dsp);
}

TEST(remote_invoke_einval_high_range)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 2 * PAGE, 0);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);

	inv_bo_in(inv, b.handle, HIGH, PAGE);
	CHECK_ERR(-EINVAL, qda_invoke(s.fd, &inv->req));
	inv->args[0].addr = 0;
	inv->args[0].length = HIGH + PAGE;
	CHECK_ERR(-EINVAL, qda_invoke(s.fd, &inv->req));
	inv->args[0].kind = QDA_ARG_INLINE;
	inv->args[0].handle = 0;
	inv->args[0].addr = low_page();
	CHECK_ERR(-E2BIG, qda_invoke(s.fd, &inv->req));
	free(inv);
	buffers_finish(dsp);
}

/* So a program of 32 bits needs an off_t of 64 to use one at all. */
TEST(mmap_offsets_are_above_4_gib)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), PAGE, 0);

	CHECK(buffer_offset(&b) >= HIGH);
	memset(b.mem, 1, PAGE);
	buffers_finish(dsp);
}

/* What nobody gives a meaning comes through as it is. */
TEST(user_data_has_64_bits)
{
	struct drm_qda_invoke call = { .handle = TEST_HANDLE, .flags = QDA_INVOKE_ASYNC };
	struct drm_qda_event_invoke event;
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	dsp_serve(dsp, NULL, NULL);
	call.user_data = 0xfedcba9876543210;
	CHECK_OK(qda_invoke(s.fd, &call));
	CHECK_EQ(sizeof(event), read(s.fd, &event, sizeof(event)));
	CHECK_EQ(24, sizeof(event));
	CHECK(event.user_data == 0xfedcba9876543210);
	dsp_finish(dsp);
}
