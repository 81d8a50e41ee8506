// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A sensor DSP without an IOMMU: all that it gets is in the region of the device tree, and the
 * firmware has let it in there; part of the suite direct.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "platform.h"

#define SENSORS	  "sdsp banks=1 direct=1 heap=pool vmids=2"
#define VM_LINUX  3
#define VM_LPASS  22
#define VM_HEAP	  37
#define RANGES	  64
#define ALL_OF_IT (1ull << VM_LINUX | 1ull << VM_LPASS | 1ull << VM_HEAP)
#define PHYSICAL  0xffffffffull

static struct dsp *sensors_new(const char *line)
{
	platform_on(true);
	return dsp_new(line);
}

static struct session attach(struct dsp *dsp)
{
	struct session s = { .fd = dsp_open(dsp) };
	struct drm_qda_remote_attach root = ROOT_PD;
	struct job *job = attach_start(s.fd, &root);
	struct dsp_call call;

	s.id = expect_attach(dsp, &call, FRPC_PD_ROOT);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	return s;
}

/* The DSP and Linux both have all of it. */
static void check_let_in(uint64_t addr, uint64_t size)
{
	struct platform_range ranges[RANGES];
	unsigned int count = platform_ranges(ranges, RANGES), holders = 0;

	addr &= PHYSICAL;
	for (unsigned int i = 0; i < count; i++) {
		CHECK_EQ(ALL_OF_IT, ranges[i].to);
		holders += addr >= ranges[i].addr && addr + size <= ranges[i].addr + ranges[i].size;
	}
	CHECK_EQ(1, holders);
}

static void sensors_end(struct dsp *dsp)
{
	buffers_finish(dsp);
	CHECK_EQ(0, platform_get("assigned"));
	CHECK_EQ(0, platform_get("mistakes"));
	platform_off();
}

TEST(sensors_are_let_in_to_all_that_they_are_told_of)
{
	struct dsp *dsp = sensors_new(SENSORS);
	struct session s = attach(dsp);
	struct buffer b = buffer_new(s.fd, 3 * PAGE, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };
	static char large[100000];

	inv_bo_in(c.inv, b.handle, 0, b.size);
	inv_in(c.inv, large, sizeof(large));
	bo_call_start(dsp, &s, &c);
	check_let_in(c.call.msg.addr, c.call.msg.size);
	check_let_in(c.call.page[0].addr, c.call.page[0].size);
	check_let_in(c.call.page[1].addr, c.call.page[1].size);
	bo_call_end(dsp, &c);
	sensors_end(dsp);
}

/* The image and the memory of a process are told in its CREATE. */
TEST(sensors_are_let_in_to_the_memory_of_a_process)
{
	struct dsp *dsp = sensors_new(SENSORS);
	struct drm_qda_init_create create = { .filefd = -1 };
	struct job *job = create_start(dsp_open(dsp), &create);
	struct frpc_create wire;
	struct dsp_call call;

	expect_create(dsp, &call, &wire);
	for (unsigned int i = 0; i < call.n; i++)
		if (call.list[i].num)
			check_let_in(call.page[i].addr, call.page[i].size);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	sensors_end(dsp);
}

/* Linux can use it all the time, and has it alone when the buffer is gone. */
TEST(sensors_go_and_a_buffer_stays)
{
	struct dsp *dsp = sensors_new(SENSORS);
	struct session s = attach(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);

	memset(b.mem, 's', b.size);
	dsp_down(dsp);
	CHECK_EQ('s', b.mem[PAGE - 1]);
	CHECK(platform_get("assigned"));
	buffer_munmap(&b);
	close(s.fd);
	dsp->file_count = 0;
	dsp_up(dsp);
	CHECK_EQ(0, platform_get("assigned"));
	attach(dsp);
	sensors_end(dsp);
}

TEST(sensors_that_are_not_let_in_enomem)
{
	struct dsp *dsp = sensors_new(SENSORS);
	struct session s = attach(dsp);
	struct drm_qda_gem_create create;
	unsigned int before = platform_get("assigned");
	long long objects = qda_get(dsp, "buffer_objects");

	platform_set("refuse", 1);
	CHECK_ERR(-ENOMEM, gem_create(s.fd, PAGE, 0, &create));
	CHECK_EQ(before, platform_get("assigned"));
	CHECK_EQ(objects, qda_get(dsp, "buffer_objects"));
	CHECK_OK(gem_create(s.fd, PAGE, 0, &create));
	CHECK_EQ(before + 1, platform_get("assigned"));
	sensors_end(dsp);
}

/* Elsewhere there is memory, but none that the DSP can reach. */
TEST(sensors_have_no_more_than_the_region_enomem)
{
	struct dsp *dsp = sensors_new(SENSORS);
	struct session s = attach(dsp);
	struct drm_qda_gem_create create;
	uint32_t last = 0;
	int count = 0, ret;

	while (!(ret = gem_create(s.fd, 2 * MIB, 0, &create))) {
		last = create.handle;
		CHECK(++count <= 16);
	}
	CHECK_ERR(-ENOMEM, ret);
	CHECK(count >= 8);
	CHECK_OK(gem_close(s.fd, last));
	CHECK_OK(gem_create(s.fd, 2 * MIB, 0, &create));
	sensors_end(dsp);
}

/* Nobody else must get it. The driver says so in the kernel's log. */
TEST(sensors_memory_that_is_not_given_back_is_lost)
{
	struct dsp *dsp = sensors_new(SENSORS);
	struct session s = attach(dsp);
	unsigned int before = platform_get("assigned");
	struct drm_qda_gem_create create;

	CHECK_OK(gem_create(s.fd, PAGE, 0, &create));
	platform_set("refuse", 1);
	CHECK_OK(gem_close(s.fd, create.handle));
	CHECK_EQ(0, platform_get("refuse"));
	CHECK_EQ(before + 1, platform_get("assigned"));
	/* The firmware would refuse it, if the pages came again. */
	for (int i = 0; i < 8; i++)
		CHECK_OK(gem_create(s.fd, PAGE, 0, &create));
	CHECK_EQ(0, platform_get("mistakes"));
	buffers_finish(dsp);
	CHECK_EQ(1, platform_get("assigned"));
	platform_off();
}

TEST(sensors_cannot_reach_an_import_einval)
{
	struct dsp *dsp = sensors_new(SENSORS);
	struct session s = attach(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);

	inv_bo_in(inv, dmabuf_import(s.fd, heap_dmabuf(PAGE)), 0, PAGE);
	CHECK_ERR(-EINVAL, qda_invoke(s.fd, &inv->req));
	dsp_expect_silence(dsp);
	free(inv);
	sensors_end(dsp);
}

/* Linux has no pages in such a region, so the memory is from elsewhere. */
TEST(sensors_are_let_in_outside_of_a_region_that_is_no_pool)
{
	struct dsp *dsp = sensors_new("sdsp banks=1 direct=1 heap=region vmids=2");
	struct session s = attach(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct bo_call c = { .inv = inv_new(TEST_HANDLE, 1) };

	inv_bo_in(c.inv, b.handle, 0, b.size);
	bo_call_start(dsp, &s, &c);
	check_let_in(c.call.msg.addr, c.call.msg.size);
	check_let_in(c.call.page[0].addr, c.call.page[0].size);
	bo_call_end(dsp, &c);
	sensors_end(dsp);
}

TEST(sensors_without_a_region_are_not_let_in)
{
	struct dsp *dsp = sensors_new("sdsp banks=1 direct=1 vmids=2");
	struct session s = attach(dsp);
	struct drm_qda_gem_create create;

	CHECK_OK(gem_create(s.fd, PAGE, 0, &create));
	CHECK_EQ(0, platform_get("assignments"));
	sensors_end(dsp);
}
