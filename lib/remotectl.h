/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The two methods of handle 0 that open and close modules, as they go over the
 * wire. Nothing here enters the kernel.
 */
#ifndef QDA_REMOTECTL_H
#define QDA_REMOTECTL_H

#include <stddef.h>
#include <stdint.h>

#include <drm/qda_accel.h>

#define REMOTECTL_OPEN_SCALARS	QDA_SCALARS(0, 2, 2)
#define REMOTECTL_CLOSE_SCALARS QDA_SCALARS(1, 1, 2)

/* The arguments point into the structure itself: it must not be moved. */
struct remotectl_open {
	struct {
		uint32_t name_length; /* with NUL */
		uint32_t error_room;
	} in;
	struct {
		uint32_t handle;
		int32_t error;
	} out;
	struct drm_qda_arg args[4];
};

struct remotectl_close {
	struct {
		uint32_t handle;
		uint32_t error_room;
	} in;
	struct {
		int32_t error;
	} out;
	struct drm_qda_arg args[3];
};

/* The answer's error text will be in text; -EINVAL for a name without letters or too long. */
int remotectl_encode_open(struct remotectl_open *request, const char *name, char *text,
			  uint32_t room);

/* -EREMOTEIO with the DSP's error in *code; -EPROTO if the handle cannot be a module's. */
int remotectl_decode_open(const struct remotectl_open *request, uint32_t *handle, uint32_t *code);

/* The error text of a close is not asked for: nobody could do anything with it. */
void remotectl_encode_close(struct remotectl_close *request, uint32_t handle);

int remotectl_decode_close(const struct remotectl_close *request, uint32_t *code);

#endif /* QDA_REMOTECTL_H */
