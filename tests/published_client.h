/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the test and the program that hexagonrpcd starts for it (-p) say to each other: calls to
 * make on the file that this program was given, and back what came of them.
 */
#ifndef PUBLISHED_CLIENT_H
#define PUBLISHED_CLIENT_H

#include <stdint.h>

/* Number of the socket, in the environment. A packet is one struct relay_call. */
#define RELAY_VARIABLE "QDA_RELAY"

#define RELAY_ARGS     8
#define RELAY_ROOM     16384

struct relay_call {
	uint32_t handle;
	uint32_t method;
	uint32_t in;
	uint32_t out;
	uint32_t len[RELAY_ARGS];
	int32_t result; /* of the ioctl, or -errno; in the first packet of all the program's pid */
	unsigned char data[RELAY_ROOM]; /* inputs, then outputs, one after another */
};

#endif /* PUBLISHED_CLIENT_H */
