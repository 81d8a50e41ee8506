/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The PD sees the whole of its context bank, so nothing is mapped here: a range gets
 * into the PD's table, and its address for DSP code is its IOVA. When the driver takes
 * the memory away without a word, the next access to it is an SMMU fault.
 */
#include "mapping.h"

#include "fastrpc_locate.h"
#include "maps.h"

_Static_assert(sizeof(struct frpc_mem_map) == 32, "request as drivers lay it out");
_Static_assert(sizeof(struct frpc_mem_unmap) == 24, "request as drivers lay it out");
_Static_assert(sizeof(struct frpc_mmap) == 24, "request as drivers lay it out");
_Static_assert(sizeof(struct frpc_munmap) == 24, "request as drivers lay it out");

/* Places of the arguments */
enum {
	IN_REQUEST = 0,
	IN_PAGE = 1,
	IN_NOTHING = 2, /* of MEM_MAP */
	OUT_MEM_MAP = 3,
	OUT_MMAP = 2,
};

/* The one page that a request names, in the client's own bank. */
static __u32 get_page(struct dspd *dspd, const struct payload *payload, const struct client *client,
		      struct pd_map *map)
{
	struct frpc_page page;
	__u32 error = payload_get(&dspd->memory, payload, IN_PAGE, &page, sizeof(page));

	if (error)
		return error;
	if (!device_iova(&dspd->device, page.addr, client->sid, &map->iova))
		return FRPC_EBADPARM;
	if (!page.size || !frpc_in_window(map->iova, page.size))
		return FRPC_EBADPARM;
	map->size = (__u32)page.size;
	return 0;
}

/* Nothing stays in the table that the driver was not told the address of. */
static __u32 add(struct dspd *dspd, struct client *client, const struct payload *payload, __u32 out,
		 const struct pd_map *map)
{
	const struct payload_arg *arg = &payload->args[out];
	__u64 address = map->iova;
	__u32 error;

	if (arg->len != sizeof(address))
		return FRPC_EBADPARM;
	error = maps_add(client->maps, map);
	if (error)
		return error;
	if (memory_write(&dspd->memory, payload->sid, arg->iova, &address, sizeof(address))) {
		maps_remove(client->maps, map);
		return FRPC_EBADPARM;
	}
	return 0;
}

/* Numbers that do not fit are of no range that is there. */
static __u32 drop(struct client *client, __u32 kind, __s32 key, __u64 address, __u64 size)
{
	struct pd_map map = { .key = key, .kind = kind, .iova = (__u32)address };

	map.size = (__u32)size;
	if (map.iova != address || map.size != size)
		return FRPC_EBADPARM;
	return maps_remove(client->maps, &map);
}

static bool known_flags(__u32 flags)
{
	return flags == FRPC_MAP_STATIC || flags == FRPC_MAP_FD || flags == FRPC_MAP_FD_DELAYED ||
	       flags == FRPC_MAP_FD_NOMAP;
}

static __u32 mem_map(struct dspd *dspd, const struct payload *payload)
{
	struct pd_map map = { .kind = PD_MAP_KEY };
	struct frpc_mem_map request;
	struct client *client;
	__u32 error = payload_get(&dspd->memory, payload, IN_REQUEST, &request, sizeof(request));

	if (error)
		return error;
	if (!known_flags(request.flags))
		return FRPC_EUNSUPPORTED;
	if (request.num != sizeof(struct frpc_page) || request.data_len || request.offset < 0 ||
	    payload->args[IN_NOTHING].len)
		return FRPC_EBADPARM;
	client = client_live(dspd, request.client_id);
	if (!client)
		return FRPC_EBADSTATE;
	error = get_page(dspd, payload, client, &map);
	if (error)
		return error;
	map.key = request.key;
	return add(dspd, client, payload, OUT_MEM_MAP, &map);
}

static __u32 mem_unmap(struct dspd *dspd, const struct payload *payload)
{
	struct frpc_mem_unmap request;
	struct client *client;
	__u32 error = payload_get(&dspd->memory, payload, IN_REQUEST, &request, sizeof(request));

	if (error)
		return error;
	client = client_live(dspd, request.client_id);
	if (!client)
		return FRPC_EBADSTATE;
	return drop(client, PD_MAP_KEY, request.key, request.vaddr, request.len);
}

static __u32 add_pages(struct dspd *dspd, const struct payload *payload)
{
	struct pd_map map = { .kind = PD_MAP_HEAP };
	struct frpc_mmap request;
	struct client *client;
	__u32 error = payload_get(&dspd->memory, payload, IN_REQUEST, &request, sizeof(request));

	if (error)
		return error;
	if (request.flags != FRPC_MMAP_ADD_PAGES)
		return FRPC_EUNSUPPORTED;
	if (request.num != sizeof(struct frpc_page) || request.vaddr)
		return FRPC_EBADPARM;
	client = client_live(dspd, request.client_id);
	if (!client)
		return FRPC_EBADSTATE;
	error = get_page(dspd, payload, client, &map);
	return error ? error : add(dspd, client, payload, OUT_MMAP, &map);
}

static __u32 remove_pages(struct dspd *dspd, const struct payload *payload)
{
	struct frpc_munmap request;
	struct client *client;
	__u32 error = payload_get(&dspd->memory, payload, IN_REQUEST, &request, sizeof(request));

	if (error)
		return error;
	client = client_live(dspd, request.client_id);
	if (!client)
		return FRPC_EBADSTATE;
	return drop(client, PD_MAP_HEAP, 0, request.vaddr, request.size);
}

static const struct call {
	__u32 method;
	__u32 in;
	__u32 out;
	__u32 (*run)(struct dspd *dspd, const struct payload *payload);
} calls[] = {
	{ FRPC_INIT_MEM_MAP, 3, 1, mem_map },
	{ FRPC_INIT_MEM_UNMAP, 1, 0, mem_unmap },
	{ FRPC_INIT_MMAP, 2, 1, add_pages },
	{ FRPC_INIT_MUNMAP, 1, 0, remove_pages },
};

static const struct call *find(__u32 method)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].method == method)
			return &calls[i];
	}
	return NULL;
}

bool mapping_is(__u32 method)
{
	return find(method);
}

__u32 mapping_call(struct dspd *dspd, const struct vdsp_msg *msg, const struct payload *payload)
{
	const struct call *call = find(FRPC_SC_METHOD(msg->sc));

	if (!call)
		return FRPC_EUNSUPPORTED;
	if (FRPC_SC_IN(msg->sc) != call->in || FRPC_SC_OUT(msg->sc) != call->out)
		return FRPC_EBADPARM;
	return call->run(dspd, payload);
}
