/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * What the driver maps into a process for good, and how the process sees it.
 *	maps_test DSPD FAKE_DEVICE_SO
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "pd_maps.h"

/* The four calls about mappings; the test spoils them as it does with CREATE. */
static struct create make_mapping(struct test *test, uint32_t method)
{
	static const uint32_t inputs[12] = {
		[FRPC_INIT_MMAP] = 2,
		[FRPC_INIT_MUNMAP] = 1,
		[FRPC_INIT_MEM_MAP] = 3,
		[FRPC_INIT_MEM_UNMAP] = 1,
	};
	uint32_t in = inputs[method], out = in > 1;
	struct create call = make_create(test, in + out);

	memset(test->memory + (CREATE_AT - VDSP_IOVA_START), 0, 0x1000);
	call.msg.sc = FRPC_SC(method, in, out);
	set_arg(&call, 0, CREATE_AT, method == FRPC_INIT_MEM_MAP ? 32 : 24);
	if (out) {
		set_arg(&call, 1, PAGES_AT, sizeof(struct frpc_page));
		set_arg(&call, 2, NAME_AT, 0);
		set_arg(&call, (int)in, ANSWER_AT, 8);
	}
	memset(at(test, ANSWER_AT), 0xee, 8);
	return call;
}

static void set_page(struct test *test, uint64_t addr, uint64_t size)
{
	*(struct frpc_page *)at(test, PAGES_AT) = (struct frpc_page){ addr, size };
}

static struct vdsp_msg map_message(struct test *test, int key, uint32_t iova, uint32_t size)
{
	struct create call = make_mapping(test, FRPC_INIT_MEM_MAP);

	*(struct frpc_mem_map *)at(test, CREATE_AT) = (struct frpc_mem_map){
		.client_id = 5, .key = key, .flags = FRPC_MAP_FD, .vaddrin = ~0ull, .num = 16
	};
	set_page(test, SID | iova, size);
	return call.msg;
}

static struct vdsp_msg unmap_message(struct test *test, int key, uint64_t vaddr, uint64_t len)
{
	struct create call = make_mapping(test, FRPC_INIT_MEM_UNMAP);

	*(struct frpc_mem_unmap *)at(test, CREATE_AT) =
		(struct frpc_mem_unmap){ .client_id = 5, .key = key, .vaddr = vaddr, .len = len };
	return call.msg;
}

static struct vdsp_msg heap_message(struct test *test, uint32_t iova, uint32_t size)
{
	struct create call = make_mapping(test, FRPC_INIT_MMAP);

	*(struct frpc_mmap *)at(test, CREATE_AT) = (struct frpc_mmap){
		.client_id = 5, .flags = FRPC_MMAP_ADD_PAGES, .num = 16, .pad = ~0u
	};
	set_page(test, SID | iova, size);
	return call.msg;
}

static struct vdsp_msg heap_end_message(struct test *test, uint64_t vaddr, uint64_t size)
{
	struct create call = make_mapping(test, FRPC_INIT_MUNMAP);

	*(struct frpc_munmap *)at(test, CREATE_AT) =
		(struct frpc_munmap){ .client_id = 5, .pad = ~0u, .vaddr = vaddr, .size = size };
	return call.msg;
}

static uint64_t answer_of(struct test *test)
{
	return *(uint64_t *)at(test, ANSWER_AT);
}

/* The process's fd 5, as it sees it. */
static int open_table(const struct test *test, int flags)
{
	char path[64];
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/keys.pid", test->folder);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%d", &pid) != 1)
		die("the process left no number");
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/fd/5", pid);
	return open(path, flags);
}

static const struct pd_maps *see_table(const struct test *test)
{
	int fd = open_table(test, O_RDONLY);
	void *table = mmap(NULL, sizeof(struct pd_maps), PROT_READ, MAP_SHARED, fd, 0);

	if (table == MAP_FAILED)
		die("the process has no table as fd 5");
	close(fd);
	return table;
}

/* Whatever a process does with its file, dspd's table stays as it is. */
static void test_table_sealed(const struct test *test)
{
	int fd = open_table(test, O_RDWR);
	void *table = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	check(table == MAP_FAILED && errno == EPERM, "the process cannot map its table to write");
	check(write(fd, "x", 1) < 0 && errno == EPERM, "nor write to it");
	check(ftruncate(fd, 0) && errno == EPERM, "nor cut it");
	check(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0, "nor lock dspd out");
	close(fd);
}

/* Answers of dspd to good and bad requests, and what the process then sees. */
static void test_key_maps(struct test *test, const struct pd_maps *table)
{
	uint32_t iova = VDSP_IOVA_START + 0x123456;
	struct pd_map map;

	check(!pd_maps_find(table, 77, &map), "the table is empty");
	check(ask(test, map_message(test, 77, iova, 0x10001)) == 0 && answer_of(test) == iova,
	      "MEM_MAP gives the address");
	check(pd_maps_find(table, 77, &map) && map.iova == iova && map.size == 0x10001,
	      "the process finds it");
	check(ask(test, map_message(test, 77, iova + 0x20000, 4)) == FRPC_EBADPARM &&
		      pd_maps_find(table, 77, &map) && map.iova == iova,
	      "its key is taken");
	check(ask(test, map_message(test, -1, iova, 0x10001)) == 0, "the range is not");
	check(ask(test, unmap_message(test, 78, iova, 0x10001)) == FRPC_EBADPARM &&
		      ask(test, unmap_message(test, 77, iova + 1, 0x10001)) == FRPC_EBADPARM &&
		      ask(test, unmap_message(test, 77, iova, 0x10000)) == FRPC_EBADPARM &&
		      ask(test, unmap_message(test, 77, SID | iova, 0x10001)) == FRPC_EBADPARM &&
		      ask(test, unmap_message(test, 77, iova, SID | 0x10001)) == FRPC_EBADPARM &&
		      pd_maps_find(table, 77, &map),
	      "only the range itself can be unmapped");
	check(ask(test, unmap_message(test, 77, iova, 0x10001)) == 0 &&
		      !pd_maps_find(table, 77, &map) && pd_maps_find(table, -1, &map),
	      "MEM_UNMAP");
	check(ask(test, unmap_message(test, 77, iova, 0x10001)) == FRPC_EBADPARM,
	      "MEM_UNMAP again");
	check(ask(test, unmap_message(test, -1, iova, 0x10001)) == 0, "MEM_UNMAP of the other");
}

static void test_heap_maps(struct test *test, const struct pd_maps *table)
{
	uint32_t iova = VDSP_IOVA_START + VDSP_IOVA_SIZE - 0x4000;
	struct pd_map map;

	check(ask(test, heap_message(test, iova, 0x4000)) == 0 && answer_of(test) == iova &&
		      table->count == 1 && table->maps[0].kind == PD_MAP_HEAP &&
		      table->maps[0].iova == iova && table->maps[0].size == 0x4000,
	      "pages for the heap, up to the window's end");
	check(!pd_maps_find(table, 0, &map), "they have no key");
	check(ask(test, heap_message(test, iova + 0x3000, 0x1000)) == FRPC_EBADPARM &&
		      ask(test, heap_message(test, iova - 0x1000, 0x1001)) == FRPC_EBADPARM,
	      "pages that are in the heap already");
	check(ask(test, heap_message(test, iova - 0x1000, 0x1000)) == 0, "pages next to them");
	check(ask(test, unmap_message(test, 0, iova, 0x4000)) == FRPC_EBADPARM,
	      "MEM_UNMAP does not end them");
	check(ask(test, heap_end_message(test, iova, 0x1000)) == FRPC_EBADPARM &&
		      ask(test, heap_end_message(test, iova, 0x4000)) == 0 &&
		      ask(test, heap_end_message(test, iova, 0x4000)) == FRPC_EBADPARM &&
		      ask(test, heap_end_message(test, iova - 0x1000, 0x1000)) == 0 &&
		      !table->count,
	      "MUNMAP");
}

static void test_full_table(struct test *test, const struct pd_maps *table)
{
	int good = 0, gone = 0;
	struct pd_map map;

	for (int i = 0; i < PD_MAPS_MAX; i++)
		good += !ask(test, map_message(test, i, VDSP_IOVA_START, 1 + (uint32_t)i));
	check(good == PD_MAPS_MAX, "%d keys", good);
	check(ask(test, map_message(test, 5000, VDSP_IOVA_START, 1)) == FRPC_ENOMEMORY &&
		      ask(test, heap_message(test, VDSP_IOVA_START, 1)) == FRPC_ENOMEMORY,
	      "the table is full");
	for (int i = 0; i < PD_MAPS_MAX; i++) {
		int key = i * 512 % PD_MAPS_MAX; /* every one, in another order */

		gone += pd_maps_find(table, key, &map) && map.size == 1 + (uint32_t)key &&
			!ask(test, unmap_message(test, key, VDSP_IOVA_START, 1 + (uint32_t)key));
	}
	check(gone == PD_MAPS_MAX && !table->count, "and empty again");
}

struct map_damage {
	const char *what;
	uint32_t error;
	void (*spoil)(struct create *call, struct frpc_mem_map *request, struct frpc_page *page);
};

#define SPOIL_MAP(name, ...)                                                                     \
	static void name(struct create *c, struct frpc_mem_map *request, struct frpc_page *page) \
	{                                                                                        \
		(void)c, (void)request, (void)page;                                              \
		__VA_ARGS__;                                                                     \
	}

SPOIL_MAP(map_by_user, c->msg.client_id = 5)
SPOIL_MAP(map_inputs, c->msg.sc = FRPC_SC(FRPC_INIT_MEM_MAP, 2, 2))
SPOIL_MAP(map_handles, c->msg.sc |= 1)
SPOIL_MAP(map_no_output, c->msg.sc = FRPC_SC(FRPC_INIT_MEM_MAP, 4, 0))
SPOIL_MAP(map_short, c->args[0].len = 24)
SPOIL_MAP(map_client, request->client_id = 6)
SPOIL_MAP(map_flags, request->flags = 1)
SPOIL_MAP(map_offset, request->offset = -4096)
SPOIL_MAP(map_num, request->num = 32)
SPOIL_MAP(map_data, request->data_len = 8)
SPOIL_MAP(map_third, c->args[2].len = 8; c->list[2].num = 1)
SPOIL_MAP(map_no_page, c->args[1].len = 0)
SPOIL_MAP(map_two_pages, c->args[1].len = 32)
SPOIL_MAP(map_bank, page->addr ^= 3ull << 32)
SPOIL_MAP(map_no_bank, page->addr = (uint32_t)page->addr)
SPOIL_MAP(map_high_bits, page->addr |= 1ull << 63)
SPOIL_MAP(map_empty, page->size = 0)
SPOIL_MAP(map_huge, page->size = ~0ull)
SPOIL_MAP(map_wraps, page->size = 1ull << 32 | 0x1000)
SPOIL_MAP(map_low, page->addr = SID | (VDSP_IOVA_START - 1))
SPOIL_MAP(map_over_end, page->addr = SID | (VDSP_IOVA_START + VDSP_IOVA_SIZE - 0xfff))
SPOIL_MAP(map_answer_4, c->args[3].len = 4)
SPOIL_MAP(map_answer_16, c->args[3].len = 16)
SPOIL_MAP(map_answer_gone, c->pages[3].addr += MEMORY_SIZE)
SPOIL_MAP(map_method_9, c->msg.sc = FRPC_SC(9, 3, 1))

static const struct map_damage map_damages[] = {
	{ "MEM_MAP by a client", FRPC_EBADPARM, map_by_user },
	{ "two outputs", FRPC_EBADPARM, map_inputs },
	{ "a DMA handle", FRPC_EBADPARM, map_handles },
	{ "no output", FRPC_EBADPARM, map_no_output },
	{ "a short request", FRPC_EBADPARM, map_short },
	{ "a client without a process", FRPC_EBADSTATE, map_client },
	{ "unknown flags", FRPC_EUNSUPPORTED, map_flags },
	{ "a negative offset", FRPC_EBADPARM, map_offset },
	{ "two pages announced", FRPC_EBADPARM, map_num },
	{ "data announced", FRPC_EBADPARM, map_data },
	{ "data in the third input", FRPC_EBADPARM, map_third },
	{ "no page", FRPC_EBADPARM, map_no_page },
	{ "two pages", FRPC_EBADPARM, map_two_pages },
	{ "a page in another bank", FRPC_EBADPARM, map_bank },
	{ "a page in bank 0", FRPC_EBADPARM, map_no_bank },
	{ "a page with bits above the bank", FRPC_EBADPARM, map_high_bits },
	{ "an empty page", FRPC_EBADPARM, map_empty },
	{ "a page of all memory", FRPC_EBADPARM, map_huge },
	{ "a size over 32 bits", FRPC_EBADPARM, map_wraps },
	{ "a page below the window", FRPC_EBADPARM, map_low },
	{ "a page over the window's end", FRPC_EBADPARM, map_over_end },
	{ "4 bytes for the answer", FRPC_EBADPARM, map_answer_4 },
	{ "16 bytes for the answer", FRPC_EBADPARM, map_answer_16 },
	{ "an answer into memory that is gone", FRPC_EBADPARM, map_answer_gone },
	{ "method 9", FRPC_EUNSUPPORTED, map_method_9 },
};

static void test_map_damage(struct test *test, const struct pd_maps *table)
{
	for (size_t i = 0; i < sizeof(map_damages) / sizeof(map_damages[0]); i++) {
		struct create call = make_mapping(test, FRPC_INIT_MEM_MAP);
		uint32_t code;

		map_message(test, 9, VDSP_IOVA_START, 0x1000);
		map_damages[i].spoil(&call, at(test, CREATE_AT), at(test, PAGES_AT));
		code = ask(test, call.msg);
		check(code == map_damages[i].error && !table->count, "%s: 0x%x",
		      map_damages[i].what, code);
	}
}

static void test_heap_damage(struct test *test, const struct pd_maps *table)
{
	static const uint32_t flags[] = { 0, 8, 0x1001, 0x3000, ~0u };
	struct vdsp_msg msg = heap_message(test, VDSP_IOVA_START, 0x1000);
	struct frpc_mmap *request = at(test, CREATE_AT);
	uint32_t good = 0;

	for (size_t i = 0; i < 5; i++) {
		request->flags = flags[i];
		good += ask(test, msg) == FRPC_EUNSUPPORTED;
	}
	check(good == 5, "MMAP of other kinds is refused");
	request->flags = FRPC_MMAP_ADD_PAGES;
	request->vaddr = VDSP_IOVA_START;
	check(ask(test, msg) == FRPC_EBADPARM, "MMAP to an address of the caller's choice");
	request->vaddr = 0;
	request->num = 0;
	check(ask(test, msg) == FRPC_EBADPARM, "MMAP without a page");
	request->num = 16;
	request->client_id = 6;
	check(ask(test, msg) == FRPC_EBADSTATE, "MMAP of a client without a process");
	request->client_id = 5;
	msg.sc = FRPC_SC(FRPC_INIT_MMAP, 3, 0);
	check(ask(test, msg) == FRPC_EBADPARM, "MMAP without an output");
	check(!table->count, "nothing of this is in the table");
}

/* The same table, as simple as it can be: [kind - 1][key or 0..], size 0 when not there. */
struct model {
	struct pd_map keys[4];
	struct pd_map heap[4];
};

static const uint32_t model_ranges[4][2] = {
	{ VDSP_IOVA_START, 0x1000 },
	{ VDSP_IOVA_START + 0x1000, 0x1000 },
	{ VDSP_IOVA_START + 0xfff, 2 },
	{ VDSP_IOVA_START, 0x3000 },
};

static bool model_heap_free(const struct model *model, const uint32_t *range)
{
	for (int i = 0; i < 4; i++) {
		const struct pd_map *map = &model->heap[i];

		if (map->size && range[0] < map->iova + map->size &&
		    map->iova < range[0] + range[1])
			return false;
	}
	return true;
}

/* What the request must be answered with; does it to the model. */
static bool model_step(struct model *model, uint32_t method, int key, int i)
{
	bool adds = method == FRPC_INIT_MEM_MAP || method == FRPC_INIT_MMAP;
	bool keyed = method == FRPC_INIT_MEM_MAP || method == FRPC_INIT_MEM_UNMAP;
	struct pd_map *map = keyed ? &model->keys[key] : &model->heap[i];
	const uint32_t *range = model_ranges[i];
	bool good = map->iova == range[0] && map->size == range[1];

	if (adds)
		good = keyed ? !map->size : model_heap_free(model, range);
	if (good)
		*map = (struct pd_map){ .iova = range[0], .size = adds ? range[1] : 0 };
	return good;
}

static struct vdsp_msg model_message(struct test *test, uint32_t method, int key, int i)
{
	const uint32_t *range = model_ranges[i];

	switch (method) {
	case FRPC_INIT_MEM_MAP:
		return map_message(test, key, range[0], range[1]);
	case FRPC_INIT_MEM_UNMAP:
		return unmap_message(test, key, range[0], range[1]);
	case FRPC_INIT_MMAP:
		return heap_message(test, range[0], range[1]);
	default:
		return heap_end_message(test, range[0], range[1]);
	}
}

static bool model_agrees(const struct model *model, const struct pd_maps *table)
{
	uint32_t count = 0;
	struct pd_map map;

	for (int i = 0; i < 4; i++) {
		bool there = pd_maps_find(table, i, &map);

		if (there != !!model->keys[i].size)
			return false;
		if (there && (map.iova != model->keys[i].iova || map.size != model->keys[i].size))
			return false;
		count += there + !!model->heap[i].size;
	}
	return table->count == count;
}

static void test_model(struct test *test, const struct pd_maps *table)
{
	static const uint32_t methods[] = { FRPC_INIT_MEM_MAP, FRPC_INIT_MEM_UNMAP, FRPC_INIT_MMAP,
					    FRPC_INIT_MUNMAP };
	int right = 0, good = 0, rounds = 5000;
	struct model model = { 0 };

	srandom(3);
	for (int i = 0; i < rounds; i++) {
		uint32_t method = methods[random() % 4];
		int key = (int)(random() % 4), range = (int)(random() % 4);
		bool expect = model_step(&model, method, key, range);
		uint32_t code = ask(test, model_message(test, method, key, range));

		right += code == (expect ? 0 : FRPC_EBADPARM) && model_agrees(&model, table);
		good += expect;
	}
	check(right == rounds && good > 1000 && good < rounds - 1000,
	      "%d of %d requests as in a simple table, %d of them good", right, rounds, good);
	for (int i = 0; i < 32; i++) {
		uint32_t method = i < 16 ? FRPC_INIT_MEM_UNMAP : FRPC_INIT_MUNMAP;

		ask(test, model_message(test, method, i % 4, i / 4 % 4));
	}
	check(!table->count, "and empty again");
}

/* Mappings of one client mean nothing to another one, nor to its own next process. */
static void test_map_life(struct test *test, const struct pd_maps *table)
{
	struct create other = make_create(test, 4);
	struct received got;
	int session;

	other.create->client_id = 6;
	check(ask(test, other.msg) == 0, "CREATE of a second client");
	session = take_session(test);
	check(ask(test, map_message(test, 3, VDSP_IOVA_START, 64)) == 0 && table->count == 1 &&
		      see_table(test)->count == 0,
	      "a key of the first is not one of the second");
	send(test->session, "\n", 1, 0);
	check(session_ends(test, 10000), "the first process ends");
	say_gone(test, 5, 0);
	check(receive(test, &got, 10000) && got.is_notify, "the driver is told");
	check(ask(test, unmap_message(test, 3, VDSP_IOVA_START, 64)) == FRPC_EBADSTATE &&
		      ask(test, map_message(test, 4, VDSP_IOVA_START, 64)) == FRPC_EBADSTATE &&
		      ask(test, heap_message(test, VDSP_IOVA_START, 64)) == FRPC_EBADSTATE &&
		      ask(test, heap_end_message(test, VDSP_IOVA_START, 64)) == FRPC_EBADSTATE,
	      "its mappings ended with it");
	check(ask(test, release_message(test, 5)) == 0 && create_pd(test) == 0 &&
		      !see_table(test)->count,
	      "its next process has none");
	check(ask(test, map_message(test, 3, VDSP_IOVA_START, 64)) == 0, "and can have them");
	close(session);
}

int main(int argc, char **argv)
{
	const struct pd_maps *table;
	static char log[65536];
	struct test test;
	int status;

	if (argc != 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	test = start(argv, "keys");
	check(ask(&test, map_message(&test, 1, VDSP_IOVA_START, 64)) == FRPC_EBADSTATE,
	      "MEM_MAP before CREATE");
	check(create_pd(&test) == 0, "CREATE");
	table = see_table(&test);
	test_table_sealed(&test);
	test_key_maps(&test, table);
	test_heap_maps(&test, table);
	test_full_table(&test, table);
	test_map_damage(&test, table);
	test_heap_damage(&test, table);
	test_model(&test, table);
	test_map_life(&test, table);
	status = stop(&test, SIGTERM, log, sizeof(log));
	check(WIFEXITED(status) && !WEXITSTATUS(status), "dspd ends with 0");
	return finish();
}
