// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Firmware in the kernel, for measuring and sweeping a driver alone. The
 * loopback answers the kernel's own calls properly and copies input i of every
 * other call to its output i; the null kind answers 0 and looks at nothing.
 *
 * A call is always worked on at once. Its answer is given at once, too, or after
 * a delay, from a timer interrupt.
 */
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <fastrpc_wire.h>
#include <vdsp.h>

#include "bank.h"
#include "channel.h"
#include "dsp.h"
#include "loopback.h"
#include "payload.h"
#include "route.h"

/**
 * struct vdsp_answer - An answer that waits for its time
 * @node: in its loopback's list
 * @due: when it is to be given
 * @reply: the answer
 */
struct vdsp_answer {
	struct list_head node;
	ktime_t due;
	struct vdsp_reply reply;
};

/**
 * struct vdsp_loopback - Firmware in the kernel
 * @dsp: the DSP
 * @decode: it is the loopback, not the null kind
 * @delay_us: time from a call to its answer
 * @lock: protects @open and @answers; taken with interrupts off
 * @open: calls are accepted
 * @answers: answers that wait, the next one first
 * @timer: for the first of @answers
 */
struct vdsp_loopback {
	struct vdsp_dsp *dsp;
	bool decode;
	u32 delay_us;
	spinlock_t lock; /* open and answers */
	bool open;
	struct list_head answers;
	struct hrtimer timer;
};

/* What the capability query answers; attribute k is word k - 1. */
static const u32 vdsp_loopback_capabilities[] = {
	1,		/* unsigned PDs */
	1,		/* HVX, 64 bytes */
	1,		/* HVX, 128 bytes */
	SZ_256K,	/* VTCM page */
	1,		/* VTCM pages */
	0x68,		/* architecture version */
};

static u32 vdsp_loopback_status(int ret)
{
	return ret ? FRPC_EBADPARM : 0;
}

/* Copies what fits and clears the rest of the target. */
static int vdsp_loopback_fill(const struct vdsp_payload *payload, const struct vdsp_buffer *to,
			      const struct vdsp_buffer *from)
{
	u64 n = min(to->len, from->len);
	int ret;

	ret = vdsp_bank_move(payload->bank, to->iova, from->iova, n);
	if (ret)
		return ret;

	return vdsp_bank_zero(payload->bank, to->iova + n, to->len - n);
}

static int vdsp_loopback_output(const struct vdsp_payload *payload, u32 sc, u32 index)
{
	struct vdsp_buffer to, from = {};
	int ret;

	ret = vdsp_payload_buffer(payload, FRPC_SC_IN(sc) + index, &to);
	if (!ret && index < FRPC_SC_IN(sc))
		ret = vdsp_payload_buffer(payload, index, &from);

	return ret ?: vdsp_loopback_fill(payload, &to, &from);
}

static u32 vdsp_loopback_copy(const struct vdsp_payload *payload, u32 sc)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < FRPC_SC_OUT(sc) && !ret; i++)
		ret = vdsp_loopback_output(payload, sc, i);

	return vdsp_loopback_status(ret);
}

/* Answer with the address that the mapping has for the DSP: input 1 says it. */
static u32 vdsp_loopback_map(const struct vdsp_payload *payload, u32 sc)
{
	struct vdsp_buffer in, out;
	u64 addr;
	int ret;

	if (FRPC_SC_IN(sc) < 2 || FRPC_SC_OUT(sc) < 1)
		return FRPC_EBADPARM;

	ret = vdsp_payload_buffer(payload, 1, &in);
	if (!ret)
		ret = vdsp_payload_buffer(payload, FRPC_SC_IN(sc), &out);
	if (ret || in.len < sizeof(addr) || out.len < sizeof(addr))
		return FRPC_EBADPARM;

	ret = vdsp_bank_read(payload->bank, in.iova, &addr, sizeof(addr));
	addr &= U32_MAX;
	if (!ret)
		ret = vdsp_bank_write(payload->bank, out.iova, &addr, sizeof(addr));

	return vdsp_loopback_status(ret);
}

static u32 vdsp_loopback_init(const struct vdsp_payload *payload, u32 sc)
{
	switch (FRPC_SC_METHOD(sc)) {
	case FRPC_INIT_ATTACH:
	case FRPC_INIT_RELEASE:
	case FRPC_INIT_MUNMAP:
	case FRPC_INIT_CREATE:
	case FRPC_INIT_CREATE_ATTR:
	case FRPC_INIT_CREATE_STATIC:
	case FRPC_INIT_MEM_UNMAP:
		return 0;
	case FRPC_INIT_MMAP:
	case FRPC_INIT_MEM_MAP:
		return vdsp_loopback_map(payload, sc);
	default:
		return FRPC_EUNSUPPORTED;
	}
}

static u32 vdsp_loopback_utilities(const struct vdsp_payload *payload, u32 sc)
{
	struct vdsp_buffer out;
	u64 n;
	int ret;

	if (FRPC_SC_METHOD(sc) != 0 || FRPC_SC_OUT(sc) < 1)
		return FRPC_EUNSUPPORTED;

	ret = vdsp_payload_buffer(payload, FRPC_SC_IN(sc), &out);
	if (ret)
		return FRPC_EBADPARM;

	n = min_t(u64, out.len, sizeof(vdsp_loopback_capabilities));
	ret = vdsp_bank_write(payload->bank, out.iova,
			      vdsp_loopback_capabilities, n);
	if (!ret)
		ret = vdsp_bank_zero(payload->bank, out.iova + n, out.len - n);

	return vdsp_loopback_status(ret);
}

static u32 vdsp_loopback_work(struct vdsp_dsp *dsp, const struct vdsp_msg *msg)
{
	struct vdsp_payload payload;

	if (vdsp_payload_init(&payload, dsp->smmu, dsp->config.sid_pos, msg))
		return FRPC_EBADPARM;
	if (msg->handle == FRPC_HANDLE_INIT)
		return vdsp_loopback_init(&payload, msg->sc);
	if (msg->handle == FRPC_HANDLE_UTILITIES)
		return vdsp_loopback_utilities(&payload, msg->sc);

	return vdsp_loopback_copy(&payload, msg->sc);
}

static void vdsp_loopback_sort_in(struct vdsp_loopback *loopback, struct vdsp_answer *answer)
{
	struct vdsp_answer *other;

	lockdep_assert_held(&loopback->lock);

	/* The delay may have been changed, but mostly the last place is right. */
	list_for_each_entry_reverse(other, &loopback->answers, node)
		if (ktime_compare(other->due, answer->due) <= 0)
			break;
	list_add(&answer->node, &other->node);
}

static void vdsp_loopback_arm(struct vdsp_loopback *loopback)
{
	struct vdsp_answer *first;

	lockdep_assert_held(&loopback->lock);

	first = list_first_entry_or_null(&loopback->answers, struct vdsp_answer, node);
	if (first)
		hrtimer_start(&loopback->timer, first->due, HRTIMER_MODE_ABS);
}

static int vdsp_loopback_answer_later(struct vdsp_loopback *loopback,
				      const struct vdsp_reply *reply, u32 delay, gfp_t gfp)
{
	struct vdsp_answer *answer = kzalloc_obj(*answer, gfp);

	if (!answer)
		return -ENOMEM;

	answer->reply = *reply;
	answer->due = ktime_add_us(ktime_get(), delay);
	scoped_guard(spinlock_irqsave, &loopback->lock) {
		if (!loopback->open)
			break;
		vdsp_loopback_sort_in(loopback, answer);
		if (list_is_first(&answer->node, &loopback->answers))
			vdsp_loopback_arm(loopback);
		return 0;
	}
	kfree(answer);
	return -EPIPE;
}

static struct vdsp_answer *vdsp_loopback_next_due(struct vdsp_loopback *loopback)
{
	struct vdsp_answer *first;

	guard(spinlock_irqsave)(&loopback->lock);
	first = list_first_entry_or_null(&loopback->answers, struct vdsp_answer, node);
	if (!first)
		return NULL;
	if (ktime_compare(first->due, ktime_get()) > 0) {
		vdsp_loopback_arm(loopback);
		return NULL;
	}

	list_del(&first->node);
	return first;
}

static enum hrtimer_restart vdsp_loopback_timer(struct hrtimer *timer)
{
	struct vdsp_loopback *loopback = container_of(timer, struct vdsp_loopback, timer);
	struct vdsp_answer *answer;

	while ((answer = vdsp_loopback_next_due(loopback))) {
		vdsp_port_deliver(loopback->dsp->port, &answer->reply, sizeof(answer->reply));
		kfree(answer);
	}

	return HRTIMER_NORESTART;
}

/**
 * vdsp_loopback_create() - Make firmware in the kernel
 * @dsp: the DSP
 *
 * Return: the firmware, closed, or NULL
 */
struct vdsp_loopback *vdsp_loopback_create(struct vdsp_dsp *dsp)
{
	struct vdsp_loopback *loopback = kzalloc_obj(*loopback);

	if (!loopback)
		return NULL;

	loopback->dsp = dsp;
	loopback->decode = dsp->config.firmware == VDSP_FIRMWARE_LOOPBACK;
	spin_lock_init(&loopback->lock);
	INIT_LIST_HEAD(&loopback->answers);
	hrtimer_setup(&loopback->timer, vdsp_loopback_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS);
	return loopback;
}

/**
 * vdsp_loopback_destroy() - Free firmware
 * @loopback: closed firmware or NULL
 */
void vdsp_loopback_destroy(struct vdsp_loopback *loopback)
{
	kfree(loopback);
}

/**
 * vdsp_loopback_open() - Start to accept calls
 * @loopback: the firmware
 */
void vdsp_loopback_open(struct vdsp_loopback *loopback)
{
	guard(spinlock_irqsave)(&loopback->lock);
	loopback->open = true;
}

/**
 * vdsp_loopback_flush() - Forget the answers that wait
 * @loopback: the firmware
 */
void vdsp_loopback_flush(struct vdsp_loopback *loopback)
{
	struct vdsp_answer *answer, *next;
	LIST_HEAD(answers);

	scoped_guard(spinlock_irqsave, &loopback->lock)
		list_splice_init(&loopback->answers, &answers);
	hrtimer_cancel(&loopback->timer);
	scoped_guard(spinlock_irqsave, &loopback->lock)
		vdsp_loopback_arm(loopback);
	list_for_each_entry_safe(answer, next, &answers, node)
		kfree(answer);
}

/**
 * vdsp_loopback_close() - Accept no more calls and forget the answers that wait
 * @loopback: the firmware
 */
void vdsp_loopback_close(struct vdsp_loopback *loopback)
{
	scoped_guard(spinlock_irqsave, &loopback->lock)
		loopback->open = false;
	vdsp_loopback_flush(loopback);
}

/**
 * vdsp_loopback_call() - Serve a request of the driver
 * @loopback: the firmware
 * @wire: its VDSP_WIRE_SIZE bytes
 * @gfp: how memory may be allocated
 *
 * Return: 0, -ENOMEM, -EPIPE when it is closed
 */
int vdsp_loopback_call(struct vdsp_loopback *loopback, const void *wire, gfp_t gfp)
{
	u32 delay = READ_ONCE(loopback->delay_us);
	struct vdsp_reply reply = {};
	struct vdsp_msg msg = {};

	if (!READ_ONCE(loopback->open))
		return -EPIPE;

	vdsp_msg_set_wire(&msg, wire);
	reply.ctx = msg.ctx;
	if (loopback->decode)
		reply.retval = vdsp_loopback_work(loopback->dsp, &msg);
	if (loopback->decode && delay)
		return vdsp_loopback_answer_later(loopback, &reply, delay, gfp);

	vdsp_port_deliver(loopback->dsp->port, &reply, sizeof(reply));
	return 0;
}

/**
 * vdsp_loopback_delay_us() - Give access to the delay
 * @loopback: the firmware
 *
 * Return: microseconds from a call to its answer
 */
u32 *vdsp_loopback_delay_us(struct vdsp_loopback *loopback)
{
	return &loopback->delay_us;
}
