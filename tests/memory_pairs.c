// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the header says about the errors of buffer objects; a part of the suite uapi.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "sys.h"

#define SYNC_BOTH (QDA_GEM_SYNC_READ | QDA_GEM_SYNC_WRITE)

/* ---- GEM_CREATE ---- */

static void refuse_create(int fd, uint64_t size, uint32_t flags)
{
	struct drm_qda_gem_create create;

	CHECK_ERR(-EINVAL, gem_create(fd, size, flags, &create));
	CHECK_EQ(0, create.handle);
}

TEST(gem_create_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);
	uint64_t most = qda_limit(fd, QDA_LIMIT_BUFFER);

	refuse_create(fd, 0, 0);
	refuse_create(fd, most + 1, 0);
	refuse_create(fd, 1ull << 32, 0);
	refuse_create(fd, 1ull << 63, 0);
	refuse_create(fd, ~0ull, 0);
	refuse_create(fd, ~0ull - PAGE + 2, 0);
	for (int bit = 1; bit < 32; bit++)
		refuse_create(fd, PAGE, 1u << bit);
	refuse_create(fd, PAGE, QDA_GEM_WC | 2);
	CHECK_EQ(0, qda_get(dsp, "buffer_objects"));
	buffers_finish(dsp);
}

/* Pages come when they are used: the biggest one costs little. */
TEST(gem_create_at_the_limit)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);
	uint64_t most = qda_limit(fd, QDA_LIMIT_BUFFER);
	struct drm_qda_gem_create create;

	CHECK_OK(gem_create(fd, most, 0, &create));
	CHECK_EQ(most, create.size);
	CHECK_OK(gem_close(fd, create.handle));
	buffers_finish(dsp);
}

/* Contiguous memory counts from the start. */
TEST(gem_create_edquot)
{
	struct dsp *dsp = dsp_new("cdsp banks=1 direct=1");
	int fd = dsp_open(dsp);
	struct drm_qda_gem_create first, second;

	set_map_limit(1);
	CHECK_ERR(-EDQUOT, gem_create(fd, MIB + 1, 0, &first));
	CHECK_EQ(0, first.handle);
	CHECK_OK(gem_create(fd, MIB / 2 + 1, 0, &first));
	CHECK_ERR(-EDQUOT, gem_create(fd, MIB / 2, QDA_GEM_WC, &second));
	CHECK_EQ(0, second.handle);
	CHECK_EQ(1, qda_get(dsp, "buffer_objects"));
	CHECK_OK(gem_close(fd, first.handle));
	CHECK_OK(gem_create(fd, MIB, 0, &second));
	buffers_finish(dsp);
}

/* ---- GEM_MMAP_OFFSET ---- */

TEST(gem_mmap_offset_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), PAGE, 0);

	for (int bit = 0; bit < 32; bit++) {
		struct drm_qda_gem_mmap_offset offset = { .handle = b.handle,
							  .pad = 1u << bit,
							  .offset = POISON };

		CHECK_ERR(-EINVAL, do_ioctl(b.fd, DRM_IOCTL_QDA_GEM_MMAP_OFFSET, &offset));
		CHECK_EQ(0, offset.offset);
	}
	buffers_finish(dsp);
}

TEST(gem_mmap_offset_einval_imported)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_gem_mmap_offset offset;
	int fd = dsp_open(dsp), dmabuf = heap_dmabuf(PAGE);

	CHECK_ERR(-EINVAL, gem_mmap_offset(fd, dmabuf_import(fd, dmabuf), &offset));
	CHECK_EQ(0, offset.offset);
	close(dmabuf);
	buffers_finish(dsp);
}

/* No handle, a closed one, and another file's. */
TEST(gem_mmap_offset_enoent)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp), other = dsp_open(dsp);
	struct buffer b = buffer_new(fd, PAGE, 0);
	uint32_t handle = b.handle, wrong[] = { 0, handle + 1, ~0u };
	struct drm_qda_gem_mmap_offset offset;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		CHECK_ERR(-ENOENT, gem_mmap_offset(fd, wrong[i], &offset));
		CHECK_EQ(0, offset.offset);
	}
	CHECK_ERR(-ENOENT, gem_mmap_offset(other, handle, &offset));
	buffer_close(&b);
	CHECK_ERR(-ENOENT, gem_mmap_offset(fd, handle, &offset));
	buffers_finish(dsp);
}

/* ---- GEM_SYNC ---- */

TEST(gem_sync_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), PAGE, 0);

	CHECK_ERR(-EINVAL, gem_sync(b.fd, b.handle, 0));
	CHECK_ERR(-EINVAL, gem_sync(b.fd, b.handle, QDA_GEM_SYNC_END));
	for (int bit = 3; bit < 32; bit++)
		CHECK_ERR(-EINVAL, gem_sync(b.fd, b.handle, SYNC_BOTH | 1u << bit));
	buffers_finish(dsp);
}

TEST(gem_sync_einval_write_combined)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), PAGE, QDA_GEM_WC);

	CHECK_ERR(-EINVAL, gem_sync(b.fd, b.handle, SYNC_BOTH));
	CHECK_ERR(-EINVAL, gem_sync(b.fd, b.handle, SYNC_BOTH | QDA_GEM_SYNC_END));
	buffers_finish(dsp);
}

TEST(gem_sync_einval_imported)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp), dmabuf = heap_dmabuf(PAGE);

	CHECK_ERR(-EINVAL, gem_sync(fd, dmabuf_import(fd, dmabuf), SYNC_BOTH));
	close(dmabuf);
	buffers_finish(dsp);
}

TEST(gem_sync_enoent)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp), other = dsp_open(dsp);
	struct buffer b = buffer_new(fd, PAGE, 0);
	uint32_t handle = b.handle;

	CHECK_ERR(-ENOENT, gem_sync(fd, 0, SYNC_BOTH));
	CHECK_ERR(-ENOENT, gem_sync(fd, handle + 1, SYNC_BOTH));
	CHECK_ERR(-ENOENT, gem_sync(other, handle, SYNC_BOTH));
	buffer_close(&b);
	CHECK_ERR(-ENOENT, gem_sync(fd, handle, SYNC_BOTH));
	buffers_finish(dsp);
}

/* ---- REMOTE_INVOKE ---- */

/* As an input and as an output; nothing reaches the DSP. */
static void refuse_range(struct dsp *dsp, int fd, int err, uint32_t handle, uint64_t offset,
			 uint64_t len)
{
	long long calls = vdsp_get(dsp, "calls");

	for (int out = 0; out < 2; out++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 2);

		if (out)
			inv_bo_out(inv, handle, offset, len);
		else
			inv_bo_in(inv, handle, offset, len);
		CHECK_ERR(err, qda_invoke(fd, &inv->req));
		CHECK_EQ(0, inv->req.dsp_status);
		free(inv);
	}
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
}

/* The buffer's size is the rounded one. */
TEST(remote_invoke_einval_range)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 5000, 0);

	refuse_range(dsp, s.fd, -EINVAL, b.handle, 0, b.size + 1);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, 1, b.size);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, b.size, 1);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, b.size + 1, 1);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, b.size - 1, 2);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, 0, ~0ull);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, ~0ull, 1);
	/* The sum of both is small. */
	refuse_range(dsp, s.fd, -EINVAL, b.handle, ~0ull, 2);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, 100, ~0ull - 50);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, 1ull << 63, 1ull << 63);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, 1ull << 32, 1);
	refuse_range(dsp, s.fd, -EINVAL, b.handle, 0, 1ull << 32);
	dsp_serve(dsp, NULL, NULL);
	buffers_finish(dsp);
}

TEST(remote_invoke_enoent)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), other = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	uint32_t handle = b.handle;

	refuse_range(dsp, s.fd, -ENOENT, 0, 0, 1);
	refuse_range(dsp, s.fd, -ENOENT, handle + 1, 0, 1);
	refuse_range(dsp, s.fd, -ENOENT, ~0u, 0, 1);
	refuse_range(dsp, other.fd, -ENOENT, handle, 0, 1);
	buffer_close(&b);
	refuse_range(dsp, s.fd, -ENOENT, handle, 0, 1);
	buffers_finish(dsp);
}

static int call_with(int fd, const struct buffer *b)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 2);
	int ret;

	inv_bo_in(inv, b->handle, 0, 1);
	ret = qda_invoke(fd, &inv->req);
	free(inv);
	return ret;
}

/* A buffer counts as a whole and until it is unmapped; what was mapped stays usable. */
TEST(remote_invoke_edquot)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer small = buffer_new(s.fd, MIB / 2 + 1, 0);
	struct buffer second = buffer_new(s.fd, MIB / 2, 0), big = buffer_new(s.fd, MIB + 1, 0);

	set_map_limit(1);
	CHECK_EQ(MIB, qda_limit(s.fd, QDA_LIMIT_MAPPED));
	refuse_range(dsp, s.fd, -EDQUOT, big.handle, 0, 1);
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(call_with(s.fd, &small));
	CHECK_ERR(-EDQUOT, call_with(s.fd, &second));
	CHECK_OK(call_with(s.fd, &small));
	buffer_close(&small);
	CHECK_OK(call_with(s.fd, &second));
	set_map_limit(0);
	CHECK_OK(call_with(s.fd, &big));
	buffers_finish(dsp);
}

/* A second session counts again. */
TEST(remote_invoke_edquot_two_sessions)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), other = session_new(dsp);
	struct buffer mine = buffer_new(s.fd, MIB, 0), theirs = buffer_new(other.fd, PAGE, 0);

	set_map_limit(1);
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(call_with(s.fd, &mine));
	CHECK_ERR(-EDQUOT, call_with(other.fd, &theirs));
	buffer_close(&mine);
	CHECK_OK(call_with(other.fd, &theirs));
	set_map_limit(0);
	buffers_finish(dsp);
}

/* There the kernel's memory for large INLINE arguments counts, too. */
TEST(remote_invoke_edquot_without_an_iommu)
{
	struct dsp *dsp = dsp_new("cdsp banks=1 direct=1");
	struct session s = session_new(dsp);
	static char data[MIB / 2];

	dsp_serve(dsp, NULL, NULL);
	set_map_limit(4);
	for (int tries = 0; tries < 2; tries++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 2);

		inv_in(inv, data, sizeof(data));
		CHECK_ERR(tries ? 0 : -EDQUOT, qda_invoke(s.fd, &inv->req));
		CHECK_EQ(0, inv->req.dsp_status);
		free(inv);
		set_map_limit(0);
	}
	buffers_finish(dsp);
}

/* Each allocation fails once while a new buffer is mapped for a call. */
TEST(remote_invoke_enomem_with_buffers)
{
	unsigned int nomem = 0;
	long long objects;
	struct session s;
	struct dsp *dsp;
	bool hit = true;

	fault_setup();
	dsp = dsp_new("cdsp");
	s = session_new(dsp);
	objects = qda_get(dsp, "buffer_objects");
	dsp_serve(dsp, NULL, NULL);
	for (unsigned int nth = 1; hit; nth++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 2);
		struct buffer b[9];
		int ret;

		for (size_t i = 0; i < ARRAY_SIZE(b); i++) {
			b[i] = buffer_new(s.fd, 3 * PAGE, 0);
			inv_bo_in(inv, b[i].handle, 10, PAGE);
		}
		ret = fault_ioctl(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &inv->req, nth, &hit);
		if (ret && ret != -ENOMEM && ret != -EFAULT)
			FAIL("failure %u: expected 0, -ENOMEM or -EFAULT, seen %d", nth, ret);
		nomem += ret == -ENOMEM;
		for (size_t i = 0; i < ARRAY_SIZE(b); i++) {
			buffer_close(&b[i]);
			buffer_munmap(&b[i]);
		}
		CHECK_EQ(0, qda_get(dsp, "mappings"));
		CHECK_EQ(objects, qda_get(dsp, "buffer_objects"));
		free(inv);
		CHECK(nth < 1000);
	}
	CHECK(nomem > 0);
	buffers_finish(dsp);
}

/* ---- REMOTE_SESSION_CREATE with the image in a buffer ---- */

/* A driver that does not take the image from a buffer has nothing to test here. */
static void need_create_buffer(int fd)
{
	if (!(qda_features(fd) & QDA_FEATURE_CREATE_BUFFER))
		SKIP("this driver does not take the image from a buffer");
}

static void refuse_image(struct dsp *dsp, int fd, int err, int filefd, uint32_t handle,
			 uint32_t filelen)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	long long calls = vdsp_get(dsp, "calls");

	create.filefd = filefd;
	create.handle = handle;
	create.filelen = filelen;
	create.dsp_status = POISON;
	CHECK_ERR(err, qda_create(fd, &create));
	CHECK_EQ(0, create.dsp_status);
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
}

TEST(remote_session_create_ebadf)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	need_create_buffer(fd);
	refuse_image(dsp, fd, -EBADF, 999, 0, PAGE);
	refuse_image(dsp, fd, -EBADF, 0x7fffffff, 0, PAGE);
	buffers_finish(dsp);
}

TEST(remote_session_create_enoent)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	need_create_buffer(fd);
	refuse_image(dsp, fd, -ENOENT, -1, 1, PAGE);
	refuse_image(dsp, fd, -ENOENT, 0, ~0u, PAGE);
	buffers_finish(dsp);
}

TEST(remote_session_create_edquot)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), MIB + 1, 0);

	need_create_buffer(b.fd);
	set_map_limit(1);
	refuse_image(dsp, b.fd, -EDQUOT, -1, b.handle, PAGE);
	set_map_limit(0);
	buffers_finish(dsp);
}

/* There the memory that the kernel gives to the process counts, too. */
TEST(remote_session_create_edquot_without_an_iommu)
{
	struct dsp *dsp = dsp_new("cdsp banks=1 direct=1");
	int fd = dsp_open(dsp);

	set_map_limit(1);
	refuse_image(dsp, fd, -EDQUOT, -1, 0, 0);
	CHECK_EQ(0, qda_get(dsp, "mapped_pages"));
	set_map_limit(0);
	session_create(dsp, fd);
	buffers_finish(dsp);
}

TEST(remote_session_create_einval_buffer)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), 5000, 0);
	int heap = heap_dmabuf(PAGE), null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	need_create_buffer(b.fd);
	refuse_image(dsp, b.fd, -EINVAL, -1, b.handle, b.size + 1);
	refuse_image(dsp, b.fd, -EINVAL, heap, 0, PAGE + 1);
	refuse_image(dsp, b.fd, -EINVAL, heap, b.handle, PAGE);
	refuse_image(dsp, b.fd, -EINVAL, null, 0, PAGE);
	close(heap);
	close(null);
	buffers_finish(dsp);
}
