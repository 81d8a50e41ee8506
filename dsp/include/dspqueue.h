/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Queues of packets in memory that application and DSP share, by the names that the DSP's
 * software has for them. The application makes a queue and passes its number in a call; the
 * DSP's side opens it with dspqueue_import. It reads what the application writes, and the other way
 * round. A packet is a message, references to mapped buffers, or both.
 */
#ifndef QDA_DSPQUEUE_H
#define QDA_DSPQUEUE_H

#include <stdint.h>

#define DSPQUEUE_TIMEOUT_NONE	  0xffffffffu
#define DSPQUEUE_MAX_BUFFERS	  64
#define DSPQUEUE_MAX_MESSAGE_SIZE 65536

/* Flags of a packet; the library sets them. */
enum {
	DSPQUEUE_PACKET_FLAG_MESSAGE = 1,
	DSPQUEUE_PACKET_FLAG_BUFFERS = 2,
	DSPQUEUE_PACKET_FLAG_WAKEUP = 4, /* says that another one follows soon */
	DSPQUEUE_PACKET_FLAG_USER_READY = 16,
};

/* Flags of a buffer. Those about caches mean nothing here: there are none. */
enum {
	DSPQUEUE_BUFFER_FLAG_REF = 0x04,   /* as HAP_mmap_get */
	DSPQUEUE_BUFFER_FLAG_DEREF = 0x08, /* as HAP_mmap_put */
	DSPQUEUE_BUFFER_FLAG_FLUSH_SENDER = 0x10,
	DSPQUEUE_BUFFER_FLAG_INVALIDATE_SENDER = 0x20,
	DSPQUEUE_BUFFER_FLAG_FLUSH_RECIPIENT = 0x40,
	DSPQUEUE_BUFFER_FLAG_INVALIDATE_RECIPIENT = 0x80,
};

/* A range of a buffer; size 0 is all of it. ptr is set when it is read. */
struct dspqueue_buffer {
	uint32_t fd;
	uint32_t size;
	uint32_t offset;
	uint32_t flags;
	union {
		void *ptr;
		uint64_t address;
	};
};

typedef struct dspqueue *dspqueue_t;
typedef void (*dspqueue_callback_t)(dspqueue_t queue, int error, void *context);

/*
 * packet_callback can be NULL; it runs in a thread of the queue when packets came since it
 * ran last, and should read until there are none. error_callback is never called
 * here: when the application dies, so does the process. AEE_ENOSUCH: no such queue, AEE_EITEMBUSY: it is imported.
 */
int dspqueue_import(uint64_t id, dspqueue_callback_t packet_callback,
		    dspqueue_callback_t error_callback, void *context, dspqueue_t *queue);

/* Waits for the end of the callback that runs; AEE_EBADPARM in the callback itself. */
int dspqueue_close(dspqueue_t queue);

/*
 * AEE_EWOULDBLOCK: nothing to read, or no space. AEE_EEXPIRED: not within the time. AEE_EBADPARM: it
 * does not fit into what the caller gave, and stays. AEE_EBADITEM: the application wrote
 * nonsense. AEE_ENOSUCHMAP: a buffer is not mapped; the packet is gone. A packet that is larger than half of
 * the queue can find no space even when the queue is empty: it does not wrap.
 */
int dspqueue_read_noblock(dspqueue_t queue, uint32_t *flags, uint32_t max_buffers,
			  uint32_t *num_buffers, struct dspqueue_buffer *buffers,
			  uint32_t max_message, uint32_t *message_len, uint8_t *message);
int dspqueue_read(dspqueue_t queue, uint32_t *flags, uint32_t max_buffers, uint32_t *num_buffers,
		  struct dspqueue_buffer *buffers, uint32_t max_message, uint32_t *message_len,
		  uint8_t *message, uint32_t timeout_us);

/* What the next packet has; it stays in the queue. */
int dspqueue_peek_noblock(dspqueue_t queue, uint32_t *flags, uint32_t *num_buffers,
			  uint32_t *message_len);
int dspqueue_peek(dspqueue_t queue, uint32_t *flags, uint32_t *num_buffers, uint32_t *message_len,
		  uint32_t timeout_us);
int dspqueue_write_noblock(dspqueue_t queue, uint32_t flags, uint32_t num_buffers,
			   struct dspqueue_buffer *buffers, uint32_t message_len,
			   const uint8_t *message);
int dspqueue_write(dspqueue_t queue, uint32_t flags, uint32_t num_buffers,
		   struct dspqueue_buffer *buffers, uint32_t message_len, const uint8_t *message,
		   uint32_t timeout_us);

#endif
