// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "remote_map.h"

#include <string.h>

#include "ktap.h"

int qda_map(int fd, struct drm_qda_remote_map *map)
{
	return do_ioctl(fd, DRM_IOCTL_QDA_REMOTE_MAP, map);
}

int qda_munmap(int fd, struct drm_qda_remote_munmap *munmap)
{
	return do_ioctl(fd, DRM_IOCTL_QDA_REMOTE_MUNMAP, munmap);
}

struct job *map_start(int fd, struct drm_qda_remote_map *map)
{
	return job_start(fd, DRM_IOCTL_QDA_REMOTE_MAP, map);
}

struct job *munmap_start(int fd, struct drm_qda_remote_munmap *munmap)
{
	return job_start(fd, DRM_IOCTL_QDA_REMOTE_MUNMAP, munmap);
}

struct drm_qda_remote_map map_of(const struct buffer *b, uint64_t offset, uint64_t size,
				 int32_t key)
{
	return (struct drm_qda_remote_map){
		.flags = QDA_MAP_BO,
		.handle = b->handle,
		.offset = offset,
		.size = size,
		.vaddrin = REMOTE_VADDRIN,
		.vaddrout = POISON,
		.key = key,
		.dsp_status = POISON,
	};
}

struct drm_qda_remote_map map_of_heap(uint64_t size)
{
	return (struct drm_qda_remote_map){
		.flags = QDA_MAP_HEAP,
		.size = size,
		.vaddrout = POISON,
		.dsp_status = POISON,
	};
}

struct drm_qda_remote_munmap munmap_of(int32_t key)
{
	return (struct drm_qda_remote_munmap){
		.flags = QDA_MAP_BO,
		.key = key,
		.dsp_status = POISON,
	};
}

struct drm_qda_remote_munmap munmap_of_heap(uint64_t vaddr, uint64_t size)
{
	return (struct drm_qda_remote_munmap){
		.flags = QDA_MAP_HEAP,
		.vaddr = vaddr,
		.size = size,
		.dsp_status = POISON,
	};
}

/* Where the output of a MAP is; it is zero before the DSP writes it. */
static uint64_t *map_output(struct dsp *dsp, const struct dsp_call *call)
{
	uint64_t len, *vaddr = dsp_arg(dsp, call, FRPC_SC_IN(call->msg.sc), &len);

	CHECK_EQ(sizeof(*vaddr), len);
	return vaddr;
}

static void check_mem_map(struct dsp *dsp, const struct session *s,
			  const struct drm_qda_remote_map *map, struct dsp_call *call)
{
	struct frpc_mem_map desc;
	uint64_t len;

	memcpy(&desc, expect_init(dsp, call, 0x0a030100, sizeof(desc)), sizeof(desc));
	CHECK_EQ(s->id, desc.client_id);
	CHECK_EQ(map->key, desc.key);
	CHECK_EQ(0, desc.offset);
	CHECK_EQ(FRPC_MAP_FD, desc.flags);
	CHECK_EQ(map->vaddrin, desc.vaddrin);
	CHECK_EQ(sizeof(struct frpc_page), desc.num);
	CHECK_EQ(0, desc.data_len);
	CHECK(!dsp_arg(dsp, call, 2, &len));
}

static void check_mmap(struct dsp *dsp, const struct session *s, struct dsp_call *call)
{
	struct frpc_mmap desc;

	memcpy(&desc, expect_init(dsp, call, 0x04020100, sizeof(desc)), sizeof(desc));
	CHECK_EQ(s->id, desc.client_id);
	CHECK_EQ(FRPC_MMAP_ADD_PAGES, desc.flags);
	CHECK_EQ(0, desc.vaddr);
	CHECK_EQ(sizeof(struct frpc_page), desc.num);
	CHECK_EQ(0, desc.pad);
}

void expect_map(struct dsp *dsp, const struct session *s, const struct drm_qda_remote_map *map,
		struct dsp_call *call, struct frpc_page *page)
{
	uint64_t len;
	void *p;

	if (map->flags == QDA_MAP_HEAP)
		check_mmap(dsp, s, call);
	else
		check_mem_map(dsp, s, map, call);
	p = dsp_arg(dsp, call, 1, &len);
	CHECK_EQ(sizeof(*page), len);
	memcpy(page, p, sizeof(*page));
	CHECK_EQ(s->sid, dsp_sid(dsp, page->addr));
	CHECK_EQ(0, page->addr % PAGE);
	CHECK_EQ((map->size + PAGE - 1) / PAGE * PAGE, page->size);
	CHECK_EQ(0, *map_output(dsp, call));
}

void reply_map(struct dsp *dsp, struct dsp_call *call, uint32_t status, uint64_t vaddr)
{
	*map_output(dsp, call) = vaddr;
	dsp_reply(dsp, call, status);
}

static void check_mem_unmap(struct dsp *dsp, const struct session *s, int32_t key, uint64_t vaddr,
			    uint64_t size, struct dsp_call *call)
{
	struct frpc_mem_unmap desc;

	memcpy(&desc, expect_init(dsp, call, 0x0b010000, sizeof(desc)), sizeof(desc));
	CHECK_EQ(s->id, desc.client_id);
	CHECK_EQ(key, desc.key);
	CHECK_EQ(vaddr, desc.vaddr);
	CHECK_EQ(size, desc.len);
}

static void check_munmap(struct dsp *dsp, const struct session *s, uint64_t vaddr, uint64_t size,
			 struct dsp_call *call)
{
	struct frpc_munmap desc;

	memcpy(&desc, expect_init(dsp, call, 0x05010000, sizeof(desc)), sizeof(desc));
	CHECK_EQ(s->id, desc.client_id);
	CHECK_EQ(0, desc.pad);
	CHECK_EQ(vaddr, desc.vaddr);
	CHECK_EQ(size, desc.size);
}

void expect_munmap(struct dsp *dsp, const struct session *s,
		   const struct drm_qda_remote_munmap *munmap, uint64_t vaddr, uint64_t size,
		   struct dsp_call *call)
{
	if (munmap->flags == QDA_MAP_HEAP)
		check_munmap(dsp, s, vaddr, size, call);
	else
		check_mem_unmap(dsp, s, munmap->key, vaddr, size, call);
}

void map_begin(struct dsp *dsp, const struct session *s, struct drm_qda_remote_map map,
	       struct pending_map *p)
{
	p->map = map;
	p->job = map_start(s->fd, &p->map);
	expect_map(dsp, s, &p->map, &p->call, &p->page);
}

void map_end(struct dsp *dsp, struct pending_map *p)
{
	reply_map(dsp, &p->call, 0, REMOTE_VADDR + p->map.key);
	CHECK_OK(job_wait(p->job));
	CHECK_EQ(REMOTE_VADDR + p->map.key, p->map.vaddrout);
	CHECK_EQ(0, p->map.dsp_status);
}

void munmap_begin(struct dsp *dsp, const struct session *s, int32_t key, uint64_t size,
		  struct pending_munmap *p)
{
	p->munmap = munmap_of(key);
	p->job = munmap_start(s->fd, &p->munmap);
	expect_munmap(dsp, s, &p->munmap, REMOTE_VADDR + key, size, &p->call);
}

void munmap_end(struct dsp *dsp, struct pending_munmap *p)
{
	dsp_reply(dsp, &p->call, 0);
	CHECK_OK(job_wait(p->job));
	CHECK_EQ(0, p->munmap.dsp_status);
}

struct frpc_page map_now(struct dsp *dsp, const struct session *s, struct drm_qda_remote_map *map)
{
	struct pending_map p;

	map_begin(dsp, s, *map, &p);
	map_end(dsp, &p);
	*map = p.map;
	return p.page;
}

struct frpc_page map_key(struct dsp *dsp, const struct session *s, const struct buffer *b,
			 uint64_t offset, uint64_t size, int32_t key)
{
	struct drm_qda_remote_map map = map_of(b, offset, size, key);

	return map_now(dsp, s, &map);
}

struct frpc_page map_heap(struct dsp *dsp, const struct session *s, uint64_t size, uint64_t vaddr)
{
	struct pending_map p;

	map_begin(dsp, s, map_of_heap(size), &p);
	reply_map(dsp, &p.call, 0, vaddr);
	CHECK_OK(job_wait(p.job));
	CHECK_EQ(vaddr, p.map.vaddrout);
	return p.page;
}

void unmap_key(struct dsp *dsp, const struct session *s, int32_t key, uint64_t size)
{
	struct pending_munmap p;

	munmap_begin(dsp, s, key, size, &p);
	munmap_end(dsp, &p);
}

void *page_mem(struct dsp *dsp, const struct frpc_page *page)
{
	return dsp_mem(dsp, page->addr, page->size);
}
