// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Shared buffers let go of in every order of file, handle, DMA-BUF and mapping. Part of the
 * suite "prime".
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "exporter.h"
#include "ktap.h"
#include "prime.h"

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
