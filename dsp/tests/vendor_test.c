/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * A published skel that was built with Qualcomm's tools, as it is: that of llama.cpp, by which a phone's DSP
 * computes for language models. Its methods and messages are those of its public sources
 * (ggml-hexagon/htp: htp_iface.idl and htp-ops.h).
 *	vendor_test QEMU SHELL FOLDER
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "files.h"
#include "maps.h"
#include "queue.h"

#define URI(version) \
	"file:///libggml-htp-v" version ".so?htp_iface_skel_handle_invoke&_modver=1.0&_dom=cdsp"

#define START	    FRPC_SC(2, 1, 0)
#define STOP	    FRPC_SC(3, 0, 0)
#define MMAP	    FRPC_SC(4, 1, 0)
#define MUNMAP	    FRPC_SC(5, 1, 0)
#define HWINFO	    FRPC_SC(8, 0, 1)

#define EITEMBUSY   0x80000420u

#define QUEUE_KEY   5
#define STATE_KEY   6
#define BATCH_KEY   7
#define DATA_KEY    8
#define STATE_IOVA  (VDSP_IOVA_START + 0x3000000)
#define QUEUE_IOVA  (STATE_IOVA + 0x1000)
#define BATCH_IOVA  (STATE_IOVA + 0x10000)
#define DATA_IOVA   (STATE_IOVA + 0x20000)
#define QUEUE_SIZE  0x4000u
#define BATCH_SIZE  0x2000u
#define DATA_SIZE   0x80000u
#define RING_LEN    0x1000u
#define REQ_OFFSET  0x100u
#define RESP_OFFSET 0x1300u

/* In the queue that it takes its work from. */
struct packet {
	uint64_t header;
	uint32_t fd, size, offset, flags;
	uint64_t address;
	uint32_t words[32];
};

/* What a batch has: buffers, tensors, operations. */
struct batch_buffer {
	uint64_t base, size;
	uint32_t flags, fd;
};

struct tensor {
	uint32_t data, reserved, size, flags, type;
	uint16_t buffer, index;
	uint32_t count[4], stride[4];
};

struct operation {
	uint32_t code, flags;
	int32_t params[16], kernel_params[32];
	uint16_t inputs[6], outputs[4], pad[2];
};

struct batch {
	struct batch_buffer buffer;
	struct tensor tensors[2];
	struct operation operation;
	uint32_t profile[12];
};

#define TYPE_F32  0
#define TYPE_I64  27
#define OP_COPY	  28
#define OP_FILL	  36
#define STATUS_OK 1
#define NO_TENSOR 0xffff

static struct app app;
static struct files files;
static uint32_t service;

static void begin(struct shell *shell, char **argv)
{
	*shell = start(argv[1], argv[2]);
	app_start(&app, shell, false, 0x1000);
	files = (struct files){ .dirs = { argv[3], argv[3] },
				.heap = VDSP_IOVA_START + 0x2000000,
				.quiet = true };
	app.serve = files_serve;
	app.context = &files;
	check(!app_init(&app), "a listener");
}

static void end(struct shell *shell)
{
	static char log[0x10000];
	int status = stop(shell, log, sizeof(log));

	check(WIFEXITED(status) && !WEXITSTATUS(status), "the process ends in order: %s",
	      strstr(log, "crash") ? log : "");
}

static uint32_t must_load(const char *name)
{
	char text[ERROR_TEXT] = "";
	uint32_t handle, error = app_open(&app, name, &handle, text);

	check(!error && handle > 255, "load %.40s: 0x%x %s", name, error, text);
	return handle;
}

static uint32_t close_it(uint32_t handle)
{
	uint32_t in[2] = { handle, ERROR_TEXT }, out = 0xdead;
	char text[ERROR_TEXT];
	struct buffer buffers[] = { { in, sizeof(in) }, { &out, sizeof(out) }, { text, 200 } };
	uint32_t code = app_invoke(&app, FRPC_HANDLE_REMOTECTL1, FRPC_SC(3, 1, 2), buffers);

	return code ? code : out;
}

/* One buffer, in or out. */
static uint32_t invoke(uint32_t handle, uint32_t sc, void *data, uint32_t len)
{
	struct buffer buffer = { data, len };

	return app_invoke(&app, handle, sc, &buffer);
}

static void map(int32_t key, uint32_t iova, uint32_t size)
{
	struct pd_map entry = { key, PD_MAP_KEY, iova, size };

	if (maps_add(app.shell->maps, &entry))
		die("cannot map");
	memset(at(app.shell, iova), 0, size);
}

static uint64_t make_queue(void)
{
	struct header made = {
		.version = 2,
		.flags = 1,
		.req = { REQ_OFFSET, RING_LEN, REQ_OFFSET + RING_LEN, REQ_OFFSET + RING_LEN + 64 },
		.resp = { RESP_OFFSET, RING_LEN, RESP_OFFSET + RING_LEN,
			  RESP_OFFSET + RING_LEN + 64 },
		.count = 1,
	};
	uint32_t in[3] = { 0, QUEUE_KEY, 1 };
	int32_t key = STATE_KEY;
	uint64_t id = 0;
	struct buffer buffers[] = { { in, sizeof(in) }, { &id, sizeof(id) } };

	map(STATE_KEY, STATE_IOVA, 0x1000);
	map(QUEUE_KEY, QUEUE_IOVA, QUEUE_SIZE);
	memcpy(at(app.shell, QUEUE_IOVA), &made, sizeof(made));
	service = must_load(
		"file:///libdspqueue_rpc_skel.so?dspqueue_rpc_skel_handle_invoke&_modver=1.0");
	check(!invoke(service, FRPC_SC(2, 1, 0), &key, sizeof(key)), "counters for queues");
	check(!app_invoke(&app, service, FRPC_SC(3, 1, 1), buffers) && id, "a queue");
	return id;
}

static struct end *end_at(uint32_t offset)
{
	return at(app.shell, QUEUE_IOVA + offset);
}

/* The ring is never full here, and no packet is near its end. */
static void put(const uint32_t *words, uint32_t count)
{
	struct end *writer = end_at(REQ_OFFSET + RING_LEN + 64);
	uint32_t len = (uint32_t)offsetof(struct packet, words) + 4 * count;
	struct packet packet = { .header = len | 0x13ull << 32 | 1ull << 48,
				 .fd = BATCH_KEY,
				 .size = BATCH_SIZE };

	memcpy(packet.words, words, 4 * count);
	memcpy(at(app.shell, QUEUE_IOVA + REQ_OFFSET + writer->position), &packet, len);
	__atomic_store_n(&writer->position, writer->position + ((len + 7) & ~7u), __ATOMIC_SEQ_CST);
	__atomic_store_n(&writer->packets, writer->packets + 1, __ATOMIC_SEQ_CST);
	check(!app_invoke(&app, service, FRPC_SC(8, 0, 0), NULL), "tell the DSP");
}

/* Waits for the DSP's signal, as a program does that has said that it waits. */
static bool get(struct packet *packet)
{
	struct end *reader = end_at(RESP_OFFSET + RING_LEN);
	const struct end *writer = end_at(RESP_OFFSET + RING_LEN + 64);
	uint32_t len;
	int32_t signal;

	__atomic_store_n(&reader->waits, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&writer->packets, __ATOMIC_SEQ_CST) == reader->packets) {
		if (invoke(service, FRPC_SC(6, 0, 1), &signal, sizeof(signal)))
			return false;
	}
	memcpy(packet, at(app.shell, QUEUE_IOVA + RESP_OFFSET + reader->position), sizeof(*packet));
	len = (uint32_t)packet->header;
	reader->position += (len + 7) & ~7u;
	reader->packets++;
	return len <= sizeof(*packet);
}

static struct tensor make_tensor(uint32_t offset, uint32_t type, uint32_t columns, uint32_t rows)
{
	uint32_t row = columns * 4, all = row * rows;

	return (struct tensor){ .data = offset,
				.size = all,
				.type = type,
				.count = { columns, rows, 1, 1 },
				.stride = { 4, row, all, all } };
}

/* Of rows of numbers; gives its status, or 0 when there was no answer. */
static uint32_t run(uint32_t id, uint32_t code, uint32_t type, uint32_t columns, uint32_t rows,
		    uint32_t to)
{
	static const float value = 1.5f;
	uint32_t request[6] = { id, 1, 2, 1, 0, 0 };
	struct packet answer;
	struct batch batch = {
		.buffer = { .size = DATA_SIZE, .fd = DATA_KEY },
		.tensors = { make_tensor(0, type, columns, rows),
			     make_tensor(to, type, columns, rows) },
		.operation = { .code = code,
			       .inputs = { 0, NO_TENSOR, NO_TENSOR, NO_TENSOR, NO_TENSOR,
					   NO_TENSOR },
			       .outputs = { 1, NO_TENSOR, NO_TENSOR, NO_TENSOR } },
	};

	memcpy(batch.operation.params, &value, sizeof(value));
	memcpy(at(app.shell, BATCH_IOVA), &batch, sizeof(batch));
	put(request, 6);
	if (!get(&answer)) {
		check(false, "an answer");
		return 0;
	}
	check(answer.words[0] == id && answer.fd == BATCH_KEY, "the answer to batch %u", id);
	return answer.words[1];
}

static void test_work(void)
{
	static float numbers[7000];
	uint8_t *data = at(app.shell, DATA_IOVA);
	uint32_t len = sizeof(numbers), to = 0x40000 + 12, wrong = 0;

	map(BATCH_KEY, BATCH_IOVA, BATCH_SIZE);
	map(DATA_KEY, DATA_IOVA, DATA_SIZE);
	for (uint32_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 31 + i / 256);
	check(run(1, OP_COPY, TYPE_F32, 1000, 7, to) == STATUS_OK, "it copies a matrix");
	check(!memcmp(data, data + to, len), "every byte is there");
	for (uint32_t i = to + len; i < DATA_SIZE; i++)
		wrong += data[i] != 0;
	check(!wrong && !data[to - 1], "and nothing around it");
	check(run(2, OP_COPY, TYPE_I64, 8, 8, to) > STATUS_OK,
	      "a type that it cannot copy is refused");
	check(run(3, OP_FILL, TYPE_F32, 1000, 7, to) == STATUS_OK, "it fills a matrix");
	memcpy(numbers, data + to, len);
	for (int i = 0; i < 7000; i++)
		wrong += numbers[i] != 1.5f;
	check(!wrong, "with the number that it was given");
}

struct start {
	uint32_t session, pad;
	uint64_t queue;
	uint32_t hvx, hmx;
	uint64_t memory;
};

static void test_session(uint32_t handle)
{
	struct start in = { .session = 1, .queue = 77, .hvx = 2, .memory = 1 << 30 };
	uint32_t mapping[2] = { DATA_KEY, DATA_SIZE };

	check(invoke(handle, STOP, NULL, 0) == FRPC_EBADPARM, "nothing to stop yet");
	check(invoke(handle, START, &in, sizeof(in)), "no such queue");
	in.queue = make_queue();
	check(!invoke(handle, START, &in, sizeof(in)), "it starts its threads");
	check(invoke(handle, START, &in, sizeof(in)) == EITEMBUSY, "once");
	test_work();
	check(!invoke(handle, MMAP, mapping, 8) && !invoke(handle, MUNMAP, mapping, 4),
	      "it maps a buffer and unmaps it");
	check(!invoke(handle, STOP, NULL, 0), "it ends its threads");
	check(!invoke(handle, START, &in, sizeof(in)) && !invoke(handle, STOP, NULL, 0),
	      "and starts and ends them again");
	check(!invoke(service, FRPC_SC(4, 1, 0), &in.queue, 8), "the queue is free");
}

static void test_info(uint32_t handle)
{
	struct {
		uint32_t threads, hvx, hmx, pad;
		uint64_t vtcm;
	} info = { 0 };

	check(!invoke(handle, HWINFO, &info, sizeof(info)), "it says what the processor has");
	check(info.threads == 4 && info.hvx == 4 && info.vtcm == 8 << 20,
	      "%u threads, %u vector units, 0x%llx bytes of VTCM", info.threads, info.hvx,
	      (unsigned long long)info.vtcm);
}

static void test_calls(uint32_t handle)
{
	uint32_t word = 0, info[6];

	check(invoke(handle, HWINFO, info, 8) == FRPC_EBADPARM, "a short buffer");
	check(invoke(handle, FRPC_SC(8, 1, 0), &word, 4), "an argument in the wrong direction");
	check(invoke(handle, FRPC_SC(20, 0, 0), NULL, 0) == FRPC_EUNSUPPORTED,
	      "a method that it has not");
}

/* They are there for each generation of DSPs; a process has room for several. */
static void test_others(void)
{
	static const char *const names[] = { URI("75"), URI("79"), URI("81") };
	uint32_t handles[3];

	for (int i = 0; i < 3; i++)
		handles[i] = must_load(names[i]);
	for (int i = 0; i < 3; i++) {
		test_info(handles[i]);
		check(!close_it(handles[i]), "close it");
	}
}

int main(int argc, char **argv)
{
	struct shell shell;
	uint32_t handle;

	if (argc < 4)
		return 2;
	begin(&shell, argv);
	handle = must_load(URI("73"));
	test_info(handle);
	test_calls(handle);
	test_session(handle);
	check(!close_it(handle), "close it");
	handle = must_load(URI("73"));
	test_info(handle);
	test_others();
	end(&shell);
	return finish();
}
