// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: memory that a process has for longer than a call, by DMA handles and by
 * persistent mappings. Part of the suite "shim".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "shim.h"

/* ---- DMA handles ---- */

static void call_with_handle(struct dsp *dsp, int fd, int dmabuf, uint64_t done, uint64_t *addr)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	struct frpc_dma_handle *handle;
	struct dsp_call seen;
	struct job *job;

	legacy_handle_in(call, 100, PAGE, dmabuf);
	job = legacy_call_seen(dsp, fd, call, &seen);
	handle = (void *)&seen.arg[0];
	CHECK_EQ(dmabuf, handle->fd);
	CHECK_EQ(100, handle->offset);
	CHECK_EQ(PAGE, handle->len);
	CHECK_EQ(1, seen.list[0].num);
	CHECK_EQ(2 * PAGE, seen.page[0].size);
	*addr = seen.page[0].addr;
	seen.fdlist[0] = done;
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	free(call);
}

/* The DSP keeps it until it says so; closing the file descriptor does not take it away. */
TEST(handle_stays_mapped_until_the_dsp_is_done)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	int dmabuf = heap_dmabuf(2 * PAGE);
	uint64_t first, second;

	call_with_handle(dsp, s.fd, dmabuf, 0, &first);
	call_with_handle(dsp, s.fd, dmabuf, 0, &second);
	CHECK_EQ(first, second);
	CHECK(dsp_can_read(dsp, first));
	/* One for each of the calls before, and this one still has its own. */
	call_with_handle(dsp, s.fd, dmabuf, dmabuf, &second);
	call_with_handle(dsp, s.fd, dmabuf, dmabuf, &second);
	close(dmabuf);
	CHECK(dsp_can_read(dsp, first));
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	dsp_finish(dsp);
}

TEST(handle_is_given_back_by_the_list)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	int dmabuf = heap_dmabuf(2 * PAGE);
	uint64_t addr;

	call_with_handle(dsp, s.fd, dmabuf, dmabuf, &addr);
	qda_wait(dsp, "remote_maps", 0);
	qda_wait(dsp, "mappings", 0);
	CHECK(!dsp_can_read(dsp, addr));
	close(dmabuf);
	dsp_finish(dsp);
}

TEST(handle_without_buffer_is_only_numbers)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	struct frpc_dma_handle *handle;
	struct dsp_call seen;
	struct job *job;

	legacy_handle_in(call, 7, 9, -1);
	legacy_handle_in(call, 7, 0, 999);
	job = legacy_call_seen(dsp, s.fd, call, &seen);
	handle = (void *)&seen.arg[0];
	CHECK_EQ(-1, handle->fd);
	CHECK_EQ(7, handle->offset);
	CHECK_EQ(9, handle->len);
	CHECK_EQ(1, seen.list[0].num);
	CHECK_EQ(0, seen.page[0].size);
	CHECK_EQ(0, seen.page[0].addr);
	CHECK_EQ(0, seen.list[1].num);
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	free(call);
	dsp_finish(dsp);
}

static struct job *map_start(int fd, int dmabuf, uint64_t length, struct fastrpc_mem_map *map)
{
	*map = (struct fastrpc_mem_map){
		.fd = dmabuf,
		.offset = 16,
		.flags = FRPC_MAP_FD_DELAYED,
		.vaddrin = 0x123456789000,
		.length = length,
		.vaddrout = POISON,
	};
	return job_start(fd, FASTRPC_IOCTL_MEM_MAP, map);
}

/* The DSP gets a page list as its second input, and gives an address as its last argument. */
static uint64_t give_address(struct dsp *dsp, struct dsp_call *call, uint64_t size, uint64_t vaddr)
{
	struct frpc_page page;
	uint64_t len;

	memcpy(&page, dsp_arg(dsp, call, 1, &len), sizeof(page));
	CHECK_EQ(size, page.size);
	memcpy(dsp_arg(dsp, call, call->n - 1, &len), &vaddr, sizeof(vaddr));
	dsp_reply(dsp, call, 0);
	return page.addr;
}

static uint64_t expect_mem_map(struct dsp *dsp, int id, int dmabuf, uint64_t length, uint64_t vaddr)
{
	struct frpc_mem_map *wire;
	struct dsp_call call;

	wire = expect_init(dsp, &call, FRPC_SC(FRPC_INIT_MEM_MAP, 3, 1), sizeof(*wire));
	CHECK_EQ(id, wire->client_id);
	CHECK_EQ(dmabuf, wire->key);
	CHECK_EQ(16, wire->offset);
	CHECK_EQ(FRPC_MAP_FD_DELAYED, wire->flags);
	CHECK_EQ(0x123456789000, wire->vaddrin);
	CHECK_EQ(16, wire->num);
	CHECK_EQ(0, wire->data_len);
	CHECK_EQ(0, call.list[2].num);
	return give_address(dsp, &call, length, vaddr);
}

static uint64_t mem_map(struct dsp *dsp, struct session *s, int dmabuf, uint64_t length,
			uint64_t vaddr)
{
	struct fastrpc_mem_map map;
	struct job *job = map_start(s->fd, dmabuf, length, &map);
	uint64_t addr = expect_mem_map(dsp, s->id, dmabuf, length, vaddr);

	CHECK_OK(job_wait(job));
	CHECK_EQ(vaddr, map.vaddrout);
	return addr;
}

/* The old driver drops what the DSP names there, whoever has it. */
TEST(hostile_list_takes_nothing_away)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	int dmabuf = heap_dmabuf(2 * PAGE), used = heap_dmabuf(2 * PAGE);
	uint64_t addr = mem_map(dsp, &s, dmabuf, PAGE, 0x5000), lent;
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	struct dsp_call seen;
	struct job *job;

	call_with_handle(dsp, s.fd, used, 0, &lent);
	legacy_in(call, NULL, PAGE, dmabuf);
	job = legacy_call_seen(dsp, s.fd, call, &seen);
	for (int i = 0; i < FRPC_FDLIST_COUNT; i++)
		seen.fdlist[i] = i ? (uint64_t)i << 32 | (unsigned int)dmabuf : UINT64_MAX;
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	CHECK(dsp_can_read(dsp, addr));
	CHECK(dsp_can_read(dsp, lent));
	CHECK_EQ(2, qda_get(dsp, "remote_maps"));
	free(call);
	dsp_finish(dsp);
}

/* ---- persistent mappings ---- */

static int mem_unmap(int fd, int dmabuf, uint64_t vaddr)
{
	struct fastrpc_mem_unmap unmap = { .fd = dmabuf, .vaddr = vaddr };

	return do_ioctl(fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap);
}

static void check_mem_unmap(struct dsp *dsp, struct session *s, int dmabuf, int key, uint64_t vaddr,
			    uint64_t length)
{
	struct fastrpc_mem_unmap unmap = { .fd = dmabuf, .vaddr = vaddr };
	struct job *job = job_start(s->fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap);
	struct frpc_mem_unmap *wire;
	struct dsp_call call;

	wire = expect_init(dsp, &call, FRPC_SC(FRPC_INIT_MEM_UNMAP, 1, 0), sizeof(*wire));
	CHECK_EQ(s->id, wire->client_id);
	CHECK_EQ(key, wire->key);
	CHECK_EQ(vaddr, wire->vaddr);
	CHECK_EQ(length, wire->len);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
}

TEST(mem_map_and_unmap)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	int dmabuf = heap_dmabuf(4 * PAGE);
	unsigned char *mem = dmabuf_mmap(dmabuf, 4 * PAGE);
	uint64_t addr;

	fill_pattern(mem, 4 * PAGE, 5);
	addr = mem_map(dsp, &s, dmabuf, 8096, 0x7000);
	CHECK_MEM(mem, dsp_mem(dsp, addr, 8096), 8096);
	/* A call finds it where it is. */
	check_in_buffer(dsp, s.fd, dmabuf, mem, 0, PAGE);
	CHECK_EQ(1, qda_get(dsp, "mappings"));
	/* Several may have one number; the address says which. */
	CHECK_EQ(addr, mem_map(dsp, &s, dmabuf, 100, 0x9000));
	CHECK_ERR(-EINVAL, mem_unmap(s.fd, dmabuf, 0x8000));
	CHECK_ERR(-EINVAL, mem_unmap(s.fd, dmabuf + 1, 0x7000));
	check_mem_unmap(dsp, &s, dmabuf, dmabuf, 0x7000, 8096);
	CHECK(dsp_can_read(dsp, addr));
	check_mem_unmap(dsp, &s, -1, dmabuf, 0x9000, 100);
	CHECK(!dsp_can_read(dsp, addr));
	CHECK_ERR(-EINVAL, mem_unmap(s.fd, -1, 0x9000));
	munmap(mem, 4 * PAGE);
	dsp_finish(dsp);
}

TEST(mem_map_errors)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	int dmabuf = heap_dmabuf(PAGE), fd = legacy_open(dsp, true);
	struct fastrpc_mem_map map = { .fd = dmabuf, .length = PAGE + 1 };
	struct fastrpc_mem_unmap unmap = { .fd = dmabuf, .vaddr = 0x6000 };
	struct dsp_call call;
	struct job *job;

	CHECK_ERR(-EFAULT, do_ioctl(s.fd, FASTRPC_IOCTL_MEM_MAP, bad_pointer()));
	CHECK_ERR(-EFAULT, do_ioctl(s.fd, FASTRPC_IOCTL_MEM_UNMAP, bad_pointer()));
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, FASTRPC_IOCTL_MEM_MAP, &map));
	map.fd = 999;
	CHECK_ERR(-EBADF, do_ioctl(s.fd, FASTRPC_IOCTL_MEM_MAP, &map));
	map.fd = s.fd;
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, FASTRPC_IOCTL_MEM_MAP, &map));
	map.fd = dmabuf;
	map.length = PAGE;
	CHECK_ERR(-ENOTCONN, do_ioctl(fd, FASTRPC_IOCTL_MEM_MAP, &map));
	dsp_expect_silence(dsp);
	/* The DSP refuses to map, and to unmap: then it is mapped still. */
	job = job_start(s.fd, FASTRPC_IOCTL_MEM_MAP, &map);
	dsp_expect(dsp, &call, FRPC_HANDLE_INIT, FRPC_INIT_MEM_MAP);
	dsp_reply(dsp, &call, FRPC_ENOMEMORY);
	CHECK_EQ((int)FRPC_ENOMEMORY, job_wait(job));
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	mem_map(dsp, &s, dmabuf, PAGE, 0x6000);
	job = job_start(s.fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap);
	dsp_expect(dsp, &call, FRPC_HANDLE_INIT, FRPC_INIT_MEM_UNMAP);
	dsp_reply(dsp, &call, FRPC_EBADPARM);
	CHECK_EQ((int)FRPC_EBADPARM, job_wait(job));
	check_mem_unmap(dsp, &s, dmabuf, dmabuf, 0x6000, PAGE);
	dsp_finish(dsp);
}

/* The caller cannot be told the address, so it could never unmap it. */
TEST(mem_map_that_cannot_be_told_is_undone)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct fastrpc_mem_map *map =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct dsp_call call;
	struct job *job;

	map->fd = heap_dmabuf(PAGE);
	map->length = PAGE;
	mprotect(map, PAGE, PROT_READ);
	job = job_start(s.fd, FASTRPC_IOCTL_MEM_MAP, map);
	dsp_expect(dsp, &call, FRPC_HANDLE_INIT, FRPC_INIT_MEM_MAP);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &call, FRPC_HANDLE_INIT, FRPC_INIT_MEM_UNMAP);
	dsp_reply(dsp, &call, 0);
	CHECK_ERR(-EFAULT, job_wait(job));
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	dsp_finish(dsp);
}

static struct job *mmap_start(int fd, uint64_t size, struct fastrpc_req_mmap *req)
{
	*req = (struct fastrpc_req_mmap){ .fd = -1, .flags = FRPC_MMAP_ADD_PAGES, .size = size };
	return job_start(fd, FASTRPC_IOCTL_MMAP, req);
}

static uint64_t expect_mmap(struct dsp *dsp, int id, uint64_t size, uint64_t vaddr)
{
	struct frpc_mmap *wire;
	struct dsp_call call;

	wire = expect_init(dsp, &call, FRPC_SC(FRPC_INIT_MMAP, 2, 1), sizeof(*wire));
	CHECK_EQ(id, wire->client_id);
	CHECK_EQ(FRPC_MMAP_ADD_PAGES, wire->flags);
	CHECK_EQ(0, wire->vaddr);
	CHECK_EQ(16, wire->num);
	return give_address(dsp, &call, size, vaddr);
}

TEST(mmap_and_munmap)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct fastrpc_req_munmap unmap = { .vaddrout = 0x40000, .size = 16 * PAGE };
	struct fastrpc_req_mmap req;
	struct job *job = mmap_start(s.fd, 16 * PAGE, &req);
	uint64_t addr = expect_mmap(dsp, s.id, 16 * PAGE, 0x40000), len;
	struct frpc_munmap *wire;
	struct dsp_call call;

	CHECK_OK(job_wait(job));
	CHECK_EQ(0x40000, req.vaddrout);
	CHECK(dsp_can_write(dsp, addr + 16 * PAGE - 1));
	unmap.size = 15 * PAGE;
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, FASTRPC_IOCTL_MUNMAP, &unmap));
	unmap.size = 16 * PAGE;
	job = job_start(s.fd, FASTRPC_IOCTL_MUNMAP, &unmap);
	dsp_expect(dsp, &call, FRPC_HANDLE_INIT, FRPC_INIT_MUNMAP);
	CHECK_EQ(FRPC_SC(FRPC_INIT_MUNMAP, 1, 0), call.msg.sc);
	wire = dsp_arg(dsp, &call, 0, &len);
	CHECK_EQ(s.id, wire->client_id);
	CHECK_EQ(0x40000, wire->vaddr);
	CHECK_EQ(16 * PAGE, wire->size);
	dsp_reply(dsp, &call, FRPC_EBADPARM);
	CHECK_EQ((int)FRPC_EBADPARM, job_wait(job));
	CHECK(dsp_can_write(dsp, addr));
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(do_ioctl(s.fd, FASTRPC_IOCTL_MUNMAP, &unmap));
	CHECK(!dsp_can_write(dsp, addr));
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, FASTRPC_IOCTL_MUNMAP, &unmap));
	dsp_finish(dsp);
}

TEST(mmap_errors)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct fastrpc_req_mmap req = { .fd = -1, .size = PAGE };
	int fd = legacy_open(dsp, true);

	CHECK_ERR(-EFAULT, do_ioctl(s.fd, FASTRPC_IOCTL_MMAP, bad_pointer()));
	CHECK_ERR(-EFAULT, do_ioctl(s.fd, FASTRPC_IOCTL_MUNMAP, bad_pointer()));
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, FASTRPC_IOCTL_MMAP, &req));
	req.flags = 8;
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, FASTRPC_IOCTL_MMAP, &req));
	req.flags = FRPC_MMAP_ADD_PAGES;
	CHECK_ERR(-ENOTCONN, do_ioctl(fd, FASTRPC_IOCTL_MMAP, &req));
	req.vaddrin = PAGE;
	CHECK_ERR(-EINVAL, do_ioctl(s.fd, FASTRPC_IOCTL_MMAP, &req));
	req.vaddrin = 0;
	req.size = 0;
	CHECK_ERR(-ENOMEM, do_ioctl(s.fd, FASTRPC_IOCTL_MMAP, &req));
	req.size = UINT64_MAX;
	CHECK_ERR(-ENOMEM, do_ioctl(s.fd, FASTRPC_IOCTL_MMAP, &req));
	dsp_expect_silence(dsp);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	dsp_finish(dsp);
}

/* The last close ends it all, in the order in which a process that exits closes. */
TEST(close_with_everything_mapped)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_create(dsp, legacy_open_node(dsp, false));
	struct legacy_buffer b = legacy_alloc(s.fd, 2 * PAGE);
	struct fastrpc_req_mmap req;
	uint64_t addr, lent, heap;
	struct dsp_call call;
	struct job *job;

	addr = mem_map(dsp, &s, b.fd, PAGE, 0x5000);
	call_with_handle(dsp, s.fd, b.fd, 0, &lent);
	job = mmap_start(s.fd, PAGE, &req);
	heap = expect_mmap(dsp, s.id, PAGE, 0x6000);
	CHECK_OK(job_wait(job));
	close(s.fd);
	expect_release(dsp, &call, s.id);
	CHECK(dsp_can_read(dsp, addr) && dsp_can_read(dsp, lent) && dsp_can_read(dsp, heap));
	dsp_reply(dsp, &call, 0);
	qda_wait(dsp, "sessions", 0);
	CHECK(!dsp_can_read(dsp, addr));
	CHECK(!dsp_can_read(dsp, heap));
	legacy_free(&b);
	dsp_finish(dsp);
}
