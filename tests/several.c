// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Several DSPs at the same time, of SoCs of both kinds: each is a device of its own, and
 * what happens to one is nothing to the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "legacy.h"
#include "sys.h"

/* What an SoC's DSPs could be; here half of them are another SoC's. */
static const struct kind {
	const char *line;
	unsigned int domain, sid_pos, width;
	bool poll, for_everyone;
} kinds[] = {
	{ "adsp banks=2", 0, 32, 32, false, false },
	{ "cdsp banks=3", 3, 32, 32, false, true },
	{ "cdsp1 banks=3 soc=kaanapali", 4, 56, 34, true, true },
	{ "gdsp0 banks=2 soc=kaanapali", 5, 56, 32, true, true },
	{ "mdsp banks=1 soc=kaanapali", 1, 56, 32, true, false },
	{ "sdsp banks=1", 2, 32, 32, false, false },
	{ "gdsp1 banks=1", 6, 32, 32, false, true },
};

/* The first of them are enough where it is about DSPs that do something at the same time. */
enum { ALL = ARRAY_SIZE(kinds), SOME = 4, CLIENTS = 2, CALLS = 20 };

struct fleet {
	struct dsp *dsp[ALL];
	unsigned int count;
};

/* Shared with the clients, which are processes. */
struct progress {
	int stop;
	unsigned int calls[ALL][CLIENTS];
	int result[ALL][CLIENTS];
};

struct client {
	struct progress *progress;
	unsigned int dsp, number;
	const char *node;
	pid_t pid;
};

struct question {
	uint32_t domain, client, number;
};

static void fleet_finish(struct fleet *f)
{
	for (unsigned int i = 0; i < f->count; i++)
		dsp_finish(f->dsp[i]);
}

static struct fleet fleet_new(unsigned int count)
{
	struct fleet f = { .count = count };

	for (unsigned int i = 0; i < count; i++)
		f.dsp[i] = dsp_new(kinds[i].line);
	return f;
}

/* A question that was meant for another DSP is refused. */
static uint32_t answer(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	const struct kind *kind = arg;
	struct question *q, *a;
	uint64_t len;

	if (call->msg.handle != TEST_HANDLE)
		return dsp_echo(dsp, call, NULL);
	q = dsp_arg(dsp, call, 0, &len);
	a = dsp_arg(dsp, call, 1, &len);
	if (q->domain != kind->domain)
		return FRPC_EBADSTATE;
	*a = (struct question){ ~q->domain, q->client, q->number + 1 };
	return 0;
}

static void fleet_serve(struct fleet *f)
{
	for (unsigned int i = 0; i < f->count; i++)
		dsp_serve(f->dsp[i], answer, (void *)&kinds[i]);
}

/* ---- clients ---- */

/* A call, 0 if all is as it should be, else -errno or what the DSP said. */
static int ask(int fd, const struct client *c, unsigned int number)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct question q = { kinds[c->dsp].domain, c->number, number }, a = { 0 };
	int ret;

	inv_in(inv, &q, sizeof(q));
	inv_out(inv, &a, sizeof(a));
	ret = qda_invoke(fd, &inv->req);
	if (!ret)
		ret = (int)inv->req.dsp_status;
	if (!ret && (a.domain != ~q.domain || a.client != q.client || a.number != number + 1))
		ret = 1;
	free(inv);
	return ret;
}

static unsigned int *calls_of(const struct client *c)
{
	return &c->progress->calls[c->dsp][c->number];
}

static int client_main(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct client *c = arg;
	int fd = accel_open(c->node), ret = qda_create(fd, &create);

	while (!ret && !__atomic_load_n(&c->progress->stop, __ATOMIC_ACQUIRE)) {
		ret = ask(fd, c, *calls_of(c));
		if (!ret)
			__atomic_fetch_add(calls_of(c), 1, __ATOMIC_RELEASE);
	}
	c->progress->result[c->dsp][c->number] = ret;
	return 0;
}

static struct progress *progress_new(void)
{
	void *p = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		FAIL("mmap: %m");
	return p;
}

static void clients_start(struct fleet *f, struct progress *p, struct client c[ALL][CLIENTS])
{
	for (unsigned int i = 0; i < f->count; i++)
		for (unsigned int k = 0; k < CLIENTS; k++) {
			c[i][k] = (struct client){ p, i, k, f->dsp[i]->node, 0 };
			c[i][k].pid = client_start(client_main, &c[i][k]);
		}
}

static void clients_end(struct fleet *f, struct progress *p, struct client c[ALL][CLIENTS])
{
	__atomic_store_n(&p->stop, 1, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < f->count; i++)
		for (unsigned int k = 0; k < CLIENTS; k++)
			CHECK_EQ(0, client_wait(c[i][k].pid));
}

struct goal {
	const struct client *client;
	unsigned int calls;
};

static bool goal_is_reached(void *arg)
{
	struct goal *goal = arg;
	const struct client *c = goal->client;

	return __atomic_load_n(calls_of(c), __ATOMIC_ACQUIRE) >= goal->calls ||
	       c->progress->result[c->dsp][c->number];
}

/* Waits until each client of the DSP has made so many more calls, without a failure. */
static void more_calls(struct client c[CLIENTS], unsigned int calls)
{
	for (unsigned int k = 0; k < CLIENTS; k++) {
		struct goal goal = { &c[k], *calls_of(&c[k]) + calls };

		if (!wait_for(goal_is_reached, &goal))
			FAIL("client %u of %s made only %u calls", k, kinds[c[k].dsp].line,
			     *calls_of(&c[k]));
		CHECK_ERR(0, c[k].progress->result[c[k].dsp][k]);
	}
}

/* ---- what each of them is ---- */

TEST(each_is_found_by_its_domain)
{
	struct fleet f = fleet_new(ALL);

	for (unsigned int i = 0; i < ALL; i++) {
		struct drm_qda_query query;
		int fd = dsp_open(f.dsp[i]);

		for (unsigned int k = 0; k < i; k++) {
			CHECK(strcmp(f.dsp[i]->node, f.dsp[k]->node));
			CHECK(strcmp(f.dsp[i]->parent, f.dsp[k]->parent));
		}
		CHECK_OK(qda_query(fd, QDA_QUERY_DOMAIN, 0, &query));
		CHECK_EQ(kinds[i].domain, query.value);
		CHECK(!strcmp(f.dsp[i]->name, (char *)query.name));
		CHECK_OK(qda_query(fd, QDA_QUERY_ADDRESS_WIDTH, 0, &query));
		CHECK_EQ(kinds[i].width, query.value);
		CHECK_OK(qda_query(fd, QDA_QUERY_FEATURES, 0, &query));
		CHECK_EQ(kinds[i].poll, !!(query.value & QDA_FEATURE_POLL));
	}
	fleet_finish(&f);
}

/* The stream id is where the DSP's SoC has it, and nothing else is above the address. */
TEST(stream_ids_are_where_each_soc_has_them)
{
	struct fleet f = fleet_new(ALL);

	for (unsigned int i = 0; i < ALL; i++) {
		struct dsp *dsp = f.dsp[i];
		struct session s = session_new(dsp);
		struct invocation *inv = inv_new(TEST_HANDLE, 0);
		struct job *job = invoke_start(s.fd, &inv->req);
		struct dsp_call call;

		dsp_expect(dsp, &call, TEST_HANDLE, 0);
		CHECK_EQ(kinds[i].sid_pos, dsp->info.sid_pos);
		CHECK_EQ(s.sid, call.msg.addr >> kinds[i].sid_pos);
		CHECK_EQ((uint32_t)call.msg.addr, call.msg.addr & ((1ull << kinds[i].sid_pos) - 1));
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		free(inv);
	}
	fleet_finish(&f);
}

static int create_as_nobody(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	drop_root();
	return -qda_create(*(int *)arg, &create);
}

TEST(unsigned_pds_are_for_everyone_where_they_are)
{
	struct fleet f = fleet_new(ALL);

	fleet_serve(&f);
	for (unsigned int i = 0; i < ALL; i++) {
		int fd = accel_open(f.dsp[i]->node);
		pid_t pid = client_start(create_as_nobody, &fd);

		CHECK_EQ(kinds[i].for_everyone ? 0 : EPERM, client_wait(pid));
		close(fd);
	}
	fleet_finish(&f);
}

/* ---- all of them at work ---- */

TEST(calls_on_all_of_them_at_once)
{
	struct client c[ALL][CLIENTS];
	struct fleet f = fleet_new(SOME);
	struct progress *p = progress_new();

	fleet_serve(&f);
	clients_start(&f, p, c);
	for (unsigned int i = 0; i < SOME; i++)
		more_calls(c[i], CALLS);
	clients_end(&f, p, c);
	for (unsigned int i = 0; i < SOME; i++) {
		/* With a create and a release each. */
		long long calls = 2 * CLIENTS;

		for (unsigned int k = 0; k < CLIENTS; k++) {
			CHECK_ERR(0, p->result[i][k]);
			calls += p->calls[i][k];
		}
		CHECK_EQ(calls, vdsp_get(f.dsp[i], "calls"));
		CHECK_EQ(0, qda_get(f.dsp[i], "dropped_messages"));
	}
	fleet_finish(&f);
}

/* Numbers of calls and sessions are each DSP's own: the same ones mean another thing there. */
TEST(an_answer_of_another_dsp_ends_nothing)
{
	struct fleet f = fleet_new(3);
	struct invocation *inv[3];
	struct dsp_call call[3];
	struct job *job[3];

	for (unsigned int i = 0; i < 3; i++) {
		struct session s = session_new(f.dsp[i]);

		inv[i] = inv_new(TEST_HANDLE, i + 1);
		/* The DSP without a call in flight has nothing that could be mistaken for one. */
		if (i < 2) {
			job[i] = invoke_start(s.fd, &inv[i]->req);
			dsp_expect(f.dsp[i], &call[i], TEST_HANDLE, i + 1);
			CHECK_EQ(s.id, call[i].msg.client_id);
		}
	}
	dsp_reply(f.dsp[2], &call[0], 0);
	qda_wait(f.dsp[2], "dropped_messages", 1);
	CHECK(!job_done(job[0]));
	dsp_reply(f.dsp[1], &call[1], 7);
	CHECK_OK(job_wait(job[1]));
	CHECK_EQ(7, inv[1]->req.dsp_status);
	CHECK(!job_done(job[0]));
	dsp_reply(f.dsp[0], &call[0], 8);
	CHECK_OK(job_wait(job[0]));
	CHECK_EQ(8, inv[0]->req.dsp_status);
	for (unsigned int i = 0; i < 3; i++)
		free(inv[i]);
	fleet_finish(&f);
}

/* A notice that a PD ended is about the DSP that it comes from. */
TEST(a_pd_that_dies_is_one_dsps)
{
	struct fleet f = fleet_new(2);
	struct session a = session_new(f.dsp[0]), b = session_new(f.dsp[1]);
	struct invocation *inv = inv_new(TEST_HANDLE, 2);
	struct dsp_call call;
	struct job *job;

	session_die(f.dsp[0], &a);
	dsp_notify(f.dsp[0], b.id, FRPC_PD_STATUS_EXCEPTION);
	job = invoke_start(b.fd, &inv->req);
	dsp_expect(f.dsp[1], &call, TEST_HANDLE, 2);
	dsp_reply(f.dsp[1], &call, 0);
	CHECK_OK(job_wait(job));
	free(inv);
	fleet_finish(&f);
}

TEST(banks_are_each_dsps_own)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct fleet f = fleet_new(2);
	struct session s[2];

	for (unsigned int i = 0; i < 2; i++)
		s[i] = session_new(f.dsp[0]);
	CHECK(s[0].sid != s[1].sid);
	CHECK_ERR(-EBUSY, qda_create(dsp_open(f.dsp[0]), &create));
	for (unsigned int i = 0; i < 3; i++)
		session_new(f.dsp[1]);
	CHECK_ERR(-EBUSY, qda_create(dsp_open(f.dsp[1]), &create));
	fleet_finish(&f);
}

/* ---- memory ---- */

static void echo(int fd, struct invocation *inv)
{
	CHECK_OK(qda_invoke(fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	free(inv);
}

static int process_on(struct dsp *dsp)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd = dsp_open(dsp);

	CHECK_OK(qda_create(fd, &create));
	return fd;
}

/* One DSP writes it, the next one reads it, and nobody copies. */
TEST(a_buffer_goes_from_dsp_to_dsp)
{
	enum { SIZE = 3 * PAGE };
	static unsigned char in[SIZE], out[SIZE];
	struct fleet f = fleet_new(SOME);
	int dmabuf = heap_dmabuf(SIZE);

	for (unsigned int i = 0; i < SOME; i++) {
		struct invocation *writes = inv_new(TEST_HANDLE, 2),
				  *reads = inv_new(TEST_HANDLE, 3);
		int writer, reader;
		long long copied;

		dsp_serve(f.dsp[i], NULL, NULL);
		if (!i)
			continue;
		writer = process_on(f.dsp[i - 1]);
		reader = process_on(f.dsp[i]);
		copied = qda_get(f.dsp[i], "copied_bytes");
		fill_pattern(in, SIZE, i);
		inv_in(writes, in, SIZE);
		inv_bo_out(writes, dmabuf_import(writer, dmabuf), 0, SIZE);
		echo(writer, writes);
		inv_bo_in(reads, dmabuf_import(reader, dmabuf), 0, SIZE);
		inv_out(reads, out, SIZE);
		echo(reader, reads);
		CHECK_MEM(in, out, SIZE);
		CHECK_EQ(copied + SIZE, qda_get(f.dsp[i], "copied_bytes"));
		CHECK_EQ(1, qda_get(f.dsp[i], "attachments"));
	}
	close(dmabuf);
	fleet_finish(&f);
}

/* The limit of what a user can have mapped is one for all DSPs. */
TEST(one_quota_for_all_of_them)
{
	struct fleet f = fleet_new(2);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct buffer big, small;
	int a, b;

	fleet_serve(&f);
	a = process_on(f.dsp[0]);
	b = process_on(f.dsp[1]);
	big = buffer_new(a, MIB, 0);
	small = buffer_new(b, PAGE, 0);
	set_map_limit(1);
	inv_bo_in(inv, big.handle, 0, MIB);
	inv_bo_out(inv, big.handle, 0, MIB);
	inv->req.handle = TEST_HANDLE + 1;
	CHECK_OK(qda_invoke(a, &inv->req));
	inv->args[0].handle = small.handle;
	inv->args[0].length = PAGE;
	inv->args[1] = inv->args[0];
	CHECK_ERR(-EDQUOT, qda_invoke(b, &inv->req));
	buffer_close(&big);
	CHECK_OK(qda_invoke(b, &inv->req));
	set_map_limit(0);
	free(inv);
	for (unsigned int i = 0; i < f.count; i++)
		buffers_finish(f.dsp[i]);
}

/* ---- one goes ---- */

static void crash(struct dsp *dsp)
{
	dsp_down(dsp);
}

static void unbind(struct dsp *dsp)
{
	CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/unbind", dsp->parent));
}

/* All clients of all DSPs are in the middle of something. */
static void one_goes(void (*go)(struct dsp *dsp), unsigned int which)
{
	struct client c[ALL][CLIENTS];
	struct fleet f = fleet_new(SOME);
	struct progress *p = progress_new();
	char node[64];

	fleet_serve(&f);
	clients_start(&f, p, c);
	for (unsigned int i = 0; i < SOME; i++)
		more_calls(c[i], 1);
	go(f.dsp[which]);
	for (unsigned int k = 0; k < CLIENTS; k++) {
		struct goal goal = { &c[which][k], UINT32_MAX };

		CHECK(wait_for(goal_is_reached, &goal));
		CHECK(p->result[which][k] == -EPIPE || p->result[which][k] == -ENODEV);
	}
	CHECK(!accel_find(f.dsp[which]->name, node));
	for (unsigned int i = 0; i < SOME; i++)
		if (i != which)
			more_calls(c[i], CALLS);
	clients_end(&f, p, c);
	for (unsigned int i = 0; i < SOME; i++)
		for (unsigned int k = 0; k < CLIENTS; k++)
			CHECK(i == which || !p->result[i][k]);
	fleet_finish(&f);
}

TEST(one_crashes_and_the_others_go_on)
{
	one_goes(crash, 1);
}

TEST(one_is_unbound_and_the_others_go_on)
{
	one_goes(unbind, 2);
}

/* It crashes over and over, is removed and made again, and nobody else notices. */
TEST(one_comes_and_goes_and_the_others_go_on)
{
	struct client c[ALL][CLIENTS];
	struct fleet f = fleet_new(3);
	struct progress *p = progress_new();

	fleet_serve(&f);
	clients_start(&f, p, c);
	for (unsigned int round = 0; round < 4; round++) {
		struct dsp *dsp = dsp_new(round % 2 ? "sdsp" : "sdsp soc=kaanapali");

		session_new(dsp);
		dsp_down(dsp);
		if (round % 2) {
			dsp_up(dsp);
			session_new(dsp);
		}
		dsp_finish(dsp);
		for (unsigned int i = 0; i < f.count; i++)
			more_calls(c[i], 2);
	}
	clients_end(&f, p, c);
	fleet_finish(&f);
}

/* ---- what is seen of them ---- */

static bool file_has(const char *path, const char *text)
{
	static char content[1 << 14];

	read_text(path, content, sizeof(content));
	return strstr(content, text);
}

TEST(debugfs_and_fdinfo_tell_of_one_dsp_each)
{
	struct fleet f = fleet_new(SOME);
	char path[192], text[64];

	for (unsigned int i = 0; i < SOME; i++)
		for (unsigned int k = 0; k <= i; k++)
			dsp_open(f.dsp[i]);
	for (unsigned int i = 0; i < SOME; i++) {
		CHECK_EQ(i + 1, qda_get(f.dsp[i], "sessions"));
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", f.dsp[i]->files[0]);
		for (unsigned int k = 0; k < SOME; k++) {
			snprintf(text, sizeof(text), "drm-engine-%s:", f.dsp[k]->name);
			CHECK_EQ(i == k, file_has(path, text));
		}
	}
	fleet_finish(&f);
}

TEST(a_call_in_flight_is_seen_on_its_dsp)
{
	struct fleet f = fleet_new(2);
	struct session s = session_new(f.dsp[1]);
	struct invocation *inv = inv_new(TEST_HANDLE, 5);
	struct job *job = invoke_start(s.fd, &inv->req);
	struct dsp_call call;
	char path[192];

	session_new(f.dsp[0]);
	dsp_expect(f.dsp[1], &call, TEST_HANDLE, 5);
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/accel/%s/qda_calls",
			 f.dsp[i]->parent);
		CHECK_EQ(i == 1, file_has(path, "80000010"));
		CHECK_EQ(i, qda_get(f.dsp[i], "calls_in_flight"));
	}
	dsp_reply(f.dsp[1], &call, 0);
	CHECK_OK(job_wait(job));
	free(inv);
	fleet_finish(&f);
}

/* ---- the legacy interface ---- */

static void legacy_ask(int fd, const struct kind *kind)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 1);
	struct question q = { kind->domain, 1, 2 }, a = { 0 };

	legacy_in(call, &q, sizeof(q), -1);
	legacy_out(call, &a, sizeof(a), -1);
	CHECK_OK(legacy_call_run(fd, call));
	CHECK_EQ(~q.domain, a.domain);
	free(call);
}

TEST(legacy_nodes_of_each_domain)
{
	struct fastrpc_init_create create = LEGACY_PD;
	struct fleet f = { .count = ALL };
	int fd[ALL];

	for (unsigned int i = 0; i < ALL; i++)
		f.dsp[i] = i ? dsp_new(kinds[i].line) : legacy_new(kinds[i].line);
	fleet_serve(&f);
	for (unsigned int i = 0; i < ALL; i++) {
		legacy_wait_nodes(f.dsp[i], true, kinds[i].for_everyone);
		CHECK_EQ(kinds[i].for_everyone, legacy_has_node(f.dsp[i], false));
		fd[i] = legacy_open(f.dsp[i], !kinds[i].for_everyone);
		CHECK_OK(do_ioctl(fd[i], FASTRPC_IOCTL_INIT_CREATE, &create));
	}
	for (unsigned int i = 0; i < ALL; i++)
		legacy_ask(fd[i], &kinds[i]);
	dsp_down(f.dsp[1]);
	for (unsigned int i = 0; i < ALL; i++)
		if (i != 1)
			legacy_ask(fd[i], &kinds[i]);
	fleet_finish(&f);
}

static void after_each(void)
{
	legacy_after_each();
	set_map_limit(0);
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(after_each);
}
