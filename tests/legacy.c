// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Programs of the old interface, with real Hexagon code on the other side: what they do and
 * what the DSP asks them for, in the order in which FastRPC's library does it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktap.h"
#include "legacy.h"
#include "legacy_suite.h"

#define INSTANCE "/sys/kernel/tracing/instances/qdalegacy/"
#define LISTENER_URI                                                                          \
	"file:///libadsp_default_listener1_skel.so?adsp_default_listener1_skel_handle_invoke" \
	"&_modver=1.0&_dom=cdsp"
#define CAP_PERF       129
#define CAP_DMA_HANDLE 131

static void clean_up(void)
{
	rmdir(INSTANCE);
	legacy_after_each();
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(clean_up);
	/* Two emulators on top of each other. */
	ktap_seconds(240);
}

/* ---- what the driver sent ---- */

static void trace_start(void)
{
	if (mkdir(INSTANCE, 0700) && access(INSTANCE, F_OK))
		FAIL("no instance of the tracer: %m");
	CHECK_OK(write_text(INSTANCE "events/qda/qda_call_submit/enable", "1"));
}

/*
 * The calls of one thread, or of all others, as "HANDLE.METHOD"; handles of modules are M. What a
 * thread sends has an order; between threads there is none.
 */
static void read_calls(pid_t thread, bool others, char *text, size_t size)
{
	static char trace[1 << 18];
	char *line, *rest, *at;
	size_t len = 0;

	read_text(INSTANCE "trace", trace, sizeof(trace));
	text[0] = '\0';
	for (line = strtok_r(trace, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned int pid, handle, method;

		at = strstr(line, " pid=");
		if (!strstr(line, "qda_call_submit: ") || !at ||
		    sscanf(at, " pid=%u handle=%x method=%u", &pid, &handle, &method) != 3 ||
		    (pid == (unsigned int)thread) == others)
			continue;
		if (handle > 255)
			len += snprintf(text + len, size - len, "M.%u ", method);
		else
			len += snprintf(text + len, size - len, "%u.%u ", handle, method);
		if (len >= size)
			FAIL("too many calls were traced");
	}
}

static void check_calls(const char *mine, const char *others)
{
	char text[1024];

	read_calls(gettid(), false, text, sizeof(text));
	if (strcmp(mine, text))
		FAIL("the application's calls: expected \"%s\", seen \"%s\"", mine, text);
	read_calls(gettid(), true, text, sizeof(text));
	if (strcmp(others, text))
		FAIL("the listener's calls: expected \"%s\", seen \"%s\"", others, text);
}

/* ---- processes of applications ---- */

/* Before the first session, on a file that is closed again; and in the session. */
static void ask_capability(const char *node, uint32_t attribute)
{
	int fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint32_t value = 77;

	CHECK(fd >= 0);
	CHECK_OK(rpc_capability(fd, attribute, &value));
	CHECK_EQ(0, value);
	close(fd);
}

/* What the DSP asks for to load the module, and its log line of the call. */
static const char *const load_twice[] = {
	"listen", "open apps_std",	"fopen_with_env libtwice_skel.so",   "fread",
	"fclose", "open adspmsgd_apps", "log twice_skel.c:31: twice is -84", NULL,
};

static void check_session(enum rpc_pd pd, const char *mine)
{
	struct dsp *dsp = legacy_dsp("cdsp");
	struct rpc_options options;
	struct rpc_client *client;
	uint32_t twice, value;
	struct seen seen;

	seen_init(&seen);
	options = legacy_options(pd, &seen);
	trace_start();
	ask_capability(options.node, CAP_DMA_HANDLE);
	/* The listener comes after the module was asked for: capabilities, CREATE, open. */
	seen.dsp = dsp;
	seen.calls = 3;
	CHECK_OK(rpc_client_open(&client, &options));
	CHECK_OK(rpc_capability(rpc_client_fd(client), CAP_PERF, &value));
	twice = legacy_module(client, TWICE_URI);
	check_twice(client, twice, -42);
	seen_wait(&seen, "log ");
	CHECK_OK(rpc_module_close(client, twice));
	CHECK_OK(rpc_thread_exit(client));
	check_ends(client);
	seen_check(&seen, load_twice);
	check_calls(mine, "7.5 7.6 7.7 7.6 7.6 7.6 7.6 7.6 7.6 ");
	dsp_finish(dsp);
	check_no_pd_left();
}

TEST(signed_pd_in_the_order_of_the_library)
{
	check_session(RPC_PD_SIGNED, "2.0 1.6 8.2 M.2 8.3 4.3 4.2 1.1 ");
}

TEST(unsigned_pd_in_the_order_of_the_library)
{
	check_session(RPC_PD_UNSIGNED, "2.0 1.7 8.2 M.2 8.3 4.3 4.2 1.1 ");
}

TEST(signed_pd_by_the_plain_node_is_told_to_be_unsigned)
{
	struct dsp *dsp = legacy_dsp("cdsp");
	struct rpc_options options = legacy_options(RPC_PD_SIGNED, NULL);
	struct rpc_client *client;

	options.node = "/dev/fastrpc-cdsp";
	CHECK_ERR(-ECONNREFUSED, rpc_client_open(&client, &options));
	options.pd = RPC_PD_UNSIGNED;
	options.shell = NULL;
	CHECK_OK(rpc_client_open(&client, &options));
	check_ends(client);
	dsp_finish(dsp);
}

static int client_unprivileged(void *arg)
{
	(void)arg;
	CHECK_EQ(0, chmod("/dev/fastrpc-cdsp", 0666));
	CHECK_EQ(0, chmod(getenv("QDA_DSP_DIR"), 0755));
	drop_root();
	check_works();
	return 0;
}

TEST(program_without_privileges_by_the_plain_node)
{
	struct dsp *dsp = legacy_dsp("cdsp");

	CHECK_EQ(0, client_wait(client_start(client_unprivileged, NULL)));
	dsp_finish(dsp);
	check_no_pd_left();
}

/* Each session is a file of its own; nothing tells them apart but that. */
TEST(four_sessions_of_one_process)
{
	enum { SESSIONS = 4 };
	struct dsp *dsp = legacy_dsp("cdsp banks=4");
	struct rpc_client *client[SESSIONS];
	static struct seen seen[SESSIONS];
	uint32_t twice[SESSIONS];

	for (int i = 0; i < SESSIONS; i++) {
		seen_init(&seen[i]);
		client[i] = legacy_client(RPC_PD_UNSIGNED, &seen[i]);
		twice[i] = legacy_module(client[i], TWICE_URI);
	}
	CHECK_EQ(SESSIONS, qda_get(dsp, "processes"));
	CHECK_EQ(SESSIONS, real_pds());
	for (int i = SESSIONS - 1; i >= 0; i--)
		check_twice(client[i], twice[i], 100 + i);
	/* Each one's log goes to its own listener. */
	for (int i = 0; i < SESSIONS; i++) {
		char line[64];

		snprintf(line, sizeof(line), "log twice_skel.c:31: twice is %d", 2 * (100 + i));
		seen_wait(&seen[i], line);
	}
	check_ends(client[2]);
	check_twice(client[3], twice[3], 7);
	check_ends(client[0]);
	check_twice(client[1], twice[1], 8);
	check_ends(client[3]);
	check_ends(client[1]);
	dsp_finish(dsp);
	check_no_pd_left();
}

/* A thread of an application with its module: from a file, or linked into the process. */
struct user {
	struct rpc_client *client;
	const char *name;
	uint32_t method;
	int32_t in, out;
	int result;
	pthread_t thread;
};

static void *use_module(void *arg)
{
	struct user *user = arg;
	uint32_t handle;

	user->result = rpc_module_open(user->client, user->name, &handle, NULL);
	if (!user->result)
		user->result = rpc_call(user->client, handle, user->method, &user->in,
					user->in ? sizeof(user->in) : 0, &user->out,
					sizeof(user->out));
	if (!user->result)
		user->result = rpc_module_close(user->client, handle);
	if (!user->result)
		user->result = rpc_thread_exit(user->client);
	return NULL;
}

/* One listener serves them all, a request at a time. */
TEST(threads_load_modules_at_the_same_time)
{
	enum { ECHO = 4, SIGNALS = 4 };
	struct user users[] = {
		{ .name = TWICE_URI, .method = TWICE_DOUBLE, .in = 17, .out = 1 },
		{ .name = TWICE_URI, .method = TWICE_DOUBLE, .in = -3, .out = 1 },
		{ .name = "calc", .method = ECHO, .in = 12345, .out = 1 },
		{ .name = SKEL_URI("threads"), .method = SIGNALS, .out = 1 },
	};
	static const int32_t expected[] = { 34, -6, 12345, 0 };
	struct dsp *dsp = legacy_dsp("cdsp");
	struct rpc_client *client = legacy_client(RPC_PD_UNSIGNED, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		users[i].client = client;
		CHECK_EQ(0, pthread_create(&users[i].thread, NULL, use_module, &users[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		pthread_join(users[i].thread, NULL);
		CHECK_EQ(0, users[i].result);
		CHECK_EQ(expected[i], users[i].out);
	}
	check_ends(client);
	dsp_finish(dsp);
	check_no_pd_left();
}

/* ---- daemons ---- */

static void check_daemon(struct rpc_client *client)
{
	uint64_t in[3] = { 0 }, out = 0;
	uint32_t one, other;

	/* A buffer for the log, which is not there; daemons put up with it. */
	CHECK_EQ(RPC_EUNSUPPORTED,
		 rpc_call(client, RPC_MSGD, 4, in, sizeof(in), &out, sizeof(out)));
	one = legacy_module(client, "adsp_default_listener");
	other = legacy_module(client, "adsp_default_listener");
	CHECK_OK(rpc_invoke(client, other, 0, NULL));
	CHECK_OK(rpc_module_close(client, one));
	one = legacy_module(client, LISTENER_URI);
	CHECK_OK(rpc_invoke(client, one, 2, NULL));
}

TEST(daemon_of_the_root_pd)
{
	struct dsp *dsp = legacy_dsp("cdsp");
	struct rpc_client *daemon;
	struct seen seen;

	seen_init(&seen);
	trace_start();
	daemon = legacy_client(RPC_PD_ROOT, &seen);
	/* Its listener is there before anything else. */
	seen_wait(&seen, "listening");
	check_daemon(daemon);
	qda_wait(dsp, "calls_in_flight", 1);
	check_calls("1.0 5.4 8.2 8.2 M.0 8.3 8.2 M.2 ", "7.5 7.6 ");
	/* Applications come and go meanwhile. */
	check_works();
	check_ends(daemon);
	/* And a daemon that was restarted. */
	daemon = legacy_client(RPC_PD_ROOT, NULL);
	check_twice(daemon, legacy_module(daemon, TWICE_URI), 5);
	check_ends(daemon);
	dsp_finish(dsp);
	check_no_pd_left();
}

TEST(daemon_of_the_sensors_pd_with_the_older_handles)
{
	struct dsp *dsp = legacy_dsp("cdsp");
	struct rpc_options options;
	struct rpc_client *client;
	struct seen seen;
	uint32_t handle;

	seen_init(&seen);
	options = legacy_options(RPC_PD_SENSORS, &seen);
	options.old = true;
	trace_start();
	/* ATTACH, three calls of the default listener, and open, which waits. */
	seen.dsp = dsp;
	seen.calls = 5;
	CHECK_OK(rpc_client_open(&client, &options));
	handle = legacy_module(client, "adsp_default_listener");
	CHECK_OK(rpc_invoke(client, handle, 0, NULL));
	CHECK_OK(rpc_module_close(client, handle));
	check_twice(client, legacy_module(client, TWICE_URI), -42);
	seen_wait(&seen, "open adspmsgd_apps");
	check_ends(client);
	check_calls("1.0 0.0 M.0 0.1 0.0 M.2 4.2 1.1 ", "3.3 3.4 3.4 3.4 3.4 3.4 3.4 ");
	dsp_finish(dsp);
	check_no_pd_left();
}

/* ---- finding the DSP ---- */

static int count_remoteprocs(const char *name)
{
	DIR *dir = opendir("/sys/class/remoteproc");
	struct dirent *entry;
	char path[300], text[64];
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/class/remoteproc/%s/name", entry->d_name);
		read_text(path, text, sizeof(text));
		text[strcspn(text, "\n")] = '\0';
		count += !strcmp(text, name);
	}
	if (dir)
		closedir(dir);
	return count;
}

/* Programs look there before they open a node. */
TEST(domain_is_found_as_a_remoteproc)
{
	struct dsp *dsp = legacy_dsp("cdsp");
	struct dsp *other = legacy_dsp("cdsp1");

	CHECK_EQ(1, count_remoteprocs("cdsp"));
	CHECK_EQ(1, count_remoteprocs("cdsp1"));
	CHECK_EQ(0, count_remoteprocs("adsp"));
	dsp_finish(other);
	CHECK_EQ(0, count_remoteprocs("cdsp1"));
	dsp_finish(dsp);
	CHECK_EQ(0, count_remoteprocs("cdsp"));
}
