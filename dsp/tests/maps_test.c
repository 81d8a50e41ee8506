/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Buffers by key in the shell: the table that dspd shares with it, and DMA handles.
 *	maps_test QEMU SHELL
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "maps.h"

#define NO_SUCH_MAP 0x80000448u
#define AREA	    (VDSP_IOVA_START + 0x02000000u) /* behind the payloads */
#define MAX_HELD    512
#define SC_SUM	    (FRPC_SC(11, 1, 1) | 0x10)
#define SC_FILL	    (FRPC_SC(12, 1, 0) | 0x01)

static uint32_t sum_bytes(uint32_t sum, const void *data, uint32_t len)
{
	const uint8_t *bytes = data;

	for (uint32_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * 16777619;
	return sum;
}

static uint32_t sum_of(const void *data, uint32_t len)
{
	return sum_bytes(2166136261, data, len);
}

static uint32_t wrong_bytes(uint32_t seed, const void *data, uint32_t len)
{
	const uint8_t *bytes = data;
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < len; i++)
		wrong += bytes[i] != (uint8_t)((seed + i) * 2654435761u >> 24);
	return wrong;
}

static void scramble(void *data, uint32_t len)
{
	uint8_t *bytes = data;

	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)random();
}

static struct pd_map key_map(int32_t key, uint32_t iova, uint32_t size)
{
	return (struct pd_map){ .key = key, .kind = PD_MAP_KEY, .iova = iova, .size = size };
}

static uint32_t get(struct shell *shell, uint32_t probe, int32_t key, uint32_t offset,
		    uint32_t *value)
{
	uint32_t words[2] = { (uint32_t)key, offset };
	struct buffer buffers[] = { { words, 8 }, { value, 4 } };

	return call(shell, probe, FRPC_SC(9, 1, 1), buffers);
}

static uint32_t put(struct shell *shell, uint32_t probe, int32_t key, uint32_t offset,
		    uint32_t value)
{
	uint32_t words[3] = { (uint32_t)key, offset, value };

	return call(shell, probe, FRPC_SC(10, 1, 0), &(struct buffer){ words, 12 });
}

static uint32_t find(struct shell *shell, uint32_t probe, int32_t key, uint32_t out[2])
{
	struct buffer buffers[] = { { &key, 4 }, { out, 8 } };

	return call(shell, probe, FRPC_SC(15, 1, 1), buffers);
}

/* Large buffers, as ordinary arguments. */
static void test_buffers(struct shell *shell, uint32_t probe)
{
	static uint8_t data[0x100001];
	uint32_t result = 0, seed = 0x80000001;
	struct buffer sum_args[] = { { data, sizeof(data) }, { &result, 4 } };
	struct buffer fill_args[] = { { &seed, 4 }, { data, sizeof(data) } };

	scramble(data, sizeof(data));
	check(!call(shell, probe, FRPC_SC(13, 1, 1), sum_args) &&
		      result == sum_of(data, sizeof(data)),
	      "sum over 1 MiB and a byte");
	check(!call(shell, probe, FRPC_SC(14, 1, 1), fill_args) &&
		      !wrong_bytes(seed, data, sizeof(data)),
	      "fill as much");
	sum_args[1].len = 3;
	check(call(shell, probe, FRPC_SC(13, 1, 1), sum_args) == FRPC_EBADPARM,
	      "no room for the sum");
}

static void test_keys(struct shell *shell, uint32_t probe)
{
	struct pd_map map = key_map(-42, AREA + 0x123, 0x5000);
	struct pd_map heap = { .kind = PD_MAP_HEAP, .iova = AREA, .size = 0x1000 };
	uint32_t value = 0x12345678, out[2] = { 0 }, offset = 0x5000 - 4;
	uint8_t *area = at(shell, AREA + 0x123);

	check(get(shell, probe, -42, 0, &value) == NO_SUCH_MAP, "a key that is not there");
	check(find(shell, probe, -42, out) == NO_SUCH_MAP, "and has no length");
	maps_add(shell->maps, &map);
	check(!find(shell, probe, -42, out) && out[0] == map.iova && out[1] == map.size,
	      "a key, its address 0x%x and length 0x%x", out[0], out[1]);
	memcpy(area + offset, &value, 4);
	check(!get(shell, probe, -42, offset, &out[0]) && out[0] == value, "read by key");
	check(!put(shell, probe, -42, 5, 0xcafe0001) && !memcmp(area + 5, "\x01\0\xfe\xca", 4),
	      "write by key");
	maps_add(shell->maps, &heap);
	check(find(shell, probe, 0, out) == NO_SUCH_MAP, "pages of the heap have no key");
	maps_remove(shell->maps, &map);
	check(get(shell, probe, -42, 0, &value) == NO_SUCH_MAP, "the key is gone again");
	maps_remove(shell->maps, &heap);
}

/* All places of the table, and more keys than the shell can hold at a time. */
static void test_many_keys(struct shell *shell, uint32_t probe)
{
	uint32_t out[2] = { 0 }, good = 0, value;

	for (int32_t i = 0; i < PD_MAPS_MAX; i++) {
		struct pd_map map = key_map(1000 - i, AREA + (uint32_t)i * 64, 64 + (uint32_t)i);

		maps_add(shell->maps, &map);
		memcpy(at(shell, map.iova), &i, 4);
	}
	for (int32_t i = 0; i < PD_MAPS_MAX; i++)
		good += !get(shell, probe, 1000 - i, 0, &value) && value == (uint32_t)i;
	check(good == PD_MAPS_MAX, "%u of %u keys; references are given back", good, PD_MAPS_MAX);
	check(!find(shell, probe, 1000 - 1022, out) && out[1] == 64 + 1022, "the last one");
	shell->maps->count = ~0u;
	check(find(shell, probe, 5000, out) == NO_SUCH_MAP, "a count that cannot be");
	shell->maps->count = 0;
}

/* Key 7 in two places in turn, and not there in between. */
static const struct pd_map places[2] = {
	{ .key = 7, .kind = PD_MAP_KEY, .iova = AREA, .size = 0x1000 },
	{ .key = 7, .kind = PD_MAP_KEY, .iova = AREA + 0x5000, .size = 0x3000 },
};
static atomic_bool stop_changing;

static void *change(void *arg)
{
	for (uint32_t i = 0; !stop_changing; i++) {
		maps_add(arg, &places[i % 2]);
		maps_remove(arg, &places[i % 2]);
	}
	return NULL;
}

/* Here without the shell, to look often enough. */
static uint32_t halves(const struct pd_maps *maps, uint32_t *found)
{
	uint32_t half = 0;
	struct pd_map map;

	for (int i = 0; i < 10000000; i++) {
		if (!pd_maps_find(maps, 7, &map)) {
			/* On one CPU the other thread has to get its turn to put it in again. */
			if (i % 1024 == 0)
				sched_yield();
			continue;
		}
		++*found;
		half += memcmp(&map, &places[0], sizeof(map)) &&
			memcmp(&map, &places[1], sizeof(map));
	}
	return half;
}

static void test_changes(struct shell *shell, uint32_t probe)
{
	uint32_t there = 0, wrong = 0, found = 0, half, before, out[2];
	pthread_t thread;

	stop_changing = false;
	before = shell->maps->sequence;
	pthread_create(&thread, NULL, change, shell->maps);
	while (PD_MAPS_READ(shell->maps->sequence) == before)
		usleep(100);
	half = halves(shell->maps, &found);
	for (int i = 0; i < 5000; i++) {
		uint32_t error = find(shell, probe, 7, out);

		there += !error;
		wrong += error ? error != NO_SUCH_MAP :
				 out[0] != places[0].iova && out[0] != places[1].iova;
	}
	stop_changing = true;
	pthread_join(thread, NULL);
	check(found && !half, "%u looks at a changing table, %u saw half an entry", found, half);
	check(there && !wrong, "%u looks from the DSP, %u wrong", there, wrong);
}

static uint32_t fill(struct shell *shell, uint32_t probe, uint32_t len, uint32_t seed,
		     const struct dma *dma)
{
	uint32_t words[2] = { len, seed };

	return call_dma(shell, probe, SC_FILL, &(struct buffer){ words, 8 }, dma);
}

static uint32_t sum(struct shell *shell, uint32_t probe, uint32_t len, const struct dma *dma,
		    uint32_t *result)
{
	struct buffer buffers[] = { { &len, 4 }, { result, 4 } };

	return call_dma(shell, probe, SC_SUM, buffers, dma);
}

static void test_handles(struct shell *shell, uint32_t probe)
{
	struct dma dma = { 30, 0, 0x10000, AREA, 0x10000 }, part = { 30, 77, 100, AREA, 0x10000 };
	uint8_t *area = at(shell, AREA);
	uint32_t result = 0, out[2];

	check(!fill(shell, probe, 0, 3, &dma) && !wrong_bytes(3, area, 0x10000),
	      "fill a DMA handle's buffer");
	check(find(shell, probe, 30, out) == NO_SUCH_MAP, "its key ends with the call");
	scramble(area, 0x10000);
	check(!sum(shell, probe, 0, &dma, &result) && result == sum_of(area, 0x10000),
	      "sum over a DMA handle's buffer");
	check(!sum(shell, probe, 100, &part, &result) && result == sum_of(area + 77, 100),
	      "sum over a part of it");
	check(!sum(shell, probe, 0, &part, &result) && result == sum_of(area + 77, 0x10000 - 77),
	      "sum from its offset on");
	check(sum(shell, probe, 0x10000 - 76, &part, &result) == FRPC_EBADPARM,
	      "more than there is");
	check(call_dma(shell, FRPC_HANDLE_REMOTECTL, FRPC_SC(0, 2, 2) | 0x10,
		       (struct buffer[4]){ { NULL, 0 } }, &dma) == FRPC_EBADPARM,
	      "remotectl takes no DMA handle");
}

/* A key that the driver mapped: what is in the table counts. */
static void test_mapped_handles(struct shell *shell, uint32_t probe)
{
	struct pd_map map = key_map(31, AREA, 0x8000);
	struct dma same = { 31, 0, 16, AREA, 0x8000 }, larger = { 31, 0, 16, AREA, 0x10000 },
		   other = { 31, 0, 16, AREA + 0x1000, 0x1000 };
	struct dma twice[2] = { same, same }, differ[2] = { same, other };
	uint32_t result, seeds[2] = { 0, 9 };
	struct buffer all[] = { { &result, 4 } };

	maps_add(shell->maps, &map);
	check(!fill(shell, probe, 0, seeds[1], &same) &&
		      !wrong_bytes(seeds[1], at(shell, AREA), 0x8000),
	      "a DMA handle of a mapped key");
	check(!sum(shell, probe, 0, &larger, &result) && result == sum_of(at(shell, AREA), 0x8000),
	      "its length is that of the mapping");
	check(sum(shell, probe, 0, &other, &result) == FRPC_EBADPARM,
	      "a DMA handle that says the key is elsewhere");
	maps_remove(shell->maps, &map);
	check(!call_dma(shell, probe, FRPC_SC(16, 0, 1) | 0x20, all, twice), "one key twice");
	check(call_dma(shell, probe, FRPC_SC(16, 0, 1) | 0x20, all, differ) == FRPC_EBADPARM,
	      "one key twice, for two ranges");
}

/* The filter that works on what a handle stands for, against the one that gets copies. */
static void test_filter_handle(struct shell *shell)
{
	static const uint32_t size[4] = { 37, 21, 3, 128 }; /* width, height, channels, row */
	static uint8_t in[20 * 128 + 111], out[sizeof(in)];
	struct buffer buffers[] = { { (void *)size, 16 }, { in, sizeof(in) }, { out, sizeof(in) } };
	struct dma dma = { 32, 100, sizeof(in), AREA, 100 + sizeof(in) };
	uint32_t filter = must_open(shell, "filter"), sc = FRPC_SC(6, 1, 0) | 0x01;
	uint8_t *pixels = (uint8_t *)at(shell, AREA) + dma.offset;

	scramble(in, sizeof(in));
	memcpy(out, in, sizeof(in));
	memcpy(pixels, in, sizeof(in));
	check(!call(shell, filter, FRPC_SC(2, 2, 1), buffers), "the filter with copies");
	for (uint32_t i = 0; i < sizeof(in); i++)
		out[i] = i % 128 < 111 ? out[i] : in[i];
	check(!call_dma(shell, filter, sc, buffers, &dma) && !memcmp(pixels, out, sizeof(out)),
	      "the filter in a DMA handle's buffer");
	dma.size--;
	dma.len--;
	check(call_dma(shell, filter, sc, buffers, &dma) == FRPC_EBADPARM &&
		      !memcmp(pixels, out, sizeof(out)),
	      "refused when the picture is longer than the buffer");
	check(call_dma(shell, filter, FRPC_SC(6, 1, 0) | 0x10, buffers, &dma) == FRPC_EBADPARM,
	      "and for a handle that is only read");
}

/* A refused call must leave nothing behind, nor one that was served. */
static void test_no_rest(struct shell *shell, uint32_t probe)
{
	uint32_t refused = 0, served = 0, result;
	struct buffer all[] = { { &result, 4 } };

	for (int32_t i = 0; i < MAX_HELD + 100; i++) {
		struct dma two[2] = { { i, 0, 16, AREA, 64 }, { -i - 1, 60, 16, AREA, 64 } };

		refused += call_dma(shell, probe, FRPC_SC(16, 0, 1) | 0x20, all, two) ==
			   FRPC_EBADPARM;
	}
	for (int32_t i = 0; i < MAX_HELD + 100; i++) {
		struct dma dma = { i, 0, 16, AREA + 64, 64 };

		served += !call_dma(shell, probe, FRPC_SC(16, 0, 1) | 0x10, all, &dma);
	}
	check(refused == MAX_HELD + 100, "%u calls refused for their second handle", refused);
	check(served == MAX_HELD + 100, "%u calls with other keys after that", served);
}

#define MANY_IN	     255
#define MANY_OUT     255
#define MANY_HANDLES 15
#define MANY_BYTES   100
#define MANY_BUFFER  0x1000

/* As many arguments as a call can have, every tenth of them empty. */
static void test_many(struct shell *shell, uint32_t probe)
{
	uint32_t sc = FRPC_SC(16, MANY_IN, MANY_OUT) | MANY_HANDLES << 4 | MANY_HANDLES;
	static uint8_t in[MANY_IN][MANY_BYTES], out[MANY_OUT][MANY_BYTES];
	struct buffer buffers[MANY_IN + MANY_OUT];
	struct dma handles[2 * MANY_HANDLES];
	uint32_t result, expect = sum_of(NULL, 0), wrong = 0;

	scramble(in, sizeof(in));
	for (int i = 0; i < MANY_IN; i++) {
		buffers[i] = (struct buffer){ in[i], i % 10 ? MANY_BYTES : 0 };
		expect = sum_bytes(expect, in[i], buffers[i].len);
	}
	for (int i = 0; i < MANY_OUT; i++)
		buffers[MANY_IN + i] = (struct buffer){ out[i], i % 10 ? MANY_BYTES : 0 };
	buffers[MANY_IN] = (struct buffer){ &result, 4 };
	scramble(at(shell, AREA), 2 * MANY_HANDLES * MANY_BUFFER);
	for (int i = 0; i < 2 * MANY_HANDLES; i++) {
		uint32_t iova = AREA + (uint32_t)i * MANY_BUFFER;

		handles[i] = (struct dma){ 50 + i, (uint32_t)i, 10, iova, MANY_BUFFER };
		if (i < MANY_HANDLES)
			expect = sum_bytes(expect, at(shell, iova + (uint32_t)i),
					   MANY_BUFFER - (uint32_t)i);
	}
	check(!call_dma(shell, probe, sc, buffers, handles), "540 arguments");
	check(result == expect, "540 arguments: the inputs");
	for (uint32_t i = 1; i < MANY_OUT; i++)
		wrong += wrong_bytes(i, out[i], buffers[MANY_IN + i].len);
	for (uint32_t i = 0; i < MANY_HANDLES; i++)
		wrong += wrong_bytes(MANY_OUT + i,
				     at(shell,
					AREA + (MANY_HANDLES + i) * MANY_BUFFER + MANY_HANDLES + i),
				     MANY_BUFFER - MANY_HANDLES - i);
	check(!wrong, "540 arguments: %u wrong bytes in the outputs", wrong);
}

struct damage {
	const char *what;
	void (*spoil)(struct vdsp_msg *msg, struct frpc_dma_handle *handle, struct frpc_list *list,
		      struct frpc_page *page);
};

#define SPOIL(name, ...)                                                       \
	static void name(struct vdsp_msg *msg, struct frpc_dma_handle *handle, \
			 struct frpc_list *list, struct frpc_page *page)       \
	{                                                                      \
		(void)msg, (void)handle, (void)list, (void)page;               \
		__VA_ARGS__;                                                   \
	}

SPOIL(tables_cut, msg->size = 3 * 40 - 1)
SPOIL(more_handles, msg->sc |= 0xff; msg->size = 32 * 40 - 1)
SPOIL(offset_over, handle->offset = 0x10000 - 15)
SPOIL(offset_wraps, handle->offset = ~0u)
SPOIL(length_over, handle->len = 0x10001)
SPOIL(no_page, list->num = 0)
SPOIL(two_pages, list->num = 2)
SPOIL(page_index, list->pgidx = 3)
SPOIL(empty_page, page->size = 0; handle->len = 0)
SPOIL(page_huge, page->size = ~0ull)
SPOIL(page_bank, page->addr ^= 3ull << 32)
SPOIL(page_low, page->addr = SID | 0x10000)
SPOIL(page_high, page->addr = SID | (VDSP_IOVA_START + VDSP_IOVA_SIZE))
SPOIL(page_over_end, page->addr = SID | (VDSP_IOVA_START + VDSP_IOVA_SIZE - 0xffff))

static const struct damage damages[] = {
	{ "tables without the handle", tables_cut },
	{ "30 handles in smaller tables", more_handles },
	{ "offset too high", offset_over },
	{ "offset that wraps", offset_wraps },
	{ "length too high", length_over },
	{ "no page", no_page },
	{ "two pages", two_pages },
	{ "page index one too high", page_index },
	{ "empty page", empty_page },
	{ "page of all memory", page_huge },
	{ "page in another bank", page_bank },
	{ "page in the process's own memory", page_low },
	{ "page above the window", page_high },
	{ "page over the window's end", page_over_end },
};

static void test_damage(struct shell *shell, uint32_t probe)
{
	struct dma dma = { 40, 0, 16, AREA, 0x10000 };
	uint32_t len = 16, result = 0;
	struct buffer buffers[] = { { &len, 4 }, { &result, 4 } };
	struct tables tables = tables_at(shell, PAYLOAD, SC_SUM);

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct vdsp_msg msg = message(probe, SC_SUM);
		uint32_t got;

		build(shell, PAYLOAD, SC_SUM, buffers);
		build_dma(shell, PAYLOAD, SC_SUM, &dma);
		damages[i].spoil(&msg, (struct frpc_dma_handle *)&tables.args[2], &tables.list[2],
				 &tables.pages[2]);
		got = ask_raw(shell, &msg);
		check(got == FRPC_EBADPARM, "a handle with %s: 0x%x", damages[i].what, got);
	}
	check(!sum(shell, probe, len, &dma, &result), "and a good one");
}

/* A handle of length 0 without a page is only a key, for what the table has. */
static void test_empty_handle(struct shell *shell, uint32_t probe)
{
	struct pd_map map = key_map(41, AREA, 64);
	struct tables tables = tables_at(shell, PAYLOAD, SC_SUM);
	struct dma dma = { 41, 0, 0, 0, 0 };
	uint32_t len = 16, result = 0;
	struct buffer buffers[] = { { &len, 4 }, { &result, 4 } };
	struct vdsp_msg msg = message(probe, SC_SUM);

	build(shell, PAYLOAD, SC_SUM, buffers);
	build_dma(shell, PAYLOAD, SC_SUM, &dma);
	tables.list[2].num = 0;
	check(ask_raw(shell, &msg) == NO_SUCH_MAP, "an empty handle of no key");
	maps_add(shell->maps, &map);
	check(!ask_raw(shell, &msg), "an empty handle of a key");
	maps_remove(shell->maps, &map);
}

/* Random handles into memory that is there. */
static void test_fuzz(struct shell *shell, uint32_t probe)
{
	uint32_t answered = 0, rounds = 3000, result;
	struct buffer buffers[] = { { NULL, 0 }, { &result, 4 } };

	srandom(5);
	for (uint32_t i = 0; i < rounds && answered == i; i++) {
		uint32_t sc = FRPC_SC(16, 1, 1) | (uint32_t)random() % 256;
		struct tables tables = tables_at(shell, PAYLOAD, sc);
		struct vdsp_msg msg = message(probe, sc);

		build(shell, PAYLOAD, sc, buffers);
		for (uint32_t j = 2; j < FRPC_SC_COUNT(sc); j++) {
			struct frpc_dma_handle handle = { (int32_t)(random() % 40),
							  (uint32_t)random() % 70,
							  (uint32_t)random() % 10, 0 };

			memcpy(&tables.args[j], &handle, sizeof(handle));
			tables.list[j].num = random() % 50 != 0;
			tables.list[j].pgidx = j + (random() % 500 == 0);
			tables.pages[j].addr = SID | (AREA + (uint32_t)random() % 4 * 64);
			tables.pages[j].size = random() % 300 ? 100 : (uint64_t)random() << 8;
		}
		answered += ask_raw(shell, &msg) != NO_ANSWER;
	}
	check(answered == rounds, "%u of %u random sets of handles answered", answered, rounds);
}

/* Memory that is gone while the key is there: an SMMU fault. */
static void test_unmapped(char **argv)
{
	struct shell shell = start(argv[1], argv[2]);
	uint32_t value, probe = must_open(&shell, "probe");
	struct pd_map map = key_map(1, VDSP_IOVA_START + MEMORY, 0x1000);
	char log[4096];
	int status;

	maps_add(shell.maps, &map);
	check(get(&shell, probe, 1, 0, &value) == NO_ANSWER, "no answer from memory that is gone");
	status = stop(&shell, log, sizeof(log));
	check(WIFSIGNALED(status) && WTERMSIG(status) == 7 && strstr(log, "crash: SIGBUS pc="),
	      "the log says: %.90s", log);
}

int main(int argc, char **argv)
{
	struct shell shell;
	uint32_t probe;
	char log[4096];
	int status;

	if (argc != 3)
		return 2;
	shell = start(argv[1], argv[2]);
	probe = must_open(&shell, "probe");
	test_buffers(&shell, probe);
	test_keys(&shell, probe);
	test_many_keys(&shell, probe);
	test_changes(&shell, probe);
	test_handles(&shell, probe);
	test_mapped_handles(&shell, probe);
	test_filter_handle(&shell);
	test_no_rest(&shell, probe);
	test_many(&shell, probe);
	test_damage(&shell, probe);
	test_empty_handle(&shell, probe);
	test_fuzz(&shell, probe);
	status = stop(&shell, log, sizeof(log));
	check(WIFEXITED(status) && !WEXITSTATUS(status) && !log[0],
	      "ends when its file is closed, silently");
	test_unmapped(argv);
	return finish();
}
