// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "qda_patience.h"
#include "qda_turns.h"

#define WAITERS 5

static void qda_turns_test_count(struct kunit *test)
{
	struct qda_patience patience;
	struct qda_turns turns;

	qda_patience_init(&patience, TASK_KILLABLE, 0);
	qda_turns_init(&turns, 2);
	KUNIT_EXPECT_TRUE(test, qda_turns_try_take(&turns));
	KUNIT_EXPECT_EQ(test, qda_turns_take(&turns, &patience), 0);
	KUNIT_EXPECT_FALSE(test, qda_turns_try_take(&turns));
	KUNIT_EXPECT_EQ(test, qda_turns_take(&turns, &patience), -ETIMEDOUT);
	qda_turns_give(&turns);
	KUNIT_EXPECT_TRUE(test, qda_turns_try_take(&turns));
	KUNIT_EXPECT_FALSE(test, qda_turns_try_take(&turns));
}

static void qda_turns_test_timeout(struct kunit *test)
{
	struct qda_patience patience;
	struct qda_turns turns;
	u64 start = get_jiffies_64();

	qda_patience_init(&patience, TASK_INTERRUPTIBLE, 3);
	qda_turns_init(&turns, 0);
	KUNIT_EXPECT_EQ(test, qda_turns_take(&turns, &patience), -ETIMEDOUT);
	KUNIT_EXPECT_GE(test, get_jiffies_64(), start + 3);
	KUNIT_EXPECT_TRUE(test, list_empty(&turns.waiters));
}

struct qda_turns_test_waiter {
	struct qda_turns *turns;
	struct completion served;
	int ret;
};

static int qda_turns_test_wait(void *data)
{
	struct qda_turns_test_waiter *waiter = data;
	struct qda_patience patience;

	qda_patience_init(&patience, TASK_KILLABLE, MAX_SCHEDULE_TIMEOUT);
	waiter->ret = qda_turns_take(waiter->turns, &patience);
	complete(&waiter->served);

	return 0;
}

static u32 qda_turns_test_waiting(struct qda_turns *turns)
{
	guard(spinlock_irq)(&turns->lock);
	return list_count_nodes(&turns->waiters);
}

/* What is given goes to who has waited longest, and to nobody who asks later. */
static void qda_turns_test_order(struct kunit *test)
{
	struct qda_turns_test_waiter *waiters;
	struct qda_turns turns;

	waiters = kunit_kcalloc(test, WAITERS, sizeof(*waiters), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, waiters);
	qda_turns_init(&turns, 0);
	for (u32 i = 0; i < WAITERS; i++) {
		waiters[i].turns = &turns;
		init_completion(&waiters[i].served);
		kthread_run(qda_turns_test_wait, &waiters[i], "qda_turns");
		while (qda_turns_test_waiting(&turns) <= i)
			schedule_timeout_uninterruptible(1);
	}

	for (u32 i = 0; i < WAITERS; i++) {
		qda_turns_give(&turns);
		KUNIT_EXPECT_FALSE(test, qda_turns_try_take(&turns));
		wait_for_completion(&waiters[i].served);
		KUNIT_EXPECT_EQ(test, waiters[i].ret, 0);
		KUNIT_EXPECT_EQ(test, qda_turns_test_waiting(&turns), WAITERS - 1 - i);
	}
}

static struct kunit_case qda_turns_cases[] = {
	KUNIT_CASE(qda_turns_test_count),
	KUNIT_CASE(qda_turns_test_timeout),
	KUNIT_CASE(qda_turns_test_order),
	{}
};

static struct kunit_suite qda_turns_suite = {
	.name = "qda_turns",
	.test_cases = qda_turns_cases,
};

kunit_test_suite(qda_turns_suite);
