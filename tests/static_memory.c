// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Memory of the device tree for PDs that the firmware runs: who gets it offered, when it
 * is the DSP's, and when it is Linux's again; a part of the suite sessions.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "platform.h"
#include "sys.h"

#define LPASS	  22
#define ADSP_HEAP 37

/* Attaches while the test answers as the DSP, which must be offered memory or not. */
static struct frpc_page attach(struct dsp *dsp, int fd, bool offered, uint32_t answer)
{
	struct drm_qda_remote_attach what = STATIC_PD("audiopd");
	struct job *job = attach_start(fd, &what);
	struct frpc_page page;
	struct dsp_call call;

	expect_static_pd(dsp, &call, "audiopd", &page);
	CHECK_EQ(offered, page.size != 0);
	dsp_reply(dsp, &call, answer);
	CHECK_ERR(answer ? -EREMOTEIO : 0, job_wait(job));
	return page;
}

static void detach(struct dsp *dsp, int fd)
{
	struct dsp_call call;

	close(fd);
	dsp_expect(dsp, &call, FRPC_HANDLE_INIT, FRPC_INIT_RELEASE);
	dsp_reply(dsp, &call, 0);
}

static struct dsp *platform_dsp(const char *line)
{
	platform_on(true);
	return dsp_new(line);
}

TEST(static_memory_is_offered_until_the_dsp_accepts_it)
{
	struct dsp *dsp = platform_dsp("adsp heap=region");
	int fd = dsp_open(dsp);
	struct frpc_page first, again;

	first = attach(dsp, fd, true, FRPC_ENOMEMORY);
	CHECK_EQ(MIB, first.size);
	again = attach(dsp, fd, true, 0);
	CHECK_EQ(first.addr, again.addr);
	attach(dsp, dsp_open(dsp), false, 0);
	platform_end(dsp);
}

/* The PD goes on without a session, and so does its use of the memory. */
TEST(static_memory_stays_the_dsps_when_sessions_end)
{
	struct dsp *dsp = platform_dsp("adsp heap=pool vmids=2");
	int fd = accel_open(dsp->node);
	struct frpc_page page = attach(dsp, fd, true, 0);

	CHECK_EQ(page.addr, platform_get("assigned_at"));
	CHECK_EQ(page.size, platform_get("assigned_size"));
	CHECK_EQ(1ll << LPASS | 1ll << ADSP_HEAP, platform_get("assigned_to"));
	detach(dsp, fd);
	CHECK_EQ(page.addr, platform_get("assigned_at"));
	attach(dsp, dsp_open(dsp), false, 0);
	CHECK_EQ(page.addr, platform_get("assigned_at"));
	platform_end(dsp);
}

/* It is the same pool that it comes from again, or there would be no room for it. */
TEST(static_memory_comes_back_from_a_dsp_that_goes)
{
	struct dsp *dsp = platform_dsp("adsp heap=pool vmids=1");

	for (int i = 0; i < 5; i++) {
		attach(dsp, dsp_open(dsp), true, 0);
		CHECK_EQ(1ll << LPASS, platform_get("assigned_to"));
		dsp_down(dsp);
		CHECK_EQ(0, platform_get("assigned_at"));
		dsp_up(dsp);
		CHECK_EQ(0, qda_get(dsp, "quarantined_pages"));
	}
	platform_end(dsp);
}

/* With nobody to take it from the DSP it waits until that has been started anew. */
TEST(static_memory_that_is_not_assigned_goes_to_quarantine)
{
	struct dsp *dsp = platform_dsp("adsp heap=pool");
	struct frpc_page page = attach(dsp, dsp_open(dsp), true, 0);

	CHECK_EQ(0, qda_get(dsp, "quarantined_pages"));
	CHECK_EQ(0, platform_get("assigned_at"));
	dsp_down(dsp);
	dsp_up(dsp);
	CHECK_EQ(0, qda_get(dsp, "quarantined_pages"));
	CHECK_EQ(page.size, attach(dsp, dsp_open(dsp), true, 0).size);
	platform_end(dsp);
}

TEST(static_memory_is_for_the_application_dsp)
{
	struct dsp *dsp = platform_dsp("cdsp heap=region");

	attach(dsp, dsp_open(dsp), false, 0);
	platform_end(dsp);
}

/* Two at once: the DSP is asked about the memory by one of them. */
TEST(static_memory_is_offered_once_in_a_race)
{
	struct dsp *dsp = platform_dsp("adsp heap=pool vmids=2");
	struct drm_qda_remote_attach what[2] = { STATIC_PD("audiopd"), STATIC_PD("audiopd") };
	struct dsp_call call[2];
	struct frpc_page page;
	struct job *job[2];

	for (int i = 0; i < 2; i++) {
		job[i] = attach_start(dsp_open(dsp), &what[i]);
		expect_static_pd(dsp, &call[i], "audiopd", &page);
		CHECK_EQ(!i, page.size != 0);
	}
	dsp_reply(dsp, &call[1], 0);
	CHECK_OK(job_wait(job[1]));
	dsp_reply(dsp, &call[0], FRPC_ENOMEMORY);
	CHECK_ERR(-EREMOTEIO, job_wait(job[0]));
	attach(dsp, dsp->files[0], true, 0);
	platform_end(dsp);
}

/* The DSP dies before it answers; nobody knows whether it has taken the memory. */
TEST(static_memory_of_a_dsp_that_goes_while_it_is_asked)
{
	struct dsp *dsp = platform_dsp("adsp heap=pool vmids=2");
	struct drm_qda_remote_attach what = STATIC_PD("audiopd");
	struct job *job = attach_start(dsp_open(dsp), &what);
	struct frpc_page page;
	struct dsp_call call;

	expect_static_pd(dsp, &call, "audiopd", &page);
	CHECK_EQ(page.addr, platform_get("assigned_at"));
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ(0, platform_get("assigned_at"));
	dsp_up(dsp);
	attach(dsp, dsp_open(dsp), true, 0);
	platform_end(dsp);
}

/* Nobody else must get what the DSP can still reach. The driver says so in the kernel's log. */
TEST(static_memory_that_is_not_given_back_is_lost)
{
	struct dsp *dsp = platform_dsp("adsp heap=pool vmids=2");
	struct frpc_page page = attach(dsp, dsp_open(dsp), true, 0);

	platform_set("refuse", 1);
	dsp_down(dsp);
	CHECK_EQ(0, platform_get("refuse"));
	CHECK_EQ(page.addr, platform_get("assigned_at"));
	dsp_up(dsp);
	CHECK_EQ(0, qda_get(dsp, "quarantined_pages"));
	dsp_finish(dsp);
	platform_off();
}
