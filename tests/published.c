// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Programs that others have published, as Debian's package has them, on the legacy interface and
 * with real Hexagon code on the other side: hexagonrpcd, which serves files to the DSP, and
 * chrecd, which it starts and which calls a module there.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hexagonrpcd.h"
#include "ktap.h"
#include "legacy.h"
#include "legacy_suite.h"
#include "module.h"
#include "published_client.h"

#define SECURE_NODE "/dev/fastrpc-cdsp-secure"
/* After the attachment: the listener is registered and waits for what the DSP asks. */
#define LISTENS "0.0 M.0 0.1 3.3 3.4 "
#define NOBODY	65534

/* Methods of the module "probe" */
#define PROBE_ASK      19
#define PROBE_ASK_OPEN 20
#define PROBE_ALLOCATE 22

static void clean_up(void)
{
	trace_remove();
	dsp_remove_all();
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(clean_up);
	/* Two emulators on top of each other. */
	ktap_seconds(240);
}

/* ---- the daemon ---- */

static const char *in_folder(const char *name, char path[512])
{
	snprintf(path, 512, "%s/%s", getenv("QDA_DSP_DIR"), name);
	return path;
}

/* Starts it for cdsp; from here on its calls are traced. */
static pid_t start(struct hexagonrpcd_options options)
{
	static char folder[512];

	hexagonrpcd_folder("cdsp", folder);
	options.folder = folder;
	options.dsp = "cdsp";
	options.node = SECURE_NODE;
	trace_start();
	return hexagonrpcd_start(&options);
}

static void check_killed_by(pid_t pid, int sig)
{
	int status;

	CHECK_EQ(0, kill(pid, sig));
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(sig, WTERMSIG(status));
}

/* Nothing is left, and the next program works. */
static void check_works_again(struct dsp *dsp)
{
	qda_wait(dsp, "sessions", 0);
	check_no_pd_left();
	check_works();
	dsp_finish(dsp);
	check_no_pd_left();
}

TEST(daemons_of_the_root_pd_and_of_the_sensors_pd)
{
	struct dsp *dsp = legacy_dsp("cdsp");
	pid_t root, sensors;

	root = start((struct hexagonrpcd_options){ 0 });
	wait_calls(root, "1.0 " LISTENS);
	sensors = start((struct hexagonrpcd_options){ .sensors = true });
	wait_calls(sensors, "1.0 " LISTENS);
	CHECK_EQ(2, qda_get(dsp, "processes"));
	CHECK_EQ(2, real_pds());
	qda_wait(dsp, "calls_in_flight", 2);
	/* Other programs come and go meanwhile. */
	check_works();
	check_killed_by(root, SIGTERM);
	qda_wait(dsp, "sessions", 1);
	check_killed_by(sensors, SIGKILL);
	qda_wait(dsp, "sessions", 0);
	legacy_reload(dsp);
	check_works_again(dsp);
}

/* Debian's service has no privilege but the nodes, which its udev rule gives to its user. */
TEST(daemon_as_a_distribution_starts_it)
{
	struct hexagonrpcd_options options = {
		.node = "/dev/fastrpc-adsp",
		.dsp = "adsp",
		.sensors = true,
		.unprivileged = true,
	};
	struct dsp *dsp;
	char folder[512];
	pid_t daemon;

	legacy_load();
	dsp = real_new("adsp nonsecure=1");
	legacy_wait_nodes(dsp, false, true);
	CHECK_EQ(0, chown(options.node, NOBODY, NOBODY));
	CHECK_EQ(0, chmod(options.node, 0660));
	hexagonrpcd_folder("adsp", folder);
	options.folder = folder;
	trace_start();
	daemon = hexagonrpcd_start(&options);
	wait_calls(daemon, "1.0 " LISTENS);
	check_killed_by(daemon, SIGTERM);
	qda_wait(dsp, "sessions", 0);
	dsp_finish(dsp);
	check_no_pd_left();
}

/* ---- calls on the daemon's file, by a program that it starts ---- */

/* A PD of our shell, which is served, and the program. */
struct served {
	struct dsp *dsp;
	pid_t daemon;
	pid_t program;
	int relay;
};

static struct relay_call relay_receive(const struct served *s)
{
	static struct relay_call call;
	struct pollfd p = { .fd = s->relay, .events = POLLIN };

	if (poll(&p, 1, REAL_MS) != 1 || recv(s->relay, &call, sizeof(call), 0) != sizeof(call))
		FAIL("the program that hexagonrpcd started does not answer");
	return call;
}

static void relay_send(const struct served *s, const struct relay_call *call)
{
	CHECK_EQ(sizeof(*call), send(s->relay, call, sizeof(*call), MSG_NOSIGNAL));
}

static struct served serve(const char *line)
{
	struct served s = { .dsp = legacy_dsp(line) };
	char shell[512], program[512], number[16];
	int fds[2];

	CHECK_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
	CHECK_EQ(0, fcntl(fds[0], F_SETFD, FD_CLOEXEC));
	snprintf(number, sizeof(number), "%d", fds[1]);
	setenv(RELAY_VARIABLE, number, 1);
	s.relay = fds[0];
	s.daemon = start((struct hexagonrpcd_options){
		.shell = in_folder("qda_shell.elf", shell),
		.program = in_folder("published-client", program),
	});
	close(fds[1]);
	wait_calls(s.daemon, "1.6 " LISTENS);
	s.program = relay_receive(&s).result;
	return s;
}

/* A call of these buffers; outputs have only a length. */
static struct relay_call relay_make(uint32_t handle, uint32_t method)
{
	return (struct relay_call){ .handle = handle, .method = method };
}

static void add_in(struct relay_call *call, const void *data, uint32_t len)
{
	size_t at = 0;

	for (uint32_t i = 0; i < call->in; i++)
		at += call->len[i];
	CHECK(call->in < RELAY_ARGS && len <= RELAY_ROOM - at);
	memcpy(call->data + at, data, len);
	call->len[call->in++] = len;
}

static void add_out(struct relay_call *call, uint32_t len)
{
	CHECK(call->in + call->out < RELAY_ARGS);
	call->len[call->in + call->out++] = len;
}

static const void *output(const struct relay_call *call, uint32_t i)
{
	size_t at = 0;

	for (uint32_t k = 0; k < call->in + i; k++)
		at += call->len[k];
	return call->data + at;
}

static int relay(const struct served *s, struct relay_call *call)
{
	relay_send(s, call);
	*call = relay_receive(s);
	return call->result;
}

static struct relay_call open_call(const char *name)
{
	uint32_t in[2] = { (uint32_t)strlen(name) + 1, RPC_TEXT_SIZE };
	struct relay_call call = relay_make(RPC_REMOTECTL, 0);

	add_in(&call, in, sizeof(in));
	add_in(&call, name, in[0]);
	add_out(&call, 2 * sizeof(uint32_t));
	add_out(&call, RPC_TEXT_SIZE);
	return call;
}

/* The DSP's code; handle and text as the DSP gave them. */
static uint32_t open_module(const struct served *s, const char *name, uint32_t *handle,
			    char text[RPC_TEXT_SIZE])
{
	struct relay_call call = open_call(name);
	uint32_t out[2];

	CHECK_OK(relay(s, &call));
	memcpy(out, output(&call, 0), sizeof(out));
	memcpy(text, output(&call, 1), RPC_TEXT_SIZE);
	text[RPC_TEXT_SIZE - 1] = '\0';
	*handle = out[0];
	return out[1];
}

static uint32_t must_open(const struct served *s, const char *name)
{
	char text[RPC_TEXT_SIZE];
	uint32_t handle, code = open_module(s, name, &handle, text);

	if (code)
		FAIL("opening %s: %#x %s", name, code, text);
	CHECK(handle > 255);
	return handle;
}

static int call_one(const struct served *s, uint32_t handle, uint32_t method, const void *in,
		    uint32_t in_len, void *out, uint32_t out_len)
{
	struct relay_call call = relay_make(handle, method);
	int ret;

	add_in(&call, in, in_len);
	add_out(&call, out_len);
	ret = relay(s, &call);
	memcpy(out, output(&call, 0), out_len);
	return ret;
}

/* What the application does not serve has the code of that, and the daemon serves on. */
static void check_loading(const struct served *s)
{
	char text[RPC_TEXT_SIZE];
	uint32_t twice, handle;
	int32_t number = -42;

	twice = must_open(s, TWICE_URI);
	CHECK_OK(
		call_one(s, twice, TWICE_DOUBLE, &number, sizeof(number), &number, sizeof(number)));
	CHECK_EQ(-84, number);
	/* Asked for: apps_std, the file, its bytes, its close, and the log, which it has not. */
	wait_calls(s->daemon, "1.6 " LISTENS "3.4 3.4 3.4 3.4 3.4 ");
	hexagonrpcd_says("adspmsgd_apps");
	CHECK_EQ((uint32_t)RPC_EUNABLETOLOAD, open_module(s, SKEL_URI("nothere"), &handle, text));
	if (!strstr(text, "libnothere_skel.so"))
		FAIL("opening what is not there says: %s", text);
	CHECK_EQ(0, handle);
	hexagonrpcd_says("libnothere_skel.so");
	must_open(s, SKEL_URI("threads"));
}

/* ---- files ---- */

enum { FILE_SIZE = 10000, CHUNK = 4096 };

static unsigned char content[FILE_SIZE];

static void write_file(const char *name)
{
	char path[512];
	FILE *file = fopen(in_folder(name, path), "wb");

	fill_pattern(content, FILE_SIZE, 8);
	if (!file || fwrite(content, 1, FILE_SIZE, file) != FILE_SIZE || fclose(file))
		FAIL("%s: %m", path);
}

/* A call of apps_std, made by code on the DSP; its inputs are still to be added. */
static struct relay_call ask(uint32_t probe, uint32_t apps_std, uint32_t scalars)
{
	struct relay_call call = relay_make(probe, PROBE_ASK);
	uint32_t words[2] = { apps_std, scalars };

	add_in(&call, words, sizeof(words));
	return call;
}

static int ask_open(const struct served *s, uint32_t probe, uint32_t apps_std, const char *name,
		    uint32_t *file)
{
	const char *strings[] = { "ADSP_LIBRARY_PATH", ";", name, "rb" };
	struct relay_call call = ask(probe, apps_std, 19u << 24 | 5 << 16 | 1 << 8);
	uint32_t lengths[4];

	for (int i = 0; i < 4; i++)
		lengths[i] = (uint32_t)strlen(strings[i]) + 1;
	add_in(&call, lengths, sizeof(lengths));
	for (int i = 0; i < 4; i++)
		add_in(&call, strings[i], lengths[i]);
	add_out(&call, sizeof(*file));
	relay(s, &call);
	memcpy(file, output(&call, 0), sizeof(*file));
	return call.result;
}

/* How many bytes the DSP got, and whether the end was said. */
static uint32_t ask_read(const struct served *s, uint32_t probe, uint32_t apps_std, uint32_t file,
			 unsigned char bytes[CHUNK], uint32_t *end)
{
	struct relay_call call = ask(probe, apps_std, 4u << 24 | 1 << 16 | 2 << 8);
	uint32_t in[2] = { file, CHUNK }, out[2];

	add_in(&call, in, sizeof(in));
	add_out(&call, sizeof(out));
	add_out(&call, CHUNK);
	CHECK_OK(relay(s, &call));
	memcpy(out, output(&call, 0), sizeof(out));
	memcpy(bytes, output(&call, 1), CHUNK);
	CHECK(out[0] <= CHUNK);
	*end = out[1];
	return out[0];
}

static void check_content(const struct served *s, uint32_t probe, uint32_t apps_std, uint32_t file)
{
	unsigned char bytes[CHUNK];
	uint32_t at = 0, got, end = 0;

	while (!end) {
		got = ask_read(s, probe, apps_std, file, bytes, &end);
		CHECK(got <= FILE_SIZE - at);
		CHECK_MEM(content + at, bytes, got);
		at += got;
	}
	CHECK_EQ(FILE_SIZE, at);
}

/* Code on the DSP reads a file. */
static void check_files(const struct served *s, uint32_t probe)
{
	uint32_t apps_std, file;

	write_file("served.bin");
	CHECK_OK(call_one(s, probe, PROBE_ASK_OPEN, "apps_std", 9, &apps_std, sizeof(apps_std)));
	CHECK_OK(ask_open(s, probe, apps_std, "served.bin", &file));
	check_content(s, probe, apps_std, file);
	CHECK_EQ(1, ask_open(s, probe, apps_std, "nothere.bin", &file));
}

/* More than a process has: it asks the daemon, which asks the driver. */
static void check_heap(const struct served *s, uint32_t probe)
{
	uint32_t size = 33 * MIB, address = 0;

	CHECK_EQ(0, qda_get(s->dsp, "remote_maps"));
	CHECK_OK(
		call_one(s, probe, PROBE_ALLOCATE, &size, sizeof(size), &address, sizeof(address)));
	CHECK(address);
	CHECK_EQ(1, qda_get(s->dsp, "remote_maps"));
}

TEST(process_of_the_daemon_gets_modules_files_and_memory)
{
	struct served s = serve("cdsp");
	uint32_t probe;

	CHECK_EQ(1, real_pds());
	check_loading(&s);
	probe = must_open(&s, "probe");
	check_files(&s, probe);
	check_heap(&s, probe);
	close(s.relay);
	check_killed_by(s.daemon, SIGTERM);
	qda_wait(s.dsp, "sessions", 0);
	dsp_finish(s.dsp);
	check_no_pd_left();
}

/* ---- chrecd ---- */

TEST(chrecd_runs_its_thread_on_the_dsp)
{
	struct dsp *dsp = legacy_dsp("cdsp");
	char shell[512], script[512], go[512];
	pid_t daemon;
	int fd;

	CHECK_EQ(0, mkfifo(in_folder("go", go), 0600));
	hexagonrpcd_script(in_folder("chrecd.sh", script), "chrecd", go);
	daemon = start((struct hexagonrpcd_options){
		.shell = in_folder("qda_shell.elf", shell),
		.program = script,
	});
	wait_calls(daemon, "1.6 " LISTENS);
	fd = open(go, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(3, write(fd, "go\n", 3));
	close(fd);
	/* Opened, started, waited for, and closed. What failed it would have said before it closed. */
	wait_other_calls(daemon, "0.0 M.0 M.1 0.1 ");
	CHECK(!hexagonrpcd_has_said("CHRE"));
	wait_calls(daemon, "1.6 " LISTENS "3.4 3.4 3.4 3.4 3.4 ");
	check_killed_by(daemon, SIGTERM);
	qda_wait(dsp, "sessions", 0);
	unlink(go);
	dsp_finish(dsp);
	check_no_pd_left();
}

/* ---- ends in the middle of a file ---- */

static bool has_reader(void *arg)
{
	int *fd = arg;
	char path[512];

	*fd = open(in_folder("libslow_skel.so", path), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	return *fd >= 0;
}

/*
 * The DSP loads a file that is a pipe: there the daemon stops in the middle, and stays until the
 * returned end is closed.
 */
static int stop_in_file(const struct served *s)
{
	struct relay_call call = open_call(SKEL_URI("slow"));
	char path[512];
	int fd;

	in_folder("libslow_skel.so", path);
	unlink(path);
	CHECK_EQ(0, mkfifo(path, 0600));
	relay_send(s, &call);
	if (!wait_for(has_reader, &fd))
		FAIL("the daemon does not open the file");
	/* It has said so to the DSP and got what comes next; only the program waits there. */
	wait_calls(s->daemon, "1.6 " LISTENS "3.4 3.4 ");
	qda_wait(s->dsp, "calls_in_flight", 1);
	return fd;
}

static void check_program_ends(const struct served *s)
{
	struct pollfd p = { .fd = s->relay };

	if (poll(&p, 1, REAL_MS) != 1 || !(p.revents & POLLHUP))
		FAIL("the daemon did not end its program");
	close(s->relay);
}

/* The daemon finds out when it gives the DSP what it read, and ends as it does at any error. */
static void check_daemon_gives_up(const struct served *s, int file)
{
	close(file);
	CHECK_EQ(0, client_wait(s->daemon));
	hexagonrpcd_says("Could not fetch next FastRPC message");
	check_program_ends(s);
}

/* One serves, another one waits for what it is asked. */
TEST(dsp_crashes_under_daemons)
{
	struct served s = serve("cdsp");
	int file = stop_in_file(&s);
	pid_t waits = start((struct hexagonrpcd_options){ 0 });

	wait_calls(waits, "1.0 " LISTENS);
	vdsp_set(s.dsp, "up", 0);
	CHECK_EQ(0, client_wait(waits));
	hexagonrpcd_says("Could not fetch next FastRPC message: Broken pipe");
	CHECK_ERR(-EPIPE, relay_receive(&s).result);
	check_daemon_gives_up(&s, file);
	real_restart(s.dsp);
	legacy_wait_nodes(s.dsp, true, true);
	qda_wait(s.dsp, "sessions", 0);
	legacy_reload(s.dsp);
	check_works_again(s.dsp);
}

TEST(process_on_the_dsp_dies_while_the_daemon_serves)
{
	struct served s = serve("cdsp");
	int file = stop_in_file(&s);

	CHECK_EQ(1, real_kill_pds());
	CHECK_EQ(RPC_EBADSTATE, relay_receive(&s).result);
	check_daemon_gives_up(&s, file);
	check_works_again(s.dsp);
}

/* Its program has the file, too, and waits for a module that nobody serves any more. */
TEST(daemon_killed_while_it_serves)
{
	struct served s = serve("cdsp");
	int file = stop_in_file(&s);

	check_killed_by(s.daemon, SIGKILL);
	close(file);
	CHECK_EQ(1, qda_get(s.dsp, "sessions"));
	CHECK_EQ(1, qda_get(s.dsp, "calls_in_flight"));
	CHECK_EQ(1, real_pds());
	CHECK_EQ(0, kill(s.program, SIGKILL));
	check_program_ends(&s);
	check_works_again(s.dsp);
}
