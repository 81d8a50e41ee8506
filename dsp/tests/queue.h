/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What FastRPC's library puts at the start of a packet queue's memory, for the tests that play the
 * application.
 */
#ifndef QDA_TESTS_QUEUE_H
#define QDA_TESTS_QUEUE_H

#include <stdint.h>

/* What the reader or the writer of a ring tells the other. */
struct end {
	uint32_t position, packets, waits;
};

/* A ring, and where its reader and its writer are described: offsets from the start. */
struct place {
	uint32_t offset, len, read_state, write_state;
};

struct header {
	uint32_t version;
	int32_t error;
	uint32_t flags;
	struct place req, resp;
	uint32_t count;
};

#endif /* QDA_TESTS_QUEUE_H */
