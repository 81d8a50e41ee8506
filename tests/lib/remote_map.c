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

static void read_arg(struct dsp *dsp, const struct dsp_call *call, unsigned int i, void *to,
		     size_t size)
{
	uint64_t len;
	void *p = dsp_arg(dsp, call, i, &len);

	CHECK_EQ(size, len);
	memcpy(to, p, size);
}

/* Where the output of a MAP is; it is zero before the DSP writes it. */
static uint64_t *map_output(struct dsp *dsp, const struct dsp_call *call)
{
	uint64_t len, *vaddr = dsp_arg(dsp, call, FRPC_SC_IN(call->msg.sc), &len);

	CHECK_EQ(sizeof(*vaddr), len);
	return vaddr;
}

static void check_mem_map(struct dsp *dsp, const struct session *s,
			  const struct drm_qda_remote_map *map, const struct dsp_call *call)
{
	struct frpc_mem_map desc;
	uint64_t len;

	CHECK_EQ(0x0a030100, call->msg.sc);
	read_arg(dsp, call, 0, &desc, sizeof(desc));
	CHECK_EQ(s->id, desc.client_id);
	CHECK_EQ(map->key, desc.key);
	CHECK_EQ(0, desc.offset);
	CHECK_EQ(FRPC_MAP_FD, desc.flags);
	CHECK_EQ(map->vaddrin, desc.vaddrin);
	CHECK_EQ(sizeof(struct frpc_page), desc.num);
	CHECK_EQ(0, desc.data_len);
	CHECK(!dsp_arg(dsp, call, 2, &len));
}

static void check_mmap(struct dsp *dsp, const struct session *s, const struct dsp_call *call)
{
	struct frpc_mmap desc;

	CHECK_EQ(0x04020100, call->msg.sc);
	read_arg(dsp, call, 0, &desc, sizeof(desc));
	CHECK_EQ(s->id, desc.client_id);
	CHECK_EQ(FRPC_MMAP_ADD_PAGES, desc.flags);
	CHECK_EQ(0, desc.vaddr);
	CHECK_EQ(sizeof(struct frpc_page), desc.num);
	CHECK_EQ(0, desc.pad);
}

void expect_map(struct dsp *dsp, const struct session *s, const struct drm_qda_remote_map *map,
		struct dsp_call *call, struct frpc_page *page)
{
	dsp_next(dsp, call);
	CHECK_EQ(FRPC_HANDLE_INIT, call->msg.handle);
	CHECK_EQ(0, call->msg.client_id);
	if (map->flags == QDA_MAP_HEAP)
		check_mmap(dsp, s, call);
	else
		check_mem_map(dsp, s, map, call);
	read_arg(dsp, call, 1, page, sizeof(*page));
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
			    uint64_t size, const struct dsp_call *call)
{
	struct frpc_mem_unmap desc;

	CHECK_EQ(0x0b010000, call->msg.sc);
	read_arg(dsp, call, 0, &desc, sizeof(desc));
	CHECK_EQ(s->id, desc.client_id);
	CHECK_EQ(key, desc.key);
	CHECK_EQ(vaddr, desc.vaddr);
	CHECK_EQ(size, desc.len);
}

static void check_munmap(struct dsp *dsp, const struct session *s, uint64_t vaddr, uint64_t size,
			 const struct dsp_call *call)
{
	struct frpc_munmap desc;

	CHECK_EQ(0x05010000, call->msg.sc);
	read_arg(dsp, call, 0, &desc, sizeof(desc));
	CHECK_EQ(s->id, desc.client_id);
	CHECK_EQ(0, desc.pad);
	CHECK_EQ(vaddr, desc.vaddr);
	CHECK_EQ(size, desc.size);
}

void expect_munmap(struct dsp *dsp, const struct session *s,
		   const struct drm_qda_remote_munmap *munmap, uint64_t vaddr, uint64_t size,
		   struct dsp_call *call)
{
	dsp_next(dsp, call);
	CHECK_EQ(FRPC_HANDLE_INIT, call->msg.handle);
	CHECK_EQ(0, call->msg.client_id);
	if (munmap->flags == QDA_MAP_HEAP)
		check_munmap(dsp, s, vaddr, size, call);
	else
		check_mem_unmap(dsp, s, munmap->key, vaddr, size, call);
}

struct frpc_page map_now(struct dsp *dsp, const struct session *s, struct drm_qda_remote_map *map)
{
	struct job *job = map_start(s->fd, map);
	struct frpc_page page;
	struct dsp_call call;

	expect_map(dsp, s, map, &call, &page);
	reply_map(dsp, &call, 0, REMOTE_VADDR + map->key);
	CHECK_OK(job_wait(job));
	CHECK_EQ(REMOTE_VADDR + map->key, map->vaddrout);
	CHECK_EQ(0, map->dsp_status);
	return page;
}

struct frpc_page map_key(struct dsp *dsp, const struct session *s, const struct buffer *b,
			 uint64_t offset, uint64_t size, int32_t key)
{
	struct drm_qda_remote_map map = map_of(b, offset, size, key);

	return map_now(dsp, s, &map);
}

void unmap_key(struct dsp *dsp, const struct session *s, int32_t key, uint64_t size)
{
	struct drm_qda_remote_munmap munmap = munmap_of(key);
	struct job *job = munmap_start(s->fd, &munmap);
	struct dsp_call call;

	expect_munmap(dsp, s, &munmap, REMOTE_VADDR + key, size, &call);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, munmap.dsp_status);
}
