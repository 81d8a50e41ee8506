// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What is told when the DSP goes away or makes mistakes: the event, the dump and the error
 * counters. Part of the suite "visible".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "module.h"
#include "sys.h"
#include "visible.h"

#define CRASH_HANDLE 0x80000099u

/* ---- dumps ---- */

#define DUMPS "/sys/class/devcoredump/"

static char dump[1 << 16];

/* The first dump that there is, false if there is none. */
static bool find_dump(char path[300])
{
	DIR *dir = opendir(DUMPS);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "devcd", 5))
			continue;
		snprintf(path, 300, DUMPS "%s/data", entry->d_name);
		found = !access(path, F_OK);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool no_dump(void *arg)
{
	char path[300];

	(void)arg;
	if (!find_dump(path))
		return true;
	write_text(path, "1");
	return false;
}

/* Earlier tests have left some. */
static void dismiss_dumps(void)
{
	CHECK(wait_for(no_dump, NULL));
}

/* ---- events ---- */

static int uevent_open(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT),
	    size = 1 << 20;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		FAIL("cannot listen to events: %m");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

struct event {
	char text[4096];
	ssize_t len;
};

/* The value of a key of the event, NULL if it does not have it. */
static const char *event_value(const struct event *e, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = e->text; p < e->text + e->len; p += strlen(p) + 1)
		if (!strncmp(p, key, len) && p[len] == '=')
			return p + len + 1;
	return NULL;
}

static bool next_event(int fd, struct event *e, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, ms) != 1)
		return false;
	e->len = recv(fd, e->text, sizeof(e->text) - 1, 0);
	CHECK(e->len > 0);
	e->text[e->len] = '\0';
	return true;
}

/*
 * Takes events up to the one that says that the accel node of @name is gone; true when
 * one before that said "wedged", which is left in @e.
 */
static bool wedged_before_removal(int fd, const char *name, struct event *e)
{
	static struct event next;
	bool wedged = false;

	for (;;) {
		const char *path;

		if (!next_event(fd, &next, WAIT_MS))
			FAIL("no event says that %s is gone", name);
		path = event_value(&next, "DEVPATH");
		if (!path || !strrchr(path, '/') || strcmp(strrchr(path, '/') + 1, name))
			continue;
		if (event_value(&next, "WEDGED")) {
			CHECK(!wedged);
			wedged = true;
			*e = next;
		}
		if (!strcmp(event_value(&next, "ACTION"), "remove"))
			return wedged;
	}
}

/* ---- a crash with a call in flight ---- */

static struct job *start_call(struct dsp *dsp, int fd, struct dsp_call *call)
{
	static unsigned char data[50];
	struct invocation *inv = inv_new(CRASH_HANDLE, 6);
	struct job *job;

	inv_in(inv, data, sizeof(data));
	job = invoke_start(fd, &inv->req);
	dsp_expect(dsp, call, CRASH_HANDLE, 6);
	return job;
}

static const char *node_name(const struct dsp *dsp)
{
	return strrchr(dsp->node, '/') + 1;
}

static void expect_line(const char *line)
{
	if (!strstr(dump, line))
		FAIL("no line \"%s...\" in the dump: %s", line + 1, dump);
}

static void check_dump(struct dsp *dsp, struct session *s, struct dsp_call *answered,
		       struct dsp_call *flying)
{
	char line[128];

	expect_line("QDA dump, version 1\n");
	expect_line("\ndriver: qda\n");
	snprintf(line, sizeof(line), "\ndomain: %s\n", dsp->name);
	expect_line(line);
	snprintf(line, sizeof(line), "\n%u %llu %d %u \"test-visible\" user %#x 6 1 0 ",
		 (unsigned int)(flying->msg.ctx >> 8) & 0xff,
		 (unsigned long long)flying->msg.ctx >> 16, s->id, flying->msg.tid, CRASH_HANDLE);
	expect_line(line);
	snprintf(line, sizeof(line), "\n%d %d \"test-visible\" unsigned live %u 0 2 1 ", s->id,
		 getpid(), s->sid);
	expect_line(line);
	/* The answer that was given, and the one that belonged to nothing */
	snprintf(line, sizeof(line), " %u %llu 0x55 in-flight\n",
		 (unsigned int)(answered->msg.ctx >> 8) & 0xff,
		 (unsigned long long)answered->msg.ctx >> 16);
	expect_line(line);
	snprintf(line, sizeof(line), " 18 %llu 0x66 none\n", 0x123456789abcull);
	expect_line(line);
}

TEST(a_crash_leaves_a_dump_and_an_event)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct dsp_call first, second;
	int events = uevent_open();
	static struct event e;
	char path[300], pid[16];
	struct job *job;

	dismiss_dumps();
	job = start_call(dsp, s.fd, &first);
	dsp_reply(dsp, &first, 0x55);
	CHECK_OK(job_wait(job));
	dsp_reply_ctx(dsp, 0x123456789abc1201ull, 0x66);
	job = start_call(dsp, s.fd, &second);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));

	CHECK(wedged_before_removal(events, node_name(dsp), &e));
	CHECK(!strcmp("change", event_value(&e, "ACTION")));
	CHECK(!strcmp("none", event_value(&e, "WEDGED")));
	CHECK(!strcmp("accel", event_value(&e, "SUBSYSTEM")));
	snprintf(pid, sizeof(pid), "%d", getpid());
	CHECK(!strcmp(pid, event_value(&e, "PID")));
	CHECK(!strcmp("test-visible", event_value(&e, "TASK")));

	CHECK(find_dump(path));
	read_text(path, dump, sizeof(dump));
	check_dump(dsp, &s, &first, &second);
	dismiss_dumps();
	close(events);
	dsp_finish(dsp);
}

/* With two of them nobody knows whose fault it was. */
static int client_hangs(void *node)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct invocation *inv = inv_new(CRASH_HANDLE, 6);
	int fd = accel_open(node);

	if (qda_create(fd, &create))
		return 1;
	return qda_invoke(fd, &inv->req) == -EPIPE ? 0 : 2;
}

TEST(a_crash_names_nobody_when_two_were_calling)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int events = uevent_open();
	struct dsp_call call;
	struct frpc_create wire;
	static struct event e;
	struct job *job = start_call(dsp, s.fd, &call);
	pid_t pid = client_start(client_hangs, dsp->node);

	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	dsp_expect(dsp, &call, CRASH_HANDLE, 6);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK_EQ(0, client_wait(pid));
	CHECK(wedged_before_removal(events, node_name(dsp), &e));
	CHECK(!event_value(&e, "PID"));
	CHECK(!event_value(&e, "TASK"));
	close(events);
	dsp_finish(dsp);
}

/* A process without a call is lost, too. */
TEST(a_crash_under_an_idle_process_is_told)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int events = uevent_open();
	static struct event e;
	char path[300];

	CHECK(s.id);
	dismiss_dumps();
	dsp_down(dsp);
	CHECK(wedged_before_removal(events, node_name(dsp), &e));
	CHECK(!event_value(&e, "PID"));
	CHECK(find_dump(path));
	close(events);
	dsp_finish(dsp);
}

TEST(nothing_is_told_when_nobody_used_the_dsp)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int events = uevent_open();
	static struct event e;
	char path[300];

	session_release(dsp, &s);
	qda_wait(dsp, "processes", 0);
	dismiss_dumps();
	dsp_down(dsp);
	CHECK(!wedged_before_removal(events, node_name(dsp), &e));
	CHECK(!find_dump(path));
	close(events);
	dsp_finish(dsp);
}

/* Somebody takes the driver away: that is no crash. */
TEST(nothing_is_told_when_the_driver_is_unbound)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int events = uevent_open();
	static struct event e;
	struct dsp_call call;
	char path[300];
	struct job *job = start_call(dsp, s.fd, &call);

	dismiss_dumps();
	CHECK_OK(write_text("/sys/bus/rpmsg/drivers/qda/unbind", dsp->parent));
	CHECK_ERR(-EPIPE, job_wait(job));
	CHECK(!wedged_before_removal(events, node_name(dsp), &e));
	CHECK(!find_dump(path));
	close(events);
	dsp_down(dsp);
	dsp_up(dsp);
	dsp_finish(dsp);
}

/* A dump must not keep anything of the DSP or the driver. */
TEST(a_dump_outlives_the_dsp_and_the_driver)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	char path[300];

	CHECK(s.id);
	dismiss_dumps();
	dsp_remove(dsp);
	dsp_close_firmware(dsp);
	for (unsigned int i = 0; i < dsp->file_count; i++)
		close(dsp->files[i]);
	module_unload("qda");
	module_unload("vdsp");
	CHECK(find_dump(path));
	read_text(path, dump, sizeof(dump));
	expect_line("QDA dump, version 1\n");
	dismiss_dumps();
	module_load("vdsp");
	module_load("qda");
}

/* ---- error counters ---- */

/* As in include/uapi/drm/drm_ras.h of the kernel */
enum { RAS_LIST_NODES = 1, RAS_GET_COUNTER = 2, RAS_CLEAR_COUNTER = 3 };
enum { NODE_ID = 1, NODE_DEVICE = 2, NODE_NAME = 3 };
enum { COUNTER_NODE = 1, COUNTER_ID = 2, COUNTER_NAME = 3, COUNTER_VALUE = 4 };

struct request {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	char attrs[64];
};

static void add_attr(struct request *r, int type, const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)((char *)r + NLMSG_ALIGN(r->nl.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	r->nl.nlmsg_len = NLMSG_ALIGN(r->nl.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

static struct request request_new(int family, int command, int flags)
{
	return (struct request){
		.nl = { .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
			.nlmsg_type = family,
			.nlmsg_flags = NLM_F_REQUEST | flags },
		.genl = { .cmd = command, .version = 1 },
	};
}

typedef void (*reply_fn)(const struct nlattr *const attrs[16], void *arg);

static void parse_reply(const struct nlmsghdr *nl, reply_fn fn, void *arg)
{
	const char *p = (const char *)nl + NLMSG_HDRLEN + GENL_HDRLEN;
	const char *end = (const char *)nl + nl->nlmsg_len;
	const struct nlattr *attrs[16] = { NULL };

	while (p + NLA_HDRLEN <= end) {
		const struct nlattr *attr = (const struct nlattr *)p;

		if (attr->nla_type < 16)
			attrs[attr->nla_type] = attr;
		p += NLA_ALIGN(attr->nla_len);
	}
	fn(attrs, arg);
}

/* Sends the request and gives each message of the answer to @fn; 0 or -errno. */
static int transact(struct request *r, reply_fn fn, void *arg)
{
	static char buffer[1 << 16];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), ret = 1;

	CHECK(fd >= 0);
	CHECK_EQ(r->nl.nlmsg_len, send(fd, r, r->nl.nlmsg_len, 0));
	while (ret == 1) {
		int len = recv(fd, buffer, sizeof(buffer), 0);

		CHECK(len > 0);
		for (struct nlmsghdr *nl = (void *)buffer;
		     NLMSG_OK(nl, (unsigned int)len) && ret == 1; nl = NLMSG_NEXT(nl, len)) {
			if (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE)
				ret = *(int *)NLMSG_DATA(nl);
			else
				parse_reply(nl, fn, arg);
		}
	}
	close(fd);
	return ret;
}

static const void *attr_data(const struct nlattr *attr)
{
	CHECK(attr);
	return (const char *)attr + NLA_HDRLEN;
}

static uint32_t attr_u32(const struct nlattr *attr)
{
	uint32_t value;

	memcpy(&value, attr_data(attr), sizeof(value));
	return value;
}

static void take_family(const struct nlattr *const attrs[16], void *arg)
{
	*(int *)arg = *(const uint16_t *)attr_data(attrs[CTRL_ATTR_FAMILY_ID]);
}

static int ras_family(void)
{
	struct request r = request_new(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	int family = 0;

	add_attr(&r, CTRL_ATTR_FAMILY_NAME, "drm-ras", sizeof("drm-ras"));
	if (transact(&r, take_family, &family))
		SKIP("this kernel has no error counters of DRM");
	return family;
}

struct node {
	const char *name;
	int id; /* -1: there is none */
};

static void take_node(const struct nlattr *const attrs[16], void *arg)
{
	struct node *node = arg;

	if (!strcmp("qda", attr_data(attrs[NODE_DEVICE])) &&
	    !strcmp(node->name, attr_data(attrs[NODE_NAME])))
		node->id = attr_u32(attrs[NODE_ID]);
}

static int ras_node(const char *name)
{
	struct request r = request_new(ras_family(), RAS_LIST_NODES, NLM_F_DUMP);
	struct node node = { .name = name, .id = -1 };

	CHECK_OK(transact(&r, take_node, &node));
	return node.id;
}

#define COUNTERS 6

static const char *const counter_names[COUNTERS + 1] = {
	NULL,	   "dsp-lost",	   "process-exit", "stale-answer", "malformed-message",
	"timeout", "send-failure",
};

struct counters {
	uint32_t value[COUNTERS + 1];
	int seen;
};

static void take_counter(const struct nlattr *const attrs[16], void *arg)
{
	struct counters *c = arg;
	uint32_t id = attr_u32(attrs[COUNTER_ID]);

	CHECK(id >= 1 && id <= COUNTERS);
	CHECK(!strcmp(counter_names[id], attr_data(attrs[COUNTER_NAME])));
	c->value[id] = attr_u32(attrs[COUNTER_VALUE]);
	c->seen++;
}

static struct counters ras_counters(int node)
{
	struct request r = request_new(ras_family(), RAS_GET_COUNTER, NLM_F_DUMP);
	struct counters c = { .seen = 0 };
	uint32_t id = node;

	add_attr(&r, COUNTER_NODE, &id, sizeof(id));
	CHECK_OK(transact(&r, take_counter, &c));
	CHECK_EQ(COUNTERS, c.seen);
	return c;
}

static int ras_clear(int node, uint32_t counter)
{
	struct request r = request_new(ras_family(), RAS_CLEAR_COUNTER, NLM_F_ACK);
	uint32_t id = node;

	add_attr(&r, COUNTER_NODE, &id, sizeof(id));
	add_attr(&r, COUNTER_ID, &counter, sizeof(counter));
	return transact(&r, take_counter, NULL);
}

#define CHECK_COUNTED(node, before, ...)                                     \
	do {                                                                 \
		static const uint32_t more[COUNTERS + 1] = __VA_ARGS__;      \
		struct counters now = ras_counters(node);                    \
		for (int i = 1; i <= COUNTERS; i++)                          \
			CHECK_EQ((before).value[i] + more[i], now.value[i]); \
		before = now;                                                \
	} while (0)

TEST(errors_are_counted)
{
	static const char garbage[3] = "?";
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int node = ras_node("cdsp");
	struct counters before;
	struct dsp_call call;
	struct job *job;

	CHECK(node >= 0);
	before = ras_counters(node);
	job = start_call(dsp, s.fd, &call);
	dsp_reply(dsp, &call, 1);
	CHECK_OK(job_wait(job));
	CHECK_COUNTED(node, before, { 0 });
	dsp_reply(dsp, &call, 0);
	dsp_reply_ctx(dsp, 0x1234, 0);
	CHECK_COUNTED(node, before, { [3] = 2 });
	dsp_write(dsp, garbage, sizeof(garbage));
	dsp_write(dsp, garbage, 1);
	CHECK_COUNTED(node, before, { [4] = 2 });
	session_die(dsp, &s);
	CHECK_COUNTED(node, before, { [2] = 1 });
	dsp_down(dsp);
	CHECK_COUNTED(node, before, { [1] = 1 });
	dsp_up(dsp);
	CHECK_EQ(node, ras_node("cdsp"));
	CHECK_COUNTED(node, before, { 0 });
	CHECK_OK(ras_clear(node, 1));
	CHECK_EQ(0, ras_counters(node).value[1]);
	CHECK_EQ(before.value[2], ras_counters(node).value[2]);
	dsp_finish(dsp);
}

/* Neither it nor another call that has taken as long keeps the system from being suspended. */
TEST(an_answer_that_does_not_come_is_counted)
{
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int node = ras_node("cdsp"), fd = dsp_open(dsp);
	struct counters before = ras_counters(node);
	struct dsp_call call, unanswered;
	struct drm_qda_query query = { .type = QDA_QUERY_CAPABILITY, .index = 6 };
	struct frpc_create wire;
	struct dsp_call question;
	struct job *job = start_call(dsp, s.fd, &call), *late = create_start(fd, &create), *asked;

	expect_create(dsp, &unanswered, &wire);
	asked = job_start(s.fd, DRM_IOCTL_QDA_QUERY, &query);
	dsp_expect(dsp, &question, FRPC_HANDLE_UTILITIES, 0);
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(late, 3 * WAIT_MS));
	CHECK_ERR(-ETIMEDOUT, job_wait_ms(asked, 3 * WAIT_MS));
	/* The same question, and it is over. */
	CHECK_ERR(-ETIMEDOUT, qda_query(fd, QDA_QUERY_CAPABILITY, 6, &query));
	CHECK_COUNTED(node, before, { [5] = 2 });
	CHECK_ERR(-PLATFORM_SAYS, suspend_system(dsp));
	CHECK(!job_done(job));
	dsp_reply(dsp, &call, 0x21);
	CHECK_OK(job_wait(job));
	dsp_reply(dsp, &unanswered, 1);
	dsp_reply(dsp, &question, FRPC_EUNSUPPORTED);
	dsp_finish(dsp);
}

static bool has_one_in_flight(void *dsp)
{
	return qda_get(dsp, "calls_in_flight") == 1;
}

TEST(a_message_that_cannot_be_sent_is_counted)
{
	struct dsp *dsp = dsp_new("cdsp");
	int node = ras_node("cdsp");
	struct counters before = ras_counters(node);
	struct session s = session_new(dsp);
	struct invocation *inv = inv_new(TEST_HANDLE, 1);
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	inv->req.deadline = (start.tv_sec + 1) * 1000000000ull + start.tv_nsec;
	vdsp_set(dsp, "send_fail", 1000000000);
	CHECK_ERR(-ETIMEDOUT, job_wait(invoke_start(s.fd, &inv->req)));
	CHECK_COUNTED(node, before, { [6] = 1 });
	vdsp_set(dsp, "send_fail", 0);
	free(inv);
	dsp_finish(dsp);
}

static int client_asks(void *arg)
{
	int node = *(int *)arg;

	for (;;)
		ras_counters(node);
	return 0;
}

/* Who does not want to wait any longer says nothing about the transport. */
TEST(a_sender_who_is_killed_is_not_counted)
{
	struct dsp *dsp = dsp_new("cdsp");
	int node = ras_node("cdsp");
	struct counters before = ras_counters(node);
	struct frpc_create wire;
	struct dsp_call call;
	pid_t pid = client_start(client_hangs, dsp->node);

	expect_create(dsp, &call, &wire);
	vdsp_set(dsp, "send_fail", 1000000000);
	dsp_reply(dsp, &call, 0);
	CHECK(wait_for(has_one_in_flight, dsp));
	client_kill(pid);
	CHECK_COUNTED(node, before, { 0 });
	vdsp_set(dsp, "send_fail", 0);
	expect_release(dsp, &call, wire.client_id);
	dsp_reply(dsp, &call, 0);
	dsp_finish(dsp);
}

TEST(error_counters_are_read_while_the_dsp_comes_and_goes)
{
	struct dsp *dsp = dsp_new("cdsp");
	int node = ras_node("cdsp");
	uint32_t lost = ras_counters(node).value[1];
	pid_t pid = client_start(client_asks, &node);

	for (int i = 0; i < 3; i++) {
		session_new(dsp);
		dsp_down(dsp);
		close(dsp->files[--dsp->file_count]);
		dsp_up(dsp);
	}
	client_kill(pid);
	CHECK_EQ(lost + 3, ras_counters(node).value[1]);
	dsp_finish(dsp);
	module_unload("qda");
	/* To ask for the nodes now would meet a kernel that mishandles having none. */
	module_load("qda");
}
