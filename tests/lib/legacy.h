/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A client of the old interface: the nodes /dev/fastrpc-* and their ioctls, whichever
 * driver they belong to.
 */
#ifndef TESTS_LEGACY_H
#define TESTS_LEGACY_H

#include <misc/fastrpc.h>

#include "client.h"
#include "dsp.h"

/* What the headers of older systems do not have. */
#ifndef FASTRPC_IOCTL_INIT_CREATE_STATIC
struct fastrpc_init_create_static {
	__u32 namelen;
	__u32 memlen;
	__u64 name;
};
#define FASTRPC_IOCTL_INIT_CREATE_STATIC _IOWR('R', 9, struct fastrpc_init_create_static)
#endif
#ifndef FASTRPC_IOCTL_SET_OPTION
struct fastrpc_ioctl_set_option {
	__u32 request_id;
	__u32 value;
	__s32 reserved[6];
};
#define FASTRPC_IOCTL_SET_OPTION _IOWR('R', 12, struct fastrpc_ioctl_set_option)
#define FASTRPC_POLL_MODE	 1
#endif
#ifndef FASTRPC_POLL_MODE_ENABLE
#define FASTRPC_POLL_MODE_DISABLE 0
#define FASTRPC_POLL_MODE_ENABLE  1
#endif

/*
 * Where there are such DSPs, programs of 32 bits align 64-bit fields, and so these two have
 * the size that the kernel knows. On x86 they are shorter, and their ioctls others.
 */
#ifdef __i386__
struct legacy_mem_map {
	__s32 version;
	__s32 fd;
	__s32 offset;
	__u32 flags;
	__u64 vaddrin;
	__u64 length;
	__u64 vaddrout;
	__s32 attrs;
	__s32 reserved[4];
} __attribute__((aligned(8)));
struct legacy_mem_unmap {
	__s32 version;
	__s32 fd;
	__u64 vaddr;
	__u64 length;
	__s32 reserved[5];
} __attribute__((aligned(8)));
#define fastrpc_mem_map	  legacy_mem_map
#define fastrpc_mem_unmap legacy_mem_unmap
#endif

#define LEGACY_MODULE "qda_fastrpc_shim"

/* Loads the module of the old interface, unless it is there. */
void legacy_load(void);
/* dsp_new() after that. */
struct dsp *legacy_new(const char *line);
/* Waits for the nodes of the DSP's domain. */
void legacy_wait_nodes(struct dsp *dsp, bool secure, bool plain);
bool legacy_has_node(struct dsp *dsp, bool secure);
/* Opens a node; dsp_finish() closes the file. */
int legacy_open(struct dsp *dsp, bool secure);
/* The same, left to the caller. */
int legacy_open_node(struct dsp *dsp, bool secure);

/* Arguments for a PD that everyone may make: unsigned, no image. */
#define LEGACY_PD                                               \
	(struct fastrpc_init_create)                            \
	{                                                       \
		.filefd = -1, .attrs = QDA_ATTR_UNSIGNED_MODULE \
	}

/* Makes a process by the file, or another file, while the test answers as the DSP. */
struct session legacy_create(struct dsp *dsp, int fd);
struct session legacy_session(struct dsp *dsp);

/* A buffer by ALLOC_DMA_BUFF, mapped; closing its fd and munmap() are up to the test. */
struct legacy_buffer {
	int fd;
	size_t size;
	unsigned char *mem;
};
struct legacy_buffer legacy_alloc(int fd, size_t size);
void legacy_free(struct legacy_buffer *b);

/* A call under construction; inputs first, then outputs, then handles, also inputs first. */
struct legacy_call {
	struct fastrpc_invoke req;
	struct fastrpc_invoke_args args[255 + 255 + 15 + 15];
	unsigned int in, out, in_handles, out_handles;
};

struct legacy_call *legacy_call_new(uint32_t handle, unsigned int method);
/* @dmabuf -1 (or 0): not in a buffer. */
void legacy_in(struct legacy_call *call, const void *p, uint64_t len, int dmabuf);
void legacy_out(struct legacy_call *call, void *p, uint64_t len, int dmabuf);
void legacy_handle_in(struct legacy_call *call, uint32_t offset, uint64_t len, int dmabuf);
struct job *legacy_call_start(int fd, struct legacy_call *call);
int legacy_call_run(int fd, struct legacy_call *call);

/* For ktap_after_each(): removes the DSPs and unloads the module. */
void legacy_after_each(void);

#endif /* TESTS_LEGACY_H */
