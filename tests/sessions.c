// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Sessions: who gets a context bank, who shares one, and who may use a session.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

static void set_share_banks(unsigned int sessions)
{
	write_number("/sys/module/qda/parameters/share_banks", sessions);
}

static void set_user_sessions(unsigned int sessions)
{
	write_number("/sys/module/qda/parameters/user_sessions", sessions);
}

static void after_each(void)
{
	buffers_after_each();
	set_share_banks(1);
	set_user_sessions(0);
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(after_each);
}

static void expect_no_bank(struct dsp *dsp)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	int fd = accel_open(dsp->node);

	CHECK_ERR(-EBUSY, qda_create(fd, &create));
	close(fd);
}

/* A call, which must arrive from this session and in its bank. */
static void check_call(struct dsp *dsp, const struct session *s)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 4);
	uint32_t in = 0x11223344, out = 0;
	struct dsp_call call;
	struct job *job;
	uint64_t len;

	inv_in(inv, &in, sizeof(in));
	inv_out(inv, &out, sizeof(out));
	job = invoke_start(s->fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 4);
	CHECK_EQ(s->id, call.msg.client_id);
	CHECK_EQ(s->sid, dsp_sid(dsp, call.msg.addr));
	CHECK_MEM(&in, dsp_arg(dsp, &call, 0, &len), sizeof(in));
	memcpy(dsp_arg(dsp, &call, 1, &len), &s->id, sizeof(out));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(s->id, out);
	free(inv);
}

static void close_session(struct dsp *dsp, const struct session *s)
{
	struct dsp_call call;

	close(s->fd);
	expect_release(dsp, &call, s->id);
	dsp_reply(dsp, &call, 0);
}

/* A session whose file the test closes itself. */
static struct session own_session(struct dsp *dsp)
{
	return session_create(dsp, accel_open(dsp->node));
}

/* ---- exclusive banks ---- */

TEST(more_opens_than_banks)
{
	struct dsp *dsp = dsp_new("cdsp banks=3");
	struct session s[3], next;
	int idle[30];

	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		idle[i] = dsp_open(dsp);
	CHECK_EQ(3, qda_limit(idle[0], QDA_LIMIT_SESSIONS));
	CHECK_EQ(3, qda_limit(idle[0], QDA_LIMIT_BANKS));
	for (size_t i = 0; i < ARRAY_SIZE(s); i++)
		s[i] = session_create(dsp, i ? idle[i] : accel_open(dsp->node));
	expect_no_bank(dsp);
	dsp_expect_silence(dsp);
	/* One goes, and somebody who had to do without gets its bank. */
	close_session(dsp, &s[0]);
	qda_wait(dsp, "sessions", 30);
	next = session_create(dsp, idle[20]);
	CHECK_EQ(s[0].sid, next.sid);
	check_call(dsp, &next);
	dsp_finish(dsp);
}

/* The bank stays with a session that has had a process. */
TEST(released_session_keeps_its_bank)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	struct session s = session_new(dsp), again;

	session_release(dsp, &s);
	expect_no_bank(dsp);
	again = session_create(dsp, s.fd);
	CHECK_EQ(s.sid, again.sid);
	dsp_finish(dsp);
}

TEST(refused_create_keeps_its_bank_until_close)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	int fd = accel_open(dsp->node);

	session_create_refused(dsp, fd);
	expect_no_bank(dsp);
	close(fd);
	qda_wait(dsp, "sessions", 0);
	session_new(dsp);
	dsp_finish(dsp);
}

TEST(several_sessions_in_one_program)
{
	struct dsp *dsp = dsp_new("cdsp banks=4");
	struct invocation *inv[4];
	struct dsp_call call[4];
	struct job *job[4];
	struct session s[4];

	for (int i = 0; i < 4; i++)
		s[i] = session_new(dsp);
	/* All at once, answered in the other order. */
	for (int i = 0; i < 4; i++) {
		inv[i] = inv_new(TEST_HANDLE, i);
		job[i] = invoke_start(s[i].fd, &inv[i]->req);
		dsp_expect(dsp, &call[i], TEST_HANDLE, i);
		CHECK_EQ(s[i].id, call[i].msg.client_id);
	}
	for (int i = 3; i >= 0; i--) {
		dsp_reply(dsp, &call[i], 100 + i);
		CHECK_OK(job_wait(job[i]));
		CHECK_EQ(100 + i, inv[i]->req.dsp_status);
		free(inv[i]);
	}
	session_die(dsp, &s[1]);
	check_call(dsp, &s[0]);
	check_call(dsp, &s[2]);
	dsp_finish(dsp);
}

/* ---- shared banks ---- */

/* The device tree says that the last bank is for three sessions. */
TEST(nsessions_share_a_bank)
{
	struct dsp *dsp = dsp_new("cdsp banks=2 nsessions=3");
	struct session s[4];
	int in_bank[3] = { 0 };

	for (int i = 0; i < 4; i++) {
		s[i] = own_session(dsp);
		in_bank[s[i].sid]++;
		/* Nobody shares while there is a free one. */
		if (i == 1)
			CHECK(s[0].sid != s[1].sid);
		for (int j = 0; j < i; j++)
			CHECK(s[i].id != s[j].id);
	}
	CHECK_EQ(1, in_bank[1]);
	CHECK_EQ(3, in_bank[2]);
	CHECK_EQ(4, qda_limit(s[0].fd, QDA_LIMIT_SESSIONS));
	CHECK_EQ(2, qda_limit(s[0].fd, QDA_LIMIT_BANKS));
	expect_no_bank(dsp);
	for (int i = 0; i < 4; i++)
		check_call(dsp, &s[i]);
	/* What goes does not take along what is next to it. */
	close_session(dsp, &s[3]);
	qda_wait(dsp, "sessions", 3);
	for (int i = 0; i < 3; i++)
		check_call(dsp, &s[i]);
	s[3] = own_session(dsp);
	CHECK_EQ(2, s[3].sid);
	for (int i = 0; i < 4; i++)
		close_session(dsp, &s[i]);
	dsp_finish(dsp);
}

TEST(option_lets_sessions_share)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	struct session a = own_session(dsp), b;

	expect_no_bank(dsp);
	set_share_banks(2);
	CHECK_EQ(2, qda_limit(a.fd, QDA_LIMIT_SESSIONS));
	b = own_session(dsp);
	CHECK_EQ(a.sid, b.sid);
	expect_no_bank(dsp);
	/* Who shares already is not thrown out. */
	set_share_banks(1);
	check_call(dsp, &a);
	check_call(dsp, &b);
	close_session(dsp, &b);
	qda_wait(dsp, "sessions", 1);
	expect_no_bank(dsp);
	close_session(dsp, &a);
	dsp_finish(dsp);
}

/* What is said about how many may share can be any number. */
TEST(numbers_without_sense_do_no_harm)
{
	static const char *const lines[] = { "cdsp banks=1 nsessions=4000000000",
					     "cdsp banks=2 nsessions=31" };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct dsp *dsp = dsp_new(lines[i]);

		CHECK_EQ(31, qda_limit(dsp_open(dsp), QDA_LIMIT_SESSIONS));
		dsp_finish(dsp);
	}
}

TEST(option_of_zero_means_exclusive)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");

	set_share_banks(0);
	session_new(dsp);
	expect_no_bank(dsp);
	dsp_finish(dsp);
}

/* Attaching takes little memory, so there can be as many as there are numbers for them. */
TEST(as_many_sessions_as_there_can_be)
{
	struct dsp *dsp = dsp_new("cdsp banks=2 nsessions=100");
	struct drm_qda_remote_attach attach = ROOT_PD;
	struct drm_qda_query query;

	dsp_serve(dsp, NULL, NULL);
	for (int i = 0; i < 31; i++)
		CHECK_OK(qda_attach(dsp_open(dsp), &attach));
	CHECK_ERR(-EBUSY, qda_attach(dsp_open(dsp), &attach));
	CHECK_ERR(-EBUSY, qda_query(dsp_open(dsp), QDA_QUERY_CAPABILITY, 1, &query));
	CHECK_EQ(31, qda_get(dsp, "processes"));
	dsp_finish(dsp);
}

static uint64_t heap_address(struct dsp *dsp, const struct session *s, uint32_t handle)
{
	struct drm_qda_remote_map map = { .flags = QDA_MAP_BO, .handle = handle, .size = PAGE };
	struct dsp_call call;
	struct job *job;
	uint64_t len, addr;

	job = job_start(s->fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);
	dsp_expect(dsp, &call, FRPC_HANDLE_INIT, FRPC_INIT_MEM_MAP);
	addr = ((struct frpc_page *)dsp_arg(dsp, &call, 1, &len))->addr;
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	return addr;
}

/* A buffer of two sessions in one bank is mapped twice, and unmapped one at a time. */
TEST(shared_bank_maps_per_session)
{
	struct dsp *dsp = dsp_new("cdsp banks=1 nsessions=2");
	struct session a = own_session(dsp), b = own_session(dsp);
	int heap = heap_dmabuf(PAGE);
	uint64_t at_a = heap_address(dsp, &a, dmabuf_import(a.fd, heap));
	uint64_t at_b = heap_address(dsp, &b, dmabuf_import(b.fd, heap));

	CHECK_EQ(dsp_sid(dsp, at_a), dsp_sid(dsp, at_b));
	CHECK(at_a != at_b);
	*(uint32_t *)dsp_mem(dsp, at_a, 4) = 0x5e55;
	CHECK_EQ(0x5e55, *(uint32_t *)dsp_mem(dsp, at_b, 4));
	close_session(dsp, &a);
	qda_wait(dsp, "sessions", 1);
	CHECK(!dsp_can_read(dsp, at_a));
	CHECK(dsp_can_read(dsp, at_b));
	close(heap);
	close_session(dsp, &b);
	dsp_finish(dsp);
}

/* Everything of everybody is taken out of the bank. */
TEST(dsp_gone_with_a_shared_bank)
{
	struct dsp *dsp = dsp_new("cdsp banks=1 nsessions=3");
	struct invocation *inv = inv_new(TEST_HANDLE, 0);
	int heap = heap_dmabuf(PAGE);
	struct session s[3];
	struct dsp_call call;
	struct job *job;

	for (int i = 0; i < 3; i++) {
		s[i] = session_new(dsp);
		heap_address(dsp, &s[i], dmabuf_import(s[i].fd, heap));
	}
	job = invoke_start(s[1].fd, &inv->req);
	dsp_expect(dsp, &call, TEST_HANDLE, 0);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	for (int i = 0; i < 3; i++)
		CHECK_ERR(-ENODEV, qda_invoke(s[i].fd, &inv->req));
	CHECK_EQ(0, vdsp_get(dsp, "pages_mapped"));
	close(heap);
	free(inv);
	dsp_finish(dsp);
}

/* ---- capabilities ---- */

TEST(many_ask_and_the_dsp_hears_one_question)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");
	struct drm_qda_query query[8];
	struct job *job[ARRAY_SIZE(query)];
	struct dsp_call call;
	uint32_t *words;
	uint64_t len;

	for (size_t i = 0; i < ARRAY_SIZE(query); i++) {
		query[i] = (struct drm_qda_query){ .type = QDA_QUERY_CAPABILITY, .index = i + 1 };
		job[i] = job_start(dsp_open(dsp), DRM_IOCTL_QDA_QUERY, &query[i]);
	}
	dsp_expect(dsp, &call, FRPC_HANDLE_UTILITIES, 0);
	dsp_expect_silence(dsp);
	words = dsp_arg(dsp, &call, 1, &len);
	for (size_t i = 0; i < ARRAY_SIZE(query); i++)
		words[i] = 0x100 + i;
	dsp_reply(dsp, &call, 0);
	for (size_t i = 0; i < ARRAY_SIZE(query); i++) {
		CHECK_OK(job_wait(job[i]));
		CHECK_EQ(0x100 + i, query[i].value);
	}
	dsp_expect_silence(dsp);
	/* The only bank is free again at once. */
	session_new(dsp);
	dsp_finish(dsp);
}

/* The DSP in the kernel has some to tell, and the rest is zero. */
TEST(loopback_tells_capabilities)
{
	static const uint32_t expected[][2] = {
		{ 1, 1 }, { 4, 256 << 10 }, { 6, 0x68 }, { 7, 0 }, { 255, 0 }
	};
	struct dsp *dsp = dsp_new_inside("cdsp firmware=loopback");
	struct drm_qda_query query;
	int fd;

	dsp_wait_node(dsp);
	fd = dsp_open(dsp);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		CHECK_OK(qda_query(fd, QDA_QUERY_CAPABILITY, expected[i][0], &query));
		CHECK_EQ(expected[i][1], query.value);
	}
	dsp_finish(dsp);
}

/* ---- quota ---- */

/* How many sessions of this user get a process; a different user can open the node, too. */
static int count_as_nobody(void *arg)
{
	const char *node = arg;
	struct drm_qda_init_create create = UNSIGNED_PD;
	int count = 0, ret;

	drop_root();
	do {
		int fd = accel_open(node);

		if ((uint64_t)count > qda_limit(fd, QDA_LIMIT_USER_SESSIONS))
			return 100;
		ret = qda_create(fd, &create);
	} while (!ret && ++count < 20);
	return ret == -EDQUOT ? count : 101;
}

static void check_quota(const char *line, int expected)
{
	struct dsp *dsp = dsp_new(line);
	int fd = dsp_open(dsp);

	CHECK_OK(chmod(dsp->node, 0666));
	dsp_serve(dsp, NULL, NULL);
	CHECK_EQ(expected, client_wait(client_start(count_as_nobody, dsp->node)));
	/* It comes back with the close, and root has no such limit. */
	qda_wait(dsp, "sessions", 1);
	CHECK_EQ(expected, client_wait(client_start(count_as_nobody, dsp->node)));
	CHECK_EQ(qda_limit(fd, QDA_LIMIT_SESSIONS), qda_limit(fd, QDA_LIMIT_USER_SESSIONS));
	dsp_finish(dsp);
}

TEST(user_gets_half_of_the_banks)
{
	check_quota("cdsp banks=4", 2);
	check_quota("cdsp banks=5", 3);
	check_quota("cdsp banks=1 nsessions=4", 2);
}

TEST(user_limit_can_be_set)
{
	set_user_sessions(1);
	check_quota("cdsp banks=4", 1);
	set_user_sessions(3);
	check_quota("cdsp banks=4", 3);
}

static int create_as_nobody(void *fd)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	drop_root();
	return qda_create(*(int *)fd, &create) ? 1 : 0;
}

/* Who opened the file is charged, whoever uses it. */
TEST(quota_is_the_openers)
{
	struct dsp *dsp = dsp_new("cdsp banks=2");
	int fds[2];

	set_user_sessions(1);
	dsp_serve(dsp, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		fds[i] = accel_open(dsp->node);
		CHECK_EQ(0, client_wait(client_start(create_as_nobody, &fds[i])));
	}
	close(fds[0]);
	close(fds[1]);
	dsp_finish(dsp);
}

TEST(root_gets_all_banks)
{
	struct dsp *dsp = dsp_new("cdsp banks=4");

	set_user_sessions(1);
	for (int i = 0; i < 4; i++)
		session_new(dsp);
	dsp_finish(dsp);
}

/* ---- sessions that change hands ---- */

static int call_and_exit(void *arg)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 4);

	return qda_invoke(*(int *)arg, &inv->req) ? 1 : (int)inv->req.dsp_status;
}

/* A child process uses what it inherits, and its end does not end the session. */
TEST(forked_child_uses_the_session)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = own_session(dsp);
	struct dsp_call call;
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		pid = client_start(call_and_exit, &s.fd);
		dsp_expect(dsp, &call, TEST_HANDLE, 4);
		CHECK_EQ(s.id, call.msg.client_id);
		CHECK_EQ(pid, call.msg.tid);
		dsp_reply(dsp, &call, 40 + i);
		CHECK_EQ(40 + i, client_wait(pid));
	}
	dsp_expect_silence(dsp);
	check_call(dsp, &s);
	close_session(dsp, &s);
	dsp_finish(dsp);
}

/* A killed child leaves its call behind; the session's other users do not notice. */
TEST(killed_child_leaves_the_session)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = own_session(dsp);
	struct dsp_call call;
	pid_t pid;

	pid = client_start(call_and_exit, &s.fd);
	dsp_expect(dsp, &call, TEST_HANDLE, 4);
	client_kill(pid);
	check_call(dsp, &s);
	dsp_reply(dsp, &call, 0);
	check_call(dsp, &s);
	close_session(dsp, &s);
	dsp_finish(dsp);
}

static void send_fd(int sock, int fd)
{
	char byte = 'f', control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	CHECK_EQ(1, sendmsg(sock, &msg, 0));
}

static int receive_fd(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* Waits for a session, calls, and closes it when it is told to. */
static int receiver(void *arg)
{
	int sock = *(int *)arg, fd;
	char byte;

	drop_root();
	fd = receive_fd(sock);
	if (fd < 0 || call_and_exit(&fd) != 42)
		return 1;
	if (send(sock, "c", 1, 0) != 1 || recv(sock, &byte, 1, 0) != 1)
		return 2;
	close(fd);
	return 0;
}

/* Another program, of another user, gets the open file; the opener closes it at once. */
TEST(session_sent_to_another_program)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp_call call;
	struct session s;
	int socks[2];
	char byte;
	pid_t pid;

	CHECK_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks));
	/* It starts first, so that it inherits nothing. */
	pid = client_start(receiver, &socks[1]);
	s = own_session(dsp);
	send_fd(socks[0], s.fd);
	close(s.fd);
	dsp_expect(dsp, &call, TEST_HANDLE, 4);
	CHECK_EQ(s.id, call.msg.client_id);
	CHECK_EQ(pid, call.msg.tid);
	dsp_reply(dsp, &call, 42);
	CHECK_EQ(1, recv(socks[0], &byte, 1, 0));
	/* Only the last close releases. */
	dsp_expect_silence(dsp);
	CHECK_EQ(1, send(socks[0], "q", 1, 0));
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	CHECK_EQ(0, client_wait(pid));
	close(socks[0]);
	close(socks[1]);
	dsp_finish(dsp);
}

/* A file that is on its way, in a socket, keeps the session; when nobody fetches it, it ends. */
TEST(session_in_a_socket)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = own_session(dsp);
	struct dsp_call call;
	int socks[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks));
	send_fd(socks[0], s.fd);
	close(s.fd);
	dsp_expect_silence(dsp);
	close(socks[0]);
	close(socks[1]);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}
