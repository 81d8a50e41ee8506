// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffers that are shared with others: exported, imported, in every order of letting
 * go of them, and after the DSP or its device went away. Whoever still has a way to the
 * memory finds his data there; when the last way is closed nothing is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "exporter.h"
#include "ktap.h"
#include "module.h"
#include "sys.h"

enum { SIZE = 3 * PAGE };

static void clean_up(void)
{
	buffers_after_each();
	if (!module_loaded("qda"))
		module_load("qda");
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(clean_up);
}

static int dmabuf_export(int fd, uint32_t handle)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };

	CHECK_OK(do_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	return prime.fd;
}

static unsigned char *dmabuf_mmap(int dmabuf, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);

	if (p == MAP_FAILED)
		FAIL("mmap of a dma-buf of %zu bytes: %m", size);
	return p;
}

static const unsigned char *pattern(unsigned int seed)
{
	static unsigned char bytes[SIZE];

	fill_pattern(bytes, SIZE, seed);
	return bytes;
}

static void check_dmabuf(int dmabuf, unsigned int seed)
{
	void *p = dmabuf_mmap(dmabuf, SIZE);

	CHECK_MEM(pattern(seed), p, SIZE);
	munmap(p, SIZE);
}

/* The DSP, served by a thread, reads all of the buffer and sends back what it saw. */
static void check_call(int fd, uint32_t handle, unsigned int seed)
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

/* Without taking the message: dsp_serve() answers. */
static int serve_process(struct dsp *dsp)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd = accel_open(dsp->node);

	CHECK_OK(qda_create(fd, &create));
	return fd;
}

static void wait_gone(struct dsp *dsp)
{
	qda_wait(dsp, "sessions", 0);
	qda_wait(dsp, "buffer_objects", 0);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	CHECK_EQ(0, qda_get(dsp, "attachments"));
	CHECK_EQ(0, qda_get(dsp, "mapped_pages"));
	vdsp_wait(dsp, "pages_mapped", dsp->pages_at_start);
	CHECK_EQ(0, vdsp_get(dsp, "faults"));
}

/* ---- every order of closing ---- */

/* The ways to a buffer's memory; all of them are open at first. */
enum way { FILE_WAY, HANDLE_WAY, DMABUF_WAY, MMAP_WAY, WAYS };

struct shared {
	int fd; /* accel file, in which a process is alive */
	uint32_t handle;
	int dmabuf;
	unsigned char *mem;
	bool open[WAYS];
};

static void own_new(struct shared *s)
{
	struct buffer b = { .fd = s->fd, .size = SIZE };
	struct drm_qda_gem_create create;

	CHECK_OK(gem_create(s->fd, SIZE, 0, &create));
	s->handle = b.handle = create.handle;
	s->dmabuf = dmabuf_export(s->fd, s->handle);
	s->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, buffer_offset(&b));
	CHECK(s->mem != MAP_FAILED);
}

static void imported_new(struct shared *s, int dmabuf)
{
	s->dmabuf = dmabuf;
	s->handle = dmabuf_import(s->fd, dmabuf);
	s->mem = dmabuf_mmap(dmabuf, SIZE);
}

static void heap_new(struct shared *s)
{
	imported_new(s, heap_dmabuf(SIZE));
}

static void udmabuf_new(struct shared *s)
{
	imported_new(s, udmabuf_dmabuf(SIZE));
}

static void vgem_new(struct shared *s)
{
	imported_new(s, vgem_dmabuf(SIZE));
}

static void check_open_ways(const struct shared *s, unsigned int seed)
{
	uint32_t again;

	if (s->open[MMAP_WAY])
		CHECK_MEM(pattern(seed), s->mem, SIZE);
	if (s->open[DMABUF_WAY])
		check_dmabuf(s->dmabuf, seed);
	if (!s->open[FILE_WAY])
		return;
	if (s->open[HANDLE_WAY]) {
		check_call(s->fd, s->handle, seed);
	} else if (s->open[DMABUF_WAY]) {
		again = dmabuf_import(s->fd, s->dmabuf);
		check_call(s->fd, again, seed);
		CHECK_OK(gem_close(s->fd, again));
	} else {
		CHECK_ERR(-EINVAL, gem_close(s->fd, s->handle));
	}
}

static void close_way(struct shared *s, enum way way)
{
	s->open[way] = false;
	switch (way) {
	case FILE_WAY:
		CHECK(!close(s->fd));
		/* What is left of the handle cannot be reached any more. */
		s->open[HANDLE_WAY] = false;
		break;
	case HANDLE_WAY:
		if (s->open[FILE_WAY])
			CHECK_OK(gem_close(s->fd, s->handle));
		break;
	case DMABUF_WAY:
		CHECK(!close(s->dmabuf));
		break;
	default:
		CHECK(!munmap(s->mem, SIZE));
	}
}

static void check_order(struct dsp *dsp, void (*make)(struct shared *), const enum way order[WAYS],
			unsigned int seed)
{
	struct shared s = { .fd = serve_process(dsp) };
	int dmabufs = dmabuf_count();

	make(&s);
	memset(s.open, true, sizeof(s.open));
	memcpy(s.mem, pattern(seed), SIZE);
	check_open_ways(&s, seed);
	for (int i = 0; i < WAYS; i++) {
		close_way(&s, order[i]);
		check_open_ways(&s, seed);
	}
	wait_gone(dsp);
	CHECK_EQ(dmabufs, dmabuf_count());
}

static void check_orders(const char *line, void (*make)(struct shared *))
{
	struct dsp *dsp = dsp_new(line);
	unsigned int seed = 0;

	dsp_serve(dsp, NULL, NULL);
	for (int a = 0; a < WAYS; a++) {
		for (int b = 0; b < WAYS; b++) {
			for (int c = 0; c < WAYS; c++) {
				enum way order[] = { a, b, c, 6 - a - b - c };

				if (a != b && a != c && b != c)
					check_order(dsp, make, order, ++seed);
			}
		}
	}
	CHECK_EQ(24, seed);
	dsp_finish(dsp);
}

TEST(own_buffer_let_go_in_each_of_24_orders)
{
	check_orders("cdsp", own_new);
}

TEST(own_contiguous_buffer_let_go_in_each_of_24_orders)
{
	check_orders("cdsp banks=1 direct=1", own_new);
}

TEST(heap_buffer_let_go_in_each_of_24_orders)
{
	check_orders("cdsp", heap_new);
}

TEST(udmabuf_let_go_in_each_of_24_orders)
{
	check_orders("cdsp", udmabuf_new);
}

TEST(vgem_buffer_let_go_in_each_of_24_orders)
{
	check_orders("cdsp", vgem_new);
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

/* ---- the DSP, or the driver, goes ---- */

enum { OWN_SIZE = 4 * MIB };

/* A process that has nothing but a dma-buf, and looks into it when it is told to. */
struct holder {
	int dmabuf;
	unsigned int seed;
	int go[2];
	pid_t pid;
};

static int hold(void *arg)
{
	struct holder *h = arg;
	char c;

	close(h->go[1]);
	if (read(h->go[0], &c, 1) != 1)
		return 2;
	check_dmabuf(h->dmabuf, h->seed);
	return 0;
}

static void holder_start(struct holder *h, int dmabuf, unsigned int seed)
{
	h->dmabuf = dmabuf;
	h->seed = seed;
	CHECK(!pipe2(h->go, O_CLOEXEC));
	h->pid = client_start(hold, h);
	close(h->go[0]);
}

static void holder_end(struct holder *h)
{
	CHECK_EQ(1, write(h->go[1], "x", 1));
	CHECK_EQ(0, client_wait(h->pid));
	close(h->go[1]);
}

struct abandoned {
	const char *node;
	int dmabuf;
};

/* Will be killed in a call that uses a buffer of its own and one of somebody else. */
static int client_in_a_call(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 2);
	struct abandoned *a = arg;
	struct drm_qda_gem_create own;
	int fd = accel_open(a->node);

	CHECK_OK(qda_create(fd, &create));
	CHECK_OK(gem_create(fd, SIZE, 0, &own));
	inv_bo_in(inv, dmabuf_import(fd, a->dmabuf), 0, SIZE);
	inv_bo_out(inv, own.handle, 0, SIZE);
	return -qda_invoke(fd, &inv->req);
}

static void abandon_a_call(struct dsp *dsp, int dmabuf)
{
	struct abandoned a = { dsp->node, dmabuf };
	pid_t pid = client_start(client_in_a_call, &a);
	struct frpc_create wire;
	struct dsp_call call;

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &call, TEST_HANDLE, 2);
	client_kill(pid);
	/* The file is closed, but the DSP still works. */
	expect_release(dsp, &call, wire.client_id);
}

/* A call that uses all of a buffer and is answered; the buffer stays mapped. */
static void map_by_call(struct dsp *dsp, struct session *s, uint32_t handle)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct dsp_call call;
	struct job *job;

	inv_bo_out(inv, handle, 0, SIZE);
	job = invoke_start(s->fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	free(inv);
}

static long long shmem_kib(void)
{
	char text[4096];
	const char *line;
	long long kib = -1;

	write_text("/proc/sys/vm/stat_refresh", "1");
	read_text("/proc/meminfo", text, sizeof(text));
	line = strstr(text, "\nShmem:");
	if (!line || sscanf(line, "\nShmem: %lld", &kib) != 1)
		FAIL("/proc/meminfo does not tell about shared memory");
	return kib;
}

static bool shmem_is_back(void *before)
{
	/* The tests themselves write a little. */
	return shmem_kib() < *(long long *)before + 1024;
}

static void go_down(struct dsp *dsp)
{
	dsp_down(dsp);
}

static void unbind(struct dsp *dsp)
{
	CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/unbind", dsp->parent));
}

/*
 * Everything that can be mapped is: own buffers by the CPU, exported, imported ones of
 * each exporter, and what a killed caller had in a call. A complaint of the kernel about
 * DMA that was left mapped fails the whole run.
 */
static void check_gone(void (*end)(struct dsp *dsp))
{
	struct dsp *dsp = dsp_new("cdsp");
	int dmabufs = dmabuf_count();
	int foreign[] = { heap_dmabuf(SIZE), udmabuf_dmabuf(SIZE), vgem_dmabuf(SIZE) };
	long long shmem = shmem_kib();
	struct session s = session_new(dsp);
	struct drm_qda_gem_create create[2];
	struct buffer own[2];
	struct holder holder[2];

	for (int i = 0; i < 2; i++) {
		CHECK_OK(gem_create(s.fd, OWN_SIZE, i ? QDA_GEM_WC : 0, &create[i]));
		own[i] = (struct buffer){ s.fd, create[i].handle, create[i].size, NULL };
		holder_start(&holder[i], dmabuf_export(s.fd, own[i].handle), 20 + i);
	}
	abandon_a_call(dsp, foreign[0]);
	for (int i = 0; i < 2; i++) {
		own[i].mem = buffer_mmap(&own[i]);
		memcpy(own[i].mem, pattern(20 + i), SIZE);
		map_by_call(dsp, &s, own[i].handle);
	}
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		unsigned char *p = dmabuf_mmap(foreign[i], SIZE);

		memcpy(p, pattern(30 + i), SIZE);
		munmap(p, SIZE);
		map_by_call(dsp, &s, dmabuf_import(s.fd, foreign[i]));
	}
	CHECK_EQ(7, qda_get(dsp, "mappings"));
	CHECK_EQ(4, qda_get(dsp, "attachments"));
	CHECK(shmem_kib() > shmem + OWN_SIZE / 1024);

	end(dsp);
	CHECK_EQ(dsp->pages_at_start, vdsp_get(dsp, "pages_mapped"));
	for (int i = 0; i < 2; i++) {
		CHECK_MEM(pattern(20 + i), own[i].mem, SIZE);
		/* Not even a page that nobody has touched yet is missing. */
		own[i].mem[OWN_SIZE - 1] = 1;
	}
	dsp_finish(dsp);
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		check_dmabuf(foreign[i], 30 + i);
		close(foreign[i]);
	}
	for (int i = 0; i < 2; i++) {
		CHECK_MEM(pattern(20 + i), own[i].mem, SIZE);
		buffer_munmap(&own[i]);
		check_dmabuf(holder[i].dmabuf, 20 + i);
		close(holder[i].dmabuf);
		CHECK(!module_try_unload("qda"));
		holder_end(&holder[i]);
	}
	CHECK_EQ(dmabufs, dmabuf_count());
	if (!wait_for(shmem_is_back, &shmem))
		FAIL("leak: %lld KiB of shared memory before, %lld after", shmem, shmem_kib());
	/* No file and no dma-buf holds the driver any more. */
	module_unload("qda");
	module_load("qda");
}

TEST(crash_with_everything_shared)
{
	check_gone(go_down);
}

TEST(unbind_with_everything_shared)
{
	check_gone(unbind);
}

/* The device can be had back at once; the old buffers are a stranger's to it. */
TEST(unbind_and_bind_with_buffers_shared)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp), again;
	struct buffer b = buffer_new(s.fd, SIZE, QDA_GEM_WC);
	int dmabuf = dmabuf_export(s.fd, b.handle), foreign = heap_dmabuf(SIZE);

	memcpy(b.mem, pattern(40), SIZE);
	map_by_call(dsp, &s, b.handle);
	map_by_call(dsp, &s, dmabuf_import(s.fd, foreign));
	for (int round = 0; round < 3; round++) {
		unbind(dsp);
		CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/bind", dsp->parent));
		dsp_wait_node(dsp);
		again = session_new(dsp);
		map_by_call(dsp, &again, dmabuf_import(again.fd, dmabuf));
		map_by_call(dsp, &again, dmabuf_import(again.fd, foreign));
		CHECK_MEM(pattern(40), b.mem, SIZE);
	}
	close(foreign);
	close(dmabuf);
	buffers_finish(dsp);
}
