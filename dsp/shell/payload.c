/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The window is mapped so that an address on the wire is a pointer. What is
 * inside the window but mapped to nothing ends the process: an SMMU fault.
 */
#include "payload.h"

#include "fastrpc_locate.h"
#include "maps.h"

_Static_assert(sizeof(struct vdsp_msg) == 48, "message as the kernel lays it out");
_Static_assert(sizeof(struct vdsp_reply) == 16, "answer as the kernel lays it out");
_Static_assert(sizeof(remote_arg) == 8, "argument as skels know it");
_Static_assert(sizeof(struct frpc_dma_handle) == sizeof(struct frpc_arg), "one table of both");

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

/* What the tables say about one argument. */
struct entry {
	union {
		struct frpc_arg arg;
		struct frpc_dma_handle handle;
	};
	struct frpc_list list;
	struct frpc_page page;
};

/* The entries are copied first: what was checked must be what is used. */
static uint32_t read_entry(const struct tables *tables, uint32_t i, struct entry *entry)
{
	entry->arg = *(const volatile struct frpc_arg *)&tables->args[i];
	entry->list = *(const volatile struct frpc_list *)&tables->list[i];
	if (entry->list.pgidx >= tables->count)
		return FRPC_EBADPARM;
	entry->page = *(const volatile struct frpc_page *)&tables->pages[entry->list.pgidx];
	return 0;
}

static uint32_t decode_buffer(const struct entry *entry, uint64_t msg_addr, remote_arg *out)
{
	uint32_t iova, error;

	error = frpc_locate(&entry->arg, &entry->list, &entry->page, msg_addr, &iova);
	out->buf.pv = (void *)iova;
	out->buf.nLen = iova ? (uint32_t)entry->arg.len : 0;
	return error;
}

static uint32_t decode_handle(const struct entry *entry, uint64_t msg_addr, remote_arg *out,
			      struct payload *payload)
{
	struct range range = { (uint32_t)entry->page.addr, (uint32_t)entry->page.size };
	int32_t key = entry->handle.fd;
	uint32_t error = frpc_check_handle(&entry->handle, &entry->list, &entry->page, msg_addr);

	out->dma.fd = key;
	out->dma.offset = entry->handle.offset;
	if (error || !entry->list.num)
		return error;
	error = maps_begin_call(key, range);
	if (!error)
		payload->keys[payload->keys_count++] = key;
	return error;
}

uint32_t payload_decode(const struct vdsp_msg *msg, struct payload *payload)
{
	uint32_t buffers = FRPC_SC_IN(msg->sc) + FRPC_SC_OUT(msg->sc);
	uint32_t count = FRPC_SC_COUNT(msg->sc), error = 0;
	struct tables tables;
	struct entry entry;

	payload->keys_count = 0;
	if (!frpc_tables_fit(msg->addr, msg->size, msg->sc))
		return FRPC_EBADPARM;
	tables = find_tables((uint32_t)msg->addr, count);
	for (uint32_t i = 0; i < count && !error; i++) {
		remote_arg *out = &payload->args[i];

		error = read_entry(&tables, i, &entry);
		if (!error)
			error = i < buffers ? decode_buffer(&entry, msg->addr, out) :
					      decode_handle(&entry, msg->addr, out, payload);
	}
	if (error)
		payload_end(payload);
	return error;
}

void payload_end(const struct payload *payload)
{
	for (uint32_t i = 0; i < payload->keys_count; i++)
		maps_end_call(payload->keys[i]);
}
