/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_WIRE_H__
#define __QDA_WIRE_H__

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/**
 * DOC: FastRPC wire format
 *
 * What the DSP's firmware and the kernel exchange, little endian throughout. It
 * is an ABI with firmware in the field and the same that drivers/misc/fastrpc.c
 * speaks.
 *
 * A request is one &struct qda_wire_msg over rpmsg. It points to the payload
 * in memory that the DSP can access: for n arguments a &struct qda_wire_arg, a
 * &struct qda_wire_list and a &struct qda_wire_page each, then a
 * &struct qda_wire_tail, then the bytes of inline arguments.
 */

/* Fixed handles that the kernel itself calls */
#define QDA_WIRE_HANDLE_INIT		1
#define QDA_WIRE_HANDLE_UTILITIES	2

/* Fixed handles of those who wait for calls of the DSP, the older one and the newer one */
#define QDA_WIRE_HANDLE_LISTENER	3
#define QDA_WIRE_HANDLE_LISTENER1	7

/* Methods of QDA_WIRE_HANDLE_INIT */
#define QDA_WIRE_INIT_ATTACH		0
#define QDA_WIRE_INIT_RELEASE		1
#define QDA_WIRE_INIT_MMAP		4
#define QDA_WIRE_INIT_MUNMAP		5
#define QDA_WIRE_INIT_CREATE		6
#define QDA_WIRE_INIT_CREATE_ATTR	7
#define QDA_WIRE_INIT_CREATE_STATIC	8
#define QDA_WIRE_INIT_MEM_MAP		10
#define QDA_WIRE_INIT_MEM_UNMAP		11

/*
 * Method of QDA_WIRE_HANDLE_UTILITIES: input 0 is the number of words in output 0, which
 * the DSP fills with its capabilities.
 */
#define QDA_WIRE_UTILITIES_CAPABILITIES	0

/* MEM_MAP: DSP code finds the memory by its key and keeps its own caches right. */
#define QDA_WIRE_MAP_FD			2

/* MMAP: pages for the heap of the PD */
#define QDA_WIRE_MMAP_ADD_PAGES		0x1000

/* The context word of a message that announces the end of a PD */
#define QDA_WIRE_NOTIFY_CTX		0xabcdabcdULL
#define QDA_WIRE_NOTIFY_STATUS		4	/* the only known type */

/* Values of status in such a message */
#define QDA_WIRE_PD_UP			0
#define QDA_WIRE_PD_EXIT		1
#define QDA_WIRE_PD_RESTART		4	/* last one known */

/* DMA handles that an answer can list as finished with */
#define QDA_WIRE_DONE_MAX		16

/* Answer to a call that was in flight when its PD ended; skels use it, too. */
#define QDA_WIRE_EBADSTATE		0x8000040dU

/* Answer to a call of something that the DSP does not have */
#define QDA_WIRE_EUNSUPPORTED		0x80000414U

/* The DSP computes with pages of this size, whatever the kernel's is. */
#define QDA_WIRE_PAGE_SIZE		4096ULL

/**
 * struct qda_wire_msg - Request
 * @client_id: id of the session, 0 in calls of QDA_WIRE_HANDLE_INIT
 * @tid: thread id of the caller
 * @ctx: context word, which the answer repeats
 * @handle: handle of the callee
 * @sc: scalars word
 * @addr: address of the payload
 * @size: bytes of the payload, in whole pages
 */
struct qda_wire_msg {
	__le32 client_id;
	__le32 tid;
	__le64 ctx;
	__le32 handle;
	__le32 sc;
	__le64 addr;
	__le64 size;
};

static_assert(sizeof(struct qda_wire_msg) == 40);
static_assert(offsetof(struct qda_wire_msg, tid) == 4);
static_assert(offsetof(struct qda_wire_msg, ctx) == 8);
static_assert(offsetof(struct qda_wire_msg, handle) == 16);
static_assert(offsetof(struct qda_wire_msg, sc) == 20);
static_assert(offsetof(struct qda_wire_msg, addr) == 24);
static_assert(offsetof(struct qda_wire_msg, size) == 32);

/**
 * struct qda_wire_rsp - Answer
 * @ctx: context word of the request
 * @retval: what the method returned
 * @pad: nothing
 */
struct qda_wire_rsp {
	__le64 ctx;
	__le32 retval;
	__le32 pad;
};

static_assert(sizeof(struct qda_wire_rsp) == 16);
static_assert(offsetof(struct qda_wire_rsp, retval) == 8);

/**
 * struct qda_wire_notify - Announcement that a PD changed its state
 * @ctx: QDA_WIRE_NOTIFY_CTX
 * @type: QDA_WIRE_NOTIFY_STATUS
 * @client_id: id of the session
 * @status: new state of the session's PD
 */
struct qda_wire_notify {
	__le64 ctx;
	__le32 type;
	__le32 client_id;
	__le32 status;
} __packed;

/* Firmware may or may not send the four bytes of padding that C adds. */
static_assert(sizeof(struct qda_wire_notify) == 20);
static_assert(offsetof(struct qda_wire_notify, type) == 8);
static_assert(offsetof(struct qda_wire_notify, client_id) == 12);
static_assert(offsetof(struct qda_wire_notify, status) == 16);

/**
 * struct qda_wire_arg - Buffer argument
 * @pv: any number with the low 12 bits of the buffer's address
 * @len: bytes
 */
struct qda_wire_arg {
	__le64 pv;
	__le64 len;
};

static_assert(sizeof(struct qda_wire_arg) == 16);
static_assert(offsetof(struct qda_wire_arg, len) == 8);

/**
 * struct qda_wire_handle - DMA handle argument, in the place of a &struct qda_wire_arg
 * @key: key under which the memory is mapped
 * @offset: start of the argument in the range under the key
 * @length: bytes
 * @pad: nothing
 */
struct qda_wire_handle {
	__le32 key;
	__le32 offset;
	__le32 length;
	__le32 pad;
};

static_assert(sizeof(struct qda_wire_handle) == sizeof(struct qda_wire_arg));
static_assert(offsetof(struct qda_wire_handle, offset) == 4);
static_assert(offsetof(struct qda_wire_handle, length) == 8);

/**
 * struct qda_wire_list - Which page entry belongs to an argument
 * @num: number of page entries, 0 for an empty argument
 * @pgidx: index of the first one
 */
struct qda_wire_list {
	__le32 num;
	__le32 pgidx;
};

static_assert(sizeof(struct qda_wire_list) == 8);
static_assert(offsetof(struct qda_wire_list, pgidx) == 4);

/**
 * struct qda_wire_page - Range of memory
 * @addr: address as the DSP uses it
 * @size: bytes
 */
struct qda_wire_page {
	__le64 addr;
	__le64 size;
};

static_assert(sizeof(struct qda_wire_page) == 16);
static_assert(offsetof(struct qda_wire_page, size) == 8);

#define QDA_WIRE_POLL_SUCCESS		0xdecafU

/**
 * struct qda_wire_tail - What follows the argument tables
 * @fdlist: the DSP lists DMA handles here that it has finished with
 * @crclist: check sums of arguments
 * @poll: in poll mode the DSP writes QDA_WIRE_POLL_SUCCESS here when a call has
 *	succeeded, before the answer or instead of it
 *
 * They must be there and zero. The first is only read in calls of the legacy interface.
 * The second belongs to a feature that this driver does not use, and what the DSP writes
 * to it is never read.
 */
struct qda_wire_tail {
	__le64 fdlist[QDA_WIRE_DONE_MAX];
	__le32 crclist[64];
	__le32 poll;
} __packed;

static_assert(sizeof(struct qda_wire_tail) == 388);
static_assert(offsetof(struct qda_wire_tail, crclist) == 128);
static_assert(offsetof(struct qda_wire_tail, poll) == 384);

/**
 * struct qda_wire_create - First input of INIT_CREATE and INIT_CREATE_ATTR
 * @client_id: id of the session
 * @namelen: bytes of the process name with NUL, the second input
 * @filelen: bytes of the image, the third input
 * @pageslen: number of &struct qda_wire_page in the fourth input
 * @attrs: attributes of the PD
 * @siglen: bytes of signature at the end of the image
 */
struct qda_wire_create {
	__le32 client_id;
	__le32 namelen;
	__le32 filelen;
	__le32 pageslen;
	__le32 attrs;
	__le32 siglen;
};

static_assert(sizeof(struct qda_wire_create) == 24);
static_assert(offsetof(struct qda_wire_create, namelen) == 4);
static_assert(offsetof(struct qda_wire_create, filelen) == 8);
static_assert(offsetof(struct qda_wire_create, pageslen) == 12);
static_assert(offsetof(struct qda_wire_create, attrs) == 16);
static_assert(offsetof(struct qda_wire_create, siglen) == 20);

/**
 * struct qda_wire_create_static - First input of INIT_CREATE_STATIC
 * @client_id: id of the session
 * @namelen: bytes of the PD's name with NUL, the second input
 * @pageslen: number of &struct qda_wire_page that the third input has; it is there
 *	and zero when it has none
 */
struct qda_wire_create_static {
	__le32 client_id;
	__le32 namelen;
	__le32 pageslen;
};

static_assert(sizeof(struct qda_wire_create_static) == 12);
static_assert(offsetof(struct qda_wire_create_static, namelen) == 4);
static_assert(offsetof(struct qda_wire_create_static, pageslen) == 8);

/**
 * struct qda_wire_mem_map - First input of INIT_MEM_MAP
 * @client_id: id of the session
 * @key: number by which DSP code finds the memory
 * @offset: 0; the second input, a &struct qda_wire_page, is the range itself
 * @flags: QDA_WIRE_MAP_FD
 * @vaddrin: the caller's own address of it, or anything
 * @num: bytes of the second input
 * @data_len: bytes of the third input, which is empty
 *
 * The output is the DSP's own address of the memory, 64 bits.
 */
struct qda_wire_mem_map {
	__le32 client_id;
	__le32 key;
	__le32 offset;
	__le32 flags;
	__le64 vaddrin;
	__le32 num;
	__le32 data_len;
};

static_assert(sizeof(struct qda_wire_mem_map) == 32);
static_assert(offsetof(struct qda_wire_mem_map, key) == 4);
static_assert(offsetof(struct qda_wire_mem_map, offset) == 8);
static_assert(offsetof(struct qda_wire_mem_map, flags) == 12);
static_assert(offsetof(struct qda_wire_mem_map, vaddrin) == 16);
static_assert(offsetof(struct qda_wire_mem_map, num) == 24);
static_assert(offsetof(struct qda_wire_mem_map, data_len) == 28);

/**
 * struct qda_wire_mmap - First input of INIT_MMAP
 * @client_id: id of the session
 * @flags: QDA_WIRE_MMAP_ADD_PAGES
 * @vaddr: 0
 * @num: bytes of the second input, a &struct qda_wire_page
 * @pad: nothing
 *
 * The output is the DSP's own address of the memory, 64 bits.
 */
struct qda_wire_mmap {
	__le32 client_id;
	__le32 flags;
	__le64 vaddr;
	__le32 num;
	__le32 pad;
};

static_assert(sizeof(struct qda_wire_mmap) == 24);
static_assert(offsetof(struct qda_wire_mmap, flags) == 4);
static_assert(offsetof(struct qda_wire_mmap, vaddr) == 8);
static_assert(offsetof(struct qda_wire_mmap, num) == 16);

/**
 * struct qda_wire_unmap - Input of INIT_MEM_UNMAP and INIT_MUNMAP
 * @client_id: id of the session
 * @key: as it was mapped; nothing for INIT_MUNMAP
 * @vaddr: what the DSP answered when it was mapped
 * @size: bytes
 */
struct qda_wire_unmap {
	__le32 client_id;
	__le32 key;
	__le64 vaddr;
	__le64 size;
};

static_assert(sizeof(struct qda_wire_unmap) == 24);
static_assert(offsetof(struct qda_wire_unmap, key) == 4);
static_assert(offsetof(struct qda_wire_unmap, vaddr) == 8);
static_assert(offsetof(struct qda_wire_unmap, size) == 16);

#endif /* __QDA_WIRE_H__ */
