// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The user interface as qda_accel.h documents it. For every error that the
 * header lists for an ioctl there is a test <ioctl>_<errno>, which tests/uapi_pairs
 * checks; further tests of the same error have a suffix.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "sys.h"

#define TIMEOUT_MS 10000

/* ---- what holds for every ioctl ---- */

struct out_field {
	size_t offset, size;
};

struct uapi_ioctl {
	const char *name;
	unsigned long cmd;
	struct out_field out[2];
};

#define OUT(type, field)                                                        \
	{                                                                       \
		offsetof(struct type, field), sizeof(((struct type *)0)->field) \
	}
#define NONE         \
	{            \
		0, 0 \
	}

static const struct uapi_ioctl ioctls[] = {
	{ "query", DRM_IOCTL_QDA_QUERY, { OUT(drm_qda_query, value), OUT(drm_qda_query, name) } },
	{ "gem_create", DRM_IOCTL_QDA_GEM_CREATE, { OUT(drm_qda_gem_create, handle), NONE } },
	{ "gem_mmap_offset",
	  DRM_IOCTL_QDA_GEM_MMAP_OFFSET,
	  { OUT(drm_qda_gem_mmap_offset, offset), NONE } },
	{ "remote_attach",
	  DRM_IOCTL_QDA_REMOTE_ATTACH,
	  { OUT(drm_qda_remote_attach, dsp_status), NONE } },
	{ "remote_session_create",
	  DRM_IOCTL_QDA_REMOTE_SESSION_CREATE,
	  { OUT(drm_qda_init_create, dsp_status), NONE } },
	{ "remote_map",
	  DRM_IOCTL_QDA_REMOTE_MAP,
	  { OUT(drm_qda_remote_map, vaddrout), OUT(drm_qda_remote_map, dsp_status) } },
	{ "remote_munmap",
	  DRM_IOCTL_QDA_REMOTE_MUNMAP,
	  { OUT(drm_qda_remote_munmap, dsp_status), NONE } },
	{ "remote_invoke",
	  DRM_IOCTL_QDA_REMOTE_INVOKE,
	  { OUT(drm_qda_invoke, dsp_status), OUT(drm_qda_invoke, cookie) } },
	{ "set_option", DRM_IOCTL_QDA_SET_OPTION, { NONE, NONE } },
	{ "remote_session_release",
	  DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE,
	  { OUT(drm_qda_session_release, dsp_status), NONE } },
	{ "gem_sync", DRM_IOCTL_QDA_GEM_SYNC, { NONE, NONE } },
	{ "remote_invoke_batch",
	  DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH,
	  { OUT(drm_qda_invoke_batch, submitted), OUT(drm_qda_invoke_batch, error) } },
};

#define IOCTL_BYTES 256

static uint64_t features(int fd)
{
	struct drm_qda_query query;

	CHECK_OK(qda_query(fd, QDA_QUERY_FEATURES, 0, &query));
	return query.value;
}

static void any_efault(const void *arg)
{
	const struct uapi_ioctl *io = arg;
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	CHECK_ERR(-EFAULT, do_ioctl(fd, io->cmd, bad_pointer()));
	CHECK_ERR(-EFAULT, do_ioctl(fd, io->cmd, NULL));
	/* Readable to the middle only. */
	CHECK_ERR(-EFAULT, do_ioctl(fd, io->cmd, guarded_alloc(_IOC_SIZE(io->cmd) / 2)));
	dsp_finish(dsp);
}

static void any_enodev(const void *arg)
{
	const struct uapi_ioctl *io = arg;
	unsigned char buf[IOCTL_BYTES] = { 0 };
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	dsp_down(dsp);
	CHECK_ERR(-ENODEV, do_ioctl(fd, io->cmd, buf));
	dsp_finish(dsp);
}

static struct drm_qda_invoke_batch one_async_call(void)
{
	static struct drm_qda_invoke call = { .handle = TEST_HANDLE, .flags = QDA_INVOKE_ASYNC };

	return (struct drm_qda_invoke_batch){ .calls = (uintptr_t)&call,
					      .count = 1,
					      .stride = sizeof(call) };
}

/* Prepares an ioctl so that it would do its work. */
static void fill_good(const struct uapi_ioctl *io, void *buf, struct invocation *inv)
{
	static char image[8192];

	memset(buf, 0, IOCTL_BYTES);
	if (io->cmd == DRM_IOCTL_QDA_QUERY)
		*(struct drm_qda_query *)buf =
			(struct drm_qda_query){ .type = QDA_QUERY_CAPABILITY, .index = 6 };
	else if (io->cmd == DRM_IOCTL_QDA_REMOTE_ATTACH)
		*(struct drm_qda_remote_attach *)buf = STATIC_PD("audiopd");
	else if (io->cmd == DRM_IOCTL_QDA_REMOTE_SESSION_CREATE)
		*(struct drm_qda_init_create *)buf =
			(struct drm_qda_init_create){ .filelen = sizeof(image),
						      .attrs = QDA_ATTR_UNSIGNED_MODULE,
						      .file = (uintptr_t)image };
	else if (io->cmd == DRM_IOCTL_QDA_GEM_CREATE)
		*(struct drm_qda_gem_create *)buf = (struct drm_qda_gem_create){ .size = 20000 };
	else if (io->cmd == DRM_IOCTL_QDA_REMOTE_MAP)
		*(struct drm_qda_remote_map *)buf =
			(struct drm_qda_remote_map){ .flags = QDA_MAP_HEAP, .size = 20000 };
	else if (io->cmd == DRM_IOCTL_QDA_REMOTE_INVOKE)
		memcpy(buf, &inv->req, sizeof(inv->req));
	else if (io->cmd == DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH)
		*(struct drm_qda_invoke_batch *)buf = one_async_call();
}

/* A call that needs the most of the driver: many arguments, small and big. */
static struct invocation *rich_call(void)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	static char in[4][20000], out[4][20000];

	for (int i = 0; i < 4; i++)
		inv_in(inv, in[i], i % 2 ? sizeof(in[i]) : 10);
	for (int i = 0; i < 4; i++)
		inv_out(inv, out[i], i % 2 ? sizeof(out[i]) : 10);
	return inv;
}

static uint32_t answer_all(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	if (call->msg.handle == FRPC_HANDLE_UTILITIES)
		return FRPC_EUNSUPPORTED;
	return dsp_echo(dsp, call, arg);
}

/*
 * Every allocation and user copy of the ioctl fails once. The result is
 * -ENOMEM, -EFAULT (a copy failed) or what it is without a failure, and the
 * session works afterwards as before.
 */
static void any_enomem(const void *arg)
{
	const struct uapi_ioctl *io = arg;
	bool create = io->cmd == DRM_IOCTL_QDA_REMOTE_SESSION_CREATE ||
		      io->cmd == DRM_IOCTL_QDA_REMOTE_ATTACH;
	bool invoke = io->cmd == DRM_IOCTL_QDA_REMOTE_INVOKE;
	unsigned char buf[IOCTL_BYTES];
	struct drm_qda_init_create pd = UNSIGNED_PD;
	struct invocation *inv = rich_call();
	unsigned int nth, nomem = 0;
	struct dsp *dsp;
	bool hit = true;
	int fd, normal, ret = 0;

	fault_setup();
	dsp = dsp_new("cdsp");
	dsp_serve(dsp, answer_all, NULL);
	fd = dsp_open(dsp);
	if (!create)
		CHECK_OK(qda_create(fd, &pd));
	fill_good(io, buf, inv);
	normal = do_ioctl(fd, io->cmd, buf);
	for (nth = 1; hit; nth++) {
		struct drm_qda_session_release release = { 0 };

		if (create)
			qda_release(fd, &release);
		else if (io->cmd == DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE)
			qda_create(fd, &pd);
		fill_good(io, buf, inv);
		ret = fault_ioctl(fd, io->cmd, buf, nth, &hit);
		if (ret != -ENOMEM && ret != -EFAULT && ret != normal)
			FAIL("failure %u: expected -ENOMEM, -EFAULT or %d, seen %d", nth, normal,
			     ret);
		nomem += ret == -ENOMEM;
		CHECK(nth < 1000);
	}
	CHECK_ERR(normal, ret);
	ktap_note("%u places can fail, %u gave -ENOMEM", nth - 2, nomem);
	if (create || invoke || io->cmd == DRM_IOCTL_QDA_GEM_CREATE ||
	    io->cmd == DRM_IOCTL_QDA_REMOTE_MAP)
		CHECK(nomem > 0);
	free(inv);
	dsp_finish(dsp);
}

static void any_outputs_zero(const void *arg)
{
	const struct uapi_ioctl *io = arg;
	unsigned char buf[IOCTL_BYTES], zero[IOCTL_BYTES] = { 0 };
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	/* Nonsense in every field, so every ioctl refuses it. */
	memset(buf, POISON, sizeof(buf));
	CHECK(do_ioctl(fd, io->cmd, buf) < 0);
	for (size_t i = 0; i < ARRAY_SIZE(io->out); i++)
		CHECK_MEM(zero, buf + io->out[i].offset, io->out[i].size);
	for (size_t i = _IOC_SIZE(io->cmd); i < sizeof(buf); i++)
		CHECK_EQ(POISON, buf[i]);
	dsp_finish(dsp);
}

/* The same ioctl with a longer structure of a later header: the rest is left alone. */
static void any_long_struct(const void *arg)
{
	const struct uapi_ioctl *io = arg;
	size_t size = _IOC_SIZE(io->cmd);
	unsigned long cmd = (io->cmd & ~IOCSIZE_MASK) | (200ul << IOCSIZE_SHIFT);
	unsigned char buf[IOCTL_BYTES], same[IOCTL_BYTES];
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct dsp *dsp = dsp_new("cdsp");
	int first;

	dsp_serve(dsp, answer_all, NULL);
	fill_good(io, same, inv);
	first = do_ioctl(dsp_open(dsp), io->cmd, same);
	fill_good(io, buf, inv);
	memset(buf + size, POISON, sizeof(buf) - size);
	CHECK_ERR(first, do_ioctl(dsp_open(dsp), cmd, buf));
	CHECK_MEM(same, buf, size);
	for (size_t i = size; i < sizeof(buf); i++)
		CHECK_EQ(POISON, buf[i]);
	dsp_finish(dsp);
}

static void register_each(const char *suffix, ktap_fn fn)
{
	char name[96];

	for (size_t i = 0; i < ARRAY_SIZE(ioctls); i++) {
		snprintf(name, sizeof(name), "%s_%s", ioctls[i].name, suffix);
		ktap_register(strdup(name), fn, &ioctls[i]);
	}
}

__attribute__((constructor)) static void register_tables(void)
{
	register_each("efault", any_efault);
	register_each("enodev", any_enodev);
	register_each("enomem", any_enomem);
	register_each("outputs_zero_on_error", any_outputs_zero);
	register_each("long_struct", any_long_struct);
	ktap_after_each(buffers_after_each);
}

/* ---- numbers ---- */

TEST(unknown_ioctl_number_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	unsigned char buf[IOCTL_BYTES] = { 0 };
	int fd = dsp_open(dsp);

	for (unsigned int nr = DRM_COMMAND_BASE + DRM_QDA_REMOTE_INVOKE_BATCH + 1;
	     nr < DRM_COMMAND_END; nr++)
		CHECK_ERR(-EINVAL, do_ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, 8), buf));
	dsp_finish(dsp);
}

TEST(unknown_ioctl_type_enotty)
{
	struct dsp *dsp = dsp_new("cdsp");
	unsigned char buf[IOCTL_BYTES] = { 0 };
	int fd = dsp_open(dsp);

	CHECK_ERR(-ENOTTY, do_ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 'R', 3, 16), buf));
	dsp_finish(dsp);
}

/* ---- QUERY ---- */

TEST(query_domain_of_every_dsp)
{
	static const char *const names[] = { "adsp",  "mdsp",  "sdsp", "cdsp",
					     "cdsp1", "gdsp0", "gdsp1" };
	char expected[16];

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		struct dsp *dsp = dsp_new(names[i]);
		struct drm_qda_query query;

		memset(expected, 0, sizeof(expected));
		strcpy(expected, names[i]);
		CHECK_OK(qda_query(dsp_open(dsp), QDA_QUERY_DOMAIN, 0, &query));
		CHECK_MEM(expected, query.name, sizeof(expected));
		CHECK_EQ(i, query.value);
		dsp_finish(dsp);
	}
}

TEST(query_limits)
{
	struct dsp *dsp = dsp_new("cdsp banks=3");
	int fd = dsp_open(dsp);
	struct drm_qda_query query;
	char zero[16] = { 0 };

	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, QDA_LIMIT_FILELEN, &query));
	CHECK_EQ(4 * MIB, query.value);
	CHECK_MEM(zero, query.name, sizeof(zero));
	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, QDA_LIMIT_INLINE, &query));
	CHECK_EQ(MIB, query.value);
	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, QDA_LIMIT_SESSIONS, &query));
	CHECK_EQ(3, query.value);
	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, QDA_LIMIT_CALLS, &query));
	CHECK(query.value >= 100 && query.value <= 128);
	CHECK_OK(qda_query(fd, QDA_QUERY_LIMIT, QDA_LIMIT_EVENTS, &query));
	CHECK(query.value >= 128);
	dsp_finish(dsp);
}

TEST(query_address_width_and_features)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);
	struct drm_qda_query query;

	CHECK_OK(qda_query(fd, QDA_QUERY_ADDRESS_WIDTH, 0, &query));
	CHECK(query.value >= 32 && query.value <= 64);
	CHECK_EQ(0, query.name[0]);
	CHECK_OK(qda_query(fd, QDA_QUERY_FEATURES, 0, &query));
	CHECK(query.value & QDA_FEATURE_CREATE_POINTER);
	CHECK(query.value & QDA_FEATURE_CREATE_BUFFER);
	CHECK(query.value & QDA_FEATURE_INLINE);
	CHECK(query.value & QDA_FEATURE_BUFFERS);
	CHECK(query.value & QDA_FEATURE_MAP);
	CHECK_EQ(0, query.value & ~0xffull);
	dsp_finish(dsp);
}

TEST(query_einval)
{
	static const struct {
		uint32_t type, index;
	} bad[] = {
		{ 0, 0 },
		{ 6, 0 },
		{ ~0u, 0 },
		{ QDA_QUERY_DOMAIN, 1 },
		{ QDA_QUERY_CAPABILITY, 0 },
		{ QDA_QUERY_CAPABILITY, 256 },
		{ QDA_QUERY_CAPABILITY, ~0u },
		{ QDA_QUERY_LIMIT, 0 },
		{ QDA_QUERY_LIMIT, QDA_LIMIT_BANKS + 1 },
		{ QDA_QUERY_LIMIT, ~0u },
		{ QDA_QUERY_ADDRESS_WIDTH, 1 },
		{ QDA_QUERY_FEATURES, 1 },
	};
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);
	struct drm_qda_query query;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_ERR(-EINVAL, qda_query(fd, bad[i].type, bad[i].index, &query));
		CHECK_EQ(0, query.value);
		CHECK_EQ(0, query.name[0]);
	}
	dsp_finish(dsp);
}

TEST(query_eopnotsupp)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);
	struct drm_qda_query query;

	dsp_serve(dsp, answer_all, NULL);
	CHECK_ERR(-EOPNOTSUPP, qda_query(fd, QDA_QUERY_CAPABILITY, 6, &query));
	CHECK_EQ(0, query.value);
	/* It is not asked again. */
	CHECK_ERR(-EOPNOTSUPP, qda_query(fd, QDA_QUERY_CAPABILITY, 1, &query));
	CHECK_EQ(1, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

static uint32_t answer_capabilities(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	uint64_t len;
	uint32_t *out;

	if (call->msg.handle != FRPC_HANDLE_UTILITIES)
		return dsp_echo(dsp, call, arg);
	*(unsigned int *)arg += 1;
	out = dsp_arg(dsp, call, 1, &len);
	for (uint32_t k = 0; k < len / 4; k++)
		out[k] = 0x1000 + k;
	return 0;
}

TEST(query_capability_values)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);
	struct drm_qda_query query;
	unsigned int asked = 0;

	dsp_serve(dsp, answer_capabilities, &asked);
	CHECK_OK(qda_query(fd, QDA_QUERY_CAPABILITY, 6, &query));
	/* Word k of the DSP's answer is capability k + 1. */
	CHECK_EQ(0x1000 + 5, query.value);
	CHECK_OK(qda_query(fd, QDA_QUERY_CAPABILITY, 255, &query));
	CHECK_EQ(0x1000 + 254, query.value);
	CHECK_EQ(1, asked);
	dsp_finish(dsp);
}

/* ---- REMOTE_SESSION_CREATE ---- */

static char image[8192];

static struct drm_qda_init_create with_image(void)
{
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
	struct dsp_call call;
	struct job *job;

	create.dsp_status = 0xdeadbeef;
	job = create_start(dsp_open(dsp), &create);
	expect_create(dsp, &call, &wire);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(job, TIMEOUT_MS + WAIT_MS));
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

/* ---- killed ioctls: what they returned is seen by a probe ---- */

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

static int invoke_and_wait(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 0);
	int fd = accel_open(arg);

	if (!qda_create(fd, &create))
		qda_invoke(fd, &inv->req);
	return 0;
}

TEST(remote_invoke_eintr)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call, invoke, release;
	struct frpc_create wire;
	pid_t pid;

	ioctl_trace_start();
	pid = client_start(invoke_and_wait, dsp->node);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &invoke, TEST_HANDLE, 0);
	client_kill(pid);
	CHECK_ERR(-EINTR, ioctl_trace_result(pid));
	ioctl_trace_end();
	expect_release(dsp, &release, wire.client_id);
	dsp_reply(dsp, &invoke, FRPC_EBADSTATE);
	dsp_reply(dsp, &release, 0);
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

	job = release_start(s.fd, &release);
	expect_release(dsp, &call, s.id);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(job, TIMEOUT_MS + WAIT_MS));
	CHECK_EQ(0, release.dsp_status);
	CHECK_ERR(-EBUSY, qda_create(s.fd, &create));
	/* Its late answer ends it. */
	dsp_reply(dsp, &call, 0);
	session_wait_none(s.fd);
	session_create(dsp, s.fd);
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

/* ---- REMOTE_INVOKE ---- */

static void refuse_call(struct dsp *dsp, int fd, int err, struct invocation *inv)
{
	long long calls = vdsp_get(dsp, "calls");

	inv->req.dsp_status = 0xdeadbeef;
	CHECK_ERR(err, qda_invoke(fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	free(inv);
}

static struct invocation *plain_call(void)
{
	static char in[64], out[64];
	struct invocation *inv = inv_new(TEST_HANDLE, 2);

	inv_in(inv, in, sizeof(in));
	inv_out(inv, out, sizeof(out));
	return inv;
}

#define REFUSE_CALL(err, ...)                          \
	do {                                           \
		struct invocation *inv = plain_call(); \
		__VA_ARGS__;                           \
		refuse_call(dsp, s.fd, err, inv);      \
	} while (0)

TEST(remote_invoke_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int bit = 1; bit < 32; bit++)
		REFUSE_CALL(-EINVAL, inv->req.flags = 1u << bit);
	REFUSE_CALL(-EINVAL, inv->req.cookie = 1; inv->req.flags = QDA_INVOKE_ASYNC);
	for (int bit = 29; bit < 32; bit++)
		REFUSE_CALL(-EINVAL, inv->req.sc |= 1u << bit);
	for (int i = 0; i < 2; i++) {
		REFUSE_CALL(-EINVAL, inv->args[i].kind = 0);
		REFUSE_CALL(-EINVAL, inv->args[i].kind = 4);
		REFUSE_CALL(-EINVAL, inv->args[i].kind = ~0u);
		REFUSE_CALL(-EINVAL, inv->args[i].handle = 1);
	}
	dsp_finish(dsp);
}

TEST(remote_invoke_einval_kind_of_place)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-EINVAL, inv->args[0].kind = QDA_ARG_KEY);
	REFUSE_CALL(-EINVAL, inv->args[1].kind = QDA_ARG_KEY);
	REFUSE_CALL(-EINVAL, inv->req.sc = QDA_SCALARS(2, 1, 0) | QDA_SCALARS_HANDLES(1, 0));
	REFUSE_CALL(-EINVAL, inv->req.sc = QDA_SCALARS(2, 1, 0) | QDA_SCALARS_HANDLES(0, 1));
	REFUSE_CALL(-EINVAL, inv->req.sc = QDA_SCALARS(2, 1, 0) | QDA_SCALARS_HANDLES(1, 0);
		    inv->args[1].kind = QDA_ARG_BO);
	dsp_finish(dsp);
}

TEST(remote_invoke_enoent_cookie)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int bit = 0; bit < 64; bit++)
		REFUSE_CALL(-ENOENT, inv->req.cookie = 1ull << bit);
	REFUSE_CALL(-ENOENT, inv->req.cookie = ~0ull);
	dsp_finish(dsp);
}

TEST(remote_invoke_etimedout)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *late = plain_call();
	struct dsp_call call;
	struct timespec now;
	struct job *job;

	REFUSE_CALL(-ETIMEDOUT, inv->req.deadline = 1);
	clock_gettime(CLOCK_MONOTONIC, &now);
	late->req.deadline = now.tv_sec * 1000000000ull + now.tv_nsec + 300000000;
	job = invoke_start(s.fd, &late->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 2);
	CHECK_ERR(-ETIMEDOUT, job_wait(job));
	CHECK_EQ(0, late->req.dsp_status);
	CHECK_EQ(0, late->req.cookie);
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}

TEST(remote_invoke_e2big)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-E2BIG, inv->args[0].length = MIB + 1);
	REFUSE_CALL(-E2BIG, inv->args[1].length = MIB + 1);
	REFUSE_CALL(-E2BIG, inv->args[0].length = MIB / 2; inv->args[1].length = MIB / 2 + 1);
	REFUSE_CALL(-E2BIG, inv->args[0].length = ~0ull);
	REFUSE_CALL(-E2BIG, inv->args[1].length = ~0ull);
	/* The sum of both is 8. */
	REFUSE_CALL(-E2BIG, inv->args[0].length = ~0ull; inv->args[1].length = 9);
	REFUSE_CALL(-E2BIG, inv->args[0].length = 1ull << 63; inv->args[1].length = 1ull << 63);
	REFUSE_CALL(-E2BIG, inv->args[0].length = 1ull << 32);
	dsp_finish(dsp);
}

TEST(remote_invoke_efault_args)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-EFAULT, inv->req.args = 0);
	REFUSE_CALL(-EFAULT, inv->req.args = (uintptr_t)bad_pointer());
	REFUSE_CALL(-EFAULT, inv->req.args = ~0ull);
	REFUSE_CALL(-EFAULT, inv->req.args = (uintptr_t)guarded_alloc(sizeof(inv->args[0]));
		    memcpy((void *)(uintptr_t)inv->req.args, inv->args, sizeof(inv->args[0])));
	dsp_finish(dsp);
}

TEST(remote_invoke_efault_input)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-EFAULT, inv->args[0].addr = 0);
	REFUSE_CALL(-EFAULT, inv->args[0].addr = (uintptr_t)bad_pointer());
	REFUSE_CALL(-EFAULT, inv->args[0].addr = (uintptr_t)guarded_alloc(63));
	REFUSE_CALL(-EFAULT, inv->args[0].addr = ~0ull - 10);
	REFUSE_CALL(-EFAULT, inv->args[0].addr = 0xffff800000000000ull);
	dsp_finish(dsp);
}

/* An output is written after the answer: the call was made, the session stays whole. */
TEST(remote_invoke_efault_output)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	uint64_t bad[] = { (uintptr_t)bad_pointer(), (uintptr_t)guarded_alloc(63),
			   0xffff800000000000ull };

	dsp_serve(dsp, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct invocation *inv = plain_call();

		inv->args[1].addr = bad[i];
		CHECK_ERR(-EFAULT, qda_invoke(s.fd, &inv->req));
		inv->args[1].addr = (uintptr_t)image;
		CHECK_OK(qda_invoke(s.fd, &inv->req));
		free(inv);
	}
	dsp_finish(dsp);
}

TEST(remote_invoke_eperm)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	/* With every method that handle 1 has. */
	for (unsigned int method = 0; method < 32; method++)
		REFUSE_CALL(-EPERM, inv->req.handle = QDA_HANDLE_KERNEL;
			    inv->req.sc = QDA_SCALARS(method, 1, 1));
	dsp_finish(dsp);
}

TEST(remote_invoke_einval_async_output)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_CALL(-EINVAL, inv->req.flags = QDA_INVOKE_ASYNC);
	REFUSE_CALL(-EINVAL, inv->req.flags = QDA_INVOKE_ASYNC; inv->args[1].length = 1);
	dsp_finish(dsp);
}

TEST(remote_invoke_eagain)
{
	struct drm_qda_invoke async = { .handle = TEST_HANDLE, .flags = QDA_INVOKE_ASYNC };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_query query;

	CHECK_OK(qda_query(s.fd, QDA_QUERY_LIMIT, QDA_LIMIT_CALLS, &query));
	for (uint64_t i = 0; i < query.value; i++)
		CHECK_OK(qda_invoke(s.fd, &async));
	CHECK_ERR(-EAGAIN, qda_invoke(s.fd, &async));
	CHECK_EQ(0, async.dsp_status);
	dsp_serve(dsp, NULL, NULL);
	dsp_finish(dsp);
}

/* ---- SET_OPTION ---- */

static int set_option(int fd, uint32_t option, uint64_t value, uint32_t pad)
{
	struct drm_qda_set_option set = { .option = option, .value = value, .pad = pad };

	return do_ioctl(fd, DRM_IOCTL_QDA_SET_OPTION, &set);
}

TEST(set_option_einval)
{
	static const char *const socs[] = { "cdsp", "cdsp soc=kaanapali" };

	for (size_t i = 0; i < ARRAY_SIZE(socs); i++) {
		struct dsp *dsp = dsp_new(socs[i]);
		int fd = dsp_open(dsp);

		CHECK_ERR(-EINVAL, set_option(fd, 0, 0, 0));
		CHECK_ERR(-EINVAL, set_option(fd, QDA_OPTION_POLL_MODE + 1, 0, 0));
		CHECK_ERR(-EINVAL, set_option(fd, ~0u, 1, 0));
		CHECK_ERR(-EINVAL, set_option(fd, QDA_OPTION_POLL_MODE, 1, 1));
		for (int bit = 1; bit < 64; bit++)
			CHECK_ERR(-EINVAL, set_option(fd, QDA_OPTION_POLL_MODE, 1ull << bit, 0));
		dsp_finish(dsp);
	}
}

TEST(set_option_eopnotsupp)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	CHECK(!(features(fd) & QDA_FEATURE_POLL));
	CHECK_ERR(-EOPNOTSUPP, set_option(fd, QDA_OPTION_POLL_MODE, 1, 0));
	CHECK_ERR(-EOPNOTSUPP, set_option(fd, QDA_OPTION_POLL_MODE, 0, 0));
	dsp_finish(dsp);
	dsp = dsp_new("cdsp soc=kaanapali");
	fd = dsp_open(dsp);
	CHECK(features(fd) & QDA_FEATURE_POLL);
	CHECK_OK(set_option(fd, QDA_OPTION_POLL_MODE, 1, 0));
	CHECK_OK(set_option(fd, QDA_OPTION_POLL_MODE, 0, 0));
	dsp_finish(dsp);
}

/* ---- REMOTE_INVOKE_BATCH ---- */

#define REFUSE_BATCH(err, ...)                                                             \
	do {                                                                               \
		struct drm_qda_invoke_batch batch = one_async_call();                      \
		struct drm_qda_invoke *call = (void *)(uintptr_t)batch.calls;              \
		struct drm_qda_invoke good = *call;                                        \
		__VA_ARGS__;                                                               \
		batch.submitted = 0xdeadbeef;                                              \
		CHECK_ERR(err, do_ioctl(s.fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH, &batch)); \
		CHECK_EQ(0, batch.submitted);                                              \
		CHECK_EQ(0, batch.error);                                                  \
		CHECK_EQ(1, vdsp_get(dsp, "calls"));                                       \
		*call = good;                                                              \
	} while (0)

TEST(remote_invoke_batch_einval)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int bit = 0; bit < 32; bit++)
		REFUSE_BATCH(-EINVAL, batch.flags = 1u << bit);
	REFUSE_BATCH(-EINVAL, batch.pad = 1);
	REFUSE_BATCH(-EINVAL, batch.stride = 0);
	REFUSE_BATCH(-EINVAL, batch.stride = sizeof(*call) - 1);
	REFUSE_BATCH(-EINVAL, call->flags = 0);
	REFUSE_BATCH(-EINVAL, call->cookie = 1);
	dsp_finish(dsp);
}

TEST(remote_invoke_batch_e2big)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned char later[200] = { 0 };

	later[199] = 1;
	REFUSE_BATCH(-E2BIG, memcpy(later, call, sizeof(*call)); batch.calls = (uintptr_t)later;
		     batch.stride = sizeof(later));
	dsp_finish(dsp);
}

TEST(remote_invoke_batch_efault_calls)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	REFUSE_BATCH(-EFAULT, batch.calls = (uintptr_t)bad_pointer());
	REFUSE_BATCH(-EFAULT, batch.calls = 0);
	REFUSE_BATCH(-EFAULT, batch.calls = 0xffff800000000000ull);
	REFUSE_BATCH(-EFAULT, batch.calls = (uintptr_t)guarded_alloc(sizeof(*call) - 1));
	dsp_finish(dsp);
}

/* ---- REMOTE_INVOKE of a session without a process ---- */

TEST(remote_invoke_enotconn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = { .fd = dsp_open(dsp) };

	REFUSE_CALL(-ENOTCONN, (void)inv);
	session_create(dsp, s.fd);
	s.id = 1;
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(qda_release(s.fd, &(struct drm_qda_session_release){ 0 }));
	REFUSE_CALL(-ENOTCONN, (void)inv);
	dsp_finish(dsp);
}

TEST(remote_invoke_epipe)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	long long calls;

	session_die(dsp, &s);
	calls = vdsp_get(dsp, "calls");
	for (int i = 0; i < 2; i++) {
		struct invocation *inv = plain_call();

		CHECK_ERR(-EPIPE, qda_invoke(s.fd, &inv->req));
		free(inv);
	}
	CHECK_EQ(calls, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

TEST(remote_invoke_epipe_dsp_gone)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = plain_call();
	struct dsp_call call;
	struct job *job;

	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 2);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ(0, inv->req.dsp_status);
	CHECK_ERR(-ENODEV, qda_invoke(s.fd, &inv->req));
	free(inv);
	dsp_finish(dsp);
}

/* ---- sizes of structures ---- */

/* The caller that knows only {filelen, filefd, attrs, siglen, file}. */
TEST(create_struct_of_24_bytes)
{
	struct dsp *dsp = dsp_new("cdsp");
	unsigned long cmd = DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_SESSION_CREATE, char[24]);
	struct drm_qda_init_create create = with_image(), before;
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;
	int fd = dsp_open(dsp);

	memset((char *)&create + 24, POISON, sizeof(create) - 24);
	before = create;
	job = job_start(fd, cmd, &create);
	expect_create(dsp, &call, &wire);
	CHECK_EQ(sizeof(image), wire.filelen);
	dsp_reply(dsp, &call, FRPC_EUNABLETOLOAD);
	CHECK_ERR(-EREMOTEIO, job_wait(job));
	CHECK_MEM(&before, &create, sizeof(create));
	job = job_start(fd, cmd, &create);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_MEM(&before, &create, sizeof(create));
	dsp_finish(dsp);
}

TEST(invoke_struct_of_16_bytes)
{
	struct dsp *dsp = dsp_new("cdsp");
	unsigned long cmd = DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_INVOKE, char[16]);
	struct session s = session_new(dsp);
	struct invocation *inv = plain_call();
	struct drm_qda_invoke before;

	dsp_serve(dsp, NULL, NULL);
	memset((char *)&inv->req + 16, POISON, sizeof(inv->req) - 16);
	before = inv->req;
	CHECK_OK(do_ioctl(s.fd, cmd, &inv->req));
	CHECK_MEM(&before, &inv->req, sizeof(before));
	free(inv);
	dsp_finish(dsp);
}

/* A short structure without the image's address has none. */
TEST(create_struct_of_16_bytes)
{
	struct dsp *dsp = dsp_new("cdsp");
	unsigned long cmd = DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_SESSION_CREATE, char[16]);
	struct drm_qda_init_create create = with_image();
	int fd = dsp_open(dsp);

	CHECK_ERR(-EINVAL, do_ioctl(fd, cmd, &create));
	CHECK_EQ(0, vdsp_get(dsp, "calls"));
	dsp_finish(dsp);
}

/* Input fields that are marked "out" do not matter. */
TEST(out_fields_are_not_read)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_session_release release = { .dsp_status = 0xffffffff };
	int fd = dsp_open(dsp);

	create.dsp_status = 0xffffffff;
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(qda_create(fd, &create));
	CHECK_EQ(0, create.dsp_status);
	CHECK_OK(qda_release(fd, &release));
	CHECK_EQ(0, release.dsp_status);
	dsp_finish(dsp);
}

/* ---- what every DRM device has ---- */

TEST(version_says_qda)
{
	struct dsp *dsp = dsp_new("cdsp");
	char name[32] = "", desc[128] = "";
	struct drm_version version = {
		.name = name,
		.name_len = sizeof(name) - 1,
		.desc = desc,
		.desc_len = sizeof(desc) - 1,
	};

	CHECK_OK(do_ioctl(dsp_open(dsp), DRM_IOCTL_VERSION, &version));
	CHECK(!strcmp(name, "qda"));
	CHECK(desc[0]);
	dsp_finish(dsp);
}

/* Every file that shows something can be read while there is something to show. */
TEST(all_debugfs_files_can_be_read)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dirent *entry;
	char path[600], text[4096];
	DIR *dir;

	session_new(dsp);
	CHECK_EQ(1, qda_get(dsp, "sessions"));
	CHECK_EQ(1, qda_get(dsp, "processes"));
	snprintf(path, sizeof(path), "/sys/kernel/debug/accel/%s", dsp->parent);
	dir = opendir(path);
	CHECK(dir);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/accel/%s/%s", dsp->parent,
			 entry->d_name);
		if (entry->d_type == DT_DIR)
			continue;
		read_text(path, text, sizeof(text));
		if (!text[0])
			FAIL("%s is empty", path);
	}
	closedir(dir);
	dsp_finish(dsp);
}
