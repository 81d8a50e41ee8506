// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "buffer.h"

#include <fcntl.h>
#include <linux/dma-heap.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ktap.h"
#include "module.h"

#define MAX_MMAPS 1024

/* What buffers_finish() has to unmap. */
static struct {
	void *p;
	size_t size;
} mmaps[MAX_MMAPS];

static void remember(void *p, size_t size)
{
	for (size_t i = 0; i < MAX_MMAPS; i++) {
		if (mmaps[i].p)
			continue;
		mmaps[i].p = p;
		mmaps[i].size = size;
		return;
	}
	FAIL("too many mappings of buffers in one test");
}

static void forget(void *p)
{
	for (size_t i = 0; i < MAX_MMAPS; i++)
		if (mmaps[i].p == p)
			mmaps[i].p = NULL;
}

int gem_create(int fd, uint64_t size, uint32_t flags, struct drm_qda_gem_create *create)
{
	*create = (struct drm_qda_gem_create){ .size = size, .flags = flags, .handle = POISON };
	return do_ioctl(fd, DRM_IOCTL_QDA_GEM_CREATE, create);
}

int gem_mmap_offset(int fd, uint32_t handle, struct drm_qda_gem_mmap_offset *offset)
{
	*offset = (struct drm_qda_gem_mmap_offset){ .handle = handle, .offset = POISON };
	return do_ioctl(fd, DRM_IOCTL_QDA_GEM_MMAP_OFFSET, offset);
}

int gem_sync(int fd, uint32_t handle, uint32_t flags)
{
	struct drm_qda_gem_sync sync = { .handle = handle, .flags = flags };

	return do_ioctl(fd, DRM_IOCTL_QDA_GEM_SYNC, &sync);
}

int gem_close(int fd, uint32_t handle)
{
	struct drm_gem_close close = { .handle = handle };

	return do_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close);
}

uint64_t buffer_offset(const struct buffer *b)
{
	struct drm_qda_gem_mmap_offset offset;

	CHECK_OK(gem_mmap_offset(b->fd, b->handle, &offset));
	return offset.offset;
}

unsigned char *buffer_mmap(const struct buffer *b)
{
	void *p = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, buffer_offset(b));

	if (p == MAP_FAILED)
		FAIL("mmap of a buffer of %llu bytes: %m", (unsigned long long)b->size);
	remember(p, b->size);
	return p;
}

struct buffer buffer_new(int fd, uint64_t size, uint32_t flags)
{
	struct drm_qda_gem_create create;
	struct buffer b = { .fd = fd };

	CHECK_OK(gem_create(fd, size, flags, &create));
	CHECK(create.handle);
	b.handle = create.handle;
	b.size = create.size;
	b.mem = buffer_mmap(&b);
	return b;
}

void buffer_munmap(struct buffer *b)
{
	forget(b->mem);
	CHECK(!munmap(b->mem, b->size));
	b->mem = NULL;
}

void buffer_close(struct buffer *b)
{
	CHECK_OK(gem_close(b->fd, b->handle));
	b->handle = 0;
}

int heap_dmabuf(size_t size)
{
	struct dma_heap_allocation_data data = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };
	int heap = open("/dev/dma_heap/system", O_RDONLY | O_CLOEXEC);

	if (heap < 0 || do_ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		FAIL("no buffer from /dev/dma_heap/system: %m");
	close(heap);
	return data.fd;
}

uint32_t dmabuf_import(int fd, int dmabuf)
{
	struct drm_prime_handle prime = { .fd = dmabuf };

	CHECK_OK(do_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	return prime.handle;
}

int dmabuf_export(int fd, uint32_t handle)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };

	CHECK_OK(do_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	return prime.fd;
}

unsigned char *dmabuf_mmap(int dmabuf, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);

	if (p == MAP_FAILED)
		FAIL("mmap of a dma-buf of %zu bytes: %m", size);
	return p;
}

static void make_last_bo(struct invocation *inv, uint32_t handle, uint64_t offset)
{
	struct drm_qda_arg *arg = &inv->args[inv->in + inv->out - 1];

	arg->addr = offset;
	arg->handle = handle;
	arg->kind = QDA_ARG_BO;
}

void inv_bo_in(struct invocation *inv, uint32_t handle, uint64_t offset, uint64_t len)
{
	inv_in(inv, NULL, len);
	make_last_bo(inv, handle, offset);
}

void inv_bo_out(struct invocation *inv, uint32_t handle, uint64_t offset, uint64_t len)
{
	inv_out(inv, NULL, len);
	make_last_bo(inv, handle, offset);
}

void bo_call_start(struct dsp *dsp, struct session *s, struct bo_call *c)
{
	c->job = invoke_start(s->fd, &c->inv->req);
	dsp_expect(dsp, &c->call, TEST_HANDLE, 1);
	CHECK_EQ(c->inv->req.sc, c->call.msg.sc);
}

void bo_call_end(struct dsp *dsp, struct bo_call *c)
{
	dsp_reply(dsp, &c->call, 0);
	CHECK_OK(job_wait(c->job));
	CHECK_EQ(0, c->inv->req.dsp_status);
	free(c->inv);
}

void set_map_limit(unsigned int mib)
{
	write_number("/sys/module/qda/parameters/map_limit_mb", mib);
}

void buffers_finish(struct dsp *dsp)
{
	for (size_t i = 0; i < MAX_MMAPS; i++) {
		if (mmaps[i].p)
			munmap(mmaps[i].p, mmaps[i].size);
		mmaps[i].p = NULL;
	}
	dsp_finish(dsp);
}

void buffers_after_each(void)
{
	dsp_remove_all();
	set_map_limit(0);
}

void driver_after_each(void)
{
	dsp_remove_all();
	if (!module_loaded("qda"))
		module_load("qda");
	set_map_limit(0);
}
