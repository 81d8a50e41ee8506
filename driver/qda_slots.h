/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_SLOTS_H__
#define __QDA_SLOTS_H__

#include <linux/bits.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "qda_turns.h"

struct qda_invocation;

/**
 * DOC: context word
 *
 * Each request carries a context word and the answer repeats it:
 *
 * - bits 63:16, sequence: a number that no two requests share. The DSP only echoes
 *   it; it keeps an answer that comes late or twice from ending another call.
 * - bits 15:8, id: which of the 255 slots the request is in, 1 to 255. The DSP
 *   keeps a record per id while the call runs, so an id has one request at a time.
 * - bits 7:4, zero. Bit 4 would ask the DSP not to use the poll word.
 * - bits 3:0, PD type: the queue in which the DSP puts the request: 0 for its root
 *   PD, 1 for the PDs of users and those with a name, 2 for the sensors' PD. All requests
 *   of a session's process have the same one.
 */
#define QDA_CTX_SEQ	GENMASK_ULL(63, 16)
#define QDA_CTX_ID	GENMASK_ULL(15, 8)
#define QDA_CTX_PD	GENMASK_ULL(3, 0)

#define QDA_CTX_PD_ROOT		0
#define QDA_CTX_PD_USER		1
#define QDA_CTX_PD_SENSORS	2

#define QDA_SLOTS	256	/* id 0 is not used */

/*
 * Ids for calls of the kernel itself, so that making and releasing processes never
 * waits for calls of users: one for each session that has a context bank, as it has one
 * process and a process has one such call at a time, and one for asking what the DSP
 * can do.
 */
#define QDA_SLOTS_KERNEL	32
#define QDA_SLOTS_USER		(QDA_SLOTS - 1 - QDA_SLOTS_KERNEL)

/**
 * struct qda_slots - The calls in flight on a channel
 * @lock: protects everything below but @user_ids; taken with interrupts off, as
 *	transports deliver answers in hard interrupts
 * @dead: nothing gets in any more
 * @count: how many slots are taken
 * @seq: sequence number of the last request
 * @last: id of the last request; ids go round, as the DSP may still be busy with
 *	a call that has ended for the kernel
 * @used: which ids are taken
 * @slot: context word and call of each id, also of the last one: if it was polled
 *	its answer may still come
 * @user_ids: ids that calls of users can still take; first come, first served
 */
struct qda_slots {
	/* Protects the calls in flight. */
	spinlock_t lock;
	bool dead;
	u32 count;
	u64 seq;
	u32 last;
	DECLARE_BITMAP(used, QDA_SLOTS);
	struct {
		u64 ctx;
		struct qda_invocation *inv;
		bool user;
		bool polled;
	} slot[QDA_SLOTS];

	struct qda_turns user_ids;
};

void qda_slots_init(struct qda_slots *slots);
int qda_slots_publish(struct qda_slots *slots, struct qda_invocation *inv, u32 pd, bool user,
		      u64 *ctx);
struct qda_invocation *qda_slots_take(struct qda_slots *slots, u64 ctx);
struct qda_invocation *qda_slots_take_polled(struct qda_slots *slots, u64 ctx);
bool qda_slots_is_late(struct qda_slots *slots, u64 ctx);
void qda_slots_kill(struct qda_slots *slots);
struct qda_invocation *qda_slots_take_any(struct qda_slots *slots);
bool qda_slots_next(struct qda_slots *slots, u32 *id,
		    void (*look)(const struct qda_invocation *inv, void *arg), void *arg);
u32 qda_slots_count(struct qda_slots *slots);

#endif /* __QDA_SLOTS_H__ */
