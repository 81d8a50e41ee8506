// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: a user has as much mapped, and as many context banks, as by the other
 * interface. The old driver knows no such limit. Part of the suite "shim".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "sys.h"

static int call_with(int fd, int dmabuf, bool handle)
{
	static const char data[100];
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 3);
	int ret;

	if (handle)
		legacy_handle_in(call, 0, sizeof(data), dmabuf);
	else
		legacy_in(call, dmabuf < 0 ? data : NULL, sizeof(data), dmabuf);
	ret = legacy_call_run(fd, call);
	free(call);
	return ret;
}

static int mem_map(int fd, int dmabuf)
{
	struct fastrpc_mem_map map = { .fd = dmabuf, .length = 100 };

	return do_ioctl(fd, FASTRPC_IOCTL_MEM_MAP, &map);
}

static int map_heap(int fd, size_t size)
{
	struct fastrpc_req_mmap heap = { .fd = -1, .flags = FRPC_MMAP_ADD_PAGES, .size = size };

	return do_ioctl(fd, FASTRPC_IOCTL_MMAP, &heap);
}

/* Refused before the DSP sees anything of it; nothing is left, and other calls work. */
static void check_refused(struct dsp *dsp, int fd, int dmabuf)
{
	long long calls = vdsp_get(dsp, "calls"), mapped = qda_get(dsp, "mapped_pages");

	CHECK_ERR(-EDQUOT, call_with(fd, dmabuf, false));
	CHECK_ERR(-EDQUOT, call_with(fd, dmabuf, true));
	CHECK_ERR(-EDQUOT, mem_map(fd, dmabuf));
	CHECK_ERR(-EDQUOT, map_heap(fd, MIB));
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	CHECK_EQ(mapped, qda_get(dsp, "mapped_pages"));
	CHECK_OK(call_with(fd, -1, false));
}

/* A buffer counts as a whole, for as long as it is mapped, in each session. */
TEST(mapping_edquot)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp), other = legacy_session(dsp);
	struct fastrpc_mem_unmap unmap = { .fd = heap_dmabuf(MIB / 2) };
	struct legacy_buffer own = legacy_alloc(s.fd, MIB);

	set_map_limit(1);
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(mem_map(s.fd, unmap.fd));
	check_refused(dsp, s.fd, own.fd);
	check_refused(dsp, other.fd, own.fd);
	/* What is mapped can be used, and mapped in another way. */
	CHECK_OK(call_with(s.fd, unmap.fd, false));
	CHECK_OK(do_ioctl(s.fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap));
	CHECK_OK(call_with(s.fd, own.fd, false));
	CHECK_OK(map_heap(other.fd, MIB));
	check_refused(dsp, s.fd, own.fd);
	set_map_limit(0);
	CHECK_OK(call_with(s.fd, own.fd, true));
	legacy_free(&own);
	dsp_finish(dsp);
}

/* Contiguous memory counts from the moment it is there. */
TEST(alloc_edquot_without_an_iommu)
{
	struct dsp *dsp = legacy_new("cdsp banks=1 direct=1");
	struct session s = legacy_session(dsp);
	struct fastrpc_alloc_dma_buf alloc = { .fd = -1, .size = 2 * MIB };
	struct legacy_buffer b;
	long long objects;

	/* A process has 4 MiB already. */
	set_map_limit(7);
	b = legacy_alloc(s.fd, 2 * MIB);
	objects = qda_get(dsp, "buffer_objects");
	CHECK_ERR(-EDQUOT, do_ioctl(s.fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	CHECK_EQ(-1, alloc.fd);
	CHECK_EQ(objects, qda_get(dsp, "buffer_objects"));
	legacy_free(&b);
	b = legacy_alloc(s.fd, 2 * MIB);
	legacy_free(&b);
	set_map_limit(0);
	dsp_finish(dsp);
}

static int create(int fd)
{
	struct fastrpc_init_create create = LEGACY_PD;

	return do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &create);
}

static bool has_process(void *fd)
{
	return !create(*(int *)fd);
}

/* Opening costs no bank; the first process does. */
static int create_as_nobody(void *arg)
{
	struct dsp *dsp = arg;
	int fds[3];

	drop_root();
	for (int i = 0; i < 3; i++)
		fds[i] = legacy_open_node(dsp, false);
	if (create(fds[0]) || create(fds[1]))
		return 1;
	if (create(fds[2]) != -EDQUOT)
		return 2;
	close(fds[0]);
	return wait_for(has_process, &fds[2]) ? 0 : 3;
}

TEST(create_edquot)
{
	struct dsp *dsp = legacy_new("cdsp banks=4");
	char path[64];

	legacy_wait_nodes(dsp, true, true);
	snprintf(path, sizeof(path), "/dev/fastrpc-%s", dsp->name);
	CHECK_OK(chmod(path, 0666));
	dsp_serve(dsp, NULL, NULL);
	CHECK_EQ(0, client_wait(client_start(create_as_nobody, dsp)));
	qda_wait(dsp, "sessions", 0);
	dsp_finish(dsp);
}
