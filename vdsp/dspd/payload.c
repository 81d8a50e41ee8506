/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "payload.h"

#include "fastrpc_locate.h"

/* The tables are copied once, so what is checked is what is used. */
struct tables {
	struct frpc_arg args[PAYLOAD_MAX_ARGS];
	struct frpc_list list[PAYLOAD_MAX_ARGS];
	struct frpc_page pages[PAYLOAD_MAX_ARGS];
};

static int read_tables(struct memory *memory, __u32 sid, __u32 iova, __u32 count,
		       struct tables *tables)
{
	__u32 list = iova + count * (__u32)sizeof(tables->args[0]);
	__u32 pages = list + count * (__u32)sizeof(tables->list[0]);
	int err = memory_read(memory, sid, iova, tables->args, count * sizeof(tables->args[0]));

	if (!err)
		err = memory_read(memory, sid, list, tables->list, count * sizeof(tables->list[0]));
	if (!err)
		err = memory_read(memory, sid, pages, tables->pages,
				  count * sizeof(tables->pages[0]));
	return err;
}

static __u32 decode_one(const struct tables *tables, const struct vdsp_msg *msg, __u32 count,
			__u32 i, struct payload_arg *out)
{
	const struct frpc_list *list = &tables->list[i];
	__u32 error;

	if (list->pgidx >= count)
		return FRPC_EBADPARM;
	error = frpc_locate(&tables->args[i], list, &tables->pages[list->pgidx], msg->addr,
			    &out->iova);
	out->len = out->iova ? (__u32)tables->args[i].len : 0;
	return error;
}

__u32 payload_decode(const struct device *device, struct memory *memory, const struct vdsp_msg *msg,
		     struct payload *payload)
{
	__u32 count = FRPC_SC_COUNT(msg->sc), error = 0;
	struct tables tables;

	*payload = (struct payload){ .count = count };
	if (count > PAYLOAD_MAX_ARGS || FRPC_SC_IN_HANDLES(msg->sc) || FRPC_SC_OUT_HANDLES(msg->sc))
		return FRPC_EBADPARM;
	if (count == 0)
		return 0;
	if (!device_sid(device, msg->addr, &payload->sid) ||
	    !frpc_tables_fit(msg->addr, msg->size, msg->sc))
		return FRPC_EBADPARM;
	if (read_tables(memory, payload->sid, (__u32)msg->addr, count, &tables))
		return FRPC_EBADPARM;
	for (__u32 i = 0; i < count && !error; i++)
		error = decode_one(&tables, msg, count, i, &payload->args[i]);
	return error;
}

__u32 payload_get(struct memory *memory, const struct payload *payload, __u32 i, void *to,
		  size_t len)
{
	const struct payload_arg *arg = &payload->args[i];

	if (i >= payload->count || arg->len != len)
		return FRPC_EBADPARM;
	return memory_read(memory, payload->sid, arg->iova, to, len) ? FRPC_EBADPARM : 0;
}
