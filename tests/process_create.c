// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the DSP is told when a process is made, and who may make which. Part of the suite
 * "process".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

/* ---- what is on the wire ---- */

static void check_header(const struct dsp_call *call, unsigned int method)
{
	CHECK_EQ(FRPC_SC(method, 4, 0), call->msg.sc);
	CHECK_EQ(0, call->msg.client_id);
	CHECK_EQ(FRPC_HANDLE_INIT, call->msg.handle);
	CHECK_EQ(FRPC_PD_USER, call->msg.ctx & 0xff & ~0xf0);
	CHECK_EQ(0, call->msg.ctx & 0xf0);
	CHECK(((call->msg.ctx >> 8) & 0xff) > 0);
}

static void check_name(struct dsp *dsp, const struct dsp_call *call, uint32_t namelen)
{
	char comm[16] = "";
	uint64_t len;
	char *name = dsp_arg(dsp, call, 1, &len);

	prctl(PR_GET_NAME, comm);
	CHECK_EQ(strlen(comm) + 1, namelen);
	CHECK_EQ(namelen, len);
	CHECK_MEM(comm, name, len);
}

static void check_init_memory(struct dsp *dsp, const struct dsp_call *call, uint32_t filelen)
{
	uint64_t want = 4ull * MIB, len;
	struct frpc_page *page = dsp_arg(dsp, call, 3, &len);

	if (4ull * filelen > want)
		want = 4ull * filelen;
	want = (want + MIB - 1) / MIB * MIB;
	CHECK_EQ(sizeof(*page), len);
	CHECK_EQ(want, page->size);
	CHECK_EQ(0, page->addr & 0xfff);
	CHECK_EQ(dsp_sid(dsp, call->msg.addr), dsp_sid(dsp, page->addr));
	CHECK(dsp_can_read(dsp, page->addr));
	CHECK(dsp_can_read(dsp, page->addr + page->size - 1));
}

/* Creates with these attributes and an image of this size, and checks every field. */
static void check_wire(struct dsp *dsp, uint32_t attrs, uint32_t siglen, uint32_t filelen)
{
	unsigned char *image = filelen ? guarded_alloc(filelen) : NULL;
	struct drm_qda_init_create create = {
		.filelen = filelen,
		.filefd = -1,
		.attrs = attrs,
		.siglen = siglen,
		.file = (uintptr_t)image,
	};
	int fd = accel_open(dsp->node);
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;
	uint64_t len;
	void *seen;

	fill_pattern(image, filelen, filelen);
	job = create_start(fd, &create);
	expect_create(dsp, &call, &wire);
	check_header(&call, attrs ? FRPC_INIT_CREATE_ATTR : FRPC_INIT_CREATE);
	CHECK_EQ(filelen, wire.filelen);
	CHECK_EQ(1, wire.pageslen);
	CHECK_EQ(attrs, wire.attrs);
	CHECK_EQ(siglen, wire.siglen);
	check_name(dsp, &call, wire.namelen);
	seen = dsp_arg(dsp, &call, 2, &len);
	CHECK_EQ(filelen, len);
	CHECK_MEM(image, seen, len);
	check_init_memory(dsp, &call, filelen);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, create.dsp_status);
	session_release(dsp, &(struct session){ .fd = fd, .id = wire.client_id });
	close(fd);
}

TEST(create_uses_method_create_without_attrs)
{
	struct dsp *dsp = dsp_new("cdsp");

	check_wire(dsp, 0, 0, 0);
	check_wire(dsp, 0, 0, 5000);
	dsp_finish(dsp);
}

TEST(create_uses_method_create_attr_with_attrs)
{
	struct dsp *dsp = dsp_new("cdsp");

	for (int bit = 0; bit < 7; bit++)
		check_wire(dsp, 1u << bit, 0, 5000);
	check_wire(dsp, 0x7f, 0, 0);
	check_wire(dsp, QDA_ATTR_UNSIGNED_MODULE, 100, 5000);
	check_wire(dsp, QDA_ATTR_DEBUG, 5000, 5000);
	dsp_finish(dsp);
}

TEST(image_bytes_reach_the_dsp_exactly)
{
	static const uint32_t sizes[] = { 1, 2, 127, 128, 4095, 4096, 4097, 65537 };
	struct dsp *dsp = dsp_new("cdsp");

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		check_wire(dsp, QDA_ATTR_UNSIGNED_MODULE, 0, sizes[i]);
	dsp_finish(dsp);
}

TEST(big_images_get_more_init_memory)
{
	static const uint32_t sizes[] = { MIB - 1, MIB, MIB + 1, 2 * MIB + 1, 4 * MIB };
	struct dsp *dsp = dsp_new("cdsp");

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		check_wire(dsp, QDA_ATTR_UNSIGNED_MODULE, 0, sizes[i]);
	dsp_finish(dsp);
}

TEST(calls_carry_the_id_of_create)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session a = session_new(dsp), b = session_new(dsp);
	struct session *s[] = { &a, &b };
	struct invocation *inv = inv_new(TEST_HANDLE, 5);

	for (size_t i = 0; i < ARRAY_SIZE(s); i++) {
		struct job *job = invoke_start(s[i]->fd, &inv->req);
		struct dsp_call call;

		dsp_expect(dsp, &call, TEST_HANDLE, 5);
		CHECK_EQ(s[i]->id, call.msg.client_id);
		CHECK_EQ(s[i]->sid, dsp_sid(dsp, call.msg.addr));
		CHECK_EQ(FRPC_PD_USER, call.msg.ctx & 0xf);
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
	}
	dsp_finish(dsp);
}

/* ---- privileges ---- */

struct attempt {
	char node[64];
	uint32_t attrs;
};

static int create_as_nobody(void *arg)
{
	struct attempt *attempt = arg;
	struct drm_qda_init_create create = { .filefd = -1, .attrs = attempt->attrs };
	int fd;

	/* Opened without privilege: the node lets everyone in, as a udev rule would. */
	if (chmod(attempt->node, 0666))
		return 255;
	drop_root();
	fd = accel_open(attempt->node);
	return -qda_create(fd, &create);
}

static int create_after_drop(void *arg)
{
	struct attempt *attempt = arg;
	struct drm_qda_init_create create = { .filefd = -1, .attrs = attempt->attrs };
	int fd = accel_open(attempt->node);

	drop_root();
	return -qda_create(fd, &create);
}

static void check_privilege(const char *domain, uint32_t attrs, int expected)
{
	struct dsp *dsp = dsp_new(domain);
	struct attempt attempt = { .attrs = attrs };

	dsp_serve(dsp, NULL, NULL);
	strcpy(attempt.node, dsp->node);
	CHECK_EQ(expected, client_wait(client_start(create_as_nobody, &attempt)));
	CHECK_EQ(expected, client_wait(client_start(create_after_drop, &attempt)));
	dsp_finish(dsp);
}

#define UNSIGNED QDA_ATTR_UNSIGNED_MODULE

TEST(unsigned_pd_is_for_everyone_on_cdsp_and_gdsp)
{
	static const char *const domains[] = { "cdsp", "cdsp1", "gdsp0", "gdsp1" };

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
		check_privilege(domains[i], UNSIGNED, 0);
	check_privilege("cdsp", UNSIGNED | QDA_ATTR_DEBUG | QDA_ATTR_ADAPTIVE_QOS, 0);
}

TEST(unsigned_pd_needs_privilege_on_other_domains)
{
	static const char *const domains[] = { "adsp", "mdsp", "sdsp" };

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
		check_privilege(domains[i], UNSIGNED, EPERM);
}

TEST(signed_pd_needs_privilege)
{
	check_privilege("cdsp", 0, EPERM);
	check_privilege("cdsp", QDA_ATTR_DEBUG, EPERM);
	check_privilege("adsp", 0, EPERM);
}

TEST(system_and_privileged_pd_need_privilege)
{
	check_privilege("cdsp", UNSIGNED | QDA_ATTR_SYSTEM_PROCESS, EPERM);
	check_privilege("cdsp", UNSIGNED | QDA_ATTR_PRIVILEGED, EPERM);
	check_privilege("gdsp0", UNSIGNED | QDA_ATTR_PRIVILEGED, EPERM);
}

TEST(root_may_make_every_pd)
{
	struct dsp *dsp = dsp_new("adsp");

	for (uint32_t attrs = 0; attrs < 0x80; attrs += 8)
		check_wire(dsp, attrs, 0, 0);
	dsp_finish(dsp);
}
