// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/align.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <kunit/test.h>

#include "qda_payload.h"
#include "qda_wire.h"

#define BASE	0x0000000360000000ULL

/* One entry in each of the three tables */
#define PER_ARG	(16 + 8 + 16)
#define TAIL	(16 * 8 + 64 * 4 + 4)

/* As many arguments as a scalars word can count */
#define MANY	(255 + 255 + 15 + 15)

struct shape {
	const char *name;
	u32 count;
	u64 length[8];	/* repeated */
	u32 lengths;
	int error;
};

static const struct shape shapes[] = {
	{ "no argument", 0, {}, 0, 0 },
	{ "one byte", 1, { 1 }, 1, 0 },
	{ "empty", 1, { 0 }, 1, 0 },
	{ "all empty", 510, { 0 }, 1, 0 },
	{ "empty between", 3, { 5, 0, 7 }, 3, 0 },
	{ "exactly the alignment", 4, { QDA_PAYLOAD_ALIGN }, 1, 0 },
	{ "around the alignment", 3,
	  { QDA_PAYLOAD_ALIGN - 1, QDA_PAYLOAD_ALIGN, QDA_PAYLOAD_ALIGN + 1 }, 3, 0 },
	{ "around a page", 3, { SZ_4K - 1, SZ_4K, SZ_4K + 1 }, 3, 0 },
	{ "255 inputs and 255 outputs", 510, { 100, 0, 1, 300 }, 4, 0 },
	{ "everything that can be counted", MANY, { 1 }, 1, 0 },
	{ "limit in one", 1, { QDA_PAYLOAD_INLINE_MAX }, 1, 0 },
	{ "limit in two", 2, { QDA_PAYLOAD_INLINE_MAX - 1, 1 }, 2, 0 },
	{ "limit in many", 512, { QDA_PAYLOAD_INLINE_MAX / 512 }, 1, 0 },
	{ "one byte over the limit", 1, { QDA_PAYLOAD_INLINE_MAX + 1ULL }, 1, -E2BIG },
	{ "one byte over, in two", 2, { QDA_PAYLOAD_INLINE_MAX, 1 }, 2, -E2BIG },
	{ "sum wraps at 64 bits", 2, { U64_MAX, 2 }, 2, -E2BIG },
	{ "sum wraps at 64 bits, small first", 2, { 2, U64_MAX }, 2, -E2BIG },
	{ "sum wraps at 32 bits", 2, { U32_MAX, 2 }, 2, -E2BIG },
	{ "length has no low 32 bits", 1, { 1ULL << 32 }, 1, -E2BIG },
};

KUNIT_ARRAY_PARAM_DESC(qda_payload_shape, shapes, name);

static struct qda_payload *make(struct kunit *test, const struct shape *shape)
{
	struct qda_payload *payload = kunit_kzalloc(test, sizeof(*payload), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, payload);
	payload->count = shape->count;
	payload->args = kunit_kcalloc(test, max(shape->count, 1U), sizeof(*payload->args),
				      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, payload->args);
	for (u32 i = 0; i < shape->count; i++) {
		payload->args[i].kind = QDA_PAYLOAD_INLINE;
		payload->args[i].length = shape->length[i % shape->lengths];
		payload->args[i].offset = U32_MAX;
	}

	return payload;
}

static void check_layout(struct kunit *test, const struct qda_payload *payload)
{
	u64 end = payload->count * PER_ARG + TAIL;

	KUNIT_EXPECT_EQ(test, payload->head, end);
	for (u32 i = 0; i < payload->count; i++) {
		const struct qda_payload_arg *arg = &payload->args[i];

		if (!arg->length) {
			KUNIT_EXPECT_EQ(test, arg->offset, 0);
			continue;
		}
		KUNIT_EXPECT_EQ(test, arg->offset % QDA_PAYLOAD_ALIGN, 0);
		KUNIT_EXPECT_GE(test, arg->offset, end);
		KUNIT_EXPECT_LT(test, arg->offset - end, QDA_PAYLOAD_ALIGN);
		end = arg->offset + arg->length;
	}
	KUNIT_EXPECT_EQ(test, payload->size, end);
}

static void check_range(struct kunit *test, const struct qda_wire_page *page, u64 addr, u64 length)
{
	u64 start = le64_to_cpu(page->addr), size = le64_to_cpu(page->size);

	KUNIT_EXPECT_EQ(test, start % SZ_4K, 0);
	KUNIT_EXPECT_EQ(test, size % SZ_4K, 0);
	KUNIT_EXPECT_EQ(test, start, addr & ~(SZ_4K - 1ULL));
	KUNIT_EXPECT_GE(test, start + size, addr + length);
	KUNIT_EXPECT_LT(test, start + size - addr - length, SZ_4K);
}

/* What the DSP does to find an argument */
static void check_head(struct kunit *test, const struct qda_payload *payload, const void *head)
{
	const struct qda_wire_arg *args = head;
	const struct qda_wire_list *list = (const void *)(args + payload->count);
	const struct qda_wire_page *pages = (const void *)(list + payload->count);

	for (u32 i = 0; i < payload->count; i++) {
		const struct qda_payload_arg *arg = &payload->args[i];
		u32 page = le32_to_cpu(list[i].pgidx);
		u64 addr = BASE + arg->offset;

		KUNIT_EXPECT_EQ(test, le64_to_cpu(args[i].len), arg->length);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(list[i].num), !!arg->length);
		KUNIT_ASSERT_LT(test, page, payload->count);
		if (!arg->length)
			continue;
		KUNIT_EXPECT_EQ(test, (le64_to_cpu(pages[page].addr) & ~0xfffULL) |
					      (le64_to_cpu(args[i].pv) & 0xfff), addr);
		check_range(test, &pages[page], addr, arg->length);
	}
}

static void qda_payload_test_shape(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct qda_payload *payload = make(test, shape);
	size_t head_size = shape->count * PER_ARG + TAIL;
	u8 *head;

	KUNIT_ASSERT_EQ(test, qda_payload_layout(payload), shape->error);
	if (shape->error)
		return;
	check_layout(test, payload);

	/* What a DSP left from an earlier call must be gone, and no byte more. */
	head = kunit_kmalloc(test, head_size + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, head);
	memset(head, 0xa5, head_size + 1);
	qda_payload_write_head(payload, head, BASE);
	check_head(test, payload, head);
	KUNIT_EXPECT_NULL(test, memchr_inv(head + head_size - TAIL, 0, TAIL));
	KUNIT_EXPECT_EQ(test, head[head_size], 0xa5);
}

/* The head of an empty argument has nothing from an earlier call. */
static void qda_payload_test_empty_is_zero(struct kunit *test)
{
	struct qda_payload_arg arg = { .addr = 0x1234, .kind = QDA_PAYLOAD_MAPPED };
	struct qda_payload payload = { .args = &arg, .count = 1 };
	u8 *head = kunit_kmalloc(test, PER_ARG + TAIL, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, head);
	memset(head, 0xa5, PER_ARG + TAIL);
	KUNIT_ASSERT_EQ(test, qda_payload_layout(&payload), 0);
	qda_payload_write_head(&payload, head, BASE);
	KUNIT_EXPECT_NULL(test, memchr_inv(head, 0, PER_ARG + TAIL));
}

static void qda_payload_test_mapped(struct kunit *test)
{
	struct qda_payload_arg args[] = {
		{ .addr = 0x0100000080001ff0ULL, .length = 0x20, .kind = QDA_PAYLOAD_MAPPED },
		{ .length = 3, .kind = QDA_PAYLOAD_INLINE },
		{ .addr = 0x0100000100000000ULL, .length = 5ULL << 30, .kind = QDA_PAYLOAD_MAPPED },
	};
	struct qda_payload payload = { .args = args, .count = ARRAY_SIZE(args) };
	struct {
		struct qda_wire_arg arg[3];
		struct qda_wire_list list[3];
		struct qda_wire_page page[3];
		struct qda_wire_tail tail;
	} *head = kunit_kzalloc(test, sizeof(*head), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, head);
	KUNIT_ASSERT_EQ(test, qda_payload_layout(&payload), 0);
	KUNIT_EXPECT_EQ(test, args[0].offset, 0);
	KUNIT_EXPECT_EQ(test, args[1].offset, ALIGN(3 * PER_ARG + TAIL, QDA_PAYLOAD_ALIGN));
	KUNIT_EXPECT_EQ(test, payload.size, args[1].offset + 3);

	qda_payload_write_head(&payload, head, BASE);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(head->arg[0].pv) & 0xfff, 0xff0);
	check_range(test, &head->page[0], args[0].addr, args[0].length);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(head->page[0].size), 2 * SZ_4K);
	check_range(test, &head->page[2], args[2].addr, args[2].length);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(head->arg[2].len), 5ULL << 30);
}

/* A DMA handle is named by its key, and its page entry is all that is under the key. */
static void qda_payload_test_handle(struct kunit *test)
{
	struct qda_payload_arg args[] = {
		{ .addr = BASE, .length = 0x20, .range = 5 * SZ_4K, .key = 77,
		  .kind = QDA_PAYLOAD_HANDLE },
		{ .addr = BASE, .range = 5 * SZ_4K, .key = INT_MAX, .kind = QDA_PAYLOAD_HANDLE },
	};
	struct qda_payload payload = { .args = args, .count = ARRAY_SIZE(args) };
	struct {
		struct qda_wire_handle handle[2];
		struct qda_wire_list list[2];
		struct qda_wire_page page[2];
		struct qda_wire_tail tail;
	} *head = kunit_kzalloc(test, sizeof(*head), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, head);
	memset(head, 0xa5, sizeof(*head));
	KUNIT_ASSERT_EQ(test, qda_payload_layout(&payload), 0);
	args[0].offset = 0x1fff;
	qda_payload_write_head(&payload, head, BASE);

	KUNIT_EXPECT_EQ(test, le32_to_cpu(head->handle[0].key), 77);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(head->handle[0].offset), 0x1fff);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(head->handle[0].length), 0x20);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(head->handle[0].pad), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(head->list[0].num), 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(head->list[0].pgidx), 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(head->page[0].addr), BASE);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(head->page[0].size), 5 * SZ_4K);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(head->handle[1].key), INT_MAX);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(head->handle[1].length), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(head->list[1].num), 0);
}

static struct kunit_case qda_payload_cases[] = {
	KUNIT_CASE_PARAM(qda_payload_test_shape, qda_payload_shape_gen_params),
	KUNIT_CASE(qda_payload_test_empty_is_zero),
	KUNIT_CASE(qda_payload_test_mapped),
	KUNIT_CASE(qda_payload_test_handle),
	{}
};

static struct kunit_suite qda_payload_suite = {
	.name = "qda_payload",
	.test_cases = qda_payload_cases,
};

kunit_test_suite(qda_payload_suite);

MODULE_DESCRIPTION("KUnit tests of the Hexagon DSP accelerator driver");
MODULE_AUTHOR("The QDA authors");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
