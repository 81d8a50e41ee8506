// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the header says about the errors of attaching to a PD that needs memory of the
 * device tree; a part of the suite uapi.
 */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "platform.h"
#include "sys.h"

static void refuse(struct dsp *dsp, int err)
{
	struct drm_qda_remote_attach attach = STATIC_PD("audiopd");

	attach.dsp_status = POISON;
	CHECK_ERR(err, qda_attach(dsp->files[0], &attach));
	CHECK_EQ(0, attach.dsp_status);
	dsp_expect_silence(dsp);
	CHECK_EQ(0, qda_get(dsp, "processes"));
}

static void accept(struct dsp *dsp)
{
	struct drm_qda_remote_attach attach = STATIC_PD("audiopd");

	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(qda_attach(dsp->files[0], &attach));
}

TEST(remote_attach_eopnotsupp)
{
	struct drm_qda_remote_attach root = ROOT_PD;
	struct dsp *dsp;

	platform_on(false);
	dsp = dsp_new("adsp heap=pool vmids=2");
	dsp_open(dsp);
	refuse(dsp, -EOPNOTSUPP);
	/* PDs that need none are not concerned. */
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(qda_attach(dsp->files[0], &root));
	platform_end(dsp);
}

TEST(remote_attach_eio)
{
	struct dsp *dsp;

	platform_on(true);
	dsp = dsp_new("adsp heap=pool vmids=2");
	dsp_open(dsp);
	platform_set("refuse", 1);
	refuse(dsp, -EIO);
	CHECK_EQ(0, platform_get("assigned_at"));
	accept(dsp);
	CHECK(platform_get("assigned_at"));
	platform_end(dsp);
}

/* The device tree names a region that was not reserved, as it is on this machine. */
TEST(remote_attach_enomem_region)
{
	struct dsp *dsp = dsp_new("adsp heap=region");

	dsp_open(dsp);
	refuse(dsp, -ENOMEM);
	dsp_finish(dsp);
}
