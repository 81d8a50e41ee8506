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
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "fault.h"
#include "ktap.h"
#include "sys.h"
#include "uapi.h"

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

struct drm_qda_invoke_batch one_async_call(void)
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

uint32_t answer_all(struct dsp *dsp, struct dsp_call *call, void *arg)
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
	CHECK_EQ(before.filelen, wire.filelen);
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
