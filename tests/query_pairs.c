// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What QUERY tells and SET_OPTION takes, and what the header says about their errors; a
 * part of the suite uapi.
 */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"
#include "uapi.h"

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
	CHECK_EQ(INLINE_MOST, query.value);
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

	CHECK(!(qda_features(fd) & QDA_FEATURE_POLL));
	CHECK_ERR(-EOPNOTSUPP, set_option(fd, QDA_OPTION_POLL_MODE, 1, 0));
	CHECK_ERR(-EOPNOTSUPP, set_option(fd, QDA_OPTION_POLL_MODE, 0, 0));
	dsp_finish(dsp);
	dsp = dsp_new("cdsp soc=kaanapali");
	fd = dsp_open(dsp);
	CHECK(qda_features(fd) & QDA_FEATURE_POLL);
	CHECK_OK(set_option(fd, QDA_OPTION_POLL_MODE, 1, 0));
	CHECK_OK(set_option(fd, QDA_OPTION_POLL_MODE, 0, 0));
	dsp_finish(dsp);
}
