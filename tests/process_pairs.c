// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the header says about the errors of making and ending a process; a part of the suite
 * uapi.
 */
#include <errno.h>

#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "sys.h"
#include "uapi.h"

/* ---- REMOTE_SESSION_CREATE ---- */

struct drm_qda_init_create with_image(void)
{
	static char image[8192];

	return (struct drm_qda_init_create){
		.filelen = sizeof(image),
		.filefd = -1,
		.attrs = QDA_ATTR_UNSIGNED_MODULE,
		.file = (uintptr_t)image,
	};
}

static void refuse(struct dsp *dsp, int fd, int err, struct drm_qda_init_create create)
{
	create.dsp_status = 0xdeadbeef;
	CHECK_ERR(err, qda_create(fd, &create));
	CHECK_EQ(0, create.dsp_status);
	CHECK_EQ(0, vdsp_get(dsp, "calls"));
}

#define REFUSE(err, ...)                                          \
	do {                                                      \
		struct drm_qda_init_create create = with_image(); \
		__VA_ARGS__;                                      \
		refuse(dsp, fd, err, create);                     \
	} while (0)

TEST(remote_session_create_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	REFUSE(-EINVAL, create.filelen = 4 * MIB + 1);
	REFUSE(-EINVAL, create.filelen = ~0u);
	REFUSE(-EINVAL, create.flags = 1);
	REFUSE(-EINVAL, create.flags = 1u << 31);
	REFUSE(-EINVAL, create.pad = 1);
	REFUSE(-EINVAL, create.siglen = create.filelen + 1);
	REFUSE(-EINVAL, create.siglen = ~0u);
	REFUSE(-EINVAL, create.siglen = 1; create.attrs = 0);
	for (int bit = 7; bit < 32; bit++)
		REFUSE(-EINVAL, create.attrs |= 1u << bit);
	dsp_finish(dsp);
}

TEST(remote_session_create_einval_sources)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	REFUSE(-EINVAL, create.file = 0);
	REFUSE(-EINVAL, create.file = 0; create.filefd = 0);
	REFUSE(-EINVAL, create.handle = 1);
	REFUSE(-EINVAL, create.filefd = fd);
	REFUSE(-EINVAL, create.filefd = fd; create.handle = 1);
	REFUSE(-EINVAL, create.filefd = fd; create.handle = 1; create.file = 0);
	REFUSE(-EINVAL, create.filelen = 0);
	REFUSE(-EINVAL, create.filelen = 0; create.file = 0; create.filefd = fd);
	REFUSE(-EINVAL, create.filelen = 0; create.file = 0; create.handle = 1);
	dsp_finish(dsp);
}

TEST(remote_session_create_efault_file)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	REFUSE(-EFAULT, create.file = (uintptr_t)bad_pointer());
	REFUSE(-EFAULT, create.file = (uintptr_t)guarded_alloc(create.filelen - 1));
	REFUSE(-EFAULT, create.file = (uintptr_t)guarded_alloc(1));
	REFUSE(-EFAULT, create.file = ~0ull - 4096);
	REFUSE(-EFAULT, create.file = 1);
	/* Nothing is left of the refused ones. */
	session_create(dsp, fd);
	dsp_finish(dsp);
}

static int signed_pd_as_nobody(void *arg)
{
	struct drm_qda_init_create create = { .filefd = -1 };
	int fd = accel_open(arg), ret;

	drop_root();
	ret = qda_create(fd, &create);
	return -ret;
}

TEST(remote_session_create_eperm)
{
	struct dsp *dsp = dsp_new("cdsp");

	CHECK_EQ(EPERM, client_wait(client_start(signed_pd_as_nobody, dsp->node)));
	CHECK_EQ(0, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(remote_session_create_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct session s = session_new(dsp);

	create.dsp_status = 0xdeadbeef;
	CHECK_ERR(-EBUSY, qda_create(s.fd, &create));
	CHECK_EQ(0, create.dsp_status);
	dsp_finish(dsp);
}

TEST(remote_session_create_ebusy_no_bank)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	struct drm_qda_init_create create = UNSIGNED_PD;

	session_new(dsp);
	CHECK_ERR(-EBUSY, qda_create(dsp_open(dsp), &create));
	dsp_finish(dsp);
}

TEST(remote_session_create_eremoteio)
{
	static const uint32_t codes[] = { FRPC_EUNABLETOLOAD, FRPC_EBADSTATE, 1, 0xffffffff };
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct drm_qda_init_create create = with_image();
		struct job *job = create_start(fd, &create);
		struct frpc_create wire;
		struct dsp_call call;

		expect_create(dsp, &call, &wire);
		dsp_reply(dsp, &call, codes[i]);
		CHECK_ERR(-EREMOTEIO, job_wait(job));
		CHECK_EQ(codes[i], create.dsp_status);
	}
	session_create(dsp, fd);
	dsp_finish(dsp);
}

TEST(remote_session_create_etimedout)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct frpc_create wire;
	double start = now_ms();
	struct dsp_call call;
	struct job *job;

	/* All others are tried with a shorter limit than the one that people have. */
	create.dsp_status = 0xdeadbeef;
	job = create_start(dsp_open(dsp), &create);
	expect_create(dsp, &call, &wire);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(job, TIMEOUT_MS + WAIT_MS));
	CHECK(now_ms() - start > TIMEOUT_MS - 500);
	CHECK_EQ(0, create.dsp_status);
	dsp_reply(dsp, &call, FRPC_ENOMEMORY);
	dsp_finish(dsp);
}

TEST(remote_session_create_epipe)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;

	create.dsp_status = 0xdeadbeef;
	job = create_start(dsp_open(dsp), &create);
	expect_create(dsp, &call, &wire);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ(0, create.dsp_status);
	dsp_finish(dsp);
}

static int create_and_wait(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	qda_create(accel_open(arg), &create);
	return 0;
}

TEST(remote_session_create_eintr)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call;
	pid_t pid;

	ioctl_trace_start();
	pid = client_start(create_and_wait, dsp->node);
	expect_create(dsp, &call, &wire);
	client_kill(pid);
	CHECK_ERR(-EINTR, ioctl_trace_result(pid));
	ioctl_trace_end();
	dsp_reply(dsp, &call, FRPC_ENOMEMORY);
	dsp_finish(dsp);
}

/* ---- REMOTE_SESSION_RELEASE ---- */

TEST(remote_session_release_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { .flags = 1, .dsp_status = 0xdeadbeef };
	struct session s = session_new(dsp);

	CHECK_ERR(-EINVAL, qda_release(s.fd, &release));
	CHECK_EQ(0, release.dsp_status);
	release.flags = 1u << 31;
	CHECK_ERR(-EINVAL, qda_release(s.fd, &release));
	/* The process is still there. */
	session_release(dsp, &s);
	dsp_finish(dsp);
}

TEST(remote_session_release_enotconn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { .dsp_status = 0xdeadbeef };
	int fd = dsp_open(dsp);

	CHECK_ERR(-ENOTCONN, qda_release(fd, &release));
	CHECK_EQ(0, release.dsp_status);
	CHECK_EQ(0, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(remote_session_release_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release first = { 0 }, second = { .dsp_status = 0xdeadbeef };
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;
	int fd = dsp_open(dsp);

	job = create_start(fd, &create);
	expect_create(dsp, &call, &wire);
	CHECK_ERR(-EBUSY, qda_release(fd, &second));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	job = release_start(fd, &first);
	expect_release(dsp, &call, wire.client_id);
	CHECK_ERR(-EBUSY, qda_release(fd, &second));
	CHECK_EQ(0, second.dsp_status);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

TEST(remote_session_release_eremoteio)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { 0 };
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job;

	job = release_start(s.fd, &release);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, FRPC_EBADPARM);
	CHECK_ERR(-EREMOTEIO, job_wait(job));
	CHECK_EQ(FRPC_EBADPARM, release.dsp_status);
	/* The process counts as gone. */
	CHECK_ERR(-ENOTCONN, qda_release(s.fd, &release));
	session_create(dsp, s.fd);
	dsp_finish(dsp);
}

TEST(remote_session_release_etimedout)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { .dsp_status = 0xdeadbeef };
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job;

	dsp_answer_within(SHORT_MS);
	job = release_start(s.fd, &release);
	expect_release(dsp, &call, s.id);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(job, WAIT_MS));
	CHECK_EQ(0, release.dsp_status);
	CHECK_ERR(-EBUSY, qda_create(s.fd, &create));
	/* Its late answer ends it. */
	dsp_reply(dsp, &call, 0);
	session_wait_none(s.fd);
	session_create(dsp, s.fd);
	dsp_finish(dsp);
}

static int release_and_wait(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_session_release release = { 0 };
	int fd = accel_open(arg);

	if (!qda_create(fd, &create))
		qda_release(fd, &release);
	return 0;
}

TEST(remote_session_release_eintr)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call, release;
	struct frpc_create wire;
	pid_t pid;

	ioctl_trace_start();
	pid = client_start(release_and_wait, dsp->node);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	expect_release(dsp, &release, wire.client_id);
	client_kill(pid);
	CHECK_ERR(-EINTR, ioctl_trace_result(pid));
	ioctl_trace_end();
	dsp_reply(dsp, &release, 0);
	dsp_finish(dsp);
}

TEST(remote_session_release_epipe)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { .dsp_status = 0xdeadbeef };
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job;

	job = release_start(s.fd, &release);
	expect_release(dsp, &call, s.id);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ(0, release.dsp_status);
	dsp_finish(dsp);
}
