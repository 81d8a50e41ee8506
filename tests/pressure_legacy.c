// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Little memory, by the legacy interface: what programs have there is charged to them like what
 * they have by the other one. Part of the suite "pressure".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "pressure.h"

static int open_node(struct dsp *dsp)
{
	legacy_load();
	return legacy_open_node(dsp, true);
}

static int make_process(int fd)
{
	struct fastrpc_init_create create = LEGACY_PD;

	return do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &create);
}

/* A buffer with its pages, which come with the mapping; NULL when there are not as many. */
static void *try_buffer(int fd, int *dmabuf)
{
	struct fastrpc_alloc_dma_buf alloc = { .fd = -1, .size = MIB };
	void *p;

	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, alloc.fd, 0);
	if (p == MAP_FAILED) {
		CHECK_EQ(ENOMEM, errno);
		close(alloc.fd);
		return NULL;
	}
	memset(p, 1, MIB);
	*dmabuf = alloc.fd;
	return p;
}

static void legacy_buffers(struct dsp *dsp)
{
	int fd = open_node(dsp), dmabuf = -1, last = -1;
	unsigned int count = 0;
	void *p, *mem = NULL;

	only(8 * MIB);
	while ((p = try_buffer(fd, &dmabuf))) {
		mem = p;
		last = dmabuf;
		CHECK(++count <= 8);
	}
	CHECK(count >= 5);
	CHECK_EQ(count, qda_get(dsp, "buffer_objects"));
	/* One that goes makes room for another one. */
	CHECK(!munmap(mem, MIB) && !close(last));
	CHECK(try_buffer(fd, &dmabuf));
	no_limit();
	CHECK(try_buffer(fd, &dmabuf));
	close(fd);
}

TEST(legacy_buffers_in_a_small_cgroup)
{
	run_in_cgroup("cdsp", legacy_buffers);
}

static void legacy_processes(struct dsp *dsp)
{
	int fd = open_node(dsp);
	long long before = charged(), limit = before + MIB;

	only(MIB);
	CHECK_ERR(-ENOMEM, make_process(fd));
	CHECK_EQ(0, vdsp_get(dsp, "calls"));
	CHECK_EQ(0, qda_get(dsp, "processes"));
	CHECK_EQ(0, qda_get(dsp, "mapped_pages"));
	no_limit();
	CHECK_OK(make_process(fd));
	CHECK(charged() >= before + 4 * MIB);
	close(fd);
	CHECK(wait_for(is_uncharged, &limit));
}

TEST(legacy_process_in_a_small_cgroup_enomem)
{
	run_in_cgroup("cdsp", legacy_processes);
}

/* Each of them works when there is memory again, and the small call all the time. */
static void legacy_calls(struct dsp *dsp)
{
	static unsigned char in[MIB], out[MIB];
	struct legacy_call *large = legacy_call_new(TEST_HANDLE, 1),
			   *small = legacy_call_new(TEST_HANDLE, 2),
			   *buffer = legacy_call_new(TEST_HANDLE, 3);
	struct fastrpc_req_mmap heap = { .fd = -1, .flags = FRPC_MMAP_ADD_PAGES, .size = MIB };
	struct fastrpc_alloc_dma_buf alloc = { .size = MIB };
	struct fastrpc_mem_map map = { .length = MIB };
	int fd = open_node(dsp);

	CHECK_OK(make_process(fd));
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	map.fd = alloc.fd;
	legacy_in(large, in, sizeof(in), -1);
	legacy_out(large, out, sizeof(out), -1);
	legacy_in(small, in, 100, -1);
	legacy_out(small, out, 100, -1);
	legacy_in(buffer, NULL, 100, alloc.fd);
	memset(in, 5, sizeof(in));
	memset(out, 6, sizeof(out));
	only(MIB / 2);
	CHECK_ERR(-ENOMEM, legacy_call_run(fd, large));
	CHECK_ERR(-ENOMEM, do_ioctl(fd, FASTRPC_IOCTL_MMAP, &heap));
	CHECK_ERR(-ENOMEM, do_ioctl(fd, FASTRPC_IOCTL_MEM_MAP, &map));
	CHECK_ERR(-ENOMEM, legacy_call_run(fd, buffer));
	/* While it is there it keeps the pages that it did get. */
	close(alloc.fd);
	CHECK_OK(legacy_call_run(fd, small));
	CHECK_MEM(in, out, 100);
	no_limit();
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	map.fd = alloc.fd;
	buffer->args[0].fd = alloc.fd;
	CHECK_OK(legacy_call_run(fd, large));
	CHECK_MEM(in, out, sizeof(in));
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_MMAP, &heap));
	CHECK_OK(do_ioctl(fd, FASTRPC_IOCTL_MEM_MAP, &map));
	CHECK_OK(legacy_call_run(fd, buffer));
	close(alloc.fd);
	close(fd);
}

TEST(legacy_calls_in_a_small_cgroup_enomem)
{
	run_in_cgroup("cdsp", legacy_calls);
}
