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

struct fake_kernel {
	/* What the test wants to happen. */
	const char *driver;	 /* name that DRM_IOCTL_VERSION answers; "qda" */
	const char *domain;	 /* "cdsp"; "?" asks the name of the node's file */
	int fail_errno;		 /* errno of the QDA ioctls except QUERY, 0: they work */
	int fail_query;		 /* errno of QUERY */
	unsigned int interrupts; /* as many ioctls are interrupted first */
	int interrupt_errno;	 /* by this errno; EINTR */
	uint32_t dsp_status;	 /* the DSP's code */
	uint32_t open_handle;	 /* handle that open answers */
	int32_t open_error;	 /* error that open or close answer */
	const char *open_text;	 /* error text that open answers */

	/* What happened. */
	unsigned int ioctls;
	struct drm_qda_query query;
	struct drm_qda_init_create create;
	unsigned int releases;
	struct drm_qda_invoke invoke;
	struct drm_qda_arg args[2 * QDA_BUFFERS_MAX];
	unsigned char input[FAKE_CALL_BYTES]; /* bytes of all inputs, one after the other */
	size_t input_bytes;
};

extern struct fake_kernel fake;

void fake_reset(void);

/* An open device of the fake kernel. */
struct qda_device *fake_device(void);

/* A process on it; ends the test if it cannot be made. */
struct qda_process *fake_process(struct qda_device *dev);

#endif /* FAKE_H */
