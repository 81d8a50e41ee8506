/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_PROCESS_H__
#define __QDA_PROCESS_H__

#include <linux/jiffies.h>
#include <linux/sizes.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue_types.h>

#include "qda_init_mem.h"
#include "qda_remote_map.h"

struct qda_bo;
struct qda_invocation;
struct qda_mapping;
struct qda_patience;
struct qda_pool;
struct qda_session;

/**
 * enum qda_process_state - What a session's process is doing
 * @QDA_PROCESS_NONE: there is none
 * @QDA_PROCESS_CREATING: the DSP has been or is about to be asked for one
 * @QDA_PROCESS_LIVE: it serves calls
 * @QDA_PROCESS_RELEASING: the DSP has been or is about to be asked to end it
 * @QDA_PROCESS_DEAD: it ended by itself; what it had on the DSP is still there
 * @QDA_PROCESS_ORPHAN: who asked for one has given up waiting; the DSP's answer
 *	decides
 */
enum qda_process_state {
	QDA_PROCESS_NONE,
	QDA_PROCESS_CREATING,
	QDA_PROCESS_LIVE,
	QDA_PROCESS_RELEASING,
	QDA_PROCESS_DEAD,
	QDA_PROCESS_ORPHAN,
};

/**
 * struct qda_process_result - How an exchange about a process ended
 * @error: 0 when the DSP answered, else a negative error code
 * @status: what the DSP answered
 */
struct qda_process_result {
	int error;
	u32 status;
};

/**
 * enum qda_process_kind - How a session gets a process
 * @QDA_PROCESS_CREATE: the DSP makes one for the session alone
 * @QDA_PROCESS_ATTACH_ROOT: the session attaches to the root PD
 * @QDA_PROCESS_ATTACH_SENSORS: the session attaches to the sensors' PD
 * @QDA_PROCESS_ATTACH_STATIC: the session attaches to a PD that has a name
 */
enum qda_process_kind {
	QDA_PROCESS_CREATE,
	QDA_PROCESS_ATTACH_ROOT,
	QDA_PROCESS_ATTACH_SENSORS,
	QDA_PROCESS_ATTACH_STATIC,
};

/**
 * struct qda_process - A session's process on the DSP, a protection domain
 * @lock: protects everything up to @released; taken with interrupts off
 * @state: what it is doing
 * @exited: the DSP announced its end, maybe while it was still being created
 * @answered: the call about it that is in flight has been completed
 * @unsent: the work has to send the call that ends it
 * @kind: how the session got it
 * @attrs: what it was created with, if it was
 * @generation: number of processes the session has had
 * @exited_generation: the last one of them that ended by itself
 * @pool: memory of its calls; its users take references
 * @releases: number of releases that are finished
 * @released: how the last one ended
 * @image: ELF image while the process is created
 * @init_mem: memory that the DSP was given for it, or for the one before it
 * @create: the call that creates it or attaches to it
 * @release: the call that will end it; made together with it, so that ending it can
 *	fail neither for lack of memory nor of ids
 * @offers: with the call that attaches to it the DSP is offered memory
 * @maps: what it has mapped for longer than a call
 * @idle: woken when the state becomes none
 * @work: carries on when nobody waits
 *
 * Who moves the state out of none, or into releasing, owns what is below @released.
 */
struct qda_process {
	/* Protects the state and what goes with it. */
	spinlock_t lock;
	enum qda_process_state state;
	bool exited;
	bool answered;
	bool unsent;
	enum qda_process_kind kind;
	u32 attrs;
	u64 generation;
	u64 exited_generation;
	struct qda_pool *pool;
	u64 releases;
	struct qda_process_result released;

	struct qda_mapping *image;
	struct qda_init_mem init_mem;
	struct qda_invocation *create;
	struct qda_invocation *release;
	bool offers;

	struct qda_remote_maps maps;

	wait_queue_head_t idle;
	struct work_struct work;
};

/**
 * struct qda_process_image - What a process is made from
 * @kind: how
 * @name: name of the PD with that kind
 * @bo: buffer that contains the ELF image, if it is not NULL
 * @offset: where the image is in it
 * @file: user pointer to the ELF image, if @bo is NULL
 * @filelen: bytes of it, 0 for the firmware's own shell
 * @siglen: bytes of signature at its end
 * @attrs: attributes of the process
 *
 * What is below @name is for QDA_PROCESS_CREATE, and zero else.
 */
struct qda_process_image {
	enum qda_process_kind kind;
	const char *name;
	struct qda_bo *bo;
	u64 offset;
	u64 file;
	u32 filelen;
	u32 siglen;
	u32 attrs;
};

/* Longest ELF image */
#define QDA_PROCESS_FILELEN_MAX	SZ_4M

void qda_process_init(struct qda_process *process);
int qda_process_create(struct qda_session *session, const struct qda_process_image *image,
		       u32 *status);
int qda_process_release(struct qda_process *process, u32 *status);
void qda_process_close(struct qda_process *process);
void qda_process_exited(struct qda_process *process);
struct qda_pool *qda_process_use(struct qda_process *process, u64 *generation);
int qda_process_admit(struct qda_process *process, u64 generation, struct qda_invocation *inv,
		      const struct qda_patience *patience);
int qda_process_check(struct qda_process *process, u64 generation);
const char *qda_process_pd_type(struct qda_process *process);
const char *qda_process_state_name(struct qda_process *process);
bool qda_process_has_exited(struct qda_process *process, u64 generation);

#endif /* __QDA_PROCESS_H__ */
