// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Attaching to PDs that the firmware runs; a part of the suite sessions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

/* Attaches while the test answers as the DSP; the client's id. */
static int attach(struct dsp *dsp, int fd, struct drm_qda_remote_attach what)
{
	struct job *job = attach_start(fd, &what);
	struct dsp_call call;
	int id;

	if (what.pd == QDA_PD_STATIC)
		id = expect_create_static(dsp, &call, (const char *)(uintptr_t)what.name);
	else
		id = expect_attach(dsp, &call,
				   what.pd == QDA_PD_ROOT ? FRPC_PD_ROOT : FRPC_PD_SENSORS);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, what.dsp_status);
	return id;
}

/* The whole life: attach, a call, an extension of the mapped memory, the release. */
static void live(const char *domain, struct drm_qda_remote_attach what, uint32_t pd_type)
{
	struct dsp *dsp = dsp_new(domain);
	int fd = accel_open(dsp->node), id = attach(dsp, fd, what);
	struct drm_qda_remote_map map = { .flags = QDA_MAP_HEAP, .size = 8192 };
	struct invocation *inv = inv_new(TEST_HANDLE, 7);
	struct dsp_call call;
	struct job *job;

	CHECK_EQ(1, qda_get(dsp, "processes"));
	job = invoke_start(fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 7);
	CHECK_EQ(id, call.msg.client_id);
	CHECK_EQ(pd_type, call.msg.ctx & 0xf);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));

	job = job_start(fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);
	dsp_expect(dsp, &call, FRPC_HANDLE_INIT, FRPC_INIT_MMAP);
	CHECK_EQ(pd_type, call.msg.ctx & 0xf);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));

	close(fd);
	expect_release(dsp, &call, id);
	CHECK_EQ(pd_type, call.msg.ctx & 0xf);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	free(inv);
	dsp_finish(dsp);
}

TEST(attach_to_root)
{
	live("adsp", ROOT_PD, FRPC_PD_ROOT);
	live("cdsp", ROOT_PD, FRPC_PD_ROOT);
}

TEST(attach_to_sensors)
{
	live("sdsp", (struct drm_qda_remote_attach){ .pd = QDA_PD_SENSORS }, FRPC_PD_SENSORS);
}

TEST(attach_to_static)
{
	char longest[QDA_PD_NAME_MAX];

	live("adsp", STATIC_PD("audiopd"), FRPC_PD_USER);
	live("adsp", STATIC_PD("x"), FRPC_PD_USER);
	memset(longest, 'n', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	live("adsp", STATIC_PD(longest), FRPC_PD_USER);
}

/* A PD that runs already gets no memory: there is only that of the calls. */
TEST(attach_takes_no_memory_for_the_process)
{
	struct dsp *dsp = dsp_new("adsp");

	attach(dsp, dsp_open(dsp), ROOT_PD);
	CHECK(qda_get(dsp, "mapped_pages") < MIB / 4096);
	CHECK_EQ(0, qda_get(dsp, "buffer_objects"));
	dsp_finish(dsp);
}

/* What the session had before does not show in what it has now. */
TEST(attach_and_create_in_turn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct dsp_call call;
	struct job *job;

	session_release(dsp, &s);
	CHECK_EQ(s.id, attach(dsp, s.fd, ROOT_PD));
	CHECK_EQ(1, qda_get(dsp, "processes"));
	session_release(dsp, &s);
	session_create(dsp, s.fd);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	CHECK_EQ(FRPC_PD_USER, call.msg.ctx & 0xf);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	free(inv);
	dsp_finish(dsp);
}

TEST(create_after_attach_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_remote_attach again = ROOT_PD;
	int fd = dsp_open(dsp);

	attach(dsp, fd, ROOT_PD);
	CHECK_ERR(-EBUSY, qda_create(fd, &create));
	CHECK_ERR(-EBUSY, qda_attach(fd, &again));
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(attach_refused_leaves_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_remote_attach attach = STATIC_PD("oispd");
	int fd = accel_open(dsp->node);
	struct dsp_call call;
	struct job *job;

	job = attach_start(fd, &attach);
	expect_create_static(dsp, &call, "oispd");
	dsp_reply(dsp, &call, FRPC_EUNSUPPORTED);
	CHECK_ERR(-EREMOTEIO, job_wait(job));
	CHECK_EQ(0, qda_get(dsp, "processes"));
	close(fd);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

/* The notice ends the session's use of the PD, and the next attach begins anew. */
TEST(attached_pd_dies)
{
	struct dsp *dsp = dsp_new("adsp");
	struct drm_qda_remote_attach what = ROOT_PD;
	struct session s = { .fd = dsp_open(dsp) };
	struct dsp_call call;
	struct job *job;

	s.id = attach(dsp, s.fd, what);
	session_die(dsp, &s);
	job = attach_start(s.fd, &what);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	expect_attach(dsp, &call, FRPC_PD_ROOT);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

TEST(attached_to_all_at_once)
{
	static const char *const names[] = { "audiopd", "oispd" };
	struct dsp *dsp = dsp_new("adsp banks=4");

	attach(dsp, dsp_open(dsp), ROOT_PD);
	attach(dsp, dsp_open(dsp), (struct drm_qda_remote_attach){ .pd = QDA_PD_SENSORS });
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		attach(dsp, dsp_open(dsp), STATIC_PD(names[i]));
	CHECK_EQ(4, qda_get(dsp, "processes"));
	dsp_finish(dsp);
}
