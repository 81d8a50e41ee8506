/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "ring.h"

#include <string.h>

#include "AEEStdErr.h"

#define HEADER	 8u
#define MAX_RING 0x1000000u

_Static_assert(sizeof(struct dspqueue_buffer) == 24, "buffer as applications lay it out");

/* Header of a packet: length, then flags, number of buffers and sequence from bit 32 on */
#define PACKET_LEN(header)     ((uint32_t)(header))
#define PACKET_FLAGS(header)   ((uint32_t)((header) >> 32) & 0xffff)
#define PACKET_BUFFERS(header) ((uint32_t)((header) >> 48) & 0xff)

static bool inside(uint32_t offset, uint32_t len, uint32_t size)
{
	return offset % 8 == 0 && offset <= size && len <= size - offset;
}

bool ring_init(struct ring *ring, uint8_t *base, uint32_t size, const struct ring_place *place)
{
	if (!inside(place->offset, place->len, size) || place->len % 8 || place->len < 2 * HEADER ||
	    place->len > MAX_RING)
		return false;
	if (!inside(place->read_state, sizeof(struct ring_state), size) ||
	    !inside(place->write_state, sizeof(struct ring_state), size))
		return false;
	*ring = (struct ring){ .bytes = base + place->offset,
			       .len = place->len,
			       .reader = (struct ring_state *)(base + place->read_state),
			       .writer = (struct ring_state *)(base + place->write_state) };
	return true;
}

static uint32_t padded(uint32_t len)
{
	return (len + 7) & ~7u;
}

/* Where the other side is; false when that is nowhere. */
static bool get_position(const struct ring_state *state, uint32_t len, uint32_t *position)
{
	*position = __atomic_load_n(&state->position, __ATOMIC_ACQUIRE);
	return *position < len && *position % 8 == 0;
}

/* The count last: who sees a new one must find a packet. */
static void set_position(struct ring *ring, struct ring_state *state, uint32_t position)
{
	ring->position = position == ring->len ? 0 : position;
	ring->packets++;
	__atomic_store_n(&state->position, ring->position, __ATOMIC_RELEASE);
	__atomic_store_n(&state->packet_count, ring->packets, __ATOMIC_RELEASE);
}

/* What the header says, checked against what is there; *at is where the rest of it is. */
static int parse(const struct ring *ring, uint32_t there, struct packet *packet, uint32_t *at)
{
	uint32_t to_end = ring->len - ring->position, len, buffers;
	uint64_t header;

	memcpy(&header, ring->bytes + ring->position, sizeof(header));
	len = PACKET_LEN(header);
	packet->flags = PACKET_FLAGS(header);
	packet->num_buffers =
		packet->flags & DSPQUEUE_PACKET_FLAG_BUFFERS ? PACKET_BUFFERS(header) : 0;
	buffers = packet->num_buffers * (uint32_t)sizeof(struct dspqueue_buffer);
	if (!(packet->flags & DSPQUEUE_PACKET_FLAG_USER_READY) || len > ring->len - HEADER ||
	    len < HEADER + buffers || packet->num_buffers > DSPQUEUE_MAX_BUFFERS)
		return (int)AEE_EBADITEM;
	packet->message_len = len - HEADER - buffers;
	if (packet->message_len > DSPQUEUE_MAX_MESSAGE_SIZE)
		return (int)AEE_EBADITEM;
	*at = ring->position + HEADER;
	if (to_end < len) {
		if (there < to_end || there - to_end < len)
			return (int)AEE_EBADITEM;
		*at = HEADER;
	} else if (there < len) {
		return (int)AEE_EBADITEM;
	}
	return 0;
}

/* What is in the packet goes to where there is room; false when there is too little. */
static bool take(const struct packet *room, const struct packet *packet, const uint8_t *from,
		 uint32_t buffers)
{
	if ((room->buffers && packet->num_buffers > room->num_buffers) ||
	    (room->message && packet->message_len > room->message_len))
		return false;
	if (room->buffers)
		memcpy(room->buffers, from, buffers);
	if (room->message)
		memcpy(room->message, from + buffers, packet->message_len);
	return true;
}

/* The next packet, without what is in it */
static int look(const struct ring *ring, struct packet *packet, uint32_t *at)
{
	uint32_t writer, there;

	if (!get_position(ring->writer, ring->len, &writer))
		return (int)AEE_EBADITEM;
	there = writer >= ring->position ? writer - ring->position :
					   ring->len - ring->position + writer;
	return there ? parse(ring, there, packet, at) : AEE_EWOULDBLOCK;
}

int ring_peek(const struct ring *ring, struct packet *packet)
{
	uint32_t at;

	return look(ring, packet, &at);
}

int ring_read(struct ring *ring, struct packet *room)
{
	uint32_t at = 0, buffers;
	struct packet packet;
	int error = look(ring, &packet, &at);

	if (error)
		return error;
	buffers = packet.num_buffers * (uint32_t)sizeof(struct dspqueue_buffer);
	if (!(packet.flags & DSPQUEUE_PACKET_FLAG_WAKEUP) &&
	    !take(room, &packet, ring->bytes + at, buffers))
		return (int)AEE_EBADPARM;
	room->flags = packet.flags;
	room->num_buffers = packet.num_buffers;
	room->message_len = packet.message_len;
	set_position(ring, ring->reader, padded(at + buffers + packet.message_len));
	return 0;
}

static uint64_t make_header(struct ring *ring, const struct packet *packet, uint32_t len)
{
	uint32_t flags = (packet->flags & DSPQUEUE_PACKET_FLAG_WAKEUP) |
			 DSPQUEUE_PACKET_FLAG_USER_READY;

	if (packet->num_buffers)
		flags |= DSPQUEUE_PACKET_FLAG_BUFFERS;
	if (packet->message_len)
		flags |= DSPQUEUE_PACKET_FLAG_MESSAGE;
	return len | (uint64_t)flags << 32 | (uint64_t)packet->num_buffers << 48 |
	       (uint64_t)ring->sequence++ << 56;
}

/* Where a packet of this length goes; false when there is no space. */
static bool find_space(const struct ring *ring, uint32_t reader, uint32_t len, uint32_t *at)
{
	uint32_t position = ring->position, to_end = ring->len - position;
	uint32_t left = reader > position ? reader - position : to_end + reader;

	left -= HEADER;
	*at = position;
	if (to_end >= len)
		return left >= len;
	*at = 0;
	return left >= to_end && left - to_end >= len;
}

int ring_write(struct ring *ring, const struct packet *packet)
{
	uint32_t buffers = packet->num_buffers * (uint32_t)sizeof(struct dspqueue_buffer);
	uint32_t len = HEADER + buffers + packet->message_len, reader, at;
	uint64_t header;

	if (packet->num_buffers > DSPQUEUE_MAX_BUFFERS ||
	    packet->message_len > DSPQUEUE_MAX_MESSAGE_SIZE || padded(len) > ring->len - HEADER)
		return (int)AEE_EBADPARM;
	if (!get_position(ring->reader, ring->len, &reader))
		return (int)AEE_EBADITEM;
	if (!find_space(ring, reader, padded(len), &at))
		return AEE_EWOULDBLOCK;
	header = make_header(ring, packet, len);
	memcpy(ring->bytes + ring->position, &header, sizeof(header));
	memcpy(ring->bytes + at, &header, sizeof(header));
	if (buffers)
		memcpy(ring->bytes + at + HEADER, packet->buffers, buffers);
	if (packet->message_len)
		memcpy(ring->bytes + at + HEADER + buffers, packet->message, packet->message_len);
	set_position(ring, ring->writer, at + padded(len));
	return 0;
}
