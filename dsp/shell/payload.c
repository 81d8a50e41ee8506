/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The window is mapped so that an address on the wire is a pointer. What is
 * inside the window but mapped to nothing ends the process: an SMMU fault.
 */
#include "payload.h"

#include "fastrpc_locate.h"

_Static_assert(sizeof(struct vdsp_msg) == 48, "message as the kernel lays it out");
_Static_assert(sizeof(struct vdsp_reply) == 16, "answer as the kernel lays it out");
_Static_assert(sizeof(remote_arg) == 8, "argument as skels know it");

/* The tables at the start of the payload. */
struct tables {
	const struct frpc_arg *args;
	const struct frpc_list *list;
	const struct frpc_page *pages;
	uint32_t count;
};

static struct tables find_tables(uint32_t addr, uint32_t count)
{
	struct tables tables = { .count = count };

	tables.args = (const struct frpc_arg *)addr;
	tables.list = (const struct frpc_list *)(tables.args + count);
	tables.pages = (const struct frpc_page *)(tables.list + count);
	return tables;
}

/* The entries are copied first: what was checked must be what is used. */
static uint32_t decode_one(const struct tables *tables, uint32_t i, uint64_t msg_addr,
			   remote_arg *out)
{
	struct frpc_arg arg = *(const volatile struct frpc_arg *)&tables->args[i];
	struct frpc_list list = *(const volatile struct frpc_list *)&tables->list[i];
	struct frpc_page page;
	uint32_t iova, error;

	if (list.pgidx >= tables->count)
		return FRPC_EBADPARM;
	page = *(const volatile struct frpc_page *)&tables->pages[list.pgidx];
	error = frpc_locate(&arg, &list, &page, msg_addr, &iova);
	out->buf.pv = (void *)iova;
	out->buf.nLen = iova ? (uint32_t)arg.len : 0;
	return error;
}

uint32_t payload_decode(const struct vdsp_msg *msg, remote_arg *args)
{
	uint32_t count = FRPC_SC_IN(msg->sc) + FRPC_SC_OUT(msg->sc);
	uint32_t error = 0;
	struct tables tables;

	if (FRPC_SC_COUNT(msg->sc) != count)
		return FRPC_EUNSUPPORTED;
	if (!frpc_tables_fit(msg->addr, msg->size, msg->sc))
		return FRPC_EBADPARM;
	tables = find_tables((uint32_t)msg->addr, count);
	for (uint32_t i = 0; i < count && !error; i++)
		error = decode_one(&tables, i, msg->addr, &args[i]);
	return error;
}
