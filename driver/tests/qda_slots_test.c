// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/bitfield.h>
#include <linux/errno.h>
#include <linux/slab.h>

#include <kunit/test.h>

#include "qda_slots.h"
#include "qda_wire.h"

/* The table never looks into a call, so any address stands for one. */
static struct qda_invocation *call(uintptr_t number)
{
	return (struct qda_invocation *)(number << 4);
}

static struct qda_slots *make(struct kunit *test)
{
	struct qda_slots *slots = kunit_kzalloc(test, sizeof(*slots), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, slots);
	qda_slots_init(slots);

	return slots;
}

static u64 publish(struct kunit *test, struct qda_slots *slots, uintptr_t number)
{
	u64 ctx = 0;

	KUNIT_ASSERT_EQ(test, qda_slots_publish(slots, call(number), QDA_CTX_PD_USER, false, &ctx),
			0);

	return ctx;
}

static void qda_slots_test_context_word(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	u64 ctx = publish(test, slots, 1);
	u64 next = publish(test, slots, 2);

	KUNIT_EXPECT_EQ(test, ctx & 0xf0, 0);
	KUNIT_EXPECT_EQ(test, ctx & 0xf, QDA_CTX_PD_USER);
	KUNIT_EXPECT_NE(test, (ctx >> 8) & 0xff, 0);
	KUNIT_EXPECT_NE(test, (ctx >> 8) & 0xff, (next >> 8) & 0xff);
	KUNIT_EXPECT_EQ(test, (next >> 16) - (ctx >> 16), 1);
}

static void qda_slots_test_pd_type(struct kunit *test)
{
	static const u32 types[] = { QDA_CTX_PD_ROOT, QDA_CTX_PD_USER, QDA_CTX_PD_SENSORS };
	struct qda_slots *slots = make(test);

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		u64 ctx = 0;

		KUNIT_ASSERT_EQ(test, qda_slots_publish(slots, call(i + 1), types[i], false, &ctx),
				0);
		KUNIT_EXPECT_EQ(test, ctx & 0xff, types[i]);
		KUNIT_EXPECT_NULL(test, qda_slots_take(slots, ctx ^ 1));
		KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx), call(i + 1));
	}
}

/* The sequence number uses all its bits and does not spill into others. */
static void qda_slots_test_sequence_wraps(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	u64 ctx;

	slots->seq = (1ULL << 48) - 2;
	ctx = publish(test, slots, 1);
	KUNIT_EXPECT_EQ(test, ctx >> 16, (1ULL << 48) - 1);
	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx), call(1));

	ctx = publish(test, slots, 2);
	KUNIT_EXPECT_EQ(test, ctx >> 16, 0);
	KUNIT_EXPECT_EQ(test, ctx & 0xff, QDA_CTX_PD_USER);
	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx), call(2));
}

static void qda_slots_test_take_once(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	u64 ctx = publish(test, slots, 1);

	KUNIT_EXPECT_EQ(test, qda_slots_count(slots), 1);
	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx), call(1));
	KUNIT_EXPECT_NULL(test, qda_slots_take(slots, ctx));
	KUNIT_EXPECT_EQ(test, qda_slots_count(slots), 0);
}

/* An answer to the call that had the slot before must not end the next one. */
static void qda_slots_test_stale_sequence(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	u64 old = publish(test, slots, 1);
	u64 ctx;

	KUNIT_ASSERT_PTR_EQ(test, qda_slots_take(slots, old), call(1));
	/* All the others have their turn first. */
	for (u32 i = 1; i < QDA_SLOTS - 1; i++)
		qda_slots_take(slots, publish(test, slots, 3));
	ctx = publish(test, slots, 2);
	KUNIT_ASSERT_EQ(test, (ctx >> 8) & 0xff, (old >> 8) & 0xff);

	KUNIT_EXPECT_NULL(test, qda_slots_take(slots, old));
	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx), call(2));
}

/* Each of the 64 bits counts. */
static void qda_slots_test_every_bit_counts(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	u64 ctx = publish(test, slots, 1);

	for (u32 bit = 0; bit < 64; bit++)
		KUNIT_EXPECT_NULL(test, qda_slots_take(slots, ctx ^ BIT_ULL(bit)));
	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx), call(1));
}

static void qda_slots_test_unused_ids(struct kunit *test)
{
	struct qda_slots *slots = make(test);

	for (u32 id = 0; id < QDA_SLOTS; id++)
		KUNIT_EXPECT_NULL(test, qda_slots_take(slots, (u64)id << 8));
	KUNIT_EXPECT_NULL(test, qda_slots_take(slots, U64_MAX));
}

/* No call ever has the word that announces the end of a PD. */
static void qda_slots_test_notify_word(struct kunit *test)
{
	struct qda_slots *slots = make(test);

	slots->seq = FIELD_GET(QDA_CTX_SEQ, QDA_WIRE_NOTIFY_CTX) - QDA_SLOTS;
	for (u32 i = 1; i <= 2 * QDA_SLOTS; i++) {
		u64 ctx = publish(test, slots, i);

		KUNIT_EXPECT_NE(test, ctx, QDA_WIRE_NOTIFY_CTX);
		KUNIT_EXPECT_NULL(test, qda_slots_take(slots, QDA_WIRE_NOTIFY_CTX));
		if (i >= QDA_SLOTS - 1)
			KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx), call(i));
	}
}

static void qda_slots_test_full(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	u64 *ctx = kunit_kcalloc(test, QDA_SLOTS, sizeof(*ctx), GFP_KERNEL);
	u64 extra = 0;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	for (u32 i = 1; i < QDA_SLOTS; i++)
		ctx[i] = publish(test, slots, i);
	KUNIT_EXPECT_EQ(test, qda_slots_count(slots), QDA_SLOTS - 1);
	KUNIT_EXPECT_EQ(test, qda_slots_publish(slots, call(999), QDA_CTX_PD_USER, false, &extra),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, extra, 0);

	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx[77]), call(77));
	ctx[77] = publish(test, slots, 77);
	for (u32 i = 1; i < QDA_SLOTS; i++)
		KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx[i]), call(i));
	KUNIT_EXPECT_EQ(test, qda_slots_count(slots), 0);
}

/* A user's id comes back when its call leaves the table, and only then. */
static void qda_slots_test_user_ids(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	u64 ctx = 0, kernel = publish(test, slots, 1);

	for (u32 i = 0; i < QDA_SLOTS_USER; i++)
		KUNIT_ASSERT_TRUE(test, qda_turns_try_take(&slots->user_ids));
	KUNIT_ASSERT_FALSE(test, qda_turns_try_take(&slots->user_ids));

	KUNIT_ASSERT_EQ(test, qda_slots_publish(slots, call(2), QDA_CTX_PD_USER, true, &ctx), 0);
	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, kernel), call(1));
	KUNIT_EXPECT_FALSE(test, qda_turns_try_take(&slots->user_ids));
	KUNIT_EXPECT_NULL(test, qda_slots_take(slots, kernel));
	KUNIT_EXPECT_FALSE(test, qda_turns_try_take(&slots->user_ids));
	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx), call(2));
	KUNIT_EXPECT_TRUE(test, qda_turns_try_take(&slots->user_ids));
}

/* A call that the poll word has ended may be answered, once and no other. */
static void qda_slots_test_polled(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	u64 first = publish(test, slots, 1), second = publish(test, slots, 2);

	KUNIT_EXPECT_FALSE(test, qda_slots_is_late(slots, first));
	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take_polled(slots, first), call(1));
	KUNIT_EXPECT_NULL(test, qda_slots_take_polled(slots, first));
	KUNIT_EXPECT_NULL(test, qda_slots_take(slots, first));
	KUNIT_EXPECT_FALSE(test, qda_slots_is_late(slots, first ^ BIT_ULL(40)));
	KUNIT_EXPECT_TRUE(test, qda_slots_is_late(slots, first));
	KUNIT_EXPECT_FALSE(test, qda_slots_is_late(slots, first));

	KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, second), call(2));
	KUNIT_EXPECT_NULL(test, qda_slots_take_polled(slots, second));
	KUNIT_EXPECT_FALSE(test, qda_slots_is_late(slots, second));
}

/* The DSP may still be busy with the last call of an id. */
static void qda_slots_test_ids_go_round(struct kunit *test)
{
	struct qda_slots *slots = make(test);

	for (u32 i = 0; i < 2 * (QDA_SLOTS - 1); i++) {
		u64 ctx = publish(test, slots, 1);
		u32 id = FIELD_GET(QDA_CTX_ID, ctx);

		KUNIT_EXPECT_EQ(test, id, 1 + i % (QDA_SLOTS - 1));
		KUNIT_EXPECT_PTR_EQ(test, qda_slots_take(slots, ctx), call(1));
	}
}

static void qda_slots_test_flush(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	u64 seen = 0, ctx = 0, extra;

	for (u32 i = 1; i <= 10; i++)
		ctx = publish(test, slots, i);

	qda_slots_kill(slots);
	KUNIT_EXPECT_EQ(test, qda_slots_publish(slots, call(11), QDA_CTX_PD_USER, false, &extra),
			-ENODEV);
	KUNIT_EXPECT_NULL(test, qda_slots_take(slots, ctx));

	for (u32 i = 1; i <= 10; i++)
		seen |= BIT_ULL((uintptr_t)qda_slots_take_any(slots) >> 4);
	KUNIT_EXPECT_EQ(test, seen, GENMASK_ULL(10, 1));
	KUNIT_EXPECT_NULL(test, qda_slots_take_any(slots));
	KUNIT_EXPECT_EQ(test, qda_slots_count(slots), 0);
}

static void qda_slots_test_remember(const struct qda_invocation *inv, void *arg)
{
	*(const struct qda_invocation **)arg = inv;
}

static void qda_slots_test_next(struct kunit *test)
{
	struct qda_slots *slots = make(test);
	const struct qda_invocation *seen = NULL;
	u64 ctx[3];
	u32 id = 0;

	KUNIT_EXPECT_FALSE(test, qda_slots_next(slots, &id, qda_slots_test_remember, &seen));
	KUNIT_EXPECT_NULL(test, seen);

	for (u32 i = 0; i < 3; i++)
		ctx[i] = publish(test, slots, i + 1);
	qda_slots_take(slots, ctx[1]);

	id = 0;
	KUNIT_EXPECT_TRUE(test, qda_slots_next(slots, &id, qda_slots_test_remember, &seen));
	KUNIT_EXPECT_PTR_EQ(test, seen, call(1));
	KUNIT_EXPECT_TRUE(test, qda_slots_next(slots, &id, qda_slots_test_remember, &seen));
	KUNIT_EXPECT_PTR_EQ(test, seen, call(3));
	KUNIT_EXPECT_FALSE(test, qda_slots_next(slots, &id, qda_slots_test_remember, &seen));
}

static struct kunit_case qda_slots_cases[] = {
	KUNIT_CASE(qda_slots_test_context_word),
	KUNIT_CASE(qda_slots_test_pd_type),
	KUNIT_CASE(qda_slots_test_sequence_wraps),
	KUNIT_CASE(qda_slots_test_take_once),
	KUNIT_CASE(qda_slots_test_stale_sequence),
	KUNIT_CASE(qda_slots_test_every_bit_counts),
	KUNIT_CASE(qda_slots_test_unused_ids),
	KUNIT_CASE(qda_slots_test_notify_word),
	KUNIT_CASE(qda_slots_test_full),
	KUNIT_CASE(qda_slots_test_user_ids),
	KUNIT_CASE(qda_slots_test_polled),
	KUNIT_CASE(qda_slots_test_ids_go_round),
	KUNIT_CASE(qda_slots_test_flush),
	KUNIT_CASE(qda_slots_test_next),
	{}
};

static struct kunit_suite qda_slots_suite = {
	.name = "qda_slots",
	.test_cases = qda_slots_cases,
};

kunit_test_suite(qda_slots_suite);
