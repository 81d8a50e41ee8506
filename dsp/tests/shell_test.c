/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The shell on this machine, without a virtual DSP: a packet socket stands for the
 * session's file, a memfd for the memory of the context bank.
 *	shell_test QEMU SHELL [SHELL_WITH_ANOTHER_FILTER]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness.h"

static uint32_t sum(struct shell *shell, uint32_t handle, uint32_t count, int64_t *result)
{
	int32_t *numbers = calloc(count + 1, sizeof(*numbers));
	struct buffer buffers[] = { { &count, 4 }, { numbers, 4 * count }, { result, 8 } };
	uint32_t error;

	for (uint32_t i = 0; i < count; i++)
		numbers[i] = 0x7fffffff - (int32_t)i;
	error = call(shell, handle, FRPC_SC(2, 2, 1), buffers);
	free(numbers);
	return error;
}

static void test_calc(struct shell *shell, uint32_t calc)
{
	int32_t numbers[3] = { -5, 7, -9 }, max = 0;
	uint32_t count = 3;
	char out[300], in[200];
	struct buffer two[] = { { &count, 4 }, { numbers, sizeof(numbers) }, { &max, 4 } };
	struct buffer echo[] = {
		{ in, sizeof(in) }, { NULL, 0 }, { out, sizeof(out) }, { NULL, 0 }
	};
	int64_t result = 0;

	check(!sum(shell, calc, 1000, &result) && result == 1000ll * 0x7fffffff - 499500,
	      "sum of 1000 numbers");
	check(!sum(shell, calc, 0, &result) && result == 0, "sum of nothing");
	check(!call(shell, calc, FRPC_SC(3, 2, 1), two) && max == 7, "max");
	count = 4;
	check(call(shell, calc, FRPC_SC(2, 2, 1), two) == FRPC_EBADPARM,
	      "sum of more numbers than there are");
	memset(in, 'e', sizeof(in));
	memset(out, 'x', sizeof(out));
	check(!call(shell, calc, FRPC_SC(4, 2, 2), echo) && !memcmp(in, out, 200) && !out[200] &&
		      !out[299],
	      "echo copies and clears the rest");
	check(call(shell, calc, FRPC_SC(9, 0, 0), NULL) == FRPC_EUNSUPPORTED, "unknown method");
	check(call(shell, calc, FRPC_SC(2, 1, 0), two) == FRPC_EBADPARM,
	      "sum with too few arguments");
	check(call(shell, calc, FRPC_SC(1, 0, 0), NULL) == FRPC_EUNSUPPORTED,
	      "a skel's close is not for callers");
}

/* Numbers from 256 to this one are never sent to the DSP by that library (1.0.8). */
#define LAST_OF_LIBRARY 512

static void test_handles(struct shell *shell)
{
	uint32_t handle, second, word = 0;
	struct buffer one[] = { { &word, 4 } };
	char text[ERROR_TEXT];
	int64_t result;

	check(open_module(shell, "nothere", &handle, text) == FRPC_ENOSUCHMOD && !handle,
	      "unknown module");
	check(strstr(text, "nothere") && strstr(text, "calc"), "and why: %s", text);
	check(open_module(shell, "file:///libcalc.so", &handle, text) == FRPC_ENOSUCHMOD,
	      "a name without _skel");
	handle = must_open(shell, "calc");
	second = must_open(shell, "calc");
	check(handle != second, "opened twice, two handles");
	check(handle > LAST_OF_LIBRARY && second > LAST_OF_LIBRARY,
	      "handles that FastRPC's library does not take for its own: %#x %#x", handle, second);
	check(!close_module(shell, handle), "close");
	check(close_module(shell, handle) == FRPC_ENOSUCHHANDLE, "close again");
	check(sum(shell, handle, 3, &result) == FRPC_ENOSUCHHANDLE, "call of a closed handle");
	check(!sum(shell, second, 3, &result), "the other one still works");
	handle = must_open(shell, "calc");
	check(sum(shell, handle - 0x100, 3, &result) == FRPC_ENOSUCHHANDLE,
	      "an old handle of a place in use");
	check(call(shell, 0x7fffffff, 0, NULL) == FRPC_ENOSUCHHANDLE, "method 0 of no handle");
	check(call(shell, 0x7fffffff, FRPC_SC(2, 0, 0), NULL) == FRPC_ENOSUCHHANDLE,
	      "no such handle");
	check(call(shell, 5, FRPC_SC(4, 0, 0), NULL) == FRPC_EUNSUPPORTED,
	      "a fixed handle that is not served");
	check(call(shell, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(3, 0, 0), NULL) == 0, "thread_exit");
	check(call(shell, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(5, 0, 1), one) == FRPC_EUNSUPPORTED,
	      "getASID");
	for (int i = 0; i < 64; i++)
		open_module(shell, "calc", &handle, text);
	check(open_module(shell, "calc", &handle, text) == FRPC_ENOMEMORY, "too many modules: %s",
	      text);
}

struct damage {
	const char *what;
	uint32_t error;
	void (*spoil)(struct vdsp_msg *msg, struct frpc_arg *args, struct frpc_list *list,
		      struct frpc_page *pages);
};

#define SPOIL(name, ...)                                                                      \
	static void name(struct vdsp_msg *msg, struct frpc_arg *args, struct frpc_list *list, \
			 struct frpc_page *pages)                                             \
	{                                                                                     \
		(void)msg, (void)args, (void)list, (void)pages;                               \
		__VA_ARGS__;                                                                  \
	}

SPOIL(spoil_nothing, (void)0)
SPOIL(spoil_type, msg->type = VDSP_MSG_PD_EXIT)
SPOIL(spoil_size, msg->size = 3 * 40 - 1)
SPOIL(spoil_address, msg->addr = SID | 0x1000)
SPOIL(spoil_end, msg->addr = SID | (VDSP_IOVA_START + VDSP_IOVA_SIZE - 8))
SPOIL(spoil_alignment, msg->addr += 4)
SPOIL(spoil_index, list[1].pgidx = 3)
SPOIL(spoil_big_index, list[1].pgidx = 0xffffffff)
SPOIL(spoil_num, list[1].num = 2)
SPOIL(spoil_len, args[1].len = ~0ull)
SPOIL(spoil_len_wrap, args[1].len = 0x100000000ull + 4; pages[1].size = ~0ull)
SPOIL(spoil_page_size, pages[1].size = 16)
SPOIL(spoil_sid, pages[1].addr ^= 3ull << 32)
SPOIL(spoil_below, pages[1].addr = SID | 0x10000)
SPOIL(spoil_above, pages[1].addr = SID | (VDSP_IOVA_START + VDSP_IOVA_SIZE))
SPOIL(spoil_over_end, pages[1].addr = SID | (VDSP_IOVA_START + VDSP_IOVA_SIZE - 0x1000);
      args[1].pv = 0xff0)
SPOIL(spoil_empty, list[1].num = 0)

static const struct damage damages[] = {
	{ "nothing wrong", 0, spoil_nothing },
	{ "not a call", FRPC_EUNSUPPORTED, spoil_type },
	{ "payload smaller than its tables", FRPC_EBADPARM, spoil_size },
	{ "payload in the process's own memory", FRPC_EBADPARM, spoil_address },
	{ "payload over the window's end", FRPC_EBADPARM, spoil_end },
	{ "payload not aligned", FRPC_EBADPARM, spoil_alignment },
	{ "page index one too high", FRPC_EBADPARM, spoil_index },
	{ "page index far too high", FRPC_EBADPARM, spoil_big_index },
	{ "two pages", FRPC_EBADPARM, spoil_num },
	{ "largest length", FRPC_EBADPARM, spoil_len },
	{ "length over 32 bits", FRPC_EBADPARM, spoil_len_wrap },
	{ "length over the page's size", FRPC_EBADPARM, spoil_page_size },
	{ "another stream id", FRPC_EBADPARM, spoil_sid },
	{ "argument in the process's own memory", FRPC_EBADPARM, spoil_below },
	{ "argument above the window", FRPC_EBADPARM, spoil_above },
	{ "argument over the window's end", FRPC_EBADPARM, spoil_over_end },
	{ "argument without a page", FRPC_EBADPARM, spoil_empty },
};

static void test_damage(struct shell *shell, uint32_t calc)
{
	uint32_t sc = FRPC_SC(2, 2, 1), count = 10;
	int32_t numbers[10] = { 1 };
	int64_t result;
	struct buffer buffers[] = { { &count, 4 }, { numbers, sizeof(numbers) }, { &result, 8 } };
	struct frpc_arg *args = at(shell, PAYLOAD);

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct vdsp_msg msg = message(calc, sc);
		uint32_t got;

		build(shell, PAYLOAD, sc, buffers);
		damages[i].spoil(&msg, args, (struct frpc_list *)(args + 3),
				 (struct frpc_page *)((struct frpc_list *)(args + 3) + 3));
		got = ask_raw(shell, &msg);
		check(got == damages[i].error, "%s: 0x%x", damages[i].what, got);
	}
}

/*
 * Tables of random words, of which some look right. The pages that it can name are
 * all there, so the process has no reason to die.
 */
static void test_fuzz(struct shell *shell, uint32_t calc)
{
	static const uint32_t scs[] = { FRPC_SC(0, 2, 2), FRPC_SC(1, 1, 2), FRPC_SC(2, 2, 1),
					FRPC_SC(4, 3, 3), FRPC_SC(4, 40, 40) };
	int answered = 0, rounds = 5000;

	srandom(7);
	for (int i = 0; i < rounds; i++) {
		uint32_t sc = scs[random() % 5];
		struct vdsp_msg msg = message(FRPC_SC_METHOD(sc) < 2 ? 0 : calc, sc);
		struct frpc_arg *args = at(shell, PAYLOAD);
		struct frpc_list *list = (struct frpc_list *)(args + FRPC_SC_COUNT(sc));
		struct frpc_page *pages = (struct frpc_page *)(list + FRPC_SC_COUNT(sc));

		for (uint32_t j = 0; j < FRPC_SC_COUNT(sc); j++) {
			args[j].pv = (uint64_t)random();
			args[j].len = (uint64_t)(random() % 8 ? random() % 64 : random() << 16);
			list[j].num = random() % 10 != 0;
			list[j].pgidx = (uint32_t)(random() % (FRPC_SC_COUNT(sc) * 20 / 19 + 1));
			pages[j].addr = (random() % 50 ? SID : 0) |
					(DATA + (uint32_t)random() % 0x100000);
			pages[j].size = 0x10000;
		}
		for (uint32_t j = 0; j < 0x10000; j += 64)
			*(uint32_t *)at(shell, DATA + j) = (uint32_t)random() % 64;
		answered += ask_raw(shell, &msg) != NO_ANSWER;
		if (answered <= i)
			break;
	}
	check(answered == rounds, "%d of %d random payloads answered", answered, rounds);
}

/*
 * As many methods that block as a DSP can have calls in flight, but for the one that is
 * needed; then all of them go on, and the threads are used again.
 */
static void test_parallel(struct shell *shell, uint32_t probe, uint32_t calc)
{
	uint32_t number, payload = PAYLOAD + 0x100000;
	struct buffer word = { &number, 4 };
	struct vdsp_msg msg = message(probe, FRPC_SC(17, 1, 0));
	struct vdsp_msg raise = message(probe, FRPC_SC(18, 1, 0));
	struct vdsp_reply reply;
	int64_t result = 0;
	int good = 0;

	msg.addr = SID | payload;
	for (number = 1; number <= 2; number++) {
		build(shell, payload, msg.sc, &word);
		for (int i = 0; i < 254; i++)
			send_raw(shell, &msg);
		check(!sum(shell, calc, 2, &result), "a call passes 254 that wait");
		build(shell, PAYLOAD, raise.sc, &word);
		send_raw(shell, &raise);
		for (int i = 0; i < 255; i++)
			good += receive(shell, &reply) && !reply.retval;
	}
	check(good == 2 * 255, "another one lets them go on, and all are answered: %d", good);
}

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

/* Another way to compute it than the skel's. */
static uint8_t filtered(const uint8_t *in, const int32_t *kernel, int width, int height,
			int channels, int stride, int x, int y, int channel)
{
	int sum = 0;

	for (int i = 0; i < 9; i++) {
		int row = clamp(y + i / 3 - 1, 0, height - 1),
		    column = clamp(x + i % 3 - 1, 0, width - 1);

		sum += kernel[i] * in[row * stride + column * channels + channel];
	}
	return (uint8_t)clamp(sum / kernel[9] + kernel[10], 0, 255);
}

static int wrong_pixels(const uint8_t *in, const uint8_t *out, const int32_t *kernel,
			const uint32_t *size)
{
	int wrong = 0, width = (int)size[0], channels = (int)size[2];

	for (int y = 0; y < (int)size[1]; y++) {
		for (int x = 0; x < width * channels; x++)
			wrong += out[y * (int)size[3] + x] !=
				 filtered(in, kernel, width, (int)size[1], channels, (int)size[3],
					  x / channels, y, x % channels);
	}
	return wrong;
}

static void test_filter_sizes(struct shell *shell, uint32_t filter, const int32_t *kernel)
{
	static const uint32_t sizes[][4] = { { 512, 512, 1, 512 },
					     { 37, 21, 3, 128 },
					     { 1, 1, 1, 1 },
					     { 1, 9, 3, 3 },
					     { 9, 1, 1, 9 } };
	static uint8_t in[512 * 512], out[512 * 512];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)random();
	for (size_t i = 0; i < 5; i++) {
		const uint32_t *size = sizes[i];
		uint32_t len = size[3] * (size[1] - 1) + size[0] * size[2];
		struct buffer buffers[] = { { (void *)size, 16 }, { in, len }, { out, len } };

		memset(out, 0, sizeof(out));
		check(!call(shell, filter, FRPC_SC(2, 2, 1), buffers) &&
			      !wrong_pixels(in, out, kernel, size),
		      "filter of %ux%u, %u channels, %u bytes a row", size[0], size[1], size[2],
		      size[3]);
	}
}

/* Pixels in one buffer that is read and written: by method 5, or as input and output of 2. */
static uint32_t filter_shared(struct shell *shell, uint32_t filter, uint32_t method,
			      const uint32_t *size, uint8_t *pixels, uint32_t len)
{
	uint32_t sc = method == 5 ? FRPC_SC(5, 1, 1) : FRPC_SC(2, 2, 1), error;
	struct buffer buffers[] = { { (void *)size, 16 }, { pixels, len }, { pixels, len } };
	struct tables tables = tables_at(shell, PAYLOAD, sc);
	struct vdsp_msg msg = message(filter, sc);

	build(shell, PAYLOAD, sc, buffers);
	if (method == 2) {
		tables.args[2] = tables.args[1];
		tables.pages[2] = tables.pages[1];
	}
	memcpy(at(shell, (uint32_t)tables.args[1].pv), pixels, len);
	error = ask_raw(shell, &msg);
	memcpy(pixels, at(shell, (uint32_t)tables.args[1].pv), len);
	return error;
}

static void test_filter_in_place(struct shell *shell, uint32_t filter, const int32_t *kernel)
{
	static const uint32_t sizes[][4] = { { 512, 512, 1, 512 },
					     { 37, 21, 3, 128 },
					     { 1, 1, 1, 1 },
					     { 3, 2, 3, 9 },
					     { 4096, 3, 3, 12288 } };
	static uint8_t in[512 * 512], pixels[512 * 512];

	for (size_t i = 0; i < 10; i++) {
		const uint32_t *size = sizes[i / 2];
		uint32_t method = i % 2 ? 5 : 2;
		uint32_t row = size[0] * size[2], len = size[3] * (size[1] - 1) + row, kept = 0;

		for (size_t j = 0; j < sizeof(in); j++)
			pixels[j] = in[j] = (uint8_t)random();
		check(!filter_shared(shell, filter, method, size, pixels, len) &&
			      !wrong_pixels(in, pixels, kernel, size),
		      "method %u in place, %ux%u, %u channels", method, size[0], size[1], size[2]);
		for (uint32_t j = 0; j < len; j++)
			kept += j % size[3] >= row && pixels[j] != in[j];
		check(!kept, "bytes between the rows stay as they are");
	}
}

static void test_filter_overlap(struct shell *shell, uint32_t filter)
{
	static const uint32_t size[4] = { 8, 8, 1, 8 };
	uint8_t pixels[64] = { 0 };
	struct buffer buffers[] = { { (void *)size, 16 }, { pixels, 64 }, { pixels, 64 } };
	struct tables tables = tables_at(shell, PAYLOAD, FRPC_SC(2, 2, 1));
	struct vdsp_msg msg = message(filter, FRPC_SC(2, 2, 1));
	static const int distances[] = { -63, -1, 1, 63 };

	for (size_t i = 0; i < 4; i++) {
		build(shell, PAYLOAD, FRPC_SC(2, 2, 1), buffers);
		tables.args[2].pv = tables.args[1].pv + (uint64_t)(int64_t)distances[i];
		tables.pages[2] = tables.pages[1];
		check(ask_raw(shell, &msg) == FRPC_EBADPARM, "output %d bytes behind the input",
		      distances[i]);
	}
	build(shell, PAYLOAD, FRPC_SC(2, 2, 1), buffers);
	tables.args[2].pv = tables.args[1].pv + 64;
	tables.pages[2] = tables.pages[1];
	check(!ask_raw(shell, &msg), "output right behind the input");
}

static void test_filter_refusals(struct shell *shell, uint32_t filter)
{
	static const uint32_t wrong[][4] = { { 0, 4, 1, 4 },
					     { 4, 0, 1, 4 },
					     { 4, 4, 2, 8 },
					     { 4, 4, 1, 3 },
					     { 4, 5, 1, 4 },
					     { 4097, 1, 1, 4097 },
					     { 2, 2, 1, 0xfffffffe },
					     { 0x80000001, 1, 1, 0xffffffff },
					     { 4, 0xffffffff, 1, 0xffffffff } };
	uint8_t pixels[16] = { 0 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buffer buffers[] = { { (void *)wrong[i], 16 },
					    { pixels, 16 },
					    { pixels, 16 } };

		check(call(shell, filter, FRPC_SC(2, 2, 1), buffers) == FRPC_EBADPARM &&
			      call(shell, filter, FRPC_SC(5, 1, 1), buffers) == FRPC_EBADPARM,
		      "filter refuses %ux%u, %u channels, %u bytes a row", wrong[i][0], wrong[i][1],
		      wrong[i][2], wrong[i][3]);
	}
}

static void test_filter(struct shell *shell, const char *name)
{
	uint32_t filter = must_open(
		shell, "file:///libfilter_skel.so?filter_skel_handle_invoke&_modver=1.0&_dom=cdsp");
	struct buffer buffer = { (char[32]){ 0 }, 32 };
	int32_t kernel[11] = { 0 };
	struct buffer words = { kernel, sizeof(kernel) };
	uint32_t error = call(shell, filter, FRPC_SC(3, 0, 1), &buffer);

	check(!error && !strcmp(buffer.data, name), "filter is \"%s\"", (char *)buffer.data);
	error = call(shell, filter, FRPC_SC(4, 0, 1), &words);
	check(!error && kernel[9], "its table, divisor %d, bias %d", kernel[9], kernel[10]);
	test_filter_sizes(shell, filter, kernel);
	test_filter_in_place(shell, filter, kernel);
	test_filter_overlap(shell, filter);
	test_filter_refusals(shell, filter);
}

static void test_probe(struct shell *shell, uint32_t probe)
{
	uint32_t words[2] = { PAYLOAD + 0x8000, 77 }, value = 0;
	struct buffer write_args[] = { { words, 8 } },
		      read_args[] = { { words, 4 }, { &value, 4 } };

	check(!call(shell, probe, FRPC_SC(3, 1, 0), write_args), "write to an address");
	check(!call(shell, probe, FRPC_SC(2, 1, 1), read_args) && value == 77,
	      "read from an address");
	words[0] = 0x12345;
	check(call(shell, probe, FRPC_SC(6, 1, 0), &(struct buffer){ words, 4 }) == 0x12345,
	      "a code of one's own");
}

/* How a process dies: by this signal or, when it is 0, by the exit code. */
static void test_death(const char *qemu, const char *elf, uint32_t method, uint32_t word,
		       int signal, int code)
{
	struct shell shell = start(qemu, elf);
	uint32_t value, probe = must_open(&shell, "probe");
	struct buffer args[] = { { &word, 4 }, { &value, 4 } };
	uint32_t sc = FRPC_SC(method, method != 4, method == 2);
	char log[4096];
	int status;

	check(call(&shell, probe, sc, args) == NO_ANSWER, "no answer from method %u", method);
	status = stop(&shell, log, sizeof(log));
	if (!signal) {
		check(WIFEXITED(status) && WEXITSTATUS(status) == code, "exit with %d", code);
		return;
	}
	check(WIFSIGNALED(status) && WTERMSIG(status) == signal, "died by signal %d",
	      WTERMSIG(status));
	check(strstr(log, signal == 7 ? "crash: SIGBUS pc=" : "crash: SIGSEGV pc="),
	      "the log says: %.90s", log);
}

int main(int argc, char **argv)
{
	struct shell shell;
	uint32_t calc, probe;
	char log[4096];
	int status;

	if (argc < 3)
		return 2;
	shell = start(argv[1], argv[2]);
	calc = must_open(
		&shell,
		"file:///libcalc_skel.so?calc_skel_handle_invoke&_modver=1.0&_idlver=1.2.3&_dom=cdsp");
	probe = must_open(&shell, "probe");
	test_calc(&shell, calc);
	test_probe(&shell, probe);
	test_damage(&shell, calc);
	test_parallel(&shell, probe, calc);
	test_filter(&shell, "edges");
	test_handles(&shell);
	test_fuzz(&shell, calc);
	status = stop(&shell, log, sizeof(log));
	check(WIFEXITED(status) && !WEXITSTATUS(status) && !log[0],
	      "ends when its file is closed, silently");
	test_death(argv[1], argv[2], 4, 0, 11, 0);
	test_death(argv[1], argv[2], 2, VDSP_IOVA_START + MEMORY, 7, 0);
	test_death(argv[1], argv[2], 7, 33, 0, 33);
	if (argc > 3) {
		shell = start(argv[1], argv[3]);
		test_filter(&shell, "emboss");
		stop(&shell, log, sizeof(log));
	}
	return finish();
}
