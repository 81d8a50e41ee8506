/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * FastRPC as it goes over the wire, seen from the DSP. Everything is little
 * endian. Used by vdsp.ko, dspd, the Hexagon shell and the tests' own DSP; the driver
 * under test has its own definitions, so that the two sides check each other.
 * Source of the facts: drivers/misc/fastrpc.c of Linux 7.3 and its clients.
 */
#ifndef __FASTRPC_WIRE_H__
#define __FASTRPC_WIRE_H__

#include <linux/types.h>

/* Scalars word: attr[31:29] method[28:24] in[23:16] out[15:8] in_handles[7:4] out_handles[3:0] */
#define FRPC_SC_METHOD(sc)	(((sc) >> 24) & 0x1f)
#define FRPC_SC_IN(sc)		(((sc) >> 16) & 0xff)
#define FRPC_SC_OUT(sc)		(((sc) >> 8) & 0xff)
#define FRPC_SC_IN_HANDLES(sc)	(((sc) >> 4) & 0xf)
#define FRPC_SC_OUT_HANDLES(sc)	((sc) & 0xf)
#define FRPC_SC_COUNT(sc) \
	(FRPC_SC_IN(sc) + FRPC_SC_OUT(sc) + FRPC_SC_IN_HANDLES(sc) + FRPC_SC_OUT_HANDLES(sc))
#define FRPC_SC(method, in, out) \
	(((__u32)(method) << 24) | ((__u32)(in) << 16) | ((__u32)(out) << 8))

/* Fixed handles */
#define FRPC_HANDLE_REMOTECTL		0
#define FRPC_HANDLE_INIT		1	/* kernel only */
#define FRPC_HANDLE_UTILITIES		2	/* kernel only: capabilities */
#define FRPC_HANDLE_LISTENER		3
#define FRPC_HANDLE_CURRENT_PROCESS	4
#define FRPC_HANDLE_MSGD		5
#define FRPC_HANDLE_PERF		6
#define FRPC_HANDLE_LISTENER1		7
#define FRPC_HANDLE_REMOTECTL1		8
#define FRPC_HANDLE_PERF1		9
#define FRPC_HANDLE_LAST_FIXED		20	/* what is above are modules */

/* Methods of handle 1; the client id in the message is 0, the real one is in the first input. */
#define FRPC_INIT_ATTACH		0
#define FRPC_INIT_RELEASE		1
#define FRPC_INIT_MMAP			4
#define FRPC_INIT_MUNMAP		5
#define FRPC_INIT_CREATE		6
#define FRPC_INIT_CREATE_ATTR		7
#define FRPC_INIT_CREATE_STATIC		8
#define FRPC_INIT_MEM_MAP		10
#define FRPC_INIT_MEM_UNMAP		11

/* Methods of remotectl (handle 0); remotectl1 (handle 8) has the same, 2 higher. */
#define FRPC_REMOTECTL_OPEN		0
#define FRPC_REMOTECTL_CLOSE		1

/* ctx of a request: sequence[63:16] | slot[15:8] | zero[7:5] | async[4] | PD type[3:0] */
#define FRPC_CTX_PD(ctx)		((__u32)(ctx) & 0xf)
#define FRPC_CTX_NO_WORD		(1u << 4)	/* the caller does not want the poll word */
#define FRPC_PD_ROOT			0
#define FRPC_PD_USER			1
#define FRPC_PD_SENSORS			2

/* Codes of the DSP's software that we produce */
#define FRPC_ENOMEMORY			0x80000402u
#define FRPC_EUNABLETOLOAD		0x80000406u
#define FRPC_EBADSTATE			0x8000040du	/* PD is dead or exiting */
#define FRPC_EBADPARM			0x8000040eu
#define FRPC_EUNSUPPORTED		0x80000414u	/* no such method */
#define FRPC_ENOSUCHHANDLE		0x80000427u
#define FRPC_ENOSUCHMOD			0x8000043eu	/* no such module */
#define FRPC_ERPC			0x80000600u

/*
 * Payload, in this order, n = FRPC_SC_COUNT(sc): args[n], list[n], pages[n],
 * fdlist[16], crclist[64], poll word; then the inline data. Argument i is at
 * (pages[list[i].pgidx].addr & ~0xfff) | (args[i].pv & 0xfff), args[i].len bytes;
 * list[i].num == 0 is an empty argument.
 */
struct frpc_arg {
	__u64 pv;	/* only its low 12 bits mean something */
	__u64 len;
};

struct frpc_dma_handle {
	__s32 fd;
	__u32 offset;
	__u32 len;
	__u32 pad;
};

struct frpc_list {
	__u32 num;
	__u32 pgidx;
};

struct frpc_page {
	__u64 addr;	/* iova | sid << sid_pos */
	__u64 size;
};

#define FRPC_FDLIST_COUNT	16
#define FRPC_CRCLIST_COUNT	64

/* In poll mode this in the poll word says that the call has succeeded. */
#define FRPC_POLL_SUCCESS	0xdecafu

/*
 * Method of handle 4 by which a process asks for poll mode; its only input is
 * { __u32 enable; __u32 microseconds }.
 */
#define FRPC_PROCESS_POLL_MODE	9

/* First input of CREATE and CREATE_ATTR */
struct frpc_create {
	__s32 client_id;
	__u32 namelen;	/* with NUL */
	__u32 filelen;
	__u32 pageslen;
	__u32 attrs;
	__u32 siglen;
};

/*
 * First input of CREATE_STATIC; the second one is the name of the PD, the third one a struct
 * frpc_page, which means nothing when pageslen is 0.
 */
struct frpc_create_static {
	__s32 client_id;
	__u32 namelen;	/* with NUL */
	__u32 pageslen;
};

/*
 * First inputs of MEM_MAP, MEM_UNMAP, MMAP and MUNMAP. The second input of MEM_MAP and of
 * MMAP is a struct frpc_page, the third of MEM_MAP is empty, the output of both is the
 * address for DSP code, a __u64. Not every driver clears what is named pad.
 */
struct frpc_mem_map {
	__s32 client_id;
	__s32 key;	/* by which DSP code finds the range */
	__s32 offset;	/* in the buffer; the page starts there already */
	__u32 flags;	/* FRPC_MAP_* */
	__u64 vaddrin;	/* the caller's own address of it */
	__s32 num;	/* bytes of pages: 16 */
	__s32 data_len;	/* of the third input: 0 */
};

struct frpc_mem_unmap {
	__s32 client_id;
	__s32 key;
	__u64 vaddr;	/* what MEM_MAP gave */
	__u64 len;
};

struct frpc_mmap {
	__s32 client_id;
	__u32 flags;	/* FRPC_MMAP_ADD_PAGES */
	__u64 vaddr;	/* 0 */
	__s32 num;	/* bytes of pages: 16 */
	__u32 pad;
};

struct frpc_munmap {
	__s32 client_id;
	__u32 pad;
	__u64 vaddr;	/* what MMAP gave */
	__u64 size;
};

/* Flags of MEM_MAP, those of enum fastrpc_map_flags: who keeps caches right, and when. */
#define FRPC_MAP_STATIC		0
#define FRPC_MAP_FD		2
#define FRPC_MAP_FD_DELAYED	3
#define FRPC_MAP_FD_NOMAP	16

#define FRPC_MMAP_ADD_PAGES	0x1000	/* memory for the PD's heap */

/*
 * The DSP sends this unasked when a PD ends. Its first word cannot be the ctx of
 * a request. status: 0 up, 1 exit, 2 killed, 3 exception, 4 DSP restart.
 */
#define FRPC_NOTIFY_CTX		0xABCDABCDull
#define FRPC_NOTIFY_TYPE_STATUS	4
#define FRPC_PD_STATUS_EXIT		1
#define FRPC_PD_STATUS_EXCEPTION	3

struct frpc_notify {
	__u64 ctx;
	__u32 type;
	__s32 client_id;
	__u32 status;
	__u32 pad;
};

#endif /* __FASTRPC_WIRE_H__ */
