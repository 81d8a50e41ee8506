// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The DSP goes away at the worst moment, and the driver with it. Nobody waits for
 * ever, nothing is left over, and the DSP can come back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "module.h"
#include "storm.h"
#include "sys.h"

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(driver_after_each);
}

enum { WAITERS = 32 };

struct waiter {
	struct invocation *inv;
	struct job *job;
};

static void start_waiters(struct dsp *dsp, struct session *s, struct waiter *w)
{
	static unsigned char data[WAITERS][256];

	for (int i = 0; i < WAITERS; i++) {
		struct dsp_call call;

		w[i].inv = inv_new(TEST_HANDLE, 1);
		inv_in(w[i].inv, data[i], sizeof(data[i]));
		inv_out(w[i].inv, data[i], sizeof(data[i]));
		w[i].job = invoke_start(s->fd, &w[i].inv->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 1);
	}
}

/* Every waiter ends with -EPIPE, and soon. */
static void end_waiters(struct waiter *w, double since)
{
	double worst = 0;

	for (int i = 0; i < WAITERS; i++) {
		CHECK_ERR(-EPIPE, job_wait(w[i].job));
		worst = now_ms() - since > worst ? now_ms() - since : worst;
		free(w[i].inv);
	}
	ktap_note("the last of %d waiters ended after %.0f ms", WAITERS, worst);
	CHECK(worst < 10000);
}

/* Everything that one can do with a dead node's file. */
static void check_gone(int fd)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct drm_qda_session_release release = { 0 };
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct drm_qda_query query;

	CHECK_ERR(-ENODEV, qda_create(fd, &create));
	CHECK_ERR(-ENODEV, qda_release(fd, &release));
	CHECK_ERR(-ENODEV, qda_invoke(fd, &inv->req));
	CHECK_ERR(-ENODEV, qda_query(fd, QDA_QUERY_DOMAIN, 0, &query));
	free(inv);
}

TEST(dsp_goes_while_32_calls_wait)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct waiter w[WAITERS];
	double since;

	start_waiters(dsp, &s, w);
	since = now_ms();
	dsp_down(dsp);
	end_waiters(w, since);
	check_gone(s.fd);
	dsp_finish(dsp);
}

TEST(device_is_removed_while_32_calls_wait)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct waiter w[WAITERS];
	double since;

	start_waiters(dsp, &s, w);
	since = now_ms();
	dsp_remove(dsp);
	end_waiters(w, since);
	check_gone(s.fd);
	dsp_close_firmware(dsp);
}

TEST(firmware_dies_while_32_calls_wait)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct waiter w[WAITERS];
	double since;

	start_waiters(dsp, &s, w);
	since = now_ms();
	dsp_close_firmware(dsp);
	end_waiters(w, since);
	check_gone(s.fd);
	dsp_finish(dsp);
}

TEST(debugfs_crash_while_32_calls_wait)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct waiter w[WAITERS];
	double since;

	start_waiters(dsp, &s, w);
	since = now_ms();
	vdsp_set(dsp, "up", 0);
	end_waiters(w, since);
	check_gone(s.fd);
	dsp_finish(dsp);
}

/* Calls beyond the session's share have not been sent yet; they end all the same. */
TEST(dsp_goes_while_calls_wait_for_an_id)
{
	enum { MORE = 20, MOST = 200 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv[MOST];
	struct job *jobs[MOST];
	unsigned int limit = qda_limit(s.fd, QDA_LIMIT_CALLS);
	struct dsp_call call;

	CHECK(limit + MORE <= MOST);
	for (unsigned int i = 0; i < limit + MORE; i++) {
		inv[i] = inv_new(TEST_HANDLE, 1);
		jobs[i] = invoke_start(s.fd, &inv[i]->req);
	}
	for (unsigned int i = 0; i < limit; i++)
		dsp_expect(dsp, &call, TEST_HANDLE, 1);
	/* The rest has had the time to get to its wait. */
	dsp_expect_silence(dsp);
	dsp_down(dsp);
	for (unsigned int i = 0; i < limit + MORE; i++) {
		int ret = job_wait(jobs[i]);

		/* What was not sent is made anew after a signal, and finds no DSP any more. */
		if (ret != -ENODEV || !storm_rages())
			CHECK_ERR(-EPIPE, ret);
		free(inv[i]);
	}
	check_gone(s.fd);
	dsp_finish(dsp);
}

/* Memory whose pages come when the test says so. */
struct lazy_memory {
	int fd;
	void *data;
	size_t size;
};

static struct lazy_memory lazy_new(size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct lazy_memory lazy = { .size = size };

	lazy.fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (lazy.fd < 0)
		SKIP("this kernel has no userfaultfd");
	lazy.data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)lazy.data;
	range.range.len = size;
	CHECK(lazy.data != MAP_FAILED);
	CHECK_OK(do_ioctl(lazy.fd, UFFDIO_API, &api));
	CHECK_OK(do_ioctl(lazy.fd, UFFDIO_REGISTER, &range));
	return lazy;
}

/* Returns when somebody waits for a page. */
static void lazy_wait(struct lazy_memory *lazy)
{
	struct pollfd p = { .fd = lazy->fd, .events = POLLIN };

	CHECK_EQ(1, poll(&p, 1, WAIT_MS));
}

static void lazy_supply(struct lazy_memory *lazy)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)lazy->data, lazy->size } };

	CHECK_OK(do_ioctl(lazy->fd, UFFDIO_ZEROPAGE, &zero));
}

/* A user can make an access to his memory take for ever; the DSP goes away nevertheless. */
static void go_while_input_is_read(size_t size)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct lazy_memory lazy = lazy_new(size);
	struct job *job;

	inv_in(inv, lazy.data, size);
	job = invoke_start(s.fd, &inv->req);
	lazy_wait(&lazy);
	dsp_down(dsp);
	lazy_supply(&lazy);
	CHECK(job_wait(job) < 0);
	check_gone(s.fd);
	dsp_finish(dsp);
}

TEST(dsp_goes_while_a_small_input_is_read)
{
	go_while_input_is_read(4096);
}

TEST(dsp_goes_while_a_big_input_is_read)
{
	go_while_input_is_read(64 * 4096);
}

static void go_while_output_is_written(size_t size)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct lazy_memory lazy = lazy_new(size);
	struct dsp_call call;
	struct job *job;
	int ret;

	inv_out(inv, lazy.data, size);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	dsp_reply(dsp, &call, 0);
	lazy_wait(&lazy);
	dsp_down(dsp);
	lazy_supply(&lazy);
	ret = job_wait(job);
	/* The answer was there before the DSP went. */
	CHECK(ret == 0 || ret == -EPIPE);
	check_gone(s.fd);
	dsp_finish(dsp);
}

TEST(dsp_goes_while_a_small_output_is_written)
{
	go_while_output_is_written(4096);
}

TEST(dsp_goes_while_a_big_output_is_written)
{
	go_while_output_is_written(64 * 4096);
}

TEST(dsp_comes_back_as_a_new_node)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	char old[64];
	int fd = s.fd;

	strcpy(old, dsp->node);
	dsp_down(dsp);
	dsp_up(dsp);
	/* The old minor is still held by our file. */
	CHECK(strcmp(old, dsp->node));
	check_gone(fd);
	s = session_new(dsp);
	session_release(dsp, &s);
	dsp_finish(dsp);
}

/* Answers of the DSP's former life that come now belong to no call. */
TEST(answers_of_the_former_life_are_ignored)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	uint64_t old[20];
	struct dsp_call call;
	struct job *job;

	for (size_t i = 0; i < ARRAY_SIZE(old); i++) {
		job = invoke_start(s.fd, &inv->req);
		dsp_expect(dsp, &call, TEST_HANDLE, 1);
		old[i] = call.msg.ctx;
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
	}
	dsp_down(dsp);
	dsp_up(dsp);
	s = session_new(dsp);
	job = invoke_start(s.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	for (size_t i = 0; i < ARRAY_SIZE(old); i++)
		if (old[i] != call.msg.ctx)
			dsp_reply_ctx(dsp, old[i], 0x666);
	CHECK(!job_done(job));
	dsp_reply(dsp, &call, 0x123);
	CHECK_OK(job_wait(job));
	CHECK_EQ(0x123, inv->req.dsp_status);
	dsp_finish(dsp);
}

/* ---- in every state of the process ---- */

TEST(gone_in_none)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);

	dsp_down(dsp);
	check_gone(fd);
	dsp_finish(dsp);
}

TEST(gone_in_creating)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct frpc_create wire;
	struct dsp_call call;
	int fd = dsp_open(dsp);
	struct job *job = create_start(fd, &create);

	expect_create(dsp, &call, &wire);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	check_gone(fd);
	dsp_finish(dsp);
}

TEST(gone_in_live)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	dsp_down(dsp);
	check_gone(s.fd);
	dsp_finish(dsp);
}

TEST(gone_in_releasing)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct drm_qda_session_release release = { 0 };
	struct session s = session_new(dsp);
	struct dsp_call call;
	struct job *job = release_start(s.fd, &release);

	expect_release(dsp, &call, s.id);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	check_gone(s.fd);
	dsp_finish(dsp);
}

TEST(gone_in_releasing_by_close)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct dsp_call call;

	close(fd);
	expect_release(dsp, &call, s.id);
	dsp_down(dsp);
	dsp_finish(dsp);
}

TEST(gone_in_dead)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	session_die(dsp, &s);
	dsp_down(dsp);
	check_gone(s.fd);
	dsp_finish(dsp);
}

static int client_create(void *node)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	return qda_create(accel_open(node), &create) ? 1 : 0;
}

TEST(gone_in_orphan)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call;
	pid_t pid = client_start(client_create, dsp->node);

	expect_create(dsp, &call, &wire);
	client_kill(pid);
	dsp_down(dsp);
	dsp_finish(dsp);
}

static int client_invoke(void *node)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(TEST_HANDLE, 4);
	static char data[70000];
	int fd = accel_open(node);

	inv_in(inv, data, sizeof(data));
	if (qda_create(fd, &create))
		return 1;
	return qda_invoke(fd, &inv->req) ? 1 : 0;
}

TEST(gone_with_an_abandoned_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct frpc_create wire;
	struct dsp_call call, invoke;
	pid_t pid = client_start(client_invoke, dsp->node);

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &invoke, TEST_HANDLE, 4);
	client_kill(pid);
	expect_release(dsp, &call, wire.client_id);
	dsp_down(dsp);
	dsp_finish(dsp);
}

/* The file outlives the DSP, is closed after the device is gone, twice over. */
TEST(late_close_after_removal)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fds[4];

	for (int i = 0; i < 4; i++) {
		fds[i] = accel_open(dsp->node);
		if (i % 2)
			session_create(dsp, fds[i]);
	}
	dsp_remove(dsp);
	for (int i = 0; i < 4; i++) {
		check_gone(fds[i]);
		close(fds[i]);
	}
	dsp_close_firmware(dsp);
}

TEST(late_close_after_the_dsp_came_back)
{
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd), fresh;
	struct dsp_call call;
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct job *job;

	dsp_down(dsp);
	dsp_up(dsp);
	fresh = session_new(dsp);
	/* Closing the old file must not release the new process of the same id. */
	close(s.fd);
	dsp_expect_silence(dsp);
	job = invoke_start(fresh.fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 1);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

/* ---- while others are at work ---- */

struct storm {
	char node[64];
	int count;
};

/* Opens, creates, calls, closes, until the DSP is gone: only known errors. */
static int client_storm(void *arg)
{
	struct storm *storm = arg;
	char out[64];

	for (int i = 0; i < 100000; i++) {
		struct drm_qda_init_create create = UNSIGNED_PD;
		struct invocation *inv = inv_new(TEST_HANDLE, 1);
		int fd = open(storm->node, O_RDWR), ret;

		if (fd < 0)
			return errno == ENODEV || errno == ENOENT || errno == ENXIO ? 0 : 2;
		inv_out(inv, out, sizeof(out));
		ret = qda_create(fd, &create);
		if (!ret)
			ret = qda_invoke(fd, &inv->req);
		close(fd);
		free(inv);
		if (ret == -ENODEV || ret == -EPIPE)
			return 0;
		if (ret && ret != -EBUSY)
			return 3;
	}
	return 4;
}

TEST(crashes_under_load)
{
	enum { CLIENTS = 4, ROUNDS = 5 };
	struct dsp *dsp = dsp_new("cdsp banks=2");

	for (int round = 0; round < ROUNDS; round++) {
		struct storm storm;
		pid_t pids[CLIENTS];
		long long calls = vdsp_get(dsp, "calls");

		dsp_serve(dsp, NULL, NULL);
		strcpy(storm.node, dsp->node);
		for (int i = 0; i < CLIENTS; i++)
			pids[i] = client_start(client_storm, &storm);
		while (vdsp_get(dsp, "calls") < calls + 30)
			usleep(2000);
		dsp_down(dsp);
		for (int i = 0; i < CLIENTS; i++)
			CHECK_EQ(0, client_wait(pids[i]));
		dsp_serve_end(dsp);
		dsp_up(dsp);
	}
	dsp_finish(dsp);
}

TEST(up_and_down_20_times)
{
	struct dsp *dsp = dsp_new("cdsp");

	for (int i = 0; i < 20; i++) {
		struct session s = session_new(dsp);

		(void)s;
		dsp_down(dsp);
		close(dsp->files[--dsp->file_count]);
		dsp_up(dsp);
	}
	dsp_finish(dsp);
}

/* Several DSPs: the end of one is nothing to the other. */
TEST(one_dsp_goes_the_other_stays)
{
	struct dsp *gone = dsp_new("adsp"), *stays = dsp_new("cdsp");
	struct session a = session_new(gone), b = session_new(stays);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct dsp_call call;
	struct job *job = invoke_start(b.fd, &inv->req);

	dsp_expect(stays, &call, TEST_HANDLE, 1);
	dsp_down(gone);
	check_gone(a.fd);
	CHECK(!job_done(job));
	dsp_reply(stays, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(gone);
	dsp_finish(stays);
}

/* ---- modules ---- */

TEST(driver_loads_and_unloads_10_times)
{
	for (int i = 0; i < 10; i++) {
		struct dsp *dsp;
		struct session s;

		module_load("qda");
		dsp = dsp_new("cdsp");
		s = session_new(dsp);
		session_release(dsp, &s);
		dsp_finish(dsp);
		module_unload("qda");
		CHECK(!module_loaded("qda"));
	}
	module_load("qda");
}

/* Unloading the driver is an unplug of all its DSPs. */
TEST(driver_unloads_while_the_dsp_is_up)
{
	struct dsp *dsp = dsp_new("cdsp");
	char node[64];

	module_unload("qda");
	CHECK(!accel_find("cdsp", node));
	CHECK_EQ(dsp->pages_at_start, vdsp_get(dsp, "pages_mapped"));
	module_load("qda");
	dsp_down(dsp);
	dsp_up(dsp);
	session_new(dsp);
	dsp_finish(dsp);
}

TEST(driver_stays_while_a_file_is_open)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	CHECK(!module_try_unload("qda"));
	CHECK(module_loaded("qda"));
	session_release(dsp, &s);
	dsp_finish(dsp);
}

/* The driver can be there first or second. */
TEST(dsp_is_up_before_the_driver_loads)
{
	struct dsp *dsp;

	module_unload("qda");
	dsp = dsp_new_down("cdsp");
	dsp_announce(dsp);
	module_load("qda");
	dsp_wait_node(dsp);
	session_new(dsp);
	dsp_finish(dsp);
}
