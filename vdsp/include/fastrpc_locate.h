/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Where an argument of a FastRPC call lies, from the three entries that the payload
 * has for it. Used by dspd and by the shell: the host is not trusted, so everything
 * is checked before an address comes out. Pass copies: the host can change
 * its memory at any time.
 */
#ifndef FASTRPC_LOCATE_H
#define FASTRPC_LOCATE_H

#include <linux/types.h>

#include "fastrpc_wire.h"
#include "vdsp.h"

#define FRPC_PAGE_MASK 0xfffull

/* Bytes that one argument takes in the payload's tables. */
#define FRPC_ARG_META \
	(sizeof(struct frpc_arg) + sizeof(struct frpc_list) + sizeof(struct frpc_page))

/* Is [iova, iova + len) inside the window of addresses that the virtual SMMU gives out? */
static inline int frpc_in_window(__u64 iova, __u64 len)
{
	return iova >= VDSP_IOVA_START && len <= VDSP_IOVA_SIZE &&
	       iova - VDSP_IOVA_START <= VDSP_IOVA_SIZE - len;
}

/* Does the payload of a message have room for the tables of its arguments? */
static inline int frpc_tables_fit(__u64 addr, __u64 size, __u32 sc)
{
	__u64 need = (__u64)FRPC_SC_COUNT(sc) * FRPC_ARG_META;

	return need == 0 || (need <= size && addr % 8 == 0 && frpc_in_window((__u32)addr, need));
}

/* Where the poll word of a call is; false when its payload has no room for one. */
static inline int frpc_locate_word(__u64 addr, __u64 size, __u32 sc, __u32 *iova)
{
	__u64 before = (__u64)FRPC_SC_COUNT(sc) * FRPC_ARG_META + FRPC_FDLIST_COUNT * 8 +
		       FRPC_CRCLIST_COUNT * 4;

	*iova = (__u32)addr + (__u32)before;
	return before + sizeof(__u32) <= size && addr % 8 == 0 &&
	       frpc_in_window((__u32)addr, before + sizeof(__u32));
}

/*
 * Gives FRPC_EBADPARM or 0 and the IOVA, 0 for an empty argument. msg_addr is the
 * address in the message: the stream id, in the same bits above the IOVA, must agree, or
 * a call could name another session's memory.
 */
static inline __u32 frpc_locate(const struct frpc_arg *arg, const struct frpc_list *list,
				const struct frpc_page *page, __u64 msg_addr, __u32 *iova)
{
	__u64 offset = arg->pv & FRPC_PAGE_MASK;

	*iova = 0;
	if (list->num == 0 || arg->len == 0)
		return 0;
	if (list->num != 1 || arg->len > VDSP_IOVA_SIZE || offset + arg->len > page->size)
		return FRPC_EBADPARM;
	if (page->addr >> 32 != msg_addr >> 32)
		return FRPC_EBADPARM;
	*iova = ((__u32)page->addr & ~(__u32)FRPC_PAGE_MASK) | (__u32)offset;
	return frpc_in_window(*iova, arg->len) ? 0 : FRPC_EBADPARM;
}

/*
 * The same for a DMA handle: its page is the whole range that the handle's key stands
 * for, and what the call is about must lie inside of it. Without a page it is a key only.
 */
static inline __u32 frpc_check_handle(const struct frpc_dma_handle *handle,
				      const struct frpc_list *list, const struct frpc_page *page,
				      __u64 msg_addr)
{
	if (list->num == 0)
		return handle->len ? FRPC_EBADPARM : 0;
	if (list->num != 1 || (__u64)handle->offset + handle->len > page->size || !page->size)
		return FRPC_EBADPARM;
	if (page->addr >> 32 != msg_addr >> 32)
		return FRPC_EBADPARM;
	return frpc_in_window((__u32)page->addr, page->size) ? 0 : FRPC_EBADPARM;
}

#endif
