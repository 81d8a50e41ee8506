// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * From an ELF file to a computed result: real Hexagon code runs in PDs that the driver
 * made, and what goes wrong in one of them stays there.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "real.h"

#define SHELL	  "qda_shell.elf"
#define SHELL_ALT "qda_shell_alt.elf"

enum { CALC_SUM = 2, CALC_MAX = 3, CALC_ECHO = 4, FILTER_DESCRIBE = 3 };

static void clean_up(void)
{
	dsp_remove_all();
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(clean_up);
	/* Two emulators on top of each other. */
	ktap_seconds(240);
}

static void numbers_call(int fd, uint32_t handle, unsigned int method, const int32_t *numbers,
			 uint32_t count, void *out, size_t out_len)
{
	struct invocation *inv = inv_new(handle, method);

	inv_in(inv, &count, sizeof(count));
	inv_in(inv, numbers, count * sizeof(*numbers));
	inv_out(inv, out, out_len);
	CHECK_OK(qda_invoke(fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	free(inv);
}

/* Adds up what the buffer has, to its end. */
static void submit_sum(int fd, uint32_t calc, const struct buffer *b, uint64_t user_data)
{
	struct invocation *inv = inv_new(calc, CALC_SUM);
	uint32_t count = PAGE / 4 - 2;

	fill_pattern(b->mem, PAGE, user_data);
	inv_in(inv, &count, sizeof(count));
	inv_bo_in(inv, b->handle, 0, count * 4);
	inv_bo_out(inv, b->handle, count * 4, 8);
	inv->req.flags = QDA_INVOKE_ASYNC;
	inv->req.user_data = user_data;
	CHECK_OK(qda_invoke(fd, &inv->req));
	free(inv);
}

static void check_async_sum(const struct buffer *b, uint64_t user_data)
{
	const int32_t *numbers = (int32_t *)b->mem;
	int32_t expected[PAGE / 4];
	int64_t sum = 0, seen;

	fill_pattern(expected, PAGE, user_data);
	for (unsigned int i = 0; i < PAGE / 4 - 2; i++) {
		CHECK_EQ(expected[i], numbers[i]);
		sum += numbers[i];
	}
	memcpy(&seen, &numbers[PAGE / 4 - 2], sizeof(seen));
	CHECK_EQ(sum, seen);
}

TEST(one_thread_keeps_16_calls_in_flight)
{
	enum { PLACES = 16, CALLS = 64 };
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int fd = real_session(dsp, shell);
	uint32_t calc = module_open(fd, "calc");
	struct buffer b[PLACES];
	uint64_t begun = 0;

	for (; begun < PLACES; begun++) {
		b[begun] = buffer_new(fd, PAGE, 0);
		submit_sum(fd, calc, &b[begun], begun);
	}
	for (int ended = 0; ended < CALLS; ended++) {
		struct drm_qda_event_invoke event;
		struct buffer *place;

		CHECK_EQ(sizeof(event), read(fd, &event, sizeof(event)));
		CHECK_EQ(0, event.error);
		CHECK_EQ(0, event.dsp_status);
		/* A place is used every 16th time, as calls of it follow each other. */
		place = &b[event.user_data % PLACES];
		check_async_sum(place, event.user_data);
		if (begun++ < CALLS)
			submit_sum(fd, calc, place, event.user_data + PLACES);
	}
	buffers_finish(dsp);
	check_no_pd_left();
}

TEST(calc_computes_on_the_dsp)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int fd = real_session(dsp, shell);
	uint32_t calc = module_open(fd, "calc");
	static int32_t numbers[20000];
	static const uint32_t counts[] = { 1, 2, 1000, 20000 };

	fill_pattern(numbers, sizeof(numbers), 3);
	for (size_t k = 0; k < ARRAY_SIZE(counts); k++) {
		int64_t sum = 0, seen = 0;
		int32_t max = numbers[0], seen_max = 0;

		for (uint32_t i = 0; i < counts[k]; i++) {
			sum += numbers[i];
			max = numbers[i] > max ? numbers[i] : max;
		}
		numbers_call(fd, calc, CALC_SUM, numbers, counts[k], &seen, sizeof(seen));
		CHECK_EQ(sum, seen);
		numbers_call(fd, calc, CALC_MAX, numbers, counts[k], &seen_max, sizeof(seen_max));
		CHECK_EQ(max, seen_max);
	}
	dsp_finish(dsp);
	check_no_pd_left();
}

TEST(echo_of_many_sizes)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int fd = real_session(dsp, shell);
	uint32_t calc = module_open(fd, "calc"), status;
	unsigned char *in = malloc(MIB / 2), *out = malloc(MIB / 2);

	for (size_t size = 1; size <= MIB / 2; size *= 8) {
		fill_pattern(in, size, size);
		memset(out, POISON, size);
		CHECK_OK(real_call(fd, calc, CALC_ECHO, in, size, out, size, &status));
		CHECK_EQ(0, status);
		CHECK_MEM(in, out, size);
	}
	dsp_finish(dsp);
}

static void describe(struct dsp *dsp, struct image image, char text[64])
{
	int fd = real_session(dsp, image);
	uint32_t status;

	memset(text, 0, 64);
	CHECK_OK(real_call(fd, module_open(fd, "filter"), FILTER_DESCRIBE, NULL, 0, text, 64,
			   &status));
	CHECK_EQ(0, status);
}

/* It is the ELF that the caller gave, not one that lay around. */
TEST(another_elf_gives_another_result)
{
	struct image one = image_load(SHELL), other = image_load(SHELL_ALT);
	struct dsp *dsp = real_new("cdsp");
	char a[64], b[64], c[64];

	describe(dsp, one, a);
	describe(dsp, other, b);
	describe(dsp, one, c);
	CHECK(strcmp(a, b));
	CHECK(!strcmp(a, c));
	ktap_note("the filters are \"%s\" and \"%s\"", a, b);
	dsp_finish(dsp);
}

TEST(no_image_starts_the_firmwares_own_shell)
{
	struct image none = { 0 };
	struct dsp *dsp = real_new("cdsp");
	int fd = real_session(dsp, none);
	int32_t numbers[3] = { 1, 2, 3 };
	int64_t sum;

	numbers_call(fd, module_open(fd, "calc"), CALC_SUM, numbers, 3, &sum, sizeof(sum));
	CHECK_EQ(6, sum);
	dsp_finish(dsp);
}

static void check_sum(int fd)
{
	int32_t numbers[3] = { 1, 2, 39 };
	int64_t sum = 0;

	numbers_call(fd, module_open(fd, "calc"), CALC_SUM, numbers, 3, &sum, sizeof(sum));
	CHECK_EQ(42, sum);
}

TEST(root_pd_serves_who_attaches)
{
	struct drm_qda_remote_attach attach = ROOT_PD, other = ROOT_PD;
	struct dsp *dsp = real_new("cdsp");
	int fd = dsp_open(dsp), fd2 = dsp_open(dsp);

	CHECK_OK(qda_attach(fd, &attach));
	CHECK_OK(qda_attach(fd2, &other));
	check_sum(fd);
	check_sum(fd2);
	dsp_finish(dsp);
	check_no_pd_left();
}

TEST(pds_of_the_firmware_by_kind_and_name)
{
	struct drm_qda_remote_attach known[] = { { .pd = QDA_PD_SENSORS },
						 STATIC_PD("audiopd"),
						 STATIC_PD("oispd") };
	struct drm_qda_remote_attach unknown = STATIC_PD("nosuchpd");
	struct dsp *dsp = real_new("adsp");
	int fd = dsp_open(dsp);

	CHECK_ERR(-EREMOTEIO, qda_attach(fd, &unknown));
	CHECK_EQ(FRPC_EUNABLETOLOAD, unknown.dsp_status);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct drm_qda_session_release release = { 0 };

		CHECK_OK(qda_attach(fd, &known[i]));
		check_sum(fd);
		CHECK_OK(qda_release(fd, &release));
	}
	dsp_finish(dsp);
	check_no_pd_left();
}

/* What dspd says of itself. */
TEST(capabilities_of_the_dsp)
{
	static const uint32_t expected[][2] = {
		{ 1, 1 }, { 2, 0 }, { 3, 1 }, { 6, 0x68 }, { 255, 0 }
	};
	struct dsp *dsp = real_new("cdsp");
	struct drm_qda_query query;
	int fd = dsp_open(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		CHECK_OK(qda_query(fd, QDA_QUERY_CAPABILITY, expected[i][0], &query));
		CHECK_EQ(expected[i][1], query.value);
	}
	dsp_finish(dsp);
}

static void check_refused(int fd, struct image image, const char *what)
{
	struct drm_qda_init_create create;
	int ret = real_create(fd, image, &create);

	if (ret != -EREMOTEIO || create.dsp_status != FRPC_EUNABLETOLOAD)
		FAIL("%s: expected -EREMOTEIO with %#x, seen %d with %#x", what, FRPC_EUNABLETOLOAD,
		     ret, create.dsp_status);
}

TEST(elf_of_another_machine_is_refused)
{
	struct image x86 = image_of_file("/proc/self/exe"), shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int fd = dsp_open(dsp);
	struct drm_qda_init_create create;

	check_refused(fd, x86, "an ELF of x86");
	/* Our shell, with another machine's number. */
	((unsigned char *)shell.data)[18] = 62;
	check_refused(fd, shell, "machine 62");
	((unsigned char *)shell.data)[18] = 164;
	CHECK_OK(real_create(fd, shell, &create));
	dsp_finish(dsp);
}

TEST(broken_elf_is_refused)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int fd = dsp_open(dsp);
	size_t whole = shell.size;
	static const size_t cuts[] = { 1, 4, 16, 51, 52, 60 };

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		shell.size = cuts[i];
		check_refused(fd, shell, "a truncated ELF");
	}
	shell.size = whole / 3;
	check_refused(fd, shell, "a third of an ELF");
	shell.size = whole;
	((unsigned char *)shell.data)[0] = 0;
	check_refused(fd, shell, "an ELF without its first byte");
	fill_pattern(shell.data, 10000, 1);
	shell.size = 10000;
	check_refused(fd, shell, "noise");
	dsp_finish(dsp);
	check_no_pd_left();
}

/*
 * The application's side of calls that the DSP makes: a call of the application's listener gets
 * the next one, and brings the results of the one before.
 */
struct listener {
	int fd;
	struct image file;
	size_t read;
	uint32_t in[4];	 /* request answered, result, length of results, room */
	uint32_t out[4]; /* request, handle, scalars, length of inputs */
	unsigned char inputs[4096];
	unsigned char results[0x20000];
};

enum { APPS_STD = 0x1234, LISTENER_INIT = 5, LISTENER_NEXT = 6, PROCESS_EXIT = 2 };

static struct invocation *listener_next(struct listener *listener)
{
	struct invocation *inv = inv_new(FRPC_HANDLE_LISTENER1, LISTENER_NEXT);

	listener->in[3] = sizeof(listener->inputs);
	inv_in(inv, listener->in, sizeof(listener->in));
	inv_in(inv, listener->results, listener->in[2]);
	inv_out(inv, listener->out, sizeof(listener->out));
	inv_out(inv, listener->inputs, sizeof(listener->inputs));
	return inv;
}

/* Each output: its length, then at a multiple of 8 its bytes. */
static void put_output(struct listener *listener, const void *data, uint32_t len)
{
	uint32_t at = listener->in[2];

	memcpy(listener->results + at, &len, sizeof(len));
	at = (at + sizeof(len) + 7) & ~7u;
	memcpy(listener->results + at, data, len);
	listener->in[2] = at + len;
}

/* What the smallest of the real clients has for the DSP, but for the names of files. */
static void serve(struct listener *listener)
{
	static unsigned char data[0x10000];
	uint32_t words[2] = { 0 };
	size_t left = listener->file.size - listener->read;

	listener->in[0] = listener->out[0];
	listener->in[1] = 0;
	listener->in[2] = 0;
	switch (listener->out[2]) {
	case FRPC_SC(0, 2, 2): /* open "apps_std" */
		words[0] = APPS_STD;
		put_output(listener, words, sizeof(words));
		put_output(listener, data, 256);
		return;
	case FRPC_SC(19, 5, 1): /* fopen_with_env */
		put_output(listener, words, sizeof(words[0]));
		return;
	case FRPC_SC(4, 1, 2): /* fread */
		words[0] = left < sizeof(data) ? left : sizeof(data);
		words[1] = left < sizeof(data);
		memcpy(data, (char *)listener->file.data + listener->read, words[0]);
		listener->read += words[0];
		put_output(listener, words, sizeof(words));
		put_output(listener, data, sizeof(data));
		return;
	case FRPC_SC(3, 1, 0): /* fclose */
		return;
	default:
		FAIL("the DSP asks for %#x of handle %#x", listener->out[2], listener->out[1]);
	}
}

static struct job *open_start(int fd, const char *uri, uint32_t out[2], struct invocation **inv)
{
	static char text[256];
	static uint32_t in[2];

	in[0] = strlen(uri) + 1;
	in[1] = sizeof(text);
	*inv = inv_new(FRPC_HANDLE_REMOTECTL1, 2);
	inv_in(*inv, in, sizeof(in));
	inv_in(*inv, uri, in[0]);
	inv_out(*inv, out, 2 * sizeof(out[0]));
	inv_out(*inv, text, sizeof(text));
	return invoke_start(fd, &(*inv)->req);
}

/* As FastRPC's library does it: the module is opened before there is a listener. */
static void serve_open(struct listener *listener, struct job *open)
{
	uint32_t status;

	CHECK_OK(real_call(listener->fd, FRPC_HANDLE_LISTENER1, LISTENER_INIT, NULL, 0, NULL, 0,
			   &status));
	CHECK_EQ(0, status);
	for (int i = 0; i < 4; i++) {
		struct invocation *inv = listener_next(listener);

		CHECK(!job_done(open));
		CHECK_OK(qda_invoke(listener->fd, &inv->req));
		CHECK_EQ(0, inv->req.dsp_status);
		serve(listener);
		free(inv);
	}
}

TEST(module_comes_from_a_file_of_the_application)
{
	static struct listener listener;
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int32_t numbers[3] = { 40, 1, 1 };
	struct invocation *open_inv, *next_inv;
	struct job *open, *next;
	uint32_t out[2], status;
	int64_t sum = 0;

	listener.file = image_load("libcalc_skel.so");
	listener.fd = real_session(dsp, shell);
	open = open_start(listener.fd, "file:///libmine.so?calc_skel_handle_invoke&_modver=1.0",
			  out, &open_inv);
	serve_open(&listener, open);
	next_inv = listener_next(&listener);
	next = invoke_start(listener.fd, &next_inv->req);
	CHECK_OK(job_wait_ms(open, REAL_MS));
	CHECK_EQ(0, open_inv->req.dsp_status);
	CHECK_EQ(0, out[1]);
	numbers_call(listener.fd, out[0], CALC_SUM, numbers, 3, &sum, sizeof(sum));
	CHECK_EQ(42, sum);
	CHECK(!job_done(next));
	CHECK_OK(real_call(listener.fd, FRPC_HANDLE_CURRENT_PROCESS, PROCESS_EXIT, NULL, 0, NULL, 0,
			   &status));
	CHECK_EQ(0, status);
	CHECK_OK(job_wait_ms(next, REAL_MS));
	CHECK_EQ(FRPC_EBADSTATE, next_inv->req.dsp_status);
	free(open_inv);
	free(next_inv);
	dsp_finish(dsp);
	check_no_pd_left();
}

TEST(missing_module_and_method_have_their_codes)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int fd = real_session(dsp, shell);
	uint32_t probe = module_open(fd, "probe"), status, code = 0x12345;

	CHECK_OK(real_call(fd, probe, 30, NULL, 0, NULL, 0, &status));
	CHECK_EQ(FRPC_EUNSUPPORTED, status);
	CHECK_OK(real_call(fd, 0x12345600, 2, NULL, 0, NULL, 0, &status));
	CHECK_EQ(FRPC_ENOSUCHHANDLE, status);
	CHECK_OK(real_call(fd, probe, PROBE_CODE, &code, sizeof(code), NULL, 0, &status));
	CHECK_EQ(0x12345, status);
	dsp_finish(dsp);
}

TEST(pd_crash_ends_only_its_own_calls)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int dead = real_session(dsp, shell), alive = real_session(dsp, shell);
	uint32_t probe = module_open(dead, "probe"), other = module_open(alive, "probe");
	uint32_t sleep = 3000000, status;
	struct invocation *inv;
	struct job *job;
	struct drm_qda_init_create create;

	job = real_call_start(alive, other, PROBE_SLEEP, &sleep, sizeof(sleep), &inv);
	CHECK_ERR(-EPIPE, real_call(dead, probe, PROBE_CRASH, NULL, 0, NULL, 0, &status));
	CHECK_ERR(-EPIPE, real_call(dead, probe, PROBE_CODE, &sleep, 4, NULL, 0, &status));
	CHECK_OK(job_wait_ms(job, REAL_MS));
	CHECK_EQ(0, inv->req.dsp_status);
	CHECK_OK(real_call(alive, other, PROBE_CODE, &sleep, 4, NULL, 0, &status));
	CHECK_EQ(sleep, status);
	/* The session of the dead one can begin anew. */
	CHECK_OK(real_create(dead, shell, &create));
	module_open(dead, "calc");
	dsp_finish(dsp);
	check_no_pd_left();
}

TEST(pd_exit_ends_its_calls)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int fd = real_session(dsp, shell);
	uint32_t probe = module_open(fd, "probe"), code = 3, status;

	CHECK_ERR(-EPIPE, real_call(fd, probe, PROBE_EXIT, &code, 4, NULL, 0, &status));
	CHECK_ERR(-EPIPE, real_call(fd, probe, PROBE_CODE, &code, 4, NULL, 0, &status));
	dsp_finish(dsp);
}

TEST(release_ends_a_pd_that_spins)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int fd = real_session(dsp, shell), ret;
	uint32_t probe = module_open(fd, "probe");
	struct drm_qda_session_release release = { 0 };
	struct invocation *inv;
	struct job *job;

	job = real_call_start(fd, probe, PROBE_SPIN, NULL, 0, &inv);
	while (vdsp_get(dsp, "calls") == vdsp_get(dsp, "replies"))
		usleep(5000);
	CHECK_OK(qda_release(fd, &release));
	ret = job_wait(job);
	if (ret != -EPIPE) {
		CHECK_OK(ret);
		CHECK_EQ(FRPC_EBADSTATE, inv->req.dsp_status);
	}
	check_no_pd_left();
	dsp_finish(dsp);
}

struct kill_args {
	char node[64];
	struct image shell;
};

static int client_spin(void *arg)
{
	struct kill_args *args = arg;
	struct drm_qda_init_create create;
	int fd = accel_open(args->node);
	uint32_t status;

	if (real_create(fd, args->shell, &create))
		return 1;
	real_call(fd, module_open(fd, "probe"), PROBE_SPIN, NULL, 0, NULL, 0, &status);
	return 2;
}

TEST(killed_client_takes_its_pd_along)
{
	struct kill_args args = { .shell = image_load(SHELL) };
	struct dsp *dsp = real_new("cdsp");
	double end = now_ms() + REAL_MS;
	pid_t pid;

	strcpy(args.node, dsp->node);
	pid = client_start(client_spin, &args);
	/* CREATE, open and spin. */
	while (vdsp_get(dsp, "calls") < 3 && now_ms() < end)
		usleep(10000);
	CHECK_EQ(1, real_pds());
	client_kill(pid);
	check_no_pd_left();
	dsp_finish(dsp);
}

TEST(firmware_killed_ends_every_call)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp");
	int fd = real_session(dsp, shell);
	uint32_t probe = module_open(fd, "probe");
	struct invocation *inv;
	struct job *job;

	job = real_call_start(fd, probe, PROBE_SPIN, NULL, 0, &inv);
	kill(dsp->firmware, SIGKILL);
	CHECK_ERR(-EPIPE, job_wait(job));
	client_kill(dsp->firmware);
	dsp->firmware = 0;
	dsp_finish(dsp);
	check_no_pd_left();
}
