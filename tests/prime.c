// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffers that are shared with others: exported, imported, in every order of letting
 * go of them, and after the DSP or its device went away. Whoever still has a way to the
 * memory finds his data there; when the last way is closed nothing is left.
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
#include "ktap.h"
#include "prime.h"
#include "sys.h"

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(driver_after_each);
}

const unsigned char *pattern(unsigned int seed)
{
	static unsigned char bytes[SIZE];

	fill_pattern(bytes, SIZE, seed);
	return bytes;
}

void check_dmabuf(int dmabuf, unsigned int seed)
{
	void *p = dmabuf_mmap(dmabuf, SIZE);

	CHECK_MEM(pattern(seed), p, SIZE);
	munmap(p, SIZE);
}

void check_call(int fd, uint32_t handle, unsigned int seed)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	static unsigned char seen[SIZE];

	memset(seen, POISON, SIZE);
	inv_bo_in(inv, handle, 0, SIZE);
	inv_out(inv, seen, SIZE);
	CHECK_OK(qda_invoke(fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	CHECK_MEM(pattern(seed), seen, SIZE);
	free(inv);
}

int serve_process(struct dsp *dsp)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd = accel_open(dsp->node);

	CHECK_OK(qda_create(fd, &create));
	return fd;
}

void wait_gone(struct dsp *dsp)
{
	qda_wait(dsp, "sessions", 0);
	qda_wait(dsp, "buffer_objects", 0);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	CHECK_EQ(0, qda_get(dsp, "attachments"));
	CHECK_EQ(0, qda_get(dsp, "mapped_pages"));
	vdsp_wait(dsp, "pages_mapped", dsp->pages_at_start);
	CHECK_EQ(0, vdsp_get(dsp, "faults"));
}

/* ---- parts of a mapping ---- */

static void check_pages(const unsigned char *mem, int first, int count)
{
	for (int i = 0; i < count; i++)
		CHECK_EQ(10 + first + i, mem[i * PAGE]);
}

/* Which page an access is for does not depend on where the mapping begins. */
static void check_parts(const char *line, uint32_t flags)
{
	enum { PAGES = 8 };
	struct dsp *dsp = dsp_new(line);
	struct buffer b = buffer_new(dsp_open(dsp), PAGES * PAGE, flags);
	unsigned char *rest = buffer_mmap(&b), *part;
	int dmabuf = dmabuf_export(b.fd, b.handle);

	for (int i = 0; i < PAGES; i++)
		b.mem[i * PAGE] = 10 + i;
	CHECK(!munmap(rest, PAGE));
	CHECK(!munmap(rest + 4 * PAGE, PAGE));
	rest[PAGE] = 11;
	rest[5 * PAGE] = 15;
	check_pages(rest + PAGE, 1, 3);
	check_pages(rest + 5 * PAGE, 5, PAGES - 5);
	part = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 2 * PAGE);
	CHECK(part != MAP_FAILED);
	part[PAGE] = 13;
	check_pages(part, 2, 3);
	check_pages(b.mem, 0, PAGES);
	munmap(part, 3 * PAGE);
	CHECK(mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, dmabuf, 6 * PAGE) == MAP_FAILED);
	munmap(rest + PAGE, 7 * PAGE);
	close(dmabuf);
	buffers_finish(dsp);
}

TEST(parts_of_a_mapping_show_their_pages)
{
	check_parts("cdsp", 0);
	check_parts("cdsp", QDA_GEM_WC);
}

TEST(parts_of_a_mapping_of_contiguous_memory_show_their_pages)
{
	check_parts("cdsp banks=1 direct=1", 0);
	check_parts("cdsp banks=1 direct=1", QDA_GEM_WC);
}

/* ---- importing ---- */

TEST(import_of_an_own_export_is_the_same_object)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), SIZE, 0);
	int dmabuf = dmabuf_export(b.fd, b.handle), other = dsp_open(dsp);
	int again;
	uint32_t there;

	/* In the same file even the same handle. */
	CHECK_EQ(b.handle, dmabuf_import(b.fd, dmabuf));
	there = dmabuf_import(other, dmabuf);
	CHECK_EQ(there, dmabuf_import(other, dmabuf));
	CHECK_EQ(1, qda_get(dsp, "buffer_objects"));
	again = dmabuf_export(other, there);
	CHECK(same_file(dmabuf, again));
	close(again);
	close(dmabuf);
	buffers_finish(dsp);
}

TEST(a_dma_buf_imported_twice_has_one_handle)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp), dmabuf = heap_dmabuf(SIZE), copy = dup(dmabuf);
	uint32_t handle = dmabuf_import(fd, dmabuf);

	CHECK_EQ(handle, dmabuf_import(fd, copy));
	CHECK_EQ(1, qda_get(dsp, "buffer_objects"));
	/* So it is closed once. */
	CHECK_OK(gem_close(fd, handle));
	CHECK_ERR(-EINVAL, gem_close(fd, handle));
	CHECK_EQ(0, qda_get(dsp, "buffer_objects"));
	close(dmabuf);
	close(copy);
	dsp_finish(dsp);
}

/* An import is nothing but a reference: no bank has the memory before it is used. */
TEST(import_attaches_at_first_use)
{
	struct dsp *dsp = dsp_new("cdsp");
	int dmabuf = heap_dmabuf(SIZE), fd;
	uint32_t handle;
	void *p = dmabuf_mmap(dmabuf, SIZE);

	dsp_serve(dsp, NULL, NULL);
	memcpy(p, pattern(1), SIZE);
	fd = serve_process(dsp);
	handle = dmabuf_import(fd, dmabuf);
	CHECK_EQ(0, qda_get(dsp, "attachments"));
	check_call(fd, handle, 1);
	check_call(fd, handle, 1);
	CHECK_EQ(1, qda_get(dsp, "attachments"));
	CHECK_OK(gem_close(fd, handle));
	CHECK_EQ(0, qda_get(dsp, "attachments"));
	close(fd);
	dsp_finish(dsp);
}

/* One attachment per session, and the end of one is nothing to the other. */
TEST(import_in_two_sessions)
{
	struct dsp *dsp = dsp_new("cdsp");
	int dmabuf = heap_dmabuf(SIZE), fd[2];
	unsigned char *p = dmabuf_mmap(dmabuf, SIZE);
	uint32_t handle[2];

	dsp_serve(dsp, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		fd[i] = serve_process(dsp);
		handle[i] = dmabuf_import(fd[i], dmabuf);
		memcpy(p, pattern(i), SIZE);
		check_call(fd[i], handle[i], i);
	}
	close(dmabuf);
	CHECK_EQ(2, qda_get(dsp, "attachments"));
	check_call(fd[0], handle[0], 1);
	close(fd[0]);
	qda_wait(dsp, "sessions", 1);
	CHECK_EQ(1, qda_get(dsp, "attachments"));
	memcpy(p, pattern(2), SIZE);
	check_call(fd[1], handle[1], 2);
	close(fd[1]);
	munmap(p, SIZE);
	wait_gone(dsp);
	dsp_finish(dsp);
}

static int import_error(int fd, int not_a_dmabuf)
{
	struct drm_prime_handle prime = { .fd = not_a_dmabuf };

	return do_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
}

TEST(import_of_what_is_no_dma_buf)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp), memfd = memfd_create("no dma-buf", MFD_CLOEXEC);

	CHECK_ERR(-EINVAL, import_error(fd, memfd));
	CHECK_ERR(-EINVAL, import_error(fd, fd));
	CHECK_ERR(-EBADF, import_error(fd, -1));
	close(memfd);
	CHECK_ERR(-EBADF, import_error(fd, memfd));
	CHECK_EQ(0, qda_get(dsp, "buffer_objects"));
	dsp_finish(dsp);
}

/* Who wants to access a buffer of another exporter has to ask that one. */
TEST(import_has_no_mmap)
{
	int dmabuf[] = { heap_dmabuf(SIZE), udmabuf_dmabuf(SIZE), vgem_dmabuf(SIZE) };
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(dmabuf); i++) {
		struct drm_qda_gem_mmap_offset offset;
		uint32_t handle = dmabuf_import(fd, dmabuf[i]);

		CHECK_ERR(-EINVAL, gem_mmap_offset(fd, handle, &offset));
		CHECK_EQ(0, offset.offset);
		close(dmabuf[i]);
	}
	dsp_finish(dsp);
}

/* ---- exporting ---- */

/* What was imported goes out as what it was, so nobody gets an import of an import. */
TEST(export_of_an_import_is_the_exporters_dma_buf)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp), dmabuf = heap_dmabuf(SIZE), foreign = heap_dmabuf(SIZE), again;
	uint32_t handle = dmabuf_import(fd, dmabuf);
	void *p = dmabuf_mmap(dmabuf, SIZE);

	memcpy(p, pattern(5), SIZE);
	again = dmabuf_export(fd, handle);
	CHECK(same_file(dmabuf, again));
	CHECK(!same_file(foreign, again));
	/* Also when the handle is all that is left. */
	close(again);
	close(dmabuf);
	munmap(p, SIZE);
	again = dmabuf_export(fd, handle);
	CHECK_OK(gem_close(fd, handle));
	CHECK_EQ(0, qda_get(dsp, "buffer_objects"));
	check_dmabuf(again, 5);
	close(again);
	close(foreign);
	dsp_finish(dsp);
}

TEST(another_driver_imports_a_buffer)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(dsp), SIZE, QDA_GEM_WC);
	int vgem = vgem_open(), dmabuf = dmabuf_export(b.fd, b.handle), again;
	uint32_t there = dmabuf_import(vgem, dmabuf);

	memcpy(b.mem, pattern(6), SIZE);
	again = dmabuf_export(vgem, there);
	CHECK(same_file(dmabuf, again));
	close(again);
	close(dmabuf);
	buffer_munmap(&b);
	buffer_close(&b);
	/* That driver's handle is all that is left. */
	CHECK_EQ(1, qda_get(dsp, "buffer_objects"));
	again = dmabuf_export(vgem, there);
	check_dmabuf(again, 6);
	CHECK_EQ(b.fd, dsp->files[0]);
	b.handle = dmabuf_import(b.fd, again);
	CHECK_EQ(1, qda_get(dsp, "buffer_objects"));
	close(again);
	buffer_close(&b);
	CHECK_OK(gem_close(vgem, there));
	CHECK_EQ(0, qda_get(dsp, "buffer_objects"));
	close(vgem);
	buffers_finish(dsp);
}

/* Two DSPs are two devices, each with banks of its own. */
TEST(another_dsp_imports_a_buffer)
{
	struct dsp *from = dsp_new("adsp"), *to = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(from), SIZE, QDA_GEM_WC);
	int dmabuf = dmabuf_export(b.fd, b.handle), fd;
	uint32_t there;

	dsp_serve(to, NULL, NULL);
	memcpy(b.mem, pattern(7), SIZE);
	fd = serve_process(to);
	there = dmabuf_import(fd, dmabuf);
	close(dmabuf);
	check_call(fd, there, 7);
	CHECK_EQ(1, qda_get(to, "attachments"));
	buffer_munmap(&b);
	buffer_close(&b);
	CHECK_EQ(1, qda_get(from, "buffer_objects"));
	check_call(fd, there, 7);
	close(fd);
	wait_gone(to);
	CHECK_EQ(0, qda_get(from, "buffer_objects"));
	dsp_finish(to);
	buffers_finish(from);
}

/* A buffer has no more to do with its DSP than that it was made there. */
TEST(import_from_a_dsp_that_goes_and_is_removed)
{
	struct dsp *from = dsp_new("adsp"), *to = dsp_new("cdsp");
	struct buffer b = buffer_new(dsp_open(from), SIZE, QDA_GEM_WC);
	int dmabuf = dmabuf_export(b.fd, b.handle), late = dup(dmabuf), fd;
	uint32_t there;

	dsp_serve(to, NULL, NULL);
	memcpy(b.mem, pattern(8), SIZE);
	fd = serve_process(to);
	there = dmabuf_import(fd, dmabuf);
	close(dmabuf);
	check_call(fd, there, 8);
	dsp_down(from);
	check_call(fd, there, 8);
	buffer_munmap(&b);
	dsp_finish(from);
	check_call(fd, there, 8);
	CHECK_OK(gem_close(fd, there));
	/* It can even be imported anew. */
	there = dmabuf_import(fd, late);
	check_call(fd, there, 8);
	close(late);
	check_call(fd, there, 8);
	close(fd);
	wait_gone(to);
	dsp_finish(to);
}

/* The DSP comes back as another device, to which its own old buffers are a stranger's. */
TEST(import_from_the_dsps_former_life)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct buffer b = buffer_new(accel_open(dsp->node), SIZE, QDA_GEM_WC);
	int dmabuf = dmabuf_export(b.fd, b.handle), fd;
	uint32_t handle;

	memcpy(b.mem, pattern(9), SIZE);
	dsp_down(dsp);
	CHECK_ERR(-ENODEV, import_error(b.fd, dmabuf));
	dsp_up(dsp);
	dsp_serve(dsp, NULL, NULL);
	fd = serve_process(dsp);
	handle = dmabuf_import(fd, dmabuf);
	check_call(fd, handle, 9);
	CHECK_EQ(1, qda_get(dsp, "attachments"));
	memcpy(b.mem, pattern(10), SIZE);
	check_call(fd, handle, 10);
	buffer_munmap(&b);
	close(b.fd);
	close(dmabuf);
	check_call(fd, handle, 10);
	close(fd);
	wait_gone(dsp);
	dsp_finish(dsp);
}
