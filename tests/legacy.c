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

#define LISTENER_URI                                                                          \
	"file:///libadsp_default_listener1_skel.so?adsp_default_listener1_skel_handle_invoke" \
	"&_modver=1.0&_dom=cdsp"
#define CAP_PERF       129
#define CAP_DMA_HANDLE 131

static void clean_up(void)
{
	trace_remove();
	/* The module stays for the next test; the last one that needs it is not known here. */
	dsp_remove_all();
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(clean_up);
	/* Two emulators on top of each other. */
	ktap_seconds(240);
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
	"listen", "listening", "open apps_std",	     "fopen_with_env libtwice_skel.so",
	"fread",  "fclose",    "open adspmsgd_apps", "log twice_skel.c:31: twice is -84",
	NULL,
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

static int client_unprivileged(void *arg)
{
	(void)arg;
	CHECK_EQ(0, chmod("/dev/fastrpc-cdsp", 0666));
	CHECK_EQ(0, chmod(getenv("QDA_DSP_DIR"), 0755));
	drop_root();
	check_works();
	return 0;
}

TEST(plain_node_is_for_everyone_and_for_unsigned_pds)
{
	struct dsp *dsp = legacy_dsp("cdsp");
	struct rpc_options options = legacy_options(RPC_PD_SIGNED, NULL);
	struct rpc_client *client;

	options.node = "/dev/fastrpc-cdsp";
	CHECK_ERR(-ECONNREFUSED, rpc_client_open(&client, &options));
	CHECK_EQ(0, client_wait(client_start(client_unprivileged, NULL)));
	dsp_finish(dsp);
	check_no_pd_left();
}

/* A thread of an application with its module: from a file, or linked into the process. */
struct user {
	const char *name;
	uint32_t method;
	int32_t in, out;
	struct rpc_client *client;
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
					sizeof(user->in), &user->out, sizeof(user->out));
	if (!user->result)
		user->result = rpc_module_close(user->client, handle);
	if (!user->result)
		user->result = rpc_thread_exit(user->client);
	return NULL;
}

static void use_modules(struct user *users, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		CHECK_EQ(0, pthread_create(&users[i].thread, NULL, use_module, &users[i]));
	for (unsigned int i = 0; i < count; i++) {
		pthread_join(users[i].thread, NULL);
		CHECK_EQ(0, users[i].result);
		CHECK_EQ(users[i].in * (users[i].method == TWICE_DOUBLE ? 2 : 1), users[i].out);
	}
}

/*
 * Each session is a file of its own; nothing tells them apart but that. Threads load at the same
 * time, in sessions of their own and in the same one, and each session's log is its own.
 */
TEST(four_sessions_of_one_process)
{
	enum { SESSIONS = 4, ECHO = 4 };
	struct user users[] = {
		{ .name = TWICE_URI, .method = TWICE_DOUBLE, .in = 17 },
		{ .name = TWICE_URI, .method = TWICE_DOUBLE, .in = -3 },
		{ .name = "calc", .method = ECHO, .in = 12345 },
		{ .name = TWICE_URI, .method = TWICE_DOUBLE, .in = 18 },
	};
	static const unsigned int session_of[] = { 0, 1, 2, 0 };
	struct dsp *dsp = legacy_dsp("cdsp banks=4");
	struct rpc_client *client[SESSIONS];
	static struct seen seen[SESSIONS];

	for (int i = 0; i < SESSIONS; i++) {
		seen_init(&seen[i]);
		client[i] = legacy_client(RPC_PD_UNSIGNED, &seen[i]);
	}
	CHECK_EQ(SESSIONS, qda_get(dsp, "processes"));
	CHECK_EQ(SESSIONS, real_pds());
	for (size_t i = 0; i < ARRAY_SIZE(users); i++)
		users[i].client = client[session_of[i]];
	use_modules(users, ARRAY_SIZE(users));
	seen_wait(&seen[0], "log twice_skel.c:31: twice is 34");
	seen_wait(&seen[0], "log twice_skel.c:31: twice is 36");
	seen_wait(&seen[1], "log twice_skel.c:31: twice is -6");
	CHECK(!seen_has(&seen[2], "log"));
	/* They end in any order. */
	check_ends(client[2]);
	check_ends(client[0]);
	use_modules(&users[1], 1);
	check_ends(client[3]);
	check_ends(client[1]);
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
	legacy_module(daemon, "adsp_default_listener");
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
	struct dsp *dsp = dsp_new("cdsp");
	struct dsp *other = dsp_new("cdsp1");

	CHECK_EQ(1, count_remoteprocs("cdsp"));
	CHECK_EQ(1, count_remoteprocs("cdsp1"));
	CHECK_EQ(0, count_remoteprocs("adsp"));
	dsp_finish(other);
	CHECK_EQ(0, count_remoteprocs("cdsp1"));
	dsp_finish(dsp);
	CHECK_EQ(0, count_remoteprocs("cdsp"));
}
