// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

int qda_create(int fd, struct drm_qda_init_create *create)
{
	return do_ioctl(fd, DRM_IOCTL_QDA_REMOTE_SESSION_CREATE, create);
}

int qda_attach(int fd, struct drm_qda_remote_attach *attach)
{
	return do_ioctl(fd, DRM_IOCTL_QDA_REMOTE_ATTACH, attach);
}

int qda_invoke(int fd, struct drm_qda_invoke *invoke)
{
	return do_ioctl(fd, DRM_IOCTL_QDA_REMOTE_INVOKE, invoke);
}

int qda_release(int fd, struct drm_qda_session_release *release)
{
	return do_ioctl(fd, DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE, release);
}

int qda_query(int fd, uint32_t type, uint32_t index, struct drm_qda_query *query)
{
	memset(query, POISON, sizeof(*query));
	query->type = type;
	query->index = index;
	return do_ioctl(fd, DRM_IOCTL_QDA_QUERY, query);
}

uint64_t qda_limit(int fd, uint32_t index)
{
	struct drm_qda_query query;

	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, index, &query));
	return query.value;
}

uint64_t qda_features(int fd)
{
	struct drm_qda_query query;

	CHECK_OK(qda_query(fd, QDA_QUERY_FEATURES, 0, &query));
	return query.value;
}

struct job *create_start(int fd, struct drm_qda_init_create *create)
{
	return job_start(fd, DRM_IOCTL_QDA_REMOTE_SESSION_CREATE, create);
}

struct job *attach_start(int fd, struct drm_qda_remote_attach *attach)
{
	return job_start(fd, DRM_IOCTL_QDA_REMOTE_ATTACH, attach);
}

struct job *release_start(int fd, struct drm_qda_session_release *release)
{
	return job_start(fd, DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE, release);
}

struct job *invoke_start(int fd, struct drm_qda_invoke *invoke)
{
	return job_start(fd, DRM_IOCTL_QDA_REMOTE_INVOKE, invoke);
}

void *expect_init(struct dsp *dsp, struct dsp_call *call, uint32_t sc, size_t size)
{
	uint64_t len;
	void *p;

	dsp_expect(dsp, call, FRPC_HANDLE_INIT, FRPC_SC_METHOD(sc));
	CHECK_EQ(sc, call->msg.sc);
	CHECK_EQ(0, call->msg.client_id);
	p = dsp_arg(dsp, call, 0, &len);
	CHECK_EQ(size, len);
	return p;
}

static bool is_create(const struct dsp_call *call)
{
	unsigned int method = FRPC_SC_METHOD(call->msg.sc);

	return call->msg.handle == FRPC_HANDLE_INIT &&
	       (method == FRPC_INIT_CREATE || method == FRPC_INIT_CREATE_ATTR);
}

void expect_create(struct dsp *dsp, struct dsp_call *call, struct frpc_create *create)
{
	uint64_t len;
	void *p;

	dsp_next(dsp, call);
	if (!is_create(call))
		FAIL("expected a CREATE, seen handle %u sc %#x", call->msg.handle, call->msg.sc);
	p = dsp_arg(dsp, call, 0, &len);
	CHECK_EQ(sizeof(*create), len);
	memcpy(create, p, sizeof(*create));
	CHECK(create->client_id > 0);
}

int expect_attach(struct dsp *dsp, struct dsp_call *call, uint32_t pd_type)
{
	int32_t id;
	void *p = expect_init(dsp, call, FRPC_SC(FRPC_INIT_ATTACH, 1, 0), sizeof(id));

	CHECK_EQ(pd_type, call->msg.ctx & 0xf);
	memcpy(&id, p, sizeof(id));
	CHECK(id > 0);
	return id;
}

int expect_static_pd(struct dsp *dsp, struct dsp_call *call, const char *name,
		     struct frpc_page *page)
{
	struct frpc_create_static wire;
	uint64_t len;
	void *p = expect_init(dsp, call, FRPC_SC(FRPC_INIT_CREATE_STATIC, 3, 0), sizeof(wire));

	CHECK_EQ(FRPC_PD_USER, call->msg.ctx & 0xf);
	memcpy(&wire, p, sizeof(wire));
	CHECK(wire.client_id > 0);
	CHECK_EQ(strlen(name) + 1, wire.namelen);
	p = dsp_arg(dsp, call, 1, &len);
	CHECK_EQ(wire.namelen, len);
	CHECK_MEM(name, p, len);
	p = dsp_arg(dsp, call, 2, &len);
	CHECK_EQ(sizeof(*page), len);
	memcpy(page, p, len);
	CHECK_EQ(page->size ? 1 : 0, wire.pageslen);
	return wire.client_id;
}

int expect_create_static(struct dsp *dsp, struct dsp_call *call, const char *name)
{
	struct frpc_page page;
	int id = expect_static_pd(dsp, call, name, &page);

	CHECK_EQ(0, page.size);
	CHECK_EQ(0, page.addr);
	return id;
}

void expect_release(struct dsp *dsp, struct dsp_call *call, int id)
{
	int32_t seen;
	void *p = expect_init(dsp, call, FRPC_SC(FRPC_INIT_RELEASE, 1, 0), sizeof(seen));

	memcpy(&seen, p, sizeof(seen));
	CHECK_EQ(id, seen);
}

struct session session_create(struct dsp *dsp, int fd)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct session s = { .fd = fd };
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;

	job = create_start(fd, &create);
	expect_create(dsp, &call, &wire);
	s.id = wire.client_id;
	s.sid = dsp_sid(dsp, call.msg.addr);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	return s;
}

void create_with_image(struct dsp *dsp, int fd, struct drm_qda_init_create *create,
		       const void *image)
{
	struct job *job = create_start(fd, create);
	struct frpc_create wire;
	struct dsp_call call;
	uint64_t len;
	void *p;

	expect_create(dsp, &call, &wire);
	CHECK_EQ(create->filelen, wire.filelen);
	p = dsp_arg(dsp, &call, 2, &len);
	CHECK_EQ(create->filelen, len);
	CHECK_MEM(image, p, len);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
}

void session_create_refused(struct dsp *dsp, int fd)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;

	job = create_start(fd, &create);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, FRPC_EUNABLETOLOAD);
	CHECK_ERR(-EREMOTEIO, job_wait(job));
}

struct session session_new(struct dsp *dsp)
{
	return session_create(dsp, dsp_open(dsp));
}

void session_release(struct dsp *dsp, struct session *s)
{
	struct drm_qda_session_release release = { 0 };
	struct dsp_call call;
	struct job *job;

	job = release_start(s->fd, &release);
	expect_release(dsp, &call, s->id);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
}

static bool has_no_process(void *arg)
{
	struct drm_qda_session_release release = { 0 };

	return qda_release(*(int *)arg, &release) == -ENOTCONN;
}

void session_wait_none(int fd)
{
	if (!wait_for(has_no_process, &fd))
		FAIL("the session still has a process, or is busy with one");
}

void session_die(struct dsp *dsp, struct session *s)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 0);
	struct dsp_call call;
	struct job *job;

	/* The channel keeps its order: when the call ends, the notice is known. */
	job = invoke_start(s->fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 0);
	dsp_notify(dsp, s->id, FRPC_PD_STATUS_EXCEPTION);
	dsp_reply(dsp, &call, FRPC_EBADSTATE);
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ(FRPC_EBADSTATE, inv->req.dsp_status);
	free(inv);
}

static void count_args(struct invocation *inv)
{
	inv->req.sc = QDA_SCALARS(QDA_SCALARS_METHOD(inv->req.sc), inv->in, inv->out) |
		      QDA_SCALARS_HANDLES(inv->in_handles, inv->out_handles);
}

struct invocation *inv_new(uint32_t handle, unsigned int method)
{
	struct invocation *inv = calloc(1, sizeof(*inv));

	if (!inv)
		FAIL("out of memory");
	inv->req.handle = handle;
	inv->req.sc = QDA_SCALARS(method, 0, 0);
	inv->req.args = (uintptr_t)inv->args;
	inv->req.dsp_status = 0xdeadbeef;
	return inv;
}

static struct drm_qda_arg *next_arg(struct invocation *inv)
{
	return &inv->args[inv->in + inv->out + inv->in_handles + inv->out_handles];
}

static void add_arg(struct invocation *inv, const void *p, uint64_t len)
{
	if (inv->in_handles + inv->out_handles)
		FAIL("buffers come before handles");
	*next_arg(inv) = (struct drm_qda_arg){
		.addr = (uintptr_t)p,
		.length = len,
		.kind = QDA_ARG_INLINE,
	};
}

void inv_in(struct invocation *inv, const void *p, uint64_t len)
{
	if (inv->out)
		FAIL("inputs come before outputs");
	add_arg(inv, p, len);
	inv->in++;
	count_args(inv);
}

void inv_out(struct invocation *inv, void *p, uint64_t len)
{
	add_arg(inv, p, len);
	inv->out++;
	count_args(inv);
}

static void add_key(struct invocation *inv, uint32_t key, uint64_t offset, uint64_t len)
{
	*next_arg(inv) = (struct drm_qda_arg){
		.addr = offset,
		.length = len,
		.handle = key,
		.kind = QDA_ARG_KEY,
	};
}

void inv_key_in(struct invocation *inv, uint32_t key, uint64_t offset, uint64_t len)
{
	if (inv->out_handles)
		FAIL("inputs come before outputs");
	add_key(inv, key, offset, len);
	inv->in_handles++;
	count_args(inv);
}

void inv_key_out(struct invocation *inv, uint32_t key, uint64_t offset, uint64_t len)
{
	add_key(inv, key, offset, len);
	inv->out_handles++;
	count_args(inv);
}
