// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Pages and mappings that cannot be had, one by one, by chance, and none of them at all.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "remote_map.h"
#include "sys.h"

enum { KEY = 7, BANKS = 4 };

static int make_process(int fd)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	return qda_create(fd, &create);
}

/* ---- pages and mappings that cannot be had ---- */

/* What a step of the tests below works with, and how it makes its ioctl. */
struct step {
	struct dsp *dsp;
	int fd;
	unsigned int skip;
	bool hit;
	int (*fail)(struct step *step, unsigned long cmd, void *arg);
};

static int fail_page(struct step *step, unsigned long cmd, void *arg)
{
	return fault_ioctl_page(step->fd, cmd, arg, step->skip, &step->hit);
}

/* In whichever bank it is. */
static int fail_mapping(struct step *step, unsigned long cmd, void *arg)
{
	char name[BANKS][32];
	bool left = true;
	int ret;

	for (int i = 0; i < BANKS; i++) {
		snprintf(name[i], sizeof(name[i]), "bank%d/map_fail", i + 1);
		vdsp_set(step->dsp, name[i], step->skip + 1);
	}
	ret = do_ioctl(step->fd, cmd, arg);
	for (int i = 0; i < BANKS; i++) {
		left &= vdsp_get(step->dsp, name[i]) > 0;
		vdsp_set(step->dsp, name[i], 0);
	}
	step->hit = !left;
	return ret;
}

static int step_create(struct step *step)
{
	static char image[5 * PAGE];
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_session_release release = { 0 };
	int ret;

	create.filelen = sizeof(image);
	create.file = (uintptr_t)image;
	CHECK_OK(qda_release(step->fd, &release));
	ret = step->fail(step, DRM_IOCTL_QDA_REMOTE_SESSION_CREATE, &create);
	if (ret)
		CHECK_OK(make_process(step->fd));
	return ret;
}

static int step_attach(struct step *step)
{
	struct drm_qda_remote_attach attach = STATIC_PD("audiopd");
	struct drm_qda_session_release release = { 0 };
	int ret;

	CHECK_OK(qda_release(step->fd, &release));
	ret = step->fail(step, DRM_IOCTL_QDA_REMOTE_ATTACH, &attach);
	if (!ret)
		CHECK_OK(qda_release(step->fd, &release));
	CHECK_OK(make_process(step->fd));
	return ret;
}

static int step_call_with_buffer(struct step *step)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct drm_qda_gem_create create;
	int ret;

	CHECK_OK(gem_create(step->fd, 20 * PAGE, 0, &create));
	inv_bo_out(inv, create.handle, 5, 2 * PAGE);
	ret = step->fail(step, DRM_IOCTL_QDA_REMOTE_INVOKE, &inv->req);
	CHECK_OK(gem_close(step->fd, create.handle));
	free(inv);
	return ret;
}

static int step_call_with_import(struct step *step)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	int dmabuf = heap_dmabuf(5 * PAGE), ret;
	uint32_t handle = dmabuf_import(step->fd, dmabuf);

	close(dmabuf);
	inv_bo_in(inv, handle, 5, 2 * PAGE);
	ret = step->fail(step, DRM_IOCTL_QDA_REMOTE_INVOKE, &inv->req);
	CHECK_OK(gem_close(step->fd, handle));
	free(inv);
	return ret;
}

/* A new process, so that no memory for such calls is kept. */
static int step_large_call(struct step *step)
{
	static unsigned char in[30 * PAGE], out[30 * PAGE];
	struct drm_qda_session_release release = { 0 };
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	int ret;

	CHECK_OK(qda_release(step->fd, &release));
	CHECK_OK(make_process(step->fd));
	memset(in, step->skip, sizeof(in));
	memset(out, ~step->skip, sizeof(out));
	inv_in(inv, in, sizeof(in));
	inv_out(inv, out, sizeof(out));
	ret = step->fail(step, DRM_IOCTL_QDA_REMOTE_INVOKE, &inv->req);
	CHECK_EQ((unsigned char)(ret ? ~step->skip : step->skip), out[sizeof(out) - 1]);
	free(inv);
	return ret;
}

static int step_map(struct step *step, struct drm_qda_remote_map *map)
{
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	int ret = step->fail(step, DRM_IOCTL_QDA_REMOTE_MAP, map);

	if (map->flags == QDA_MAP_HEAP)
		munmap = munmap_of_heap(map->vaddrout, map->size);
	if (!ret)
		CHECK_OK(qda_munmap(step->fd, &munmap));
	return ret;
}

static int step_map_heap(struct step *step)
{
	struct drm_qda_remote_map map = map_of_heap(20 * PAGE);

	return step_map(step, &map);
}

static int step_map_buffer(struct step *step)
{
	struct buffer b = { .fd = step->fd };
	struct drm_qda_gem_create create;
	struct drm_qda_remote_map map;
	int ret;

	CHECK_OK(gem_create(step->fd, 3 * PAGE, 0, &create));
	b.handle = create.handle;
	map = map_of(&b, PAGE, PAGE, KEY);
	ret = step_map(step, &map);
	CHECK_OK(gem_close(step->fd, create.handle));
	return ret;
}

static void sweep(int (*what)(struct step *step),
		  int (*fail)(struct step *step, unsigned long cmd, void *arg))
{
	static const char *const gauges[] = { "buffer_objects", "mappings", "remote_maps",
					      "mapped_pages", "calls_in_flight" };
	struct step step = { .dsp = dsp_new("cdsp"), .hit = true, .fail = fail };
	struct drm_qda_session_release release = { 0 };
	long long before[ARRAY_SIZE(gauges)];
	unsigned int nomem = 0, places = 0;
	int ret = 0;

	dsp_serve(step.dsp, NULL, NULL);
	step.fd = dsp_open(step.dsp);
	CHECK_OK(make_process(step.fd));
	CHECK_OK(mlockall(MCL_CURRENT));
	for (size_t i = 0; i < ARRAY_SIZE(gauges); i++)
		before[i] = qda_get(step.dsp, gauges[i]);
	while (step.hit) {
		ret = what(&step);
		if (ret && ret != -ENOMEM)
			FAIL("failure %u: expected 0 or -ENOMEM, seen %d", step.skip, ret);
		nomem += ret == -ENOMEM;
		places += step.hit;
		step.skip += 1 + step.skip / 2;
	}
	CHECK_ERR(0, ret);
	CHECK(nomem > 0);
	ktap_note("%u places tried, %u gave -ENOMEM", places, nomem);
	/* A process keeps memory for large calls. */
	CHECK_OK(qda_release(step.fd, &release));
	CHECK_OK(make_process(step.fd));
	for (size_t i = 0; i < ARRAY_SIZE(gauges); i++)
		CHECK_EQ(before[i], qda_get(step.dsp, gauges[i]));
	dsp_finish(step.dsp);
}

struct kind {
	const char *name;
	int (*what)(struct step *step);
	bool no_pages;
};

static const struct kind kinds[] = {
	{ "create", step_create, false },
	{ "attach", step_attach, false },
	{ "call_with_buffer", step_call_with_buffer, false },
	/* Its pages are there already. */
	{ "call_with_import", step_call_with_import, true },
	{ "large_call", step_large_call, false },
	{ "map_heap", step_map_heap, false },
	{ "map_buffer", step_map_buffer, false },
};

/* The pages that the ioctl takes fail from the first one on, from the second one on, and so on. */
static void no_page(const void *arg)
{
	fault_setup_pages();
	sweep(((const struct kind *)arg)->what, fail_page);
}

/* The IOMMU has no memory for its own tables. */
static void no_mapping(const void *arg)
{
	sweep(((const struct kind *)arg)->what, fail_mapping);
}

__attribute__((constructor)) static void register_sweeps(void)
{
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(name, sizeof(name), "%s_without_a_page", kinds[i].name);
		if (!kinds[i].no_pages)
			ktap_register(strdup(name), no_page, &kinds[i]);
		snprintf(name, sizeof(name), "%s_without_a_mapping", kinds[i].name);
		ktap_register(strdup(name), no_mapping, &kinds[i]);
	}
}

/* ---- no memory at all ---- */

/* What a call in a running process needs has been there since the process was made. */
TEST(small_calls_need_no_memory)
{
	unsigned char in[200], out[200], text[200];
	struct drm_qda_gem_sync sync = { 0 };
	struct drm_qda_query query = { .type = QDA_QUERY_LIMIT, .index = QDA_LIMIT_CALLS };
	struct drm_qda_gem_create create = { .size = PAGE };
	struct dsp *dsp;
	struct session s;
	struct buffer b;

	fault_setup_pages();
	dsp = dsp_new("cdsp");
	s = session_new(dsp);
	dsp_serve(dsp, NULL, NULL);
	b = buffer_new(s.fd, 3 * PAGE, 0);
	for (unsigned int i = 0; i < 20; i++) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);

		fill_pattern(in, sizeof(in), i);
		memset(out, 0, sizeof(out));
		memset(b.mem + PAGE, i, sizeof(text));
		inv_in(inv, in, sizeof(in));
		inv_bo_in(inv, b.handle, PAGE, sizeof(text));
		inv_out(inv, out, sizeof(out));
		inv_bo_out(inv, b.handle, 2 * PAGE, sizeof(text));
		CHECK_OK(fault_ioctl_marked(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &inv->req));
		CHECK_EQ(0, inv->req.dsp_status);
		CHECK_MEM(in, out, sizeof(in));
		CHECK_MEM(b.mem + PAGE, b.mem + 2 * PAGE, sizeof(text));
		free(inv);
		/* The first call maps the buffer; all that follow have nothing left to get. */
		if (!i)
			fault_begin(100);
	}
	sync.handle = b.handle;
	sync.flags = QDA_GEM_SYNC_READ;
	CHECK_OK(fault_ioctl_marked(s.fd, DRM_IOCTL_QDA_GEM_SYNC, &sync));
	CHECK_OK(fault_ioctl_marked(s.fd, DRM_IOCTL_QDA_QUERY, &query));
	/* There really was none. */
	CHECK_ERR(-ENOMEM, fault_ioctl_marked(s.fd, DRM_IOCTL_QDA_GEM_CREATE, &create));
	fault_reset();
	buffers_finish(dsp);
}

TEST(ending_a_process_needs_no_memory)
{
	struct drm_qda_session_release release = { 0 };
	struct drm_qda_gem_create create = { .size = PAGE };
	struct dsp *dsp;
	struct session s[2];

	fault_setup_pages();
	dsp = dsp_new("cdsp");
	for (int i = 0; i < 2; i++)
		s[i] = session_create(dsp, accel_open(dsp->node));
	dsp_serve(dsp, NULL, NULL);
	fault_begin(100);
	CHECK_ERR(-ENOMEM, fault_ioctl_marked(s[0].fd, DRM_IOCTL_QDA_GEM_CREATE, &create));
	CHECK_OK(fault_ioctl_marked(s[0].fd, DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE, &release));
	fault_close_marked(s[1].fd);
	qda_wait(dsp, "processes", 0);
	/* Two to make them, two to end them. */
	CHECK_EQ(4, vdsp_get(dsp, "calls"));
	fault_close_marked(s[0].fd);
	fault_reset();
	dsp_finish(dsp);
}

/* ---- all of it by chance ---- */

static int one_of(int ret, int other)
{
	if (ret && ret != -ENOMEM && ret != other)
		FAIL("expected 0, -ENOMEM or %d, seen %d", other, ret);
	return ret;
}

static void unlucky_calls(int fd)
{
	static unsigned char big[20 * PAGE];
	struct invocation *inv = inv_new(TEST_HANDLE, 1), *large = inv_new(TEST_HANDLE, 1);
	struct drm_qda_gem_create create = { .size = 7 * PAGE };
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	struct buffer b = { .fd = fd };
	struct drm_qda_remote_map map;

	inv_in(large, big, sizeof(big));
	one_of(fault_ioctl_marked(fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &large->req), 0);
	if (!one_of(fault_ioctl_marked(fd, DRM_IOCTL_QDA_GEM_CREATE, &create), 0)) {
		b.handle = create.handle;
		inv_bo_in(inv, b.handle, 10, PAGE);
		one_of(fault_ioctl_marked(fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &inv->req), 0);
		map = map_of(&b, 0, PAGE, KEY);
		if (!one_of(fault_ioctl_marked(fd, DRM_IOCTL_QDA_REMOTE_MAP, &map), 0) &&
		    one_of(fault_ioctl_marked(fd, DRM_IOCTL_QDA_REMOTE_MUNMAP, &munmap), 0))
			CHECK_OK(qda_munmap(fd, &munmap));
		CHECK_OK(gem_close(fd, b.handle));
	}
	free(inv);
	free(large);
}

static int unlucky(void *arg)
{
	struct drm_qda_session_release release = { 0 };
	struct dsp *dsp = arg;
	int fd = accel_open(dsp->node);

	CHECK_OK(mlockall(MCL_CURRENT));
	for (int i = 0; i < 12; i++) {
		struct drm_qda_init_create create = UNSIGNED_PD;

		if (one_of(fault_ioctl_marked(fd, DRM_IOCTL_QDA_REMOTE_SESSION_CREATE, &create), 0))
			CHECK_OK(make_process(fd));
		for (int k = 0; k < 4; k++)
			unlucky_calls(fd);
		CHECK_OK(fault_ioctl_marked(fd, DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE, &release));
	}
	fault_close_marked(fd);
	return 0;
}

/* Who is lucky does not notice what happens to others. */
TEST(others_are_short_of_memory)
{
	unsigned char in[100], out[100];
	unsigned int calls = 0;
	struct session s;
	struct dsp *dsp;
	pid_t pid[2];

	fault_setup_pages();
	dsp = dsp_new("cdsp");
	s = session_new(dsp);
	dsp_serve(dsp, NULL, NULL);
	fault_begin(1);
	for (int i = 0; i < 2; i++)
		pid[i] = client_start(unlucky, dsp);
	while (!kill(pid[0], 0) && calls < 300) {
		struct invocation *inv = inv_new(TEST_HANDLE, 1);

		fill_pattern(in, sizeof(in), calls++);
		inv_in(inv, in, sizeof(in));
		inv_out(inv, out, sizeof(out));
		CHECK_OK(qda_invoke(s.fd, &inv->req));
		CHECK_MEM(in, out, sizeof(in));
		free(inv);
	}
	for (int i = 0; i < 2; i++)
		CHECK_EQ(0, client_wait(pid[i]));
	fault_reset();
	dsp_finish(dsp);
}
