// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Shared buffers when the DSP or the driver goes. Part of the suite "prime".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "exporter.h"
#include "ktap.h"
#include "module.h"
#include "prime.h"
#include "sys.h"

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
