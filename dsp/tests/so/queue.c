/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * queue: sends back every packet that it gets, each byte of the message one higher, and in each
 * buffer, too, of which the reference that came with it is dropped.
 *
 *	2 start		in {u64 queue}: in the queue's own thread
 *	3 stop
 *	4 pump		in {u64 queue, u64 packets}: in the call, which waits
 *	5 idle		in {u64 queue} -> out u32: 0, or the line that was wrong
 *	6 look		in {u64 queue}: what reading one packet gives
 */
#include <string.h>

#include "AEEStdErr.h"
#include "dspqueue.h"
#include "remote.h"

#define WRONG	((uint32_t)__LINE__)
#define MESSAGE 4096

SKEL_EXPORT int queue_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

/* No object that we know of needs it. */
int dspqueue_peek_noblock(dspqueue_t queue, uint32_t *flags, uint32_t *num_buffers,
			  uint32_t *message_len) __attribute__((weak));

static dspqueue_t running;

static int answer(dspqueue_t queue, struct dspqueue_buffer *buffers, uint32_t count,
		  uint8_t *message, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		message[i]++;
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *bytes = buffers[i].ptr;

		for (uint32_t j = 0; j < buffers[i].size; j++)
			bytes[j]++;
		buffers[i].flags = buffers[i].flags & DSPQUEUE_BUFFER_FLAG_REF ?
					   DSPQUEUE_BUFFER_FLAG_DEREF :
					   0;
	}
	return dspqueue_write(queue, 0, count, buffers, len, message, DSPQUEUE_TIMEOUT_NONE);
}

static void callback(dspqueue_t queue, int error, void *context)
{
	struct dspqueue_buffer buffers[4];
	uint8_t message[MESSAGE];
	uint32_t count, len, flags;

	(void)context;
	while (!error) {
		error = dspqueue_read_noblock(queue, &flags, 4, &count, buffers, MESSAGE, &len,
					      message);
		if (!error)
			error = answer(queue, buffers, count, message, len);
	}
}

static int pump(uint64_t id, uint64_t packets)
{
	struct dspqueue_buffer buffers[4];
	uint8_t message[MESSAGE];
	uint32_t count, len;
	dspqueue_t queue;
	int error = dspqueue_import(id, NULL, NULL, NULL, &queue);

	if (error)
		return error;
	for (uint64_t i = 0; i < packets && !error; i++) {
		uint32_t ahead_count, ahead_len;

		if (dspqueue_peek(queue, NULL, &ahead_count, &ahead_len, DSPQUEUE_TIMEOUT_NONE))
			return AEE_EFAILED;
		error = dspqueue_read(queue, NULL, 4, &count, buffers, MESSAGE, &len, message,
				      DSPQUEUE_TIMEOUT_NONE);
		if (!error && (count != ahead_count || len != ahead_len))
			error = AEE_EFAILED;
		if (!error)
			error = answer(queue, buffers, count, message, len);
	}
	dspqueue_close(queue);
	return error;
}

static uint32_t idle(uint64_t id)
{
	static uint8_t message[MESSAGE];
	struct dspqueue_buffer none = { .fd = 12345 };
	dspqueue_t queue, again;
	uint32_t len;
	int error;

	if (dspqueue_import(id, NULL, NULL, NULL, &queue) ||
	    dspqueue_import(id, NULL, NULL, NULL, &again) != (int)AEE_EITEMBUSY ||
	    dspqueue_import(id + 1, NULL, NULL, NULL, &again) != AEE_ENOSUCH)
		return WRONG;
	if (dspqueue_read_noblock(queue, NULL, 0, NULL, NULL, MESSAGE, &len, message) !=
		    AEE_EWOULDBLOCK ||
	    dspqueue_read(queue, NULL, 0, NULL, NULL, MESSAGE, &len, message, 1000) !=
		    (int)AEE_EEXPIRED)
		return WRONG;
	if (!dspqueue_peek_noblock ||
	    dspqueue_peek_noblock(queue, NULL, NULL, &len) != AEE_EWOULDBLOCK ||
	    dspqueue_peek(queue, NULL, NULL, &len, 1000) != (int)AEE_EEXPIRED)
		return WRONG;
	if (dspqueue_write_noblock(queue, 0, 1, &none, 0, NULL) != (int)AEE_ENOSUCHMAP ||
	    dspqueue_write_noblock(queue, 0, 0, NULL, 4096, message) != (int)AEE_EBADPARM ||
	    dspqueue_write_noblock(queue, 0, 1, NULL, 0, NULL) != (int)AEE_EBADPARM)
		return WRONG;
	do {
		error = dspqueue_write_noblock(queue, 0, 0, NULL, 100, message);
	} while (!error);
	if (error != AEE_EWOULDBLOCK ||
	    dspqueue_write(queue, 0, 0, NULL, 100, message, 1000) != (int)AEE_EEXPIRED)
		return WRONG;
	if (dspqueue_close(queue) || dspqueue_close(queue) != (int)AEE_EBADSTATE)
		return WRONG;
	return 0;
}

static int look(uint64_t id)
{
	uint8_t message[64];
	struct dspqueue_buffer buffers[2];
	dspqueue_t queue;
	int error = dspqueue_import(id, NULL, NULL, NULL, &queue);

	if (error)
		return error;
	error = dspqueue_read_noblock(queue, NULL, 2, NULL, buffers, sizeof(message), NULL,
				      message);
	dspqueue_close(queue);
	return error;
}

int queue_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	uint64_t in[2] = { 0 };
	uint32_t result;

	(void)h;
	if (sc == REMOTE_SCALARS_OPEN || sc == REMOTE_SCALARS_CLOSE)
		return AEE_SUCCESS;
	if (REMOTE_SCALARS_INBUFS(sc))
		memcpy(in, pra[0].buf.pv,
		       pra[0].buf.nLen < sizeof(in) ? pra[0].buf.nLen : sizeof(in));
	switch (sc) {
	case REMOTE_SCALARS_MAKE(2, 1, 0):
		return dspqueue_import(in[0], callback, NULL, NULL, &running);
	case REMOTE_SCALARS_MAKE(3, 0, 0):
		return dspqueue_close(running);
	case REMOTE_SCALARS_MAKE(4, 1, 0):
		return pump(in[0], in[1]);
	case REMOTE_SCALARS_MAKE(5, 1, 1):
		result = idle(in[0]);
		memcpy(pra[1].buf.pv, &result, sizeof(result));
		return AEE_SUCCESS;
	case REMOTE_SCALARS_MAKE(6, 1, 0):
		return look(in[0]);
	default:
		return AEE_EUNSUPPORTED;
	}
}
