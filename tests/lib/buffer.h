/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffer objects of the application, in raw ioctls.
 */
#ifndef TESTS_BUFFER_H
#define TESTS_BUFFER_H

#include "client.h"

#define PAGE 4096u

struct buffer {
	int fd;
	uint32_t handle;
	uint64_t size;	    /* whole pages */
	unsigned char *mem; /* all of it */
};

int gem_create(int fd, uint64_t size, uint32_t flags, struct drm_qda_gem_create *create);
int gem_mmap_offset(int fd, uint32_t handle, struct drm_qda_gem_mmap_offset *offset);
int gem_sync(int fd, uint32_t handle, uint32_t flags);
int gem_close(int fd, uint32_t handle);

/* One with a shared mapping, which lasts until buffer_munmap() or buffers_finish(). */
struct buffer buffer_new(int fd, uint64_t size, uint32_t flags);
/* Where to mmap() it. */
uint64_t buffer_offset(const struct buffer *b);
/* Another shared mapping of the whole. */
unsigned char *buffer_mmap(const struct buffer *b);
void buffer_munmap(struct buffer *b);
void buffer_close(struct buffer *b);

/* A DMA-BUF of the system heap. */
int heap_dmabuf(size_t size);
/* Its handle in this file. */
uint32_t dmabuf_import(int fd, int dmabuf);
/* One of a buffer, and the whole of one in memory; closing and unmapping are up to the test. */
int dmabuf_export(int fd, uint32_t handle);
unsigned char *dmabuf_mmap(int dmabuf, size_t size);

/* Arguments that are a range of a buffer; inputs first, then outputs. */
void inv_bo_in(struct invocation *inv, uint32_t handle, uint64_t offset, uint64_t len);
void inv_bo_out(struct invocation *inv, uint32_t handle, uint64_t offset, uint64_t len);

/* A call of method 1 with buffers, which the DSP has seen. */
struct bo_call {
	struct invocation *inv;
	struct dsp_call call;
	struct job *job;
};

void bo_call_start(struct dsp *dsp, struct session *s, struct bo_call *c);
/* The DSP answers. Frees @c->inv. */
void bo_call_end(struct dsp *dsp, struct bo_call *c);

/* How much one user may have mapped, in MiB; 0 for the default. */
void set_map_limit(unsigned int mib);
/* dsp_finish() of a test that may still have mappings: they would keep the files open. */
void buffers_finish(struct dsp *dsp);
/* For ktap_after_each(): dsp_remove_all(), and the default limit again. */
void buffers_after_each(void);
/* The same where a test unloads the driver: the others are to find it. */
void driver_after_each(void);

#endif /* TESTS_BUFFER_H */
