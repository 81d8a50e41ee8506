/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Queues of packets in shared memory, with the test as the application: it lays them out,
 * writes and reads as FastRPC's library does, and sleeps and wakes by calls.
 *	queue_test QEMU SHELL LIBS TESTLIBS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "maps.h"
#include "queue.h"

#define STATE_KEY   7
#define QUEUE_KEY   -3
#define BUFFER_KEY  99
#define STATE_IOVA  (VDSP_IOVA_START + 0x3000000)
#define QUEUE_IOVA  (STATE_IOVA + 0x1000)
#define BUFFER_IOVA (STATE_IOVA + 0x10000)
#define QUEUE_SIZE  0x4000u
#define BUFFER_SIZE 0x2000u
#define NUMBER	    5
#define COUNT	    77

#define PLACE_WAIT  5
#define PLACE_PUMP  6
#define PLACE_OTHER 7

#define EWOULDBLOCK 516u
#define ENOSUCH	    39u
#define EITEMBUSY   0x80000420u
#define EBADITEM    0x80000410u
#define ENOSUCHMAP  0x80000448u

/* In a packet. */
struct packet_buffer {
	uint32_t fd, size, offset, flags;
	uint64_t address;
};

struct counters {
	uint32_t req_packets[64], req_space[64], resp_packets[64], resp_space[64];
};

static struct app app;
static struct files files;
static uint32_t service, skel;
static uint64_t queue;
static uint64_t waiting; /* ctx of the call that waits for a signal, or 0 */
static int signals;	 /* that we sent */

static struct header *header(void)
{
	return at(app.shell, QUEUE_IOVA);
}

static struct counters *counters(void)
{
	return at(app.shell, STATE_IOVA);
}

static struct end *end_at(uint32_t offset)
{
	return at(app.shell, QUEUE_IOVA + offset);
}

static uint32_t load32(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store32(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static uint32_t invoke(uint32_t handle, uint32_t method, const void *in, uint32_t in_len, void *out,
		       uint32_t out_len)
{
	struct buffer buffers[2] = { { (void *)in, in_len } };
	uint32_t sc = FRPC_SC(method, in_len != 0, out_len != 0);

	buffers[in_len != 0] = (struct buffer){ out, out_len };
	return app_invoke(&app, handle, sc, buffers);
}

/* The header, and empty rings of the given lengths behind it. */
static void lay_out(uint32_t version, uint32_t flags, uint32_t req, uint32_t resp)
{
	struct header made = { .version = version, .flags = flags, .count = COUNT };
	uint32_t offset = 256;

	memset(at(app.shell, QUEUE_IOVA), 0, QUEUE_SIZE);
	made.req = (struct place){ offset, req, offset + 0x1000, offset + 0x1100 };
	offset += 0x1200;
	made.resp = (struct place){ offset, resp, offset + 0x1000, offset + 0x1100 };
	*header() = made;
}

static uint32_t create(uint32_t number, int32_t key, uint32_t count)
{
	uint32_t in[3] = { number, (uint32_t)key, count };
	uint64_t id = 0;
	uint32_t code = invoke(service, 3, in, sizeof(in), &id, sizeof(id));

	if (!code)
		queue = id;
	return code;
}

static uint32_t on_queue(uint32_t method)
{
	return invoke(service, method, &queue, sizeof(queue), NULL, 0);
}

static int32_t imported(void)
{
	int32_t result = -1;

	return invoke(service, 5, &queue, sizeof(queue), &result, sizeof(result)) ? -2 : result;
}

/* The signal of a call in which we wait. */
static int32_t take_signal(void)
{
	int32_t signal = -77;
	struct buffer out = { &signal, 4 };
	uint32_t code;

	if (!waiting)
		waiting = app_call(&app, PLACE_WAIT, service, FRPC_SC(6, 0, 1), &out);
	code = app_wait(&app, waiting);
	waiting = 0;
	app_fetch(&app, PLACE_WAIT, FRPC_SC(6, 0, 1), &out);
	return code ? (int32_t)code : signal;
}

/* Tells the DSP when somebody there waits. */
static void signal_dsp(uint32_t *counter, const struct end *other)
{
	store32(counter, *counter + 1);
	if (!load32(&other->waits))
		return;
	signals++;
	if (invoke(service, 8, NULL, 0, NULL, 0))
		check(false, "a signal to the DSP");
}

/* False when there is no space. */
static bool put(const void *message, uint32_t len, const struct packet_buffer *buffers,
		uint32_t count)
{
	const struct place *place = &header()->req;
	struct end *reader = end_at(place->read_state), *writer = end_at(place->write_state);
	uint8_t *ring = at(app.shell, QUEUE_IOVA + place->offset);
	uint32_t all = 8 + 24 * count + len, padded = (all + 7) & ~7u;
	uint32_t r = load32(&reader->position), w = writer->position, to_end = place->len - w;
	uint32_t left = (r > w ? r - w : to_end + r) - 8;
	uint64_t head = all | (uint64_t)(0x10 | (count ? 2 : 0) | (len ? 1 : 0)) << 32 |
			(uint64_t)count << 48;

	if (to_end < padded ? left < to_end || left - to_end < padded : left < padded)
		return false;
	memcpy(ring + w, &head, 8);
	if (to_end < padded)
		w = 0;
	memcpy(ring + w, &head, 8);
	memcpy(ring + w + 8, buffers, 24 * count);
	memcpy(ring + w + 8 + 24 * count, message, len);
	store32(&writer->position, w + padded == place->len ? 0 : w + padded);
	store32(&writer->packets, writer->packets + 1);
	signal_dsp(&counters()->req_packets[NUMBER], reader);
	return true;
}

/* Length of the message, or -1 when there is none; buffers has room for count. */
static int get(void *message, struct packet_buffer *buffers, uint32_t count)
{
	const struct place *place = &header()->resp;
	struct end *reader = end_at(place->read_state), *writer = end_at(place->write_state);
	uint8_t *ring = at(app.shell, QUEUE_IOVA + place->offset);
	uint32_t r = reader->position, len, padded;
	uint64_t head;

	if (load32(&writer->position) == r)
		return -1;
	memcpy(&head, ring + r, 8);
	padded = ((uint32_t)head + 7) & ~7u;
	if (place->len - r < padded)
		r = 0;
	if ((head >> 48 & 0xff) != count || !(head >> 36 & 1)) {
		check(false, "a packet with header %llx", (unsigned long long)head);
		return -1;
	}
	len = (uint32_t)head - 8 - 24 * count;
	memcpy(buffers, ring + r + 8, 24 * count);
	memcpy(message, ring + r + 8 + 24 * count, len);
	store32(&reader->packets, reader->packets + 1);
	store32(&reader->position, r + padded == place->len ? 0 : r + padded);
	signal_dsp(&counters()->resp_space[NUMBER], writer);
	return (int)len;
}

/* Waits as the library does: says so, looks once more, sleeps. */
static int get_waiting(void *message, struct packet_buffer *buffers, uint32_t count)
{
	struct end *reader = end_at(header()->resp.read_state);
	int len = get(message, buffers, count);

	store32(&reader->waits, reader->waits + 1);
	while (len < 0) {
		len = get(message, buffers, count);
		if (len < 0 && take_signal() != 0)
			break;
	}
	store32(&reader->waits, reader->waits - 1);
	return len;
}

static void map(int32_t key, uint32_t iova, uint32_t size)
{
	struct pd_map entry = { key, PD_MAP_KEY, iova, size };

	if (maps_add(app.shell->maps, &entry))
		die("cannot map");
}

static void test_creation(void)
{
	static const struct {
		const char *what;
		uint32_t word, value;
	} wrongs[] = {
		{ "a ring outside", 3, QUEUE_SIZE },
		{ "a ring that is too long", 4, QUEUE_SIZE },
		{ "a ring of nothing", 4, 8 },
		{ "a ring with an odd length", 4, 0x804 },
		{ "a ring at an odd place", 3, 0x104 },
		{ "a state outside", 5, QUEUE_SIZE - 8 },
		{ "a state far outside", 10, 0xfffffff8 },
		{ "another count", 11, COUNT + 1 },
	};
	int32_t key = STATE_KEY;

	lay_out(2, 1, 0x800, 0x400);
	check(create(NUMBER, QUEUE_KEY, COUNT) == FRPC_EBADSTATE, "no queue before the counters");
	check(!invoke(service, 2, &key, 4, NULL, 0), "the counters");
	check(invoke(service, 2, &key, 4, NULL, 0) == FRPC_EBADSTATE, "once");
	lay_out(~0u, 0, 0x800, 0x400);
	check(create(NUMBER, QUEUE_KEY, COUNT) == FRPC_EUNSUPPORTED, "a version that nobody knows");
	lay_out(2, 3, 0x800, 0x400);
	check(create(NUMBER, QUEUE_KEY, COUNT) == FRPC_EUNSUPPORTED, "signals by the driver");
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		lay_out(2, 1, 0x800, 0x400);
		((uint32_t *)header())[wrongs[i].word] = wrongs[i].value;
		check(create(NUMBER, QUEUE_KEY, COUNT) == FRPC_EBADPARM, "%s", wrongs[i].what);
	}
	lay_out(2, 1, 0x800, 0x400);
	check(create(NUMBER, 1234, COUNT) == ENOSUCHMAP, "a queue in memory that is not mapped");
	check(create(64, QUEUE_KEY, COUNT) == FRPC_EBADPARM, "too high a number");
	check(!create(NUMBER, QUEUE_KEY, COUNT) && queue, "a queue");
	check(create(NUMBER, QUEUE_KEY, COUNT) == FRPC_EBADPARM, "its number again");
	check(imported() == 0, "nobody has opened it");
}

static void test_destruction(void)
{
	check(!on_queue(4) && on_queue(4) == ENOSUCH, "destroyed once");
	check(imported() == -2, "it is gone");
	check(invoke(skel, 2, &queue, 8, NULL, 0) == ENOSUCH, "for DSP code, too");
}

/* Nothing larger than half of a ring: where that does not fit once, it never does. */
static uint32_t length_of(int i)
{
	return (uint32_t)(i * 37 % 450);
}

static bool send(int i)
{
	uint8_t message[1024];

	memset(message, i, sizeof(message));
	return put(message, length_of(i), NULL, 0);
}

/* Through rings in which a few packets have space, so that both sides must wait. */
static void echo(int count)
{
	int sent = 0, wrong = 0;
	uint8_t message[1024];

	for (int i = 0; i < count; i++) {
		int len;

		while (sent < count && send(sent))
			sent++;
		len = get_waiting(message, NULL, 0);
		wrong += len != (int)length_of(i);
		for (int j = 0; j < len; j++)
			wrong += message[j] != (uint8_t)(i + 1);
		if (len < 0)
			break;
	}
	check(!wrong && sent == count, "%d packets come back", count);
}

static void test_callback(void)
{
	check(!invoke(skel, 2, &queue, 8, NULL, 0) && imported() == 1, "DSP code opens it");
	check(invoke(skel, 2, &queue, 8, NULL, 0) == EITEMBUSY, "once");
	check(on_queue(4) == EITEMBUSY, "so that it cannot be destroyed");
	echo(300);
	check(signals > 0, "who waited was told, %d times", signals);
	check(load32(&counters()->resp_packets[NUMBER]) == 300 &&
		      load32(&counters()->req_space[NUMBER]) == 300,
	      "the counters of both sides agree");
	check(!invoke(skel, 3, NULL, 0, NULL, 0) && imported() == 0, "DSP code closes it");
	check(load32(&end_at(header()->req.read_state)->waits) == 0, "and waits no more");
}

static void test_pump(void)
{
	uint64_t in[2] = { queue, 100 }, call;
	struct buffer buffers[] = { { in, sizeof(in) } };

	call = app_call(&app, PLACE_PUMP, skel, FRPC_SC(4, 1, 0), buffers);
	echo(100);
	check(!app_wait(&app, call), "a call that reads as long as there is something");
}

static void test_buffers(void)
{
	struct packet_buffer two[2] = { { BUFFER_KEY, 0, 0, 4, 0 },
					{ BUFFER_KEY, 16, 0x1ff0, 0, 0 } },
			     back[2];
	uint8_t *bytes = at(app.shell, BUFFER_IOVA), message[16] = { 1 };

	memset(bytes, 5, BUFFER_SIZE);
	check(!invoke(skel, 2, &queue, 8, NULL, 0), "DSP code opens it");
	check(put(message, 1, two, 2) && get_waiting(message, back, 2) == 1 && message[0] == 2,
	      "a packet with buffers");
	check(bytes[0] == 6 && bytes[0x1fef] == 6 && bytes[0x1ff0] == 7 && bytes[0x1fff] == 7,
	      "DSP code wrote into them");
	check(back[0].fd == BUFFER_KEY && back[0].size == BUFFER_SIZE && back[0].flags == 8,
	      "the reference is given back");
	check(!invoke(skel, 3, NULL, 0, NULL, 0), "DSP code closes it");
}

/* The DSP has answers, but no space for them: it must say that it waits, and be told. */
static void test_full(void)
{
	struct end *writer = end_at(header()->resp.write_state);
	uint8_t message[104] = { 0 };
	int before = signals, got = 0;

	check(!invoke(skel, 2, &queue, 8, NULL, 0), "DSP code opens it");
	for (int i = 0; i < 12; i++)
		got -= !put(message, 100, NULL, 0);
	for (int i = 0; i < 10000 && !load32(&writer->waits); i++)
		usleep(1000);
	check(!got && load32(&writer->waits) == 1, "with no space left the DSP waits");
	before = signals;
	for (int i = 0; i < 12; i++)
		got += get_waiting(message, NULL, 0) == 100;
	check(got == 12 && signals > before, "and goes on when it is told");
	check(!invoke(skel, 3, NULL, 0, NULL, 0), "DSP code closes it");
}

static void test_failures(void)
{
	uint32_t line = 1, code = invoke(skel, 5, &queue, 8, &line, 4);

	check(!code && !line, "what fails in DSP code: line %u", line);
}

static uint32_t look(void)
{
	return invoke(skel, 6, &queue, 8, NULL, 0);
}

/* Writes the header of a packet and where the writer is; what comes of it. */
static void nonsense(const char *what, uint64_t head, uint32_t position, uint32_t want)
{
	const struct place *place = &header()->req;
	struct end *reader = end_at(place->read_state), *writer = end_at(place->write_state);
	uint32_t before = writer->position, r = reader->position, code;

	memcpy(at(app.shell, QUEUE_IOVA + place->offset + r), &head, 8);
	store32(&writer->position, position);
	code = look();
	check(code == want, "%s: 0x%x", what, code);
	store32(&writer->position, before);
}

/* 64 bytes before the end, a packet that would have to go on at the start, but is not there. */
static void nonsense_over_the_end(void)
{
	uint8_t message[56] = { 0 };
	int wrong = 0;

	for (int i = 0; i < 31; i++)
		wrong += !put(message, sizeof(message), NULL, 0) || look();
	check(!wrong && end_at(header()->req.read_state)->position == 0x7c0, "near the end");
	nonsense("a packet over the end", 0x11ull << 32 | 72, 8, EBADITEM);
	nonsense("a packet over the end, of which nothing is there", 0x11ull << 32 | 72, 0,
		 EBADITEM);
}

static void test_nonsense(void)
{
	uint64_t flags = 0x11ull << 32, buffers = 0x12ull << 32 | 3ull << 48;
	struct packet_buffer wrong[] = { { 4321, 0, 0, 0, 0 },
					 { BUFFER_KEY, 1, BUFFER_SIZE, 0, 0 },
					 { BUFFER_KEY, ~0u, 1, 0, 0 },
					 { BUFFER_KEY, 0, 0, 8, 0 } };
	static const uint32_t codes[] = { ENOSUCHMAP, EBADITEM, EBADITEM, 0x80000485u };
	uint32_t r;

	/* An even start: position 0. */
	on_queue(4);
	lay_out(2, 1, 0x800, 0x400);
	check(!create(NUMBER, QUEUE_KEY, COUNT), "a new queue");
	check(look() == EWOULDBLOCK, "nothing in it");
	nonsense("a position beyond the end", flags | 16, 0x800, EBADITEM);
	nonsense("an odd position", flags | 16, 12, EBADITEM);
	nonsense("a packet of nothing", flags, 16, EBADITEM);
	nonsense("a packet shorter than its header", flags | 7, 16, EBADITEM);
	nonsense("a packet longer than what was written", flags | 24, 16, EBADITEM);
	nonsense("a packet longer than the ring", flags | 0x801, 16, EBADITEM);
	nonsense("a packet as long as can be", flags | 0xffffffff, 16, EBADITEM);
	nonsense("a packet with less than its buffers", buffers | 79, 80, EBADITEM);
	nonsense("more buffers than there is room for", buffers | 80, 80, FRPC_EBADPARM);
	nonsense("a longer message than there is room for", flags | 80, 80, FRPC_EBADPARM);
	nonsense("one that is not ready", 16 | 1ull << 32, 16, EBADITEM);
	nonsense_over_the_end();
	for (int i = 0; i < 4; i++) {
		check(put("x", 1, &wrong[i], 1) && look() == codes[i], "buffer %d: 0x%x", i,
		      codes[i]);
		r = end_at(header()->req.read_state)->position;
		check(r == end_at(header()->req.write_state)->position, "and it is gone");
	}
}

/* A signal can be left over; after this nobody is told anything without a reason. */
static void drain_signals(void)
{
	check(!invoke(service, 7, NULL, 0, NULL, 0) && take_signal() == -1, "no signal is left");
}

static void test_signals(void)
{
	int32_t signal = 0;
	struct buffer out = { &signal, 4 };
	uint64_t first, second, last;

	drain_signals();
	first = app_call(&app, PLACE_WAIT, service, FRPC_SC(6, 0, 1), &out);
	second = app_call(&app, PLACE_OTHER, service, FRPC_SC(6, 0, 1), &out);
	last = second;
	if (!app_wait_any(&app, first, second))
		die("nobody answers");
	if (app_answered(&app, second)) {
		uint64_t swap = first;

		first = second;
		second = swap;
	}
	app_wait(&app, first);
	check(!app_answered(&app, second), "of two who wait for a signal one does");
	check(!invoke(service, 7, NULL, 0, NULL, 0) && !app_wait(&app, second), "it is cancelled");
	app_fetch(&app, second == last ? PLACE_OTHER : PLACE_WAIT, FRPC_SC(6, 0, 1), &out);
	check(signal == -1, "and told so: %d", signal);
}

static void test_exit(void)
{
	int32_t signal = 0;
	struct buffer out = { &signal, 4 };
	uint64_t call;

	drain_signals();
	call = app_call(&app, PLACE_WAIT, service, FRPC_SC(6, 0, 1), &out);
	check(!app_wait(&app, app_call(&app, PLACE_OTHER, FRPC_HANDLE_CURRENT_PROCESS,
				       FRPC_SC(2, 0, 0), NULL)),
	      "the application exits");
	check(app_wait(&app, call) == FRPC_EBADSTATE, "nobody waits for signals any more");
}

/* All is closed and made anew, as the library does with its last and its next first queue. */
static void test_again(void)
{
	int32_t key = STATE_KEY;
	char text[ERROR_TEXT];
	uint32_t in[2] = { service, ERROR_TEXT }, out = 1;
	struct buffer buffers[] = { { in, 8 }, { &out, 4 }, { text, ERROR_TEXT } };

	check(!on_queue(4), "the last queue goes");
	check(!app_invoke(&app, FRPC_HANDLE_REMOTECTL1, FRPC_SC(3, 1, 2), buffers) && !out,
	      "and the service");
	check(!app_open(&app,
			"file:///libdspqueue_rpc_skel.so?dspqueue_rpc_skel_handle_invoke&_modver=1.0"
			"&_dom=cdsp&_session=0",
			&service, text),
	      "opened anew");
	check(!invoke(service, 2, &key, 4, NULL, 0), "with its counters");
	lay_out(1, 0, 0x400, 0x400);
	check(!create(NUMBER, QUEUE_KEY, COUNT), "a queue of the first version");
	check(!invoke(skel, 2, &queue, 8, NULL, 0), "opened by DSP code");
	echo(20);
	check(!invoke(skel, 3, NULL, 0, NULL, 0), "and closed");
}

static void begin(struct shell *shell, char **argv)
{
	char text[ERROR_TEXT] = "";

	*shell = start(argv[1], argv[2]);
	app_start(&app, shell, false, 4096);
	files = (struct files){ .dirs = { argv[3], argv[4] } };
	app.serve = files_serve;
	app.context = &files;
	app_init(&app);
	check(!app_open(&app,
			"file:///libdspqueue_rpc_skel.so?dspqueue_rpc_skel_handle_invoke&_modver=1.0"
			"&_dom=cdsp&_session=0",
			&service, text) &&
		      !app_open(&app,
				"file:///libqueue_skel.so?queue_skel_handle_invoke&_modver=1.0",
				&skel, text),
	      "the service, and a skel that uses it %s", text);
	map(STATE_KEY, STATE_IOVA, sizeof(struct counters));
	map(QUEUE_KEY, QUEUE_IOVA, QUEUE_SIZE);
	map(BUFFER_KEY, BUFFER_IOVA, BUFFER_SIZE);
}

int main(int argc, char **argv)
{
	struct shell shell;
	char log[4096];
	int status;

	if (argc < 5)
		return 2;
	begin(&shell, argv);
	test_creation();
	test_callback();
	test_pump();
	test_buffers();
	test_full();
	test_failures();
	test_nonsense();
	test_signals();
	test_again();
	test_destruction();
	test_exit();
	status = stop(&shell, log, sizeof(log));
	check(WIFEXITED(status) && !WEXITSTATUS(status) && !log[0], "the process ends in order %s",
	      log);
	return finish();
}
