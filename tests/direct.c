// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A DSP without an IOMMU: it takes physical addresses, so all that it gets is contiguous,
 * and nothing but its own firmware keeps it from memory that was once given to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "exporter.h"
#include "fault.h"
#include "ktap.h"
#include "module.h"
#include "real.h"
#include "sys.h"

#define DIRECT "cdsp banks=1 direct=1"

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(driver_after_each);
	/* One of the tests has an emulator inside the emulator. */
	ktap_seconds(120);
}

/* The DSP reads and then writes all of a buffer; where it was. */
static uint64_t check_buffer(struct dsp *dsp, struct session *s, struct buffer *b)
{
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	unsigned char *expected = malloc(b->size), *p;
	uint64_t len, addr;

	fill_pattern(expected, b->size, 1);
	memcpy(b->mem, expected, b->size);
	inv_bo_out(c.inv, b->handle, 0, b->size);
	bo_call_start(dsp, s, &c);
	p = dsp_arg(dsp, &c.call, 0, &len);
	CHECK_EQ(b->size, len);
	CHECK_EQ(b->size, c.call.page[0].size);
	CHECK_MEM(expected, p, len);
	fill_pattern(p, len, 2);
	addr = c.call.page[0].addr;
	bo_call_end(dsp, &c);
	fill_pattern(expected, b->size, 2);
	CHECK_MEM(expected, b->mem, b->size);
	free(expected);
	return addr;
}

static void check_inline(struct dsp *dsp, struct session *s, size_t size)
{
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	unsigned char *in = malloc(size), *out = malloc(size);
	uint64_t len;
	void *from, *to;

	fill_pattern(in, size, size);
	memset(out, POISON, size);
	inv_in(c.inv, in, size);
	inv_out(c.inv, out, size);
	bo_call_start(dsp, s, &c);
	from = dsp_arg(dsp, &c.call, 0, &len);
	to = dsp_arg(dsp, &c.call, 1, &len);
	CHECK_MEM(in, from, size);
	memcpy(to, from, size);
	bo_call_end(dsp, &c);
	CHECK_MEM(in, out, size);
	free(in);
	free(out);
}

TEST(process_without_an_iommu_serves_calls)
{
	static const size_t sizes[] = { 1, 64, PAGE, 3 * PAGE, 100001, 511 * 1024 };
	struct dsp *dsp = dsp_new(DIRECT);
	struct session s;

	for (int round = 0; round < 3; round++) {
		s = round ? session_create(dsp, s.fd) : session_new(dsp);
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			check_inline(dsp, &s, sizes[i]);
		session_release(dsp, &s);
		/* The next process gets these. */
		CHECK_EQ(4 * MIB / PAGE, qda_get(dsp, "mapped_pages"));
	}
	CHECK_EQ(0, qda_get(dsp, "quarantined_pages"));
	dsp_finish(dsp);
}

static void check_sizes(uint32_t flags)
{
	static const uint64_t sizes[] = { 1, PAGE + 1, 100001, MIB, 5 * MIB, 12 * MIB };
	struct dsp *dsp = dsp_new(DIRECT);
	struct session s = session_new(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct buffer b = buffer_new(s.fd, sizes[i], flags);
		unsigned char *again = buffer_mmap(&b);
		long long mapped = qda_get(dsp, "mapped_pages");

		for (size_t k = 0; k < b.size; k += PAGE / 2)
			CHECK_EQ(0, b.mem[k]);
		check_buffer(dsp, &s, &b);
		check_buffer(dsp, &s, &b);
		CHECK_EQ(mapped + b.size / PAGE, qda_get(dsp, "mapped_pages"));
		CHECK_MEM(b.mem, again, b.size);
		munmap(again, b.size);
		buffer_munmap(&b);
		buffer_close(&b);
		CHECK_EQ(mapped, qda_get(dsp, "mapped_pages"));
	}
	CHECK_EQ(0, vdsp_get(dsp, "faults"));
	buffers_finish(dsp);
}

TEST(cached_buffers_of_any_size)
{
	check_sizes(0);
}

TEST(write_combined_buffers_of_any_size)
{
	check_sizes(QDA_GEM_WC);
}

/* Many times as much as there is: what was freed is there again. */
TEST(memory_is_given_back)
{
	struct dsp *dsp = dsp_new(DIRECT);
	int fd = dsp_open(dsp);

	for (int i = 0; i < 20; i++) {
		struct buffer b = buffer_new(fd, 12 * MIB, i & QDA_GEM_WC);

		CHECK_EQ(0, b.mem[b.size - 1]);
		b.mem[b.size - 1] = 'S';
		buffer_munmap(&b);
		buffer_close(&b);
	}
	dsp_finish(dsp);
}

TEST(too_much_for_one_piece_enomem)
{
	struct dsp *dsp = dsp_new(DIRECT);
	struct session s = session_new(dsp);
	struct drm_qda_gem_create create;
	struct buffer b;

	set_map_limit(2048);
	CHECK_ERR(-ENOMEM, gem_create(s.fd, 1024 * MIB, 0, &create));
	CHECK_EQ(0, create.handle);
	b = buffer_new(s.fd, MIB, 0);
	check_buffer(dsp, &s, &b);
	buffers_finish(dsp);
}

/* What is mapped has been counted since it was made: 4 MiB for the process, and the buffer. */
TEST(memory_counts_once_for_the_users_limit)
{
	struct dsp *dsp = dsp_new(DIRECT);
	struct session s = session_new(dsp);
	struct drm_qda_gem_create create;
	struct buffer b;

	set_map_limit(16);
	b = buffer_new(s.fd, 6 * MIB, 0);
	check_buffer(dsp, &s, &b);
	CHECK_ERR(-EDQUOT, gem_create(s.fd, 6 * MIB, 0, &create));
	session_release(dsp, &s);
	/* What was for the process is free again. */
	CHECK_OK(gem_create(s.fd, 6 * MIB, 0, &create));
	buffers_finish(dsp);
}

/* ---- images ---- */

TEST(image_by_pointer_and_in_a_buffer)
{
	struct dsp *dsp = dsp_new("cdsp banks=2 direct=1 direct=2");
	struct drm_qda_init_create create = UNSIGNED_PD;
	static unsigned char image[70000];
	struct buffer b;

	fill_pattern(image, sizeof(image), 1);
	create.file = (uintptr_t)image;
	create.filelen = sizeof(image);
	create_with_image(dsp, dsp_open(dsp), &create, image);

	b = buffer_new(dsp_open(dsp), sizeof(image), 0);
	memcpy(b.mem, image, sizeof(image));
	create.file = 0;
	create.handle = b.handle;
	create_with_image(dsp, b.fd, &create, image);
	buffers_finish(dsp);
}

/* ---- imports ---- */

static int invoke_with(int fd, uint32_t handle, size_t size)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	int ret;

	inv_bo_in(inv, handle, 0, size);
	ret = qda_invoke(fd, &inv->req);
	free(inv);
	return ret;
}

TEST(import_in_pieces_einval)
{
	struct dsp *dsp = dsp_new(DIRECT);
	struct session s = session_new(dsp);
	int dmabuf = udmabuf_of_one_page(2);
	uint32_t handle = dmabuf_import(s.fd, dmabuf);

	CHECK_ERR(-EINVAL, invoke_with(s.fd, handle, PAGE));
	dsp_expect_silence(dsp);
	CHECK_EQ(0, qda_get(dsp, "attachments"));
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	close(dmabuf);
	dsp_finish(dsp);
}

/* The same with an IOMMU: only there it is one range. */
TEST(import_in_pieces_with_an_iommu)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int dmabuf = udmabuf_of_one_page(2);
	uint32_t handle = dmabuf_import(s.fd, dmabuf);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	unsigned char *p;
	uint64_t len;

	inv_bo_out(c.inv, handle, 0, 2 * PAGE);
	bo_call_start(dsp, &s, &c);
	p = dsp_arg(dsp, &c.call, 0, &len);
	p[0] = 77;
	CHECK_EQ(77, p[PAGE]);
	bo_call_end(dsp, &c);
	close(dmabuf);
	dsp_finish(dsp);
}

TEST(import_in_one_piece)
{
	struct dsp *dsp = dsp_new(DIRECT), *from = dsp_new("adsp banks=1 direct=1");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(dsp_open(from), 9 * PAGE, 0), same = b;
	int dmabuf = dmabuf_export(b.fd, b.handle);

	same.fd = s.fd;
	same.handle = dmabuf_import(s.fd, dmabuf);
	close(dmabuf);
	check_buffer(dsp, &s, &same);
	CHECK_EQ(1, qda_get(dsp, "attachments"));
	dsp_finish(dsp);
	buffers_finish(from);
}

/* Banks of both kinds: a buffer has to be good for each of them. */
TEST(a_buffer_in_banks_of_both_kinds)
{
	struct dsp *dsp = dsp_new("cdsp banks=2 direct=2");
	struct session s[2] = { session_new(dsp), session_new(dsp) };
	struct buffer b = buffer_new(s[0].fd, 5 * PAGE, 0), same = b;
	int dmabuf = dmabuf_export(b.fd, b.handle);
	uint64_t mask = (1ull << dsp->info.sid_pos) - 1;

	/* The better bank is the first one that is given away. */
	CHECK_EQ(1, s[0].sid);
	CHECK_EQ(2, s[1].sid);
	same.fd = s[1].fd;
	same.handle = dmabuf_import(s[1].fd, dmabuf);
	close(dmabuf);
	CHECK((check_buffer(dsp, &s[0], &b) & mask) != (check_buffer(dsp, &s[1], &same) & mask));
	CHECK_EQ(0, qda_get(dsp, "attachments"));
	CHECK_EQ(2, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

/* ---- the DSP, or the driver, goes ---- */

static void unbind(struct dsp *dsp)
{
	CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/unbind", dsp->parent));
}

static void bind(struct dsp *dsp)
{
	CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/bind", dsp->parent));
	dsp_wait_node(dsp);
}

static void close_files(struct dsp *dsp)
{
	while (dsp->file_count)
		close(dsp->files[--dsp->file_count]);
}

TEST(mmap_outlives_the_dsp)
{
	struct dsp *dsp = dsp_new(DIRECT);
	struct session s = session_new(dsp);
	struct buffer b[2] = { buffer_new(s.fd, 8 * PAGE, 0), buffer_new(s.fd, PAGE, QDA_GEM_WC) };
	struct buffer never = buffer_new(s.fd, PAGE, 0);

	check_buffer(dsp, &s, &b[0]);
	check_buffer(dsp, &s, &b[1]);
	dsp_down(dsp);
	for (int i = 0; i < 2; i++) {
		unsigned char *expected = malloc(b[i].size);

		fill_pattern(expected, b[i].size, 2);
		CHECK_MEM(expected, b[i].mem, b[i].size);
		memset(b[i].mem, 3, b[i].size);
		free(expected);
	}
	never.mem[0] = 1;
	dsp_finish(dsp);
	CHECK_EQ(3, b[0].mem[8 * PAGE - 1]);
	for (int i = 0; i < 2; i++)
		buffer_munmap(&b[i]);
	buffer_munmap(&never);
}

/*
 * The driver is taken from a DSP that works on. What it wrote to keeps away from
 * everybody until it starts anew.
 */
TEST(memory_of_a_running_dsp_is_not_used_again)
{
	struct dsp *dsp = dsp_new(DIRECT);
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 4 * MIB, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	long long mapped, kept = 0;
	unsigned char *p;
	uint64_t len;

	inv_bo_out(c.inv, b.handle, 0, b.size);
	bo_call_start(dsp, &s, &c);
	p = dsp_arg(dsp, &c.call, 0, &len);
	mapped = qda_get(dsp, "mapped_pages");
	CHECK(mapped > 8 * MIB / PAGE);
	unbind(dsp);
	CHECK_ERR(-EPIPE, job_wait(c.job));
	buffer_munmap(&b);
	close_files(dsp);

	/* Binding again says nothing about the DSP. */
	for (int round = 0; round < 2; round++) {
		bind(dsp);
		CHECK_EQ(mapped, qda_get(dsp, "quarantined_pages"));
		unbind(dsp);
	}
	bind(dsp);
	s.fd = dsp_open(dsp);
	/* Whoever gets memory now does not see what the old process writes. */
	for (struct drm_qda_gem_create create; !gem_create(s.fd, MIB, 0, &create); kept++) {
		struct buffer fresh = { s.fd, create.handle, create.size, NULL };

		fresh.mem = buffer_mmap(&fresh);
		memset(p, 'X', len);
		for (size_t i = 0; i < fresh.size; i += PAGE)
			CHECK_EQ(0, fresh.mem[i]);
		buffer_munmap(&fresh);
		if (kept > 40)
			break;
	}
	ktap_note("%lld MiB of contiguous memory were left", kept);
	CHECK(kept > 4);
	close_files(dsp);

	/* Now it has been down. */
	dsp_down(dsp);
	dsp_up(dsp);
	CHECK_EQ(0, qda_get(dsp, "quarantined_pages"));
	buffers_finish(dsp);
}

TEST(imported_memory_of_a_running_dsp_is_kept)
{
	struct dsp *dsp = dsp_new(DIRECT);
	int dmabufs = dmabuf_count(), dmabuf = udmabuf_dmabuf(PAGE);
	struct session s = session_new(dsp);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };

	inv_bo_in(c.inv, dmabuf_import(s.fd, dmabuf), 0, PAGE);
	bo_call_start(dsp, &s, &c);
	bo_call_end(dsp, &c);
	close(dmabuf);
	unbind(dsp);
	close_files(dsp);
	CHECK_EQ(dmabufs + 1, dmabuf_count());
	dsp_down(dsp);
	CHECK_EQ(dmabufs + 1, dmabuf_count());
	dsp_up(dsp);
	CHECK_EQ(dmabufs, dmabuf_count());
	dsp_finish(dsp);
}

/* What was released before is not kept. */
TEST(nothing_is_kept_of_a_released_process)
{
	struct dsp *dsp = dsp_new(DIRECT);
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);

	check_buffer(dsp, &s, &b);
	buffer_munmap(&b);
	buffer_close(&b);
	session_release(dsp, &s);
	close_files(dsp);
	unbind(dsp);
	bind(dsp);
	CHECK_EQ(0, qda_get(dsp, "quarantined_pages"));
	buffers_finish(dsp);
}

/* Nobody is left who could see the DSP start again, so the memory is given up for lost. */
TEST(memory_of_a_running_dsp_outlives_the_driver)
{
	struct dsp *dsp = dsp_new(DIRECT);
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	unsigned char *p;
	uint64_t len;

	inv_bo_out(c.inv, b.handle, 0, b.size);
	bo_call_start(dsp, &s, &c);
	p = dsp_arg(dsp, &c.call, 0, &len);
	unbind(dsp);
	CHECK_ERR(-EPIPE, job_wait(c.job));
	buffer_munmap(&b);
	close_files(dsp);
	module_unload("qda");
	memset(p, 'X', len);
	module_load("qda");
	dsp_wait_node(dsp);
	CHECK_EQ(0, qda_get(dsp, "quarantined_pages"));
	s = session_new(dsp);
	b = buffer_new(s.fd, PAGE, 0);
	check_buffer(dsp, &s, &b);
	CHECK_EQ('X', p[len - 1]);
	buffers_finish(dsp);
}

/* ---- memory runs out ---- */

/* An operation that failed is either one of the kernel's memory, or a copy from or to us. */
static void check_faulted(int ret, bool hit)
{
	if (ret && !(hit && (ret == -ENOMEM || ret == -EFAULT)))
		FAIL("one operation failed: expected 0, -ENOMEM or -EFAULT, seen %d", ret);
}

TEST(create_without_memory_at_any_point)
{
	struct dsp *dsp = dsp_new(DIRECT);
	bool hit = true;

	fault_setup();
	dsp_serve(dsp, NULL, NULL);
	for (unsigned int nth = 1; hit; nth++) {
		struct drm_qda_init_create create = UNSIGNED_PD;
		int fd = accel_open(dsp->node), ret;

		ret = fault_ioctl(fd, DRM_IOCTL_QDA_REMOTE_SESSION_CREATE, &create, nth, &hit);
		check_faulted(ret, hit);
		close(fd);
		qda_wait(dsp, "sessions", 0);
		CHECK_EQ(0, qda_get(dsp, "mapped_pages"));
	}
	dsp_finish(dsp);
}

TEST(buffer_without_memory_at_any_point)
{
	struct dsp *dsp = dsp_new(DIRECT);
	struct drm_qda_init_create process = UNSIGNED_PD;
	int fd = dsp_open(dsp);
	bool hit = true;
	long long mapped;

	fault_setup();
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(qda_create(fd, &process));
	mapped = qda_get(dsp, "mapped_pages");
	for (unsigned int nth = 1; hit; nth++) {
		struct drm_qda_gem_create create = { .size = 3 * PAGE, .flags = QDA_GEM_WC };
		int ret = fault_ioctl(fd, DRM_IOCTL_QDA_GEM_CREATE, &create, nth, &hit);

		check_faulted(ret, hit);
		if (!ret)
			CHECK_OK(gem_close(fd, create.handle));
		CHECK_EQ(mapped, qda_get(dsp, "mapped_pages"));
	}
	hit = true;
	for (unsigned int nth = 1; hit; nth++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);
		struct drm_qda_gem_create create;
		int ret;

		CHECK_OK(gem_create(fd, 3 * PAGE, 0, &create));
		inv_bo_in(inv, create.handle, 0, 3 * PAGE);
		ret = fault_ioctl(fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &inv->req, nth, &hit);
		check_faulted(ret, hit);
		CHECK_OK(gem_close(fd, create.handle));
		CHECK_EQ(mapped, qda_get(dsp, "mapped_pages"));
		free(inv);
	}
	dsp_finish(dsp);
}

/* ---- real Hexagon code ---- */

enum { CALC_SUM = 2 };

/*
 * The firmware, too, reaches only physical addresses in the range of the IOVAs, which is
 * where this machine has its contiguous memory.
 */
TEST(hexagon_process_without_an_iommu)
{
	enum { COUNT = 20000 };
	struct dsp *dsp = real_new(DIRECT);
	int fd = real_session(dsp, image_load("qda_shell.elf"));
	struct buffer b = buffer_new(fd, COUNT * sizeof(int32_t), 0);
	struct invocation *inv = inv_new(module_open(fd, "calc"), CALC_SUM);
	int32_t *numbers = (int32_t *)b.mem;
	int64_t sum = 0, seen = 0;
	uint32_t count = COUNT;

	fill_pattern(numbers, b.size, 3);
	for (int i = 0; i < COUNT; i++)
		sum += numbers[i];
	inv_in(inv, &count, sizeof(count));
	inv_bo_in(inv, b.handle, 0, COUNT * sizeof(int32_t));
	inv_out(inv, &seen, sizeof(seen));
	CHECK_OK(qda_invoke(fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	CHECK_EQ(sum, seen);
	free(inv);
	buffers_finish(dsp);
}
