// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Encoding of the calls that open and close modules. The fields are little-endian
 * on the wire, as is every machine with such a DSP.
 */
#include <errno.h>
#include <string.h>

#include "remotectl.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the DSP is little-endian");

/* Handles up to this one are fixed services of the DSP's firmware. */
#define LAST_FIXED_HANDLE 9

/* More than any path, and small against what a call can carry. */
#define NAME_MAX_LENGTH 4096

static struct drm_qda_arg inline_arg(const void *data, size_t size)
{
	return (struct drm_qda_arg){
		.addr = (uintptr_t)data,
		.length = size,
		.kind = QDA_ARG_INLINE,
	};
}

int remotectl_encode_open(struct remotectl_open *request, const char *name, char *text,
			  uint32_t room)
{
	size_t length = strnlen(name, NAME_MAX_LENGTH) + 1;

	if (length == 1 || length > NAME_MAX_LENGTH)
		return -EINVAL;
	memset(request, 0, sizeof(*request));
	request->in.name_length = (uint32_t)length;
	request->in.error_room = room;
	request->args[0] = inline_arg(&request->in, sizeof(request->in));
	request->args[1] = inline_arg(name, length);
	request->args[2] = inline_arg(&request->out, sizeof(request->out));
	request->args[3] = inline_arg(text, room);
	return 0;
}

int remotectl_decode_open(const struct remotectl_open *request, uint32_t *handle, uint32_t *code)
{
	*handle = 0;
	*code = (uint32_t)request->out.error;
	if (*code)
		return -EREMOTEIO;
	if (request->out.handle <= LAST_FIXED_HANDLE)
		return -EPROTO;
	*handle = request->out.handle;
	return 0;
}

void remotectl_encode_close(struct remotectl_close *request, uint32_t handle)
{
	memset(request, 0, sizeof(*request));
	request->in.handle = handle;
	request->args[0] = inline_arg(&request->in, sizeof(request->in));
	request->args[1] = inline_arg(&request->out, sizeof(request->out));
	request->args[2] = inline_arg(NULL, 0);
}

int remotectl_decode_close(const struct remotectl_close *request, uint32_t *code)
{
	*code = (uint32_t)request->out.error;
	return *code ? -EREMOTEIO : 0;
}
