/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * One direction of a queue: packets in memory that the application can change at any time, so
 * everything that is read from it is checked, after it was read once.
 *
 * A packet is a header of 8 bytes, buffers, and the message, padded to 8 bytes. It does not
 * wrap: when it does not fit before the end of the ring, its header is written there, and all
 * of it at the start. 8 bytes stay free: full is not empty.
 */
#ifndef SHELL_RING_H
#define SHELL_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "dspqueue.h"

/* Where a ring is in its queue's memory, as the application lays it out. */
struct ring_place {
	uint32_t offset;
	uint32_t len;
	uint32_t read_state;
	uint32_t write_state;
};

/* Of the reader and of the writer each. wait_count: somebody sleeps until the other one goes on. */
struct ring_state {
	uint32_t position;
	uint32_t packet_count;
	uint32_t wait_count;
};

struct ring {
	uint8_t *bytes;
	uint32_t len;
	struct ring_state *reader;
	struct ring_state *writer;
	uint32_t position; /* our own end of it, which is not read back */
	uint32_t packets;
	uint8_t sequence;
};

struct packet {
	uint32_t flags;
	uint32_t num_buffers;
	struct dspqueue_buffer *buffers; /* NULL: not wanted, or none */
	uint32_t message_len;
	uint8_t *message;
};

/* False when it is not inside of the size bytes of memory at base. */
bool ring_init(struct ring *ring, uint8_t *base, uint32_t size, const struct ring_place *place);

/*
 * Reads one: room has what there is place for, and gets what came. 0, AEE_EWOULDBLOCK, AEE_EBADPARM: no
 * place for it, AEE_EBADITEM: nonsense. Of one that only says that more comes nothing is taken.
 */
int ring_read(struct ring *ring, struct packet *room);

/* As ring_read, but it says only what there is, and takes nothing. */
int ring_peek(const struct ring *ring, struct packet *packet);

/* 0, AEE_EWOULDBLOCK, AEE_EBADPARM: it is larger than the ring, AEE_EBADITEM: a nonsense position. */
int ring_write(struct ring *ring, const struct packet *packet);

#endif
