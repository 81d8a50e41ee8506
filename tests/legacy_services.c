// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What programs of the old interface use besides plain calls: memory in all its forms, threads
 * on the DSP, queues, files, and what every process answers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "legacy_suite.h"
#include "rpc_queue.h"

#define PROBE_GET	  9
#define PROBE_PUT	  10
#define PROBE_SUM_HANDLE  11
#define PROBE_FILL_HANDLE 12
#define PROBE_SUM	  13
#define PROBE_ASK_OPEN	  20
#define PROBE_ALLOCATE	  22
#define NO_SUCH_MAP	  ((int)0x80000448)

static struct seen seen;

static struct rpc_client *begin(struct dsp **dsp)
{
	*dsp = legacy_dsp("cdsp");
	seen_init(&seen);
	return legacy_client(RPC_PD_UNSIGNED, &seen);
}

static void end(struct dsp *dsp, struct rpc_client *client)
{
	check_ends(client);
	dsp_finish(dsp);
	check_no_pd_left();
}

/* FNV-1a, and bytes from a seed, as the module "probe" makes them. */
static uint32_t sum_of(const unsigned char *bytes, size_t len)
{
	uint32_t sum = 2166136261u;

	while (len--)
		sum = (sum ^ *bytes++) * 16777619u;
	return sum;
}

static unsigned char filled(uint32_t seed, uint32_t i)
{
	return (seed + i) * 2654435761u >> 24;
}

/* ---- memory ---- */

static int get(struct rpc_client *client, uint32_t probe, int key, uint32_t offset, uint32_t *value)
{
	uint32_t in[2] = { (uint32_t)key, offset };

	return rpc_call(client, probe, PROBE_GET, in, sizeof(in), value, sizeof(*value));
}

/* A length that is not one of whole pages, as programs have them. */
static void check_mapped(struct rpc_client *client)
{
	uint32_t probe = legacy_module(client, "probe"), value, put[3];
	struct rpc_buffer b;
	uint64_t address;

	CHECK_OK(rpc_buffer_alloc(client, 8096, &b));
	fill_pattern(b.mem, b.size, 5);
	CHECK_EQ(NO_SUCH_MAP, get(client, probe, b.fd, 0, &value));
	CHECK_OK(rpc_buffer_map(client, &b, &address));
	CHECK(address);
	CHECK_OK(get(client, probe, b.fd, 8092, &value));
	CHECK_MEM((unsigned char *)b.mem + 8092, &value, 4);
	put[0] = (uint32_t)b.fd;
	put[1] = 4096;
	put[2] = 0x12345678;
	CHECK_OK(rpc_call(client, probe, PROBE_PUT, put, sizeof(put), NULL, 0));
	CHECK_MEM(&put[2], (unsigned char *)b.mem + 4096, 4);
	CHECK_OK(rpc_buffer_unmap(client, &b, address));
	CHECK_EQ(NO_SUCH_MAP, get(client, probe, b.fd, 0, &value));
	rpc_buffer_free(&b);
}

/* The DSP asks the application for the mapping, uses it and gives it back. */
static void check_asked(struct dsp *dsp, struct rpc_client *client)
{
	static const char *const asked[] = { "map handle", "unmap handle" };
	uint32_t skel = legacy_module(client, SKEL_URI("resources")), in[2], sum = 0, want = 0;
	struct rpc_buffer b;

	CHECK_OK(rpc_buffer_alloc(client, 5120, &b));
	fill_pattern(b.mem, b.size, 6);
	for (size_t i = 0; i < b.size; i++)
		want += ((unsigned char *)b.mem)[i];
	in[0] = (uint32_t)b.fd;
	in[1] = (uint32_t)b.size;
	CHECK_OK(rpc_call(client, skel, 6, in, sizeof(in), &sum, sizeof(sum)));
	CHECK_EQ(want, sum);
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		seen_wait(&seen, asked[i]);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	rpc_buffer_free(&b);
}

static void check_handles(struct rpc_client *client)
{
	uint32_t probe = legacy_module(client, "probe"), len = 0, sum = 0, words[2] = { 0, 9 };
	struct rpc_args in = { 0 }, out = { 0 }, plain = { 0 };
	struct rpc_buffer b;

	CHECK_OK(rpc_buffer_alloc(client, 4110, &b));
	fill_pattern(b.mem, b.size, 7);
	rpc_args_in(&in, &len, sizeof(len), NULL);
	rpc_args_out(&in, &sum, sizeof(sum), NULL);
	rpc_args_in_handle(&in, &b, 16);
	len = (uint32_t)b.size - 16;
	CHECK_OK(rpc_invoke(client, probe, PROBE_SUM_HANDLE, &in));
	CHECK_EQ(sum_of((unsigned char *)b.mem + 16, len), sum);
	words[0] = (uint32_t)b.size - 100;
	rpc_args_in(&out, words, sizeof(words), NULL);
	rpc_args_out_handle(&out, &b, 100);
	CHECK_OK(rpc_invoke(client, probe, PROBE_FILL_HANDLE, &out));
	for (uint32_t i = 0; i < words[0]; i++)
		CHECK_EQ(filled(9, i), ((unsigned char *)b.mem)[100 + i]);
	/* The same buffer as an ordinary argument, from somewhere in it. */
	rpc_args_in(&plain, (unsigned char *)b.mem + 33, 1000, &b);
	rpc_args_out(&plain, &sum, sizeof(sum), NULL);
	CHECK_OK(rpc_invoke(client, probe, PROBE_SUM, &plain));
	CHECK_EQ(sum_of((unsigned char *)b.mem + 33, 1000), sum);
	rpc_buffer_free(&b);
}

/* More than a process has: its listener asks the driver for pages, which the process gets. */
static void check_heap(struct dsp *dsp, struct rpc_client *client)
{
	uint32_t probe = legacy_module(client, "probe"), size = 33 * MIB, address = 0;

	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK_OK(rpc_call(client, probe, PROBE_ALLOCATE, &size, sizeof(size), &address,
			  sizeof(address)));
	CHECK(address);
	seen_wait(&seen, "heap");
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
}

/* Handing over of a mutex, signals, stacks; what makes threads by the thousand is left out. */
static void check_threads(struct rpc_client *client)
{
	static const uint32_t methods[] = { 3, 4, 6 };
	uint32_t skel = legacy_module(client, SKEL_URI("threads")), wrong;

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		wrong = 77;
		CHECK_OK(rpc_call(client, skel, methods[i], NULL, 0, &wrong, sizeof(wrong)));
		CHECK_EQ(0, wrong);
	}
	CHECK_OK(rpc_module_close(client, skel));
}

TEST(memory_and_threads_of_the_dsp)
{
	struct dsp *dsp;
	struct rpc_client *client = begin(&dsp);

	check_mapped(client);
	check_asked(dsp, client);
	check_heap(dsp, client);
	check_handles(client);
	check_threads(client);
	end(dsp, client);
}

/* ---- queues ---- */

static void exchange(struct rpc_queue *queue, unsigned int packets)
{
	unsigned char there[100], back[100];

	for (unsigned int i = 0; i < packets; i++) {
		uint32_t len = 1 + i * 13 % sizeof(there);

		fill_pattern(there, len, i);
		CHECK_OK(rpc_queue_send(queue, there, len));
		CHECK_OK(rpc_queue_receive(queue, back, len));
		for (uint32_t k = 0; k < len; k++)
			CHECK_EQ((unsigned char)(there[k] + 1), back[k]);
	}
}

/* Packets go both ways while a call of the application waits for signals. */
TEST(queue_in_the_order_of_the_library)
{
	struct dsp *dsp;
	struct rpc_client *client = begin(&dsp);
	uint32_t skel = legacy_module(client, SKEL_URI("queue"));
	struct rpc_queue *queue;
	uint64_t id, pump[2];

	trace_start();
	CHECK_OK(rpc_queue_open(client, &queue));
	check_calls("8.2 2.0 1.10 M.2 1.10 M.3 M.3 ", NULL);
	CHECK_EQ(2, qda_get(dsp, "remote_maps"));
	id = rpc_queue_id(queue);
	CHECK_OK(rpc_call(client, skel, 2, &id, sizeof(id), NULL, 0));
	exchange(queue, 20);
	/* While the DSP's side uses it, it stays. */
	CHECK_OK(rpc_call(client, skel, 3, NULL, 0, NULL, 0));
	trace_start();
	CHECK_OK(rpc_queue_close(queue));
	check_calls("M.5 M.4 1.11 M.7 8.3 1.11 ", NULL);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));

	/* Once more from the start: nothing of the first one is left. */
	CHECK_OK(rpc_queue_open(client, &queue));
	pump[0] = rpc_queue_id(queue);
	pump[1] = 1;
	CHECK_OK(rpc_queue_send(queue, "abc", 4));
	CHECK_OK(rpc_call(client, skel, 4, pump, sizeof(pump), NULL, 0));
	CHECK_OK(rpc_queue_receive(queue, pump, 4));
	CHECK_MEM("bcd\1", pump, 4);
	CHECK_OK(rpc_queue_close(queue));
	end(dsp, client);
}

/* ---- what every process answers ---- */

static void check_codes(struct rpc_client *client)
{
	static const struct {
		uint32_t handle, method, in, out;
		int code;
	} calls[] = {
		{ RPC_CURRENT_PROCESS, 3, 0, 0, 0 },
		{ RPC_CURRENT_PROCESS, 4, 8, 0, 0 },
		{ RPC_CURRENT_PROCESS, 6, 4, 0, 0 },
		{ RPC_CURRENT_PROCESS, 7, 0, 0, RPC_EBADSTATE },
		{ RPC_CURRENT_PROCESS, 5, 0, 4, RPC_EUNSUPPORTED },
		{ RPC_MSGD, 2, 0, 0, RPC_EUNSUPPORTED },
		{ RPC_MSGD, 4, 24, 8, RPC_EUNSUPPORTED },
		{ RPC_PERF1, 2, 4, 0, RPC_EUNSUPPORTED },
		{ RPC_PERF1, 4, 4, 8, RPC_EUNSUPPORTED },
		{ RPC_LISTENER1, 9, 0, 0, RPC_EUNSUPPORTED },
		{ 0x12345600, 2, 0, 0, RPC_ENOSUCHHANDLE },
	};
	char in[32] = "", out[32];

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int code = rpc_call(client, calls[i].handle, calls[i].method, in, calls[i].in, out,
				    calls[i].out);

		if (code != calls[i].code)
			FAIL("handle %#x method %u: expected %#x, seen %#x", calls[i].handle,
			     calls[i].method, (unsigned int)calls[i].code, (unsigned int)code);
	}
	CHECK_ERR(-EPERM, rpc_call(client, 1, 0, in, 4, NULL, 0));
}

static void check_capabilities(struct rpc_client *client)
{
	static const uint32_t expected[][2] = {
		{ 0, 0 }, { 1, 1 },  { 2, 0 },	 { 3, 1 },   { 6, 0x68 },
		{ 9, 0 }, { 10, 0 }, { 128, 0 }, { 130, 0 }, { 131, 0 },
	};
	uint32_t value;

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		value = 77;
		CHECK_OK(rpc_capability(rpc_client_fd(client), expected[i][0], &value));
		CHECK_EQ(expected[i][1], value);
	}
}

/* What cannot be loaded has its code and says why, and nothing is left open. */
static void check_missing(struct rpc_client *client)
{
	static const struct {
		const char *name;
		const char *text;
	} missing[] = {
		{ SKEL_URI("nothere"), "libnothere_skel.so" },
		{ "nothere", "libnothere_skel.so" },
		{ "file:///libtwice_skel.so?nosuchfunction&_modver=1.0", "nosuchfunction" },
	};
	char text[RPC_TEXT_SIZE];
	uint32_t handle;

	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		CHECK_EQ(RPC_EUNABLETOLOAD,
			 rpc_module_open(client, missing[i].name, &handle, text));
		if (!strstr(text, missing[i].text))
			FAIL("opening %s says: %s", missing[i].name, text);
	}
	/* The listener serves on. */
	check_twice(client, legacy_module(client, TWICE_URI), 3);
}

static void check_asking(struct rpc_client *client)
{
	uint32_t probe = legacy_module(client, "probe"), handle = 77;
	int code;

	code = rpc_call(client, probe, PROBE_ASK_OPEN, "apps_none", 10, &handle, sizeof(handle));
	CHECK_EQ(1, code);
	CHECK_OK(rpc_call(client, probe, PROBE_ASK_OPEN, "apps_std", 9, &handle, sizeof(handle)));
	CHECK(handle != 77);
}

/* After the end was announced there are no more calls to the application, nor listeners. */
static void check_after_exit(struct rpc_client *client)
{
	uint32_t probe = legacy_module(client, "probe"), handle;
	char text[RPC_TEXT_SIZE];

	CHECK_OK(rpc_client_exit(client));
	CHECK_EQ(RPC_EBADSTATE, rpc_client_join(client));
	CHECK_EQ(RPC_EBADSTATE, rpc_invoke(client, RPC_LISTENER1, 5, NULL));
	/* One that is loaded already can still be opened, but no file can be asked for. */
	CHECK_EQ(RPC_EBADSTATE, rpc_module_open(client, SKEL_URI("nothere"), &handle, text));
	CHECK_EQ(RPC_EBADSTATE,
		 rpc_call(client, probe, PROBE_ASK_OPEN, "apps_std", 9, &handle, sizeof(handle)));
	rpc_client_close(client);
}

TEST(services_and_their_codes)
{
	struct dsp *dsp;
	struct rpc_client *client = begin(&dsp);

	check_codes(client);
	check_capabilities(client);
	check_missing(client);
	check_asking(client);
	check_after_exit(client);
	dsp_finish(dsp);
	check_no_pd_left();
}
