/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_CALL_H__
#define __QDA_CALL_H__

#include <linux/types.h>

#include "qda_parking.h"
#include "qda_payload.h"
#include "qda_wire.h"

struct drm_file;
struct drm_qda_invoke;
struct qda_call;
struct qda_invocation;
struct qda_session;

/*
 * Finds the memory of argument @index, one that is not inline, adds its mapping to the
 * operands of @inv and completes the argument. Returns 0 or a negative error code.
 */
typedef int (*qda_call_find)(const struct qda_call *call, struct qda_invocation *inv, u32 index);

/* Calls with more arguments than this allocate memory for their description. */
#define QDA_CALL_FEW	8

/**
 * struct qda_call - A user's call while its ioctl runs, or when that was interrupted
 * @parked: in the latter case; for which process the call is, in both
 * @session: the caller's session
 * @file: the caller's file, if that is one of DRM
 * @find: finds the memory of arguments
 * @inv: the call to the DSP, with a reference, once it is prepared
 * @inputs: number of input buffers
 * @buffers: number of buffers
 * @in_handles: number of input DMA handles, which follow the buffers
 * @payload: shape of the payload; the addresses of inline arguments are user pointers,
 *	and those of mapped ones are offsets until they are mapped
 * @few: the arguments, if they are not many
 */
struct qda_call {
	struct qda_parked parked;
	struct qda_session *session;
	struct drm_file *file;
	qda_call_find find;
	struct qda_invocation *inv;
	u32 inputs;
	u32 buffers;
	u32 in_handles;
	struct qda_payload payload;
	struct qda_payload_arg few[QDA_CALL_FEW];
};

int qda_call_alloc(struct qda_call *call, struct qda_session *session, u32 sc);
int qda_call_init(struct qda_call *call, const struct drm_qda_invoke *args,
		  struct drm_file *file);
void qda_call_fini(struct qda_call *call);
bool qda_call_has_copied_outputs(const struct qda_call *call);
int qda_call_map(const struct qda_call *call, struct qda_invocation *inv);
int qda_call_load(const struct qda_call *call, struct qda_invocation *inv);
int qda_call_store(const struct qda_call *call, struct qda_invocation *inv);
bool qda_call_is_output(const struct qda_call *call, u32 index);
int qda_call_read_done(const struct qda_call *call, struct qda_invocation *inv,
		       __le64 done[QDA_WIRE_DONE_MAX]);

#endif /* __QDA_CALL_H__ */
