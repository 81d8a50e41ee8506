// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * User space is frozen before a suspend of the system, and nobody who waits in the driver
 * may hold that up. Part of the suite "visible".
 */
#include <errno.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "freeze.h"
#include "ktap.h"
#include "remote_map.h"
#include "sys.h"

#define KEY 7

/* Calls that nobody waits for, as many as a session can have. */
static unsigned int fill_session(int fd)
{
	struct drm_qda_invoke invoke = { .handle = TEST_HANDLE, .flags = QDA_INVOKE_ASYNC };
	struct drm_qda_query query;

	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, QDA_LIMIT_CALLS, &query));
	for (uint64_t i = 0; i < query.value; i++)
		CHECK_OK(qda_invoke(fd, &invoke));
	CHECK_ERR(-EAGAIN, qda_invoke(fd, &invoke));
	return query.value;
}

/* It is where it was when it thaws, and goes on. */
TEST(freeze_while_an_ioctl_waits_for_its_turn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_remote_map map = map_of(&b, 0, PAGE, KEY);
	unsigned int calls = fill_session(s.fd);
	struct dsp_call call, first;
	struct frpc_page page;
	struct job *job;

	dsp_expect(dsp, &first, TEST_HANDLE, 0);
	for (unsigned int i = 1; i < calls; i++)
		dsp_expect(dsp, &call, TEST_HANDLE, 0);
	job = map_start(s.fd, &map);
	qda_wait(dsp, "remote_maps", 1);
	freeze_and_thaw(0);
	CHECK(!job_done(job));
	dsp_reply(dsp, &first, 0);
	expect_map(dsp, &s, &map, &call, &page);
	reply_map(dsp, &call, 0, REMOTE_VADDR);
	CHECK_OK(job_wait(job));
	CHECK_EQ(REMOTE_VADDR, map.vaddrout);
	dsp_down(dsp);
	buffers_finish(dsp);
}

/* A firmware that is not frozen makes room while the one who waits for that is. */
TEST(freeze_while_its_turn_comes)
{
	struct dsp *dsp = dsp_new_inside("cdsp firmware=loopback");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_remote_map map;
	struct buffer b;
	struct job *job;
	int fd;

	dsp_wait_node(dsp);
	fd = dsp_open(dsp);
	CHECK_OK(qda_create(fd, &create));
	b = buffer_new(fd, PAGE, 0);
	map = map_of(&b, 0, PAGE, KEY);
	vdsp_set(dsp, "delay_us", 1000000);
	fill_session(fd);
	job = map_start(fd, &map);
	qda_wait(dsp, "remote_maps", 1);
	freeze_and_thaw(2);
	CHECK_OK(job_wait(job));
	vdsp_set(dsp, "delay_us", 0);
	buffers_finish(dsp);
}
