// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the header says about the errors of capabilities, of attaching, and of sessions
 * that find no context bank; a part of the suite uapi.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "sys.h"

/* ---- QUERY of capabilities ---- */

static int ask(int fd, struct drm_qda_query *query)
{
	return qda_query(fd, QDA_QUERY_CAPABILITY, 6, query);
}

static struct job *ask_start(int fd, struct drm_qda_query *query)
{
	memset(query, POISON, sizeof(*query));
	query->type = QDA_QUERY_CAPABILITY;
	query->index = 6;
	return job_start(fd, DRM_IOCTL_QDA_QUERY, query);
}

/* The question as drivers/misc/fastrpc.c asks it: a number of words, and room for as many. */
static void expect_question(struct dsp *dsp, struct dsp_call *call)
{
	uint64_t len;
	uint32_t *words;

	dsp_expect(dsp, call, FRPC_HANDLE_UTILITIES, 0);
	CHECK_EQ(FRPC_SC(0, 1, 1), call->msg.sc);
	CHECK_EQ(0, call->msg.client_id);
	CHECK_EQ(FRPC_PD_USER, call->msg.ctx & 0xf);
	words = dsp_arg(dsp, call, 0, &len);
	CHECK_EQ(sizeof(*words), len);
	CHECK_EQ(255, *words);
	dsp_arg(dsp, call, 1, &len);
	CHECK_EQ(255 * sizeof(*words), len);
}

static void answer_question(struct dsp *dsp, struct dsp_call *call, uint32_t value)
{
	uint64_t len;
	uint32_t *words = dsp_arg(dsp, call, 1, &len);

	for (uint32_t i = 0; i < len / sizeof(*words); i++)
		words[i] = value;
	dsp_reply(dsp, call, 0);
}

static void check_answered(int fd, uint32_t value)
{
	struct drm_qda_query query;

	CHECK_OK(ask(fd, &query));
	CHECK_EQ(value, query.value);
}

TEST(query_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	struct drm_qda_query query;
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job;
	int other = dsp_open(dsp);

	CHECK_ERR(-EBUSY, ask(other, &query));
	CHECK_EQ(0, query.value);
	dsp_expect_silence(dsp);
	/* Who has a bank can ask, and then everybody knows. */
	job = ask_start(s.fd, &query);
	expect_question(dsp, &call);
	CHECK_EQ(s.sid, dsp_sid(dsp, call.msg.addr));
	answer_question(dsp, &call, 0x77);
	CHECK_OK(job_wait(job));
	check_answered(other, 0x77);
	dsp_finish(dsp);
}

/* A bank is lent for the question only. */
TEST(query_capability_costs_no_bank)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	struct drm_qda_query query;
	struct dsp_call call;
	struct job *job;
	int fd = dsp_open(dsp);

	job = ask_start(fd, &query);
	expect_question(dsp, &call);
	CHECK_EQ(2, qda_get(dsp, "sessions"));
	answer_question(dsp, &call, 0xffffffff);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0xffffffff, query.value);
	qda_wait(dsp, "sessions", 1);
	CHECK_EQ(0, qda_get(dsp, "mapped_pages"));
	session_new(dsp);
	dsp_finish(dsp);
}

TEST(query_eremoteio)
{
	static const uint32_t codes[] = { FRPC_EBADSTATE, 1, 0xffffffff };
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_query query;
	struct dsp_call call;
	struct job *job;
	int fd = dsp_open(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		job = ask_start(fd, &query);
		expect_question(dsp, &call);
		dsp_reply(dsp, &call, codes[i]);
		CHECK_ERR(-EREMOTEIO, job_wait(job));
		CHECK_EQ(0, query.value);
	}
	/* None of that is remembered. */
	job = ask_start(fd, &query);
	expect_question(dsp, &call);
	answer_question(dsp, &call, 0x68);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0x68, query.value);
	dsp_finish(dsp);
}

TEST(query_etimedout)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	struct drm_qda_query query, second, third;
	struct dsp_call call;
	struct job *first, *other;
	int fd = dsp_open(dsp);

	dsp_answer_within(2 * SHORT_MS);
	first = ask_start(fd, &query);
	expect_question(dsp, &call);
	other = ask_start(dsp_open(dsp), &second);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(first, WAIT_MS));
	CHECK_EQ(0, query.value);
	/* One question, one time limit: nobody asks again, nobody waits from the start. */
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(other, SHORT_MS));
	CHECK_ERR(-ETIMEDOUT, ask(fd, &third));
	dsp_expect_silence(dsp);
	/* The bank is free again and the answer known, although nobody waits for it. */
	answer_question(dsp, &call, 0x73);
	qda_wait(dsp, "mapped_pages", 0);
	check_answered(fd, 0x73);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

static int ask_and_exit(void *arg)
{
	struct drm_qda_query query;

	ask(accel_open(arg), &query);
	return 0;
}

TEST(query_eintr)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_query query;
	struct dsp_call call;
	struct job *job;
	pid_t pid;

	ioctl_trace_start();
	pid = client_start(ask_and_exit, dsp->node);
	expect_question(dsp, &call);
	client_kill(pid);
	CHECK_ERR(-EINTR, ioctl_trace_result(pid));
	ioctl_trace_end();
	/* The question goes on without who asked it. */
	job = ask_start(dsp_open(dsp), &query);
	dsp_expect_silence(dsp);
	CHECK(!job_done(job));
	answer_question(dsp, &call, 0x69);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0x69, query.value);
	dsp_finish(dsp);
}

TEST(query_epipe)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_query query, second;
	struct dsp_call call;
	struct job *job, *other;

	job = ask_start(dsp_open(dsp), &query);
	expect_question(dsp, &call);
	other = ask_start(dsp_open(dsp), &second);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ(0, query.value);
	CHECK(job_wait(other) < 0);
	dsp_finish(dsp);
}

/* Nobody waits for the answer when the DSP goes. */
TEST(query_abandoned_then_dsp_gone)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call;
	pid_t pid;

	pid = client_start(ask_and_exit, dsp->node);
	expect_question(dsp, &call);
	client_kill(pid);
	dsp_down(dsp);
	dsp_finish(dsp);
}

static uint32_t refuse_question(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	if (call->msg.handle == FRPC_HANDLE_UTILITIES)
		return FRPC_EBADSTATE;
	return dsp_echo(dsp, call, arg);
}

/* Everything that asking takes fails once; a refusal is not remembered, so all of it is tried. */
TEST(query_enomem_when_asking)
{
	struct drm_qda_query query;
	unsigned int nth, nomem = 0;
	struct dsp *dsp;
	bool hit = true;
	int fd, ret = 0;

	fault_setup();
	dsp = dsp_new("cdsp banks=1");
	dsp_serve(dsp, refuse_question, NULL);
	fd = dsp_open(dsp);
	for (nth = 1; hit; nth++) {
		memset(&query, 0, sizeof(query));
		query.type = QDA_QUERY_CAPABILITY;
		query.index = 6;
		ret = fault_ioctl(fd, DRM_IOCTL_QDA_QUERY, &query, nth, &hit);
		if (ret != -ENOMEM && ret != -EFAULT && ret != -EREMOTEIO)
			FAIL("failure %u gave %d", nth, ret);
		nomem += ret == -ENOMEM;
		CHECK(nth < 1000);
	}
	CHECK_ERR(-EREMOTEIO, ret);
	CHECK(nomem > 0);
	ktap_note("%u places can fail, %u gave -ENOMEM", nth - 2, nomem);
	dsp_finish(dsp);
}

/* ---- REMOTE_ATTACH ---- */

static void refuse_attach(struct dsp *dsp, int fd, int err, struct drm_qda_remote_attach attach)
{
	attach.dsp_status = 0xdeadbeef;
	CHECK_ERR(err, qda_attach(fd, &attach));
	CHECK_EQ(0, attach.dsp_status);
	CHECK_EQ(0, vdsp_get(dsp, "calls"));
}

#define REFUSE_ATTACH(err, start, ...)                       \
	do {                                                 \
		struct drm_qda_remote_attach attach = start; \
		__VA_ARGS__;                                 \
		refuse_attach(dsp, fd, err, attach);         \
	} while (0)

TEST(remote_attach_einval)
{
	static const char two_nuls[] = "audio\0pd";
	struct dsp *dsp = dsp_new("adsp");
	int fd = dsp_open(dsp);

	REFUSE_ATTACH(-EINVAL, ROOT_PD, attach.pd = 0);
	REFUSE_ATTACH(-EINVAL, ROOT_PD, attach.pd = QDA_PD_STATIC + 1);
	REFUSE_ATTACH(-EINVAL, ROOT_PD, attach.pd = ~0u);
	for (int bit = 0; bit < 32; bit++)
		REFUSE_ATTACH(-EINVAL, ROOT_PD, attach.flags = 1u << bit);
	REFUSE_ATTACH(-EINVAL, ROOT_PD, attach.name = (uintptr_t) "root");
	REFUSE_ATTACH(-EINVAL, ROOT_PD, attach.namelen = 5);
	REFUSE_ATTACH(-EINVAL, STATIC_PD("sensors"), attach.pd = QDA_PD_SENSORS);
	REFUSE_ATTACH(-EINVAL, STATIC_PD("audiopd"), attach.namelen = 0);
	REFUSE_ATTACH(-EINVAL, STATIC_PD("audiopd"), attach.namelen -= 1);
	REFUSE_ATTACH(-EINVAL, STATIC_PD(""), (void)attach);
	REFUSE_ATTACH(-EINVAL, STATIC_PD("audiopd"), attach.namelen = QDA_PD_NAME_MAX + 1);
	REFUSE_ATTACH(-EINVAL, STATIC_PD("audiopd"), attach.namelen = ~0u);
	REFUSE_ATTACH(-EINVAL, STATIC_PD(two_nuls), attach.namelen = sizeof(two_nuls));
	dsp_finish(dsp);
}

TEST(remote_attach_efault_name)
{
	struct dsp *dsp = dsp_new("adsp");
	int fd = dsp_open(dsp);

	REFUSE_ATTACH(-EFAULT, STATIC_PD("audiopd"), attach.name = (uintptr_t)bad_pointer());
	REFUSE_ATTACH(-EFAULT, STATIC_PD("audiopd"), attach.name = 0);
	REFUSE_ATTACH(-EFAULT, STATIC_PD("audiopd"), attach.name = (uintptr_t)guarded_alloc(7));
	dsp_finish(dsp);
}

static int attach_as_nobody(void *node)
{
	struct drm_qda_remote_attach attach[] = {
		ROOT_PD,
		{ .pd = QDA_PD_SENSORS },
		STATIC_PD("audiopd"),
	};
	int fd = accel_open(node);

	drop_root();
	for (size_t i = 0; i < ARRAY_SIZE(attach); i++)
		if (qda_attach(fd, &attach[i]) != -EPERM)
			return 1;
	return 0;
}

TEST(remote_attach_eperm)
{
	static const char *const domains[] = { "adsp", "cdsp" };

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		struct dsp *dsp = dsp_new(domains[i]);

		CHECK_EQ(0, client_wait(client_start(attach_as_nobody, dsp->node)));
		CHECK_EQ(0, vdsp_get(dsp, "calls"));
		dsp_finish(dsp);
	}
}

TEST(remote_attach_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp banks=2");
	struct drm_qda_remote_attach attach = ROOT_PD;
	struct session s = session_new(dsp);

	attach.dsp_status = 0xdeadbeef;
	CHECK_ERR(-EBUSY, qda_attach(s.fd, &attach));
	CHECK_EQ(0, attach.dsp_status);
	session_new(dsp);
	/* No bank. */
	CHECK_ERR(-EBUSY, qda_attach(dsp_open(dsp), &attach));
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(remote_attach_eremoteio)
{
	static const uint32_t codes[] = { FRPC_EUNSUPPORTED, 1, 0xffffffff };
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct drm_qda_remote_attach attach = STATIC_PD("nobody");
		struct job *job = attach_start(fd, &attach);
		struct dsp_call call;

		expect_create_static(dsp, &call, "nobody");
		dsp_reply(dsp, &call, codes[i]);
		CHECK_ERR(-EREMOTEIO, job_wait(job));
		CHECK_EQ(codes[i], attach.dsp_status);
	}
	session_create(dsp, fd);
	dsp_finish(dsp);
}

TEST(remote_attach_etimedout)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_remote_attach attach = ROOT_PD;
	struct dsp_call call;
	int fd = dsp_open(dsp), id;
	struct job *job;

	attach.dsp_status = 0xdeadbeef;
	dsp_answer_within(SHORT_MS);
	job = attach_start(fd, &attach);
	id = expect_attach(dsp, &call, FRPC_PD_ROOT);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(job, WAIT_MS));
	CHECK_EQ(0, attach.dsp_status);
	CHECK_ERR(-EBUSY, qda_attach(fd, &attach));
	/* It did after all: then it has to be undone. */
	dsp_reply(dsp, &call, 0);
	expect_release(dsp, &call, id);
	CHECK_EQ(FRPC_PD_ROOT, call.msg.ctx & 0xf);
	dsp_reply(dsp, &call, 0);
	session_wait_none(fd);
	dsp_finish(dsp);
}

static int attach_and_wait(void *node)
{
	struct drm_qda_remote_attach attach = { .pd = QDA_PD_SENSORS };

	qda_attach(accel_open(node), &attach);
	return 0;
}

TEST(remote_attach_eintr)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call;
	pid_t pid;
	int id;

	ioctl_trace_start();
	pid = client_start(attach_and_wait, dsp->node);
	id = expect_attach(dsp, &call, FRPC_PD_SENSORS);
	client_kill(pid);
	CHECK_ERR(-EINTR, ioctl_trace_result(pid));
	ioctl_trace_end();
	dsp_reply(dsp, &call, 0);
	expect_release(dsp, &call, id);
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}

TEST(remote_attach_epipe)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_remote_attach attach = ROOT_PD;
	struct dsp_call call;
	struct job *job;

	attach.dsp_status = 0xdeadbeef;
	job = attach_start(dsp_open(dsp), &attach);
	expect_attach(dsp, &call, FRPC_PD_ROOT);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ(0, attach.dsp_status);
	dsp_finish(dsp);
}

/* ---- quota ---- */

#define NOBODY 65534

/* A user with the limits of nobody and the privileges of root: what attaches is a daemon. */
static int beyond_the_quota(void *node)
{
	struct drm_qda_init_create create = UNSIGNED_PD, second = UNSIGNED_PD;
	struct drm_qda_remote_attach attach = ROOT_PD;
	int fds[2];

	if (setresuid(NOBODY, -1, -1))
		return 1;
	for (int i = 0; i < 2; i++)
		fds[i] = accel_open(node);
	if (qda_create(fds[0], &create))
		return 2;
	second.dsp_status = 0xdeadbeef;
	if (qda_create(fds[1], &second) != -EDQUOT || second.dsp_status)
		return 3;
	attach.dsp_status = 0xdeadbeef;
	if (qda_attach(fds[1], &attach) != -EDQUOT || attach.dsp_status)
		return 4;
	return 0;
}

static void check_quota(void)
{
	struct dsp *dsp = dsp_new("cdsp banks=2");

	dsp_serve(dsp, NULL, NULL);
	CHECK_EQ(0, client_wait(client_start(beyond_the_quota, dsp->node)));
	/* CREATE and, at the close, RELEASE. */
	qda_wait(dsp, "sessions", 0);
	CHECK_EQ(2, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(remote_session_create_edquot_sessions)
{
	check_quota();
}

TEST(remote_attach_edquot)
{
	check_quota();
}
