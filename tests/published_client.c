// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A program for "hexagonrpcd -p": it is given the file on which the process of the DSP was
 * made, and makes the calls there that the test asks it for.
 */
#include "published_client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <misc/fastrpc.h>

/* A number that the environment gives, or -1. */
static int number_of(const char *variable)
{
	const char *text = getenv(variable);

	return text ? atoi(text) : -1;
}

static int make_call(int node, struct relay_call *call)
{
	struct fastrpc_invoke_args args[RELAY_ARGS] = { 0 };
	struct fastrpc_invoke invoke = {
		.handle = call->handle,
		.sc = call->method << 24 | call->in << 16 | call->out << 8,
		.args = (uintptr_t)args,
	};
	size_t at = 0;
	int ret;

	if (call->in + call->out > RELAY_ARGS)
		return -EINVAL;
	for (uint32_t i = 0; i < call->in + call->out; i++) {
		if (call->len[i] > RELAY_ROOM - at)
			return -EINVAL;
		args[i].ptr = (uintptr_t)(call->data + at);
		args[i].length = call->len[i];
		args[i].fd = -1;
		at += call->len[i];
	}
	ret = ioctl(node, FASTRPC_IOCTL_INVOKE, &invoke);
	return ret == -1 ? -errno : ret;
}

static bool send_back(int relay, const struct relay_call *call)
{
	return send(relay, call, sizeof(*call), MSG_NOSIGNAL) == sizeof(*call);
}

int main(void)
{
	int node = number_of("HEXAGONRPC_FD"), relay = number_of(RELAY_VARIABLE);
	static struct relay_call call;

	if (node < 0 || relay < 0) {
		fprintf(stderr, "published-client: hexagonrpcd -p starts it, for a test\n");
		return 2;
	}
	call.result = getpid();
	while (send_back(relay, &call)) {
		if (recv(relay, &call, sizeof(call), 0) != sizeof(call))
			break;
		call.result = make_call(node, &call);
	}
	return 0;
}
