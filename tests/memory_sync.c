// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Which buffers are handed to the DSP and taken back around a call, and in which
 * direction, on a bank that does not see the CPU's caches; a part of the suite memory. The
 * machine's banks do see them, but the kernel that checks the DMA API has every
 * driver behave as if not.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "remote_map.h"
#include "sys.h"

#define TRACEFS	   "/sys/kernel/tracing/"
#define FOR_DEVICE "events/dma/dma_sync_sg_for_device/enable"
#define FOR_CPU	   "events/dma/dma_sync_sg_for_cpu/enable"
#define KEY	   7

/* Starts to record what is handed over. */
static void watch(void)
{
	/* Opening it for overwriting empties it. */
	int fd = open(TRACEFS "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || write_text(TRACEFS FOR_DEVICE, "1") || write_text(TRACEFS FOR_CPU, "1"))
		SKIP("this kernel does not trace the DMA API");
	close(fd);
}

static void watch_end(void)
{
	write_text(TRACEFS FOR_DEVICE, "0");
	write_text(TRACEFS FOR_CPU, "0");
}

static unsigned int count(const char *text, const char *event, const char *direction)
{
	unsigned int found = 0;
	const char *line, *end;

	for (line = strstr(text, event); line; line = strstr(end, event)) {
		const char *dir = strstr(line, "dir=");

		end = strchr(line, '\n');
		if (!end)
			break;
		found += dir && dir < end &&
			 !strncmp(dir + strlen("dir="), direction, strlen(direction));
	}
	return found;
}

struct syncs {
	unsigned int to_device, both, from_device;
};

/* What was recorded: every hand-over is in one of the three ways that are right. */
static void check_syncs(struct dsp *dsp, long long before, struct syncs want)
{
	static char text[1 << 16];

	watch_end();
	read_text(TRACEFS "trace", text, sizeof(text));
	CHECK_EQ(want.to_device, count(text, "dma_sync_sg_for_device:", "TO_DEVICE"));
	CHECK_EQ(want.both, count(text, "dma_sync_sg_for_device:", "BIDIRECTIONAL"));
	CHECK_EQ(want.from_device, count(text, "dma_sync_sg_for_cpu:", "FROM_DEVICE"));
	CHECK_EQ(before + want.to_device + want.both + want.from_device, qda_get(dsp, "syncs"));
}

/* A session with echoing DSP, a cached buffer, and the knowledge that it is synced. */
static struct buffer start(struct dsp **dsp, struct session *s)
{
	struct buffer b;
	long long before;

	*dsp = dsp_new("cdsp");
	*s = session_new(*dsp);
	dsp_serve(*dsp, NULL, NULL);
	b = buffer_new(s->fd, 4 * PAGE, 0);
	before = qda_get(*dsp, "syncs");
	CHECK_OK(gem_sync(b.fd, b.handle, QDA_GEM_SYNC_READ));
	CHECK_EQ(before, qda_get(*dsp, "syncs"));
	return b;
}

static void call_and_check(struct dsp *dsp, int fd, struct invocation *inv, struct syncs want)
{
	long long before = qda_get(dsp, "syncs");

	watch();
	CHECK_OK(qda_invoke(fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	check_syncs(dsp, before, want);
	free(inv);
}

/* On the kernel that does not check, there is nothing to see. */
static void need_syncs(struct dsp *dsp, const struct buffer *b)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 2);
	long long before = qda_get(dsp, "syncs");

	inv_bo_in(inv, b->handle, 0, 1);
	CHECK_OK(qda_invoke(b->fd, &inv->req));
	free(inv);
	if (qda_get(dsp, "syncs") == before)
		SKIP("this kernel does not sync for banks that see the CPU's caches");
}

TEST(sync_of_what_the_dsp_reads)
{
	struct dsp *dsp;
	struct session s;
	struct buffer b = start(&dsp, &s);
	struct invocation *inv = inv_new(TEST_HANDLE, 2);

	need_syncs(dsp, &b);
	inv_bo_in(inv, b.handle, 0, b.size);
	call_and_check(dsp, s.fd, inv, (struct syncs){ .to_device = 1 });
	buffers_finish(dsp);
}

/* A part may be written, the rest must survive: it is handed over in both directions. */
TEST(sync_of_what_the_dsp_writes)
{
	struct dsp *dsp;
	struct session s;
	struct buffer b = start(&dsp, &s);
	struct invocation *inv = inv_new(TEST_HANDLE, 2);

	need_syncs(dsp, &b);
	inv_bo_out(inv, b.handle, 5, 10);
	call_and_check(dsp, s.fd, inv, (struct syncs){ .both = 1, .from_device = 1 });
	buffers_finish(dsp);
}

/* Each buffer once, however many arguments are in it; as written when one of them is. */
TEST(sync_of_each_buffer_once)
{
	struct dsp *dsp;
	struct session s;
	struct buffer b = start(&dsp, &s), in = buffer_new(s.fd, PAGE, 0);
	struct buffer out = buffer_new(s.fd, PAGE, 0);
	struct invocation *inv = inv_new(TEST_HANDLE, 2);

	need_syncs(dsp, &b);
	for (int i = 0; i < 20; i++) {
		inv_bo_in(inv, b.handle, i, 1);
		inv_bo_in(inv, in.handle, i, 1);
	}
	for (int i = 0; i < 20; i++) {
		inv_bo_out(inv, b.handle, 100 + i, 1);
		inv_bo_out(inv, out.handle, i, 1);
	}
	call_and_check(dsp, s.fd, inv,
		       (struct syncs){ .to_device = 1, .both = 2, .from_device = 2 });
	buffers_finish(dsp);
}

/* Empty arguments, copied ones, write-combined and imported buffers are nobody's caches. */
TEST(sync_of_nothing_else)
{
	struct dsp *dsp;
	struct session s;
	struct buffer b = start(&dsp, &s), wc = buffer_new(s.fd, PAGE, QDA_GEM_WC);
	struct invocation *inv = inv_new(TEST_HANDLE, 2);
	char in[10] = "", out[10];
	int dmabuf = heap_dmabuf(PAGE);

	need_syncs(dsp, &b);
	inv_in(inv, in, sizeof(in));
	inv_bo_in(inv, b.handle, 0, 0);
	inv_bo_in(inv, wc.handle, 0, 10);
	inv_out(inv, out, sizeof(out));
	inv_bo_out(inv, wc.handle, 0, PAGE);
	inv_bo_out(inv, dmabuf_import(s.fd, dmabuf), 0, 10);
	close(dmabuf);
	call_and_check(dsp, s.fd, inv, (struct syncs){ 0 });
	buffers_finish(dsp);
}

TEST(sync_of_what_keys_stand_for)
{
	struct dsp *dsp;
	struct session s;
	struct buffer b = start(&dsp, &s), in = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_remote_map map = map_of(&b, 0, PAGE, KEY);
	struct drm_qda_remote_map map_in = map_of(&in, 0, PAGE, KEY + 1);
	struct invocation *inv = inv_new(TEST_HANDLE, 2);

	need_syncs(dsp, &b);
	CHECK_OK(qda_map(s.fd, &map));
	CHECK_OK(qda_map(s.fd, &map_in));
	inv_key_in(inv, KEY + 1, 0, PAGE);
	inv_key_in(inv, KEY, 0, 1);
	inv_key_out(inv, KEY, 10, 1);
	call_and_check(dsp, s.fd, inv,
		       (struct syncs){ .to_device = 1, .both = 1, .from_device = 1 });
	buffers_finish(dsp);
}

/* Handed to the DSP for good, and taken back. */
TEST(sync_of_mapping_and_unmapping)
{
	struct dsp *dsp;
	struct session s;
	struct buffer b = start(&dsp, &s);
	struct drm_qda_remote_map map = map_of(&b, 0, PAGE, KEY);
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	long long before;

	need_syncs(dsp, &b);
	before = qda_get(dsp, "syncs");
	watch();
	CHECK_OK(qda_map(s.fd, &map));
	check_syncs(dsp, before, (struct syncs){ .both = 1 });
	before = qda_get(dsp, "syncs");
	watch();
	CHECK_OK(qda_munmap(s.fd, &munmap));
	check_syncs(dsp, before, (struct syncs){ .from_device = 1 });
	buffers_finish(dsp);
}

TEST(sync_by_the_application)
{
	struct dsp *dsp;
	struct session s;
	struct buffer b = start(&dsp, &s);
	long long before;

	need_syncs(dsp, &b);
	before = qda_get(dsp, "syncs");
	watch();
	CHECK_OK(gem_sync(b.fd, b.handle, QDA_GEM_SYNC_READ));
	CHECK_OK(gem_sync(b.fd, b.handle, QDA_GEM_SYNC_WRITE | QDA_GEM_SYNC_END));
	check_syncs(dsp, before, (struct syncs){ .to_device = 1, .from_device = 1 });
	buffers_finish(dsp);
}
