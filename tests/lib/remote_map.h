/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Memory that a process has for longer than a call: REMOTE_MAP and REMOTE_MUNMAP as the
 * application says them, and what the DSP must hear then, word by word.
 */
#ifndef TESTS_REMOTE_MAP_H
#define TESTS_REMOTE_MAP_H

#include "buffer.h"
#include "client.h"

/* The DSP's own address that the exchanges below answer with, plus the key. */
#define REMOTE_VADDR 0x1234567890ab0000ull
/* What map_of() says is the caller's address. */
#define REMOTE_VADDRIN 0xfedcba9876543210ull

int qda_map(int fd, struct drm_qda_remote_map *map);
int qda_munmap(int fd, struct drm_qda_remote_munmap *munmap);
struct job *map_start(int fd, struct drm_qda_remote_map *map);
struct job *munmap_start(int fd, struct drm_qda_remote_munmap *munmap);

/* A request, its outputs poisoned. */
struct drm_qda_remote_map map_of(const struct buffer *b, uint64_t offset, uint64_t size,
				 int32_t key);
struct drm_qda_remote_map map_of_heap(uint64_t size);
struct drm_qda_remote_munmap munmap_of(int32_t key);
struct drm_qda_remote_munmap munmap_of_heap(uint64_t vaddr, uint64_t size);

/* Takes the next message, which must say exactly what @map asks for; @page is the range. */
void expect_map(struct dsp *dsp, const struct session *s, const struct drm_qda_remote_map *map,
		struct dsp_call *call, struct frpc_page *page);
/* Answers it; @vaddr is the DSP's own address. */
void reply_map(struct dsp *dsp, struct dsp_call *call, uint32_t status, uint64_t vaddr);
/* Takes the next message, which must undo a mapping of @size bytes at @vaddr. */
void expect_munmap(struct dsp *dsp, const struct session *s,
		   const struct drm_qda_remote_munmap *munmap, uint64_t vaddr, uint64_t size,
		   struct dsp_call *call);

/* A mapping that the DSP has been asked for and has not answered. */
struct pending_map {
	struct drm_qda_remote_map map;
	struct job *job;
	struct dsp_call call;
	struct frpc_page page;
};

void map_begin(struct dsp *dsp, const struct session *s, struct drm_qda_remote_map map,
	       struct pending_map *p);
/* It says yes. */
void map_end(struct dsp *dsp, struct pending_map *p);

/* The same of what is to undo the mapping of a key. */
struct pending_munmap {
	struct drm_qda_remote_munmap munmap;
	struct job *job;
	struct dsp_call call;
};

void munmap_begin(struct dsp *dsp, const struct session *s, int32_t key, uint64_t size,
		  struct pending_munmap *p);
void munmap_end(struct dsp *dsp, struct pending_munmap *p);

/* The whole exchange, with success. */
struct frpc_page map_now(struct dsp *dsp, const struct session *s, struct drm_qda_remote_map *map);
struct frpc_page map_key(struct dsp *dsp, const struct session *s, const struct buffer *b,
			 uint64_t offset, uint64_t size, int32_t key);
struct frpc_page map_heap(struct dsp *dsp, const struct session *s, uint64_t size, uint64_t vaddr);
void unmap_key(struct dsp *dsp, const struct session *s, int32_t key, uint64_t size);

/* What is mapped, as the DSP sees it. */
void *page_mem(struct dsp *dsp, const struct frpc_page *page);

#endif /* TESTS_REMOTE_MAP_H */
