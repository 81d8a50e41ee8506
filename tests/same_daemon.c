// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * hexagonrpcd, unmodified, on drivers/misc/fastrpc.c and on our legacy interface. The test is the
 * DSP and asks it for files and memory; all that it says to the DSP is the same; a part of
 * the suite samewire.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hexagonrpcd.h"
#include "ktap.h"
#include "legacy.h"
#include "samewire.h"

enum {
	TEXT = 16384,
	FILE_SIZE = 3100,
	CHUNK = 1000,
	MAX_PARTS = 6,
	MODULE = 0x4711,
	LISTENER_INIT = 3,
	LISTENER_NEXT = 4,
	ADD_PAGES = 0x1000,
	VADDR = 0x30000000,
};

/* Methods of apps_std */
#define OPEN_SCALARS FRPC_SC(19, 5, 1)
#define READ_SCALARS FRPC_SC(4, 1, 2)

/* What the DSP asks for: inputs, then outputs, which have only a length. */
struct question {
	bool open; /* what is opened is what the next ones ask */
	uint32_t sc;
	uint32_t len[MAX_PARTS];
	const void *part[MAX_PARTS];
};

/* ---- what is asked ---- */

static const uint32_t open_lengths[4] = { 18, 2, 9, 3 };
static const uint32_t missing_lengths[4] = { 18, 2, 10, 3 };
static const uint32_t std_lengths[2] = { 9, 255 };
static const uint32_t log_lengths[2] = { 14, 255 };
static const uint32_t mem_lengths[2] = { 9, 255 };
static uint32_t read_it[2] = { 0, CHUNK }; /* the daemon's number of the file */
static const uint64_t more_heap[4] = { 0, ADD_PAGES, 0, 0x200000 };

#define OPEN_FILE(name, lengths)                                              \
	{                                                                     \
		.sc = OPEN_SCALARS, .len = { 16, 18, 2, sizeof(name), 3, 4 }, \
		.part = { lengths, "ADSP_LIBRARY_PATH", ";", name, "rb" },    \
	}
#define OPEN_MODULE(name, lengths)                                                        \
	{                                                                                 \
		.open = true, .sc = FRPC_SC(0, 2, 2), .len = { 8, sizeof(name), 8, 255 }, \
		.part = { lengths, name },                                                \
	}
#define READ_FILE                                                               \
	{                                                                       \
		.sc = READ_SCALARS, .len = { 8, 8, CHUNK }, .part = { read_it } \
	}

static const struct question questions[] = {
	OPEN_MODULE("apps_std", std_lengths),
	OPEN_FILE("file.bin", open_lengths),
	READ_FILE,
	READ_FILE,
	READ_FILE,
	READ_FILE,
	{ .sc = FRPC_SC(3, 1, 0), .len = { 4 }, .part = { read_it } },
	OPEN_FILE("other.bin", missing_lengths),
	OPEN_MODULE("adspmsgd_apps", log_lengths),
	OPEN_MODULE("apps_mem", mem_lengths),
	{ .sc = FRPC_SC(2, 1, 1), .len = { 32, 16 }, .part = { more_heap } },
};

/* ---- the DSP's side ---- */

struct play {
	struct dsp *dsp;
	size_t count;
	size_t asked;
	uint32_t handle;
	uint32_t served; /* bytes of the file */
	size_t used;
	char text[TEXT];
};

static unsigned char content[FILE_SIZE];

__attribute__((format(printf, 2, 3))) static void note(struct play *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	p->used += vsnprintf(p->text + p->used, TEXT - p->used, format, args);
	va_end(args);
	CHECK(p->used < TEXT);
}

/*
 * Does an input have bytes that need not be the same? The driver's own messages have client
 * numbers and addresses; what is in them is noted apart. When the daemon has refused
 * something, its outputs are what was in its memory.
 */
static bool is_arbitrary(struct play *p, struct dsp_call *call, unsigned int i)
{
	const uint32_t *words;
	uint64_t len;

	if (call->msg.handle == FRPC_HANDLE_INIT)
		return true;
	if (call->msg.handle != FRPC_HANDLE_LISTENER || i != 1)
		return false;
	words = dsp_arg(p->dsp, call, 0, &len);
	return words[1] != 0;
}

/* Each input, by its length and bytes */
static void note_inputs(struct play *p, struct dsp_call *call)
{
	for (unsigned int i = 0; i < FRPC_SC_IN(call->msg.sc); i++) {
		uint64_t len;
		const unsigned char *bytes = dsp_arg(p->dsp, call, i, &len);
		uint32_t sum = 2166136261u;

		note(p, " %llu", (unsigned long long)len);
		if (is_arbitrary(p, call, i))
			continue;
		for (uint64_t k = 0; k < len; k++)
			sum = (sum ^ bytes[k]) * 16777619u;
		note(p, ":%08x", sum);
	}
	for (unsigned int i = FRPC_SC_IN(call->msg.sc); i < call->n; i++)
		note(p, " out %llu", (unsigned long long)call->arg[i].len);
}

/* What is in the first input of the driver's own messages, but for the client's number. */
static void note_init(struct play *p, struct dsp_call *call)
{
	uint64_t len;
	const void *in = dsp_arg(p->dsp, call, 0, &len);
	struct frpc_mmap mmap;

	if (FRPC_SC_METHOD(call->msg.sc) != FRPC_INIT_MMAP)
		return;
	CHECK_EQ(sizeof(mmap), len);
	memcpy(&mmap, in, len);
	note(p, " flags %#x vaddr %#llx num %d", mmap.flags, (unsigned long long)mmap.vaddr,
	     mmap.num);
}

static void set_output(struct play *p, struct dsp_call *call, unsigned int i, const void *data,
		       size_t size)
{
	uint64_t len;
	void *out = dsp_arg(p->dsp, call, FRPC_SC_IN(call->msg.sc) + i, &len);

	CHECK(len >= size);
	memset(out, 0, len);
	memcpy(out, data, size);
}

/* Lengths, and the bytes of inputs at multiples of 8. */
static uint32_t write_question(const struct question *q, unsigned char blob[256])
{
	uint32_t in = FRPC_SC_IN(q->sc), at = 0;

	memset(blob, 0, 256);
	for (uint32_t i = 0; i < in + FRPC_SC_OUT(q->sc); i++) {
		CHECK(at + 16 + (i < in ? q->len[i] : 0) <= 256);
		memcpy(blob + at, &q->len[i], 4);
		at += 4;
		if (i >= in)
			continue;
		at = (at + 7) & ~7u;
		memcpy(blob + at, q->part[i], q->len[i]);
		at += q->len[i];
	}
	return at;
}

/* The answer to the question before: outputs in the same form, with their bytes. */
static void read_answer(struct play *p, struct dsp_call *call)
{
	const struct question *q = p->asked ? &questions[p->asked - 1] : NULL;
	uint64_t len;
	const uint32_t *words = dsp_arg(p->dsp, call, 0, &len);
	const unsigned char *blob;
	uint32_t got;

	CHECK_EQ(16, len);
	note(p, " answers %u code %#x room %u", words[0], words[1], words[3]);
	blob = dsp_arg(p->dsp, call, 1, &len);
	CHECK_EQ(words[2], len);
	if (!q || words[1])
		return;
	if (q->open)
		memcpy(&p->handle, blob + 8, sizeof(p->handle));
	if (q->sc == OPEN_SCALARS)
		memcpy(&read_it[0], blob + 8, sizeof(read_it[0]));
	if (q->sc != READ_SCALARS)
		return;
	memcpy(&got, blob + 8, sizeof(got));
	CHECK(got <= CHUNK && got <= FILE_SIZE - p->served);
	CHECK_MEM(content + p->served, blob + 24, got);
	p->served += got;
}

/* The next question, or the end of the process. */
static uint32_t answer_next(struct play *p, struct dsp_call *call)
{
	const struct question *q = &questions[p->asked];
	unsigned char blob[256];
	uint32_t words[4];

	read_answer(p, call);
	if (p->asked == p->count)
		return FRPC_EBADSTATE;
	p->asked++;
	words[0] = (uint32_t)p->asked;
	words[1] = q->open ? 0 : p->handle;
	words[2] = q->sc;
	words[3] = write_question(q, blob);
	set_output(p, call, 0, words, sizeof(words));
	set_output(p, call, 1, blob, sizeof(blob));
	return 0;
}

static uint32_t answer(struct play *p, struct dsp_call *call)
{
	static const uint32_t opened[2] = { MODULE, 0 };
	uint32_t method = FRPC_SC_METHOD(call->msg.sc);
	uint64_t vaddr = VADDR;

	switch (call->msg.handle) {
	case FRPC_HANDLE_INIT:
		note_init(p, call);
		if (method == FRPC_INIT_MMAP)
			set_output(p, call, 0, &vaddr, sizeof(vaddr));
		return 0;
	case FRPC_HANDLE_REMOTECTL:
		set_output(p, call, 0, opened, method == FRPC_REMOTECTL_OPEN ? 8 : 0);
		set_output(p, call, 1, "", 1);
		return 0;
	case FRPC_HANDLE_LISTENER:
		return method == LISTENER_NEXT ? answer_next(p, call) : 0;
	default:
		return 0;
	}
}

/* From the attachment to the release */
static void play(struct play *p)
{
	struct dsp_call call;
	uint32_t code, sc;

	do {
		dsp_next(p->dsp, &call);
		sc = call.msg.sc;
		note(p, "handle %#x sc %#x pd %u", call.msg.handle, sc, FRPC_CTX_PD(call.msg.ctx));
		note_inputs(p, &call);
		code = answer(p, &call);
		note(p, "\n");
		dsp_reply(p->dsp, &call, code);
	} while (call.msg.handle != FRPC_HANDLE_INIT || FRPC_SC_METHOD(sc) != FRPC_INIT_RELEASE);
}

/* ---- the two drivers ---- */

static void run_one(struct play *p, struct hexagonrpcd_options options, size_t count)
{
	static char folder[512];
	pid_t daemon;

	hexagonrpcd_folder("cdsp", folder);
	options.node = "/dev/fastrpc-cdsp-secure";
	options.dsp = "cdsp";
	options.folder = folder;
	p->count = count;
	p->asked = 0;
	daemon = hexagonrpcd_start(&options);
	play(p);
	CHECK_EQ(count, p->asked);
	note(p, "it ends with %d\n", client_wait(daemon));
	hexagonrpcd_says("Could not fetch next FastRPC message: -2147482611");
}

/*
 * Without an image: when hexagonrpcd ends that has made a process of one, the old driver looks at
 * the memory of the file that was closed.
 */
static struct play *record(struct dsp *dsp)
{
	struct play *p = calloc(1, sizeof(*p));

	CHECK(p);
	p->dsp = dsp;
	run_one(p, (struct hexagonrpcd_options){ 0 }, ARRAY_SIZE(questions));
	CHECK_EQ(FILE_SIZE, p->served);
	run_one(p, (struct hexagonrpcd_options){ .sensors = true }, 0);
	dsp_finish(dsp);
	return p;
}

static void write_content(void)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/file.bin", getenv("QDA_DSP_DIR"));
	file = fopen(path, "wb");
	fill_pattern(content, FILE_SIZE, 4);
	if (!file || fwrite(content, 1, FILE_SIZE, file) != FILE_SIZE || fclose(file))
		FAIL("%s: %m", path);
}

TEST(hexagonrpcd_says_the_same_as_on_misc_fastrpc)
{
	struct play *old, *ours;

	write_content();
	old = record(old_driver("cdsp banks=8"));
	ours = record(our_driver("cdsp banks=8"));
	for (char *a = old->text, *b = ours->text; *a || *b;) {
		size_t len_a = strcspn(a, "\n"), len_b = strcspn(b, "\n");

		if (len_a != len_b || memcmp(a, b, len_a))
			FAIL("they differ:\n# old:  %.*s\n# ours: %.*s", (int)len_a, a, (int)len_b,
			     b);
		a += len_a + (a[len_a] != '\0');
		b += len_b + (b[len_b] != '\0');
	}
}
