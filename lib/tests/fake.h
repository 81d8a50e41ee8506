/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A kernel and a DSP that are only a function: what the library gives to ioctl() ends
 * here. State is per test; call fake_reset() first.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <drm/qda_accel.h>

#include "qda.h"

#define FAKE_CALL_BYTES 8192

/* What an interrupted call leaves in its structure. */
#define FAKE_COOKIE 0x77

struct fake_kernel {
	/* What the test wants to happen. */
	const char *driver;	 /* name that DRM_IOCTL_VERSION answers; "qda" */
	const char *domain;	 /* "cdsp"; "?" asks the name of the node's file */
	int fail_errno;		 /* errno of the ioctls except VERSION and QUERY, 0: they work */
	unsigned long fail_only; /* only this ioctl fails; 0: all do */
	int fail_query;		 /* errno of QUERY */
	unsigned int interrupts; /* as many ioctls are interrupted first */
	int interrupt_errno;	 /* by this errno; EINTR */
	uint32_t dsp_status;	 /* the DSP's code */
	uint32_t open_handle;	 /* handle that open answers */
	int32_t open_error;	 /* error that open or close answer */
	const char *open_text;	 /* error text that open answers */
	bool uncached;		 /* the kernel's buffers are write-combined */
	uint32_t batch_room;	 /* most calls of a batch that are taken at once */
	int batch_error;	 /* why it was not more of them */

	/* What happened. */
	unsigned int ioctls;
	struct drm_qda_query query;
	struct drm_qda_init_create create;
	unsigned int releases;
	unsigned int batch_calls; /* calls in batches */
	struct drm_qda_invoke invoke;
	struct drm_qda_arg args[2 * QDA_BUFFERS_MAX + 2 * QDA_KEYS_MAX];
	unsigned char input[FAKE_CALL_BYTES]; /* bytes of all inputs, one after the other */
	size_t input_bytes;
	struct drm_qda_gem_create gem_create;
	struct drm_qda_remote_attach attach;
	char attach_name[QDA_PD_NAME_MAX + 1];
	struct drm_qda_remote_map map;
	struct drm_qda_remote_munmap unmap;
	struct drm_qda_gem_sync gem_sync;
	struct drm_qda_set_option option; /* the last one */
	unsigned int options;		  /* how many there were */
	uint64_t dmabuf_sync;		  /* flags of the last DMA_BUF_IOCTL_SYNC */
	unsigned int syncs;		  /* of both kinds */
	unsigned int handles;		  /* GEM handles that are open */
	uint32_t closed_handle;		  /* the last one that was closed */

	/* The objects by their handles, which start at 1: the inode of the memory. */
	uint64_t objects[16];
};

extern struct fake_kernel fake;

void fake_reset(void);

/* An open device of the fake kernel. */
struct qda_device *fake_device(void);

/* A file that the fake kernel takes for a DMA-BUF of this size; close it. */
int fake_dmabuf(size_t size);

/* A process on it; ends the test if it cannot be made. */
struct qda_process *fake_process(struct qda_device *dev);

#endif /* FAKE_H */
