// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The life of a DSP process: create, serve, release, in every order that a
 * program, a signal or a crash can bring about. The test is the DSP, so it knows
 * each message and decides when it is answered.
 */
#include <errno.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(dsp_remove_all);
}

/* ---- create and release ---- */

TEST(create_release_create_again)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (int i = 0; i < 3; i++) {
		session_release(dsp, &s);
		s = session_create(dsp, s.fd);
	}
	dsp_finish(dsp);
}

TEST(close_releases_once)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call call;

	close(fd);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(close_after_release_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);

	session_release(dsp, &s);
	close(fd);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(close_without_process_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");

	for (int i = 0; i < 3; i++)
		close(accel_open(dsp->node));
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(close_after_refused_create_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);

	session_create_refused(dsp, fd);
	close(fd);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(second_create_ebusy_sends_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct session s = session_new(dsp);

	CHECK_ERR(-EBUSY, qda_create(s.fd, &create));
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(create_while_creating_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create first = UNSIGNED_PD, second = UNSIGNED_PD;
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;
	int fd = dsp_open(dsp);

	job = create_start(fd, &first);
	expect_create(dsp, &call, &wire);
	CHECK_ERR(-EBUSY, qda_create(fd, &second));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

TEST(racing_creates_one_wins)
{
	struct dsp *dsp = dsp_new("cdsp");

	for (int round = 0; round < 10; round++) {
		struct drm_qda_init_create create[4] = { UNSIGNED_PD, UNSIGNED_PD, UNSIGNED_PD,
							 UNSIGNED_PD };
		struct job *jobs[4];
		struct frpc_create wire;
		struct dsp_call call;
		int fd = accel_open(dsp->node), ok = 0, busy = 0;

		for (int i = 0; i < 4; i++)
			jobs[i] = create_start(fd, &create[i]);
		expect_create(dsp, &call, &wire);
		dsp_reply(dsp, &call, 0);
		for (int i = 0; i < 4; i++) {
			int ret = job_wait(jobs[i]);

			ok += ret == 0;
			busy += ret == -EBUSY;
		}
		CHECK_EQ(1, ok);
		CHECK_EQ(3, busy);
		session_release(dsp, &(struct session){ .fd = fd, .id = wire.client_id });
		close(fd);
	}
	dsp_finish(dsp);
}

TEST(create_while_releasing_ebusy)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { 0 };
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job;

	job = release_start(s.fd, &release);
	expect_release(dsp, &call, s.id);
	CHECK_ERR(-EBUSY, qda_create(s.fd, &create));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	session_create(dsp, s.fd);
	dsp_finish(dsp);
}

TEST(invoke_while_creating_enotconn)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 0);
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;
	int fd = dsp_open(dsp);

	job = create_start(fd, &create);
	expect_create(dsp, &call, &wire);
	CHECK_ERR(-ENOTCONN, qda_invoke(fd, &inv->req));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

/* ---- a PD that dies ---- */

TEST(create_after_pd_death_releases_first)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct session s = session_new(dsp);
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;

	session_die(dsp, &s);
	job = create_start(s.fd, &create);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

TEST(close_after_pd_death_releases)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call call;

	session_die(dsp, &s);
	close(fd);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

TEST(release_after_pd_death)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	session_die(dsp, &s);
	session_release(dsp, &s);
	session_create(dsp, s.fd);
	dsp_finish(dsp);
}

TEST(pd_death_ends_only_its_own_session)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session dead = session_new(dsp), alive = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	struct dsp_call call;
	struct job *job;

	job = invoke_start(alive.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	session_die(dsp, &dead);
	CHECK(!job_done(job));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0, inv->req.dsp_status);
	job = invoke_start(alive.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

/* Skels return this number too: only the notice means that the PD is gone. */
TEST(bad_state_answer_alone_is_not_death)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	struct dsp_call call;

	for (int i = 0; i < 2; i++) {
		struct job *job = invoke_start(s.fd, &inv->req);

		dsp_expect(dsp, &call, TEST_HANDLE, 3);
		dsp_reply(dsp, &call, FRPC_EBADSTATE);
		CHECK_OK(job_wait(job));
		CHECK_EQ(FRPC_EBADSTATE, inv->req.dsp_status);
	}
	dsp_finish(dsp);
}

/* The id is in the notice of a session that does not exist or has ended. */
TEST(notice_for_others_is_ignored)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	struct dsp_call call;
	struct job *job;

	dsp_notify(dsp, s.id + 1, FRPC_PD_STATUS_EXCEPTION);
	dsp_notify(dsp, 0, FRPC_PD_STATUS_EXCEPTION);
	dsp_notify(dsp, -1, FRPC_PD_STATUS_EXCEPTION);
	dsp_notify(dsp, 0x7fffffff, FRPC_PD_STATUS_EXIT);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	session_release(dsp, &s);
	dsp_notify(dsp, s.id, FRPC_PD_STATUS_EXCEPTION);
	s = session_create(dsp, s.fd);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 3);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

/* ---- context banks ---- */

TEST(opening_costs_no_bank)
{
	struct dsp *dsp = dsp_new("cdsp banks=2");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_query query;
	int idle[20];

	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		idle[i] = dsp_open(dsp);
		CHECK_OK(qda_query(idle[i], QDA_QUERY_DOMAIN, 0, &query));
	}
	session_new(dsp);
	session_new(dsp);
	CHECK_ERR(-EBUSY, qda_create(idle[0], &create));
	dsp_finish(dsp);
}

TEST(bank_is_free_after_close)
{
	struct dsp *dsp = dsp_new("cdsp banks=2");
	struct session a = session_new(dsp), b;
	int fd = accel_open(dsp->node);
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct dsp_call call;

	b = session_create(dsp, fd);
	CHECK(a.sid != b.sid);
	close(fd);
	expect_release(dsp, &call, b.id);
	/* Not before the DSP has answered: it may still use the memory. */
	CHECK_ERR(-EBUSY, qda_create(dsp_open(dsp), &create));
	dsp_reply(dsp, &call, 0);
	vdsp_wait(dsp, b.sid == 1 ? "bank1/pages_mapped" : "bank2/pages_mapped", 0);
	dsp_finish(dsp);
}

TEST(sessions_are_in_banks_of_their_own)
{
	struct dsp *dsp = dsp_new("cdsp banks=4");
	struct session s[4];

	for (int i = 0; i < 4; i++) {
		s[i] = session_new(dsp);
		for (int j = 0; j < i; j++) {
			CHECK(s[i].sid != s[j].sid);
			CHECK(s[i].id != s[j].id);
		}
	}
	dsp_finish(dsp);
}

TEST(kaanapali_address_has_stream_id_at_bit_56)
{
	struct dsp *dsp = dsp_new("cdsp banks=2 soc=kaanapali");
	struct session s = session_new(dsp);

	CHECK_EQ(56, dsp->info.sid_pos);
	CHECK(s.sid == 1 || s.sid == 2);
	session_release(dsp, &s);
	dsp_finish(dsp);
}
