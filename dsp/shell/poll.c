/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "poll.h"

#include <stdbool.h>
#include <string.h>

#include "fastrpc_locate.h"

struct poll_mode_in {
	uint32_t enable;
	uint32_t microseconds; /* how long the caller looks; here the word comes anyway */
};

/* Allowed is set before there are threads; enabled by any of them, at any time. */
static bool allowed;
static bool enabled;

void poll_allow(void)
{
	allowed = true;
}

uint32_t poll_set_mode(uint32_t sc, const remote_arg *args)
{
	struct poll_mode_in in;

	if (!allowed)
		return FRPC_EUNSUPPORTED;
	if (REMOTE_SCALARS_INBUFS(sc) != 1 || REMOTE_SCALARS_INHANDLES(sc) ||
	    args[0].buf.nLen < sizeof(in))
		return FRPC_EBADPARM;
	memcpy(&in, args[0].buf.pv, sizeof(in));
	if (in.enable > 1)
		return FRPC_EBADPARM;
	__atomic_store_n(&enabled, in.enable, __ATOMIC_RELAXED);
	return 0;
}

/* Calls of the process's own services have no word, nor do those that ask for none. */
static bool has_word(const struct vdsp_msg *msg)
{
	return __atomic_load_n(&enabled, __ATOMIC_RELAXED) &&
	       msg->handle > FRPC_HANDLE_LAST_FIXED && FRPC_CTX_PD(msg->ctx) == FRPC_PD_USER &&
	       !(msg->ctx & FRPC_CTX_NO_WORD);
}

void poll_succeed(const struct vdsp_msg *msg)
{
	uint32_t iova;

	if (!has_word(msg) || !frpc_locate_word(msg->addr, msg->size, msg->sc, &iova))
		return;
	/* The outputs before the word that announces them. */
	__atomic_store_n((uint32_t *)iova, FRPC_POLL_SUCCESS, __ATOMIC_RELEASE);
}
