/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Calls of DSP code to the application, by the names that generated stubs call. */
#include "remote.h"

#include <string.h>

#include "fastrpc_wire.h"
#include "listener.h"

#define TEXT_SIZE 256

int remote_handle_open(const char *name, uint32_t *handle)
{
	uint32_t in[2] = { (uint32_t)strlen(name) + 1, TEXT_SIZE }, out[2] = { 0 };
	char text[TEXT_SIZE];
	remote_arg args[4] = {
		{ .buf = { in, sizeof(in) } },
		{ .buf = { (void *)name, in[0] } },
		{ .buf = { out, sizeof(out) } },
		{ .buf = { text, sizeof(text) } },
	};
	uint32_t error = listener_ask(FRPC_HANDLE_REMOTECTL,
				      REMOTE_SCALARS_MAKE(FRPC_REMOTECTL_OPEN, 2, 2), args);

	if (!error)
		error = out[1];
	if (!error)
		*handle = out[0];
	return (int)error;
}

int remote_handle_invoke(uint32_t handle, uint32_t sc, remote_arg *pra)
{
	return (int)listener_ask(handle, sc, pra);
}

int remote_handle_close(uint32_t handle)
{
	uint32_t in[2] = { handle, TEXT_SIZE }, out = 0;
	char text[TEXT_SIZE];
	remote_arg args[3] = {
		{ .buf = { in, sizeof(in) } },
		{ .buf = { &out, sizeof(out) } },
		{ .buf = { text, sizeof(text) } },
	};
	uint32_t error = listener_ask(FRPC_HANDLE_REMOTECTL,
				      REMOTE_SCALARS_MAKE(FRPC_REMOTECTL_CLOSE, 1, 2), args);

	return (int)(error ? error : out);
}
