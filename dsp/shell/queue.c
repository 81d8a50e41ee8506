/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Whoever has written or read looks whether the other side waits. The application is told by the
 * answer of a call in which one of its threads waits; it tells us by a call. Counters in
 * memory that all queues share say which of them a signal was for.
 */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "AEEStdErr.h"
#include "maps.h"
#include "ring.h"
#include "sys.h"
#include "thread.h"

#define MAX_QUEUES     64
#define CALLBACK_STACK 0x20000u
#define NEVER	       (~0ull)

#define VERSION_OLD    1
#define VERSION	       2
#define FLAG_WAITS     1 /* the states have wait counts that mean something */

/* Memory of the application with one counter of each kind for every queue. */
struct process_state {
	uint32_t req_packets[MAX_QUEUES];
	uint32_t req_space[MAX_QUEUES];
	uint32_t resp_packets[MAX_QUEUES];
	uint32_t resp_space[MAX_QUEUES];
};

/* At the start of a queue's memory. */
struct queue_header {
	uint32_t version;
	int32_t error;
	uint32_t flags;
	struct ring_place req;
	struct ring_place resp;
	uint32_t queue_count;
};

/* A queue, and when DSP code has opened it, what that uses. */
struct dspqueue {
	uint64_t id;	 /* 0: the place is free */
	uint32_t number; /* the application's, in the counters */
	int32_t key;
	bool waits;
	bool imported;
	bool closing;
	struct rt_mutex mutex; /* protects the rings and the two counters */
	struct ring req;
	struct ring resp;
	uint32_t read_count;
	uint32_t write_count;
	dspqueue_callback_t callback;
	void *context;
	struct rt_thread thread;
};

/*
 * lock protects the table, but not what a queue's mutex does, and the signals. cond tells of
 * signals, and of queues that close.
 */
static struct rt_mutex lock;
static struct rt_cond cond;
static struct dspqueue queues[MAX_QUEUES];
static struct process_state *state;
static int32_t state_key;
static uint64_t last_id;
static uint32_t came;	     /* signals of the application */
static uint32_t last_waiter; /* number of the call that waits for our signal */
static bool pending;	     /* a signal for it */
static bool cancelled;
static bool exiting;

/* To the application */
static void send_signal(void)
{
	rt_mutex_lock(&lock);
	pending = true;
	rt_cond_wake(&cond);
	rt_mutex_unlock(&lock);
}

static uint32_t signals_so_far(void)
{
	uint32_t count;

	rt_mutex_lock(&lock);
	count = came;
	rt_mutex_unlock(&lock);
	return count;
}

/* Until one more than those came, or the queue closes; false when the time is over. */
static bool wait_signal(const struct dspqueue *queue, uint32_t before, uint64_t end)
{
	bool more;

	rt_mutex_lock(&lock);
	while (came == before && !queue->closing) {
		uint64_t now = end == NEVER ? 0 : sys_time_us();

		if (now >= end)
			break;
		if (end == NEVER)
			rt_cond_wait(&cond, &lock);
		else
			rt_cond_wait_us(&cond, &lock, end - now);
	}
	more = came != before || queue->closing;
	rt_mutex_unlock(&lock);
	return more;
}

/* The word must be written before the other side's is read: both could go to sleep. */
static void tell(const struct dspqueue *queue, uint32_t *counter, uint32_t count,
		 const struct ring_state *other)
{
	__atomic_store_n(counter, count, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!queue->waits || __atomic_load_n(&other->wait_count, __ATOMIC_SEQ_CST))
		send_signal();
}

static int refer(const struct dspqueue_buffer *buffer, bool undo)
{
	uint32_t flags = buffer->flags;
	struct range range;

	if (flags & (undo ? DSPQUEUE_BUFFER_FLAG_DEREF : DSPQUEUE_BUFFER_FLAG_REF))
		return maps_get((int32_t)buffer->fd, &range);
	if (flags & (undo ? DSPQUEUE_BUFFER_FLAG_REF : DSPQUEUE_BUFFER_FLAG_DEREF))
		return maps_put((int32_t)buffer->fd);
	return 0;
}

static int resolve(struct dspqueue_buffer *buffer)
{
	struct range range;
	int error = maps_find((int32_t)buffer->fd, &range);

	if (error)
		return error;
	if (!buffer->size && !buffer->offset)
		buffer->size = range.size;
	if (buffer->offset > range.size || buffer->size > range.size - buffer->offset)
		return (int)AEE_EBADITEM;
	buffer->address = 0;
	buffer->ptr = (void *)(range.iova + buffer->offset);
	return refer(buffer, false);
}

/* All of them or none */
static int resolve_all(struct dspqueue_buffer *buffers, uint32_t count)
{
	int error = 0;
	uint32_t done = 0;

	while (done < count && !error) {
		error = resolve(&buffers[done]);
		done += !error;
	}
	while (error && done)
		refer(&buffers[--done], true);
	return error;
}

static void describe(const struct packet *packet, uint32_t *flags, uint32_t *num_buffers,
		     uint32_t *message_len)
{
	if (flags)
		*flags = packet->flags;
	if (num_buffers)
		*num_buffers = packet->num_buffers;
	if (message_len)
		*message_len = packet->message_len;
}

int dspqueue_read_noblock(dspqueue_t queue, uint32_t *flags, uint32_t max_buffers,
			  uint32_t *num_buffers, struct dspqueue_buffer *buffers,
			  uint32_t max_message, uint32_t *message_len, uint8_t *message)
{
	struct packet packet;
	int error;

	rt_mutex_lock(&queue->mutex);
	do {
		packet = (struct packet){ .num_buffers = max_buffers,
					  .buffers = buffers,
					  .message_len = max_message,
					  .message = message };
		error = ring_read(&queue->req, &packet);
		if (!error)
			tell(queue, &state->req_space[queue->number], ++queue->read_count,
			     queue->req.writer);
	} while (!error && (packet.flags & DSPQUEUE_PACKET_FLAG_WAKEUP));
	rt_mutex_unlock(&queue->mutex);
	if (!error && buffers)
		error = resolve_all(buffers, packet.num_buffers);
	if (error)
		return error;
	describe(&packet, flags, num_buffers, message_len);
	return 0;
}

int dspqueue_write_noblock(dspqueue_t queue, uint32_t flags, uint32_t num_buffers,
			   struct dspqueue_buffer *buffers, uint32_t message_len,
			   const uint8_t *message)
{
	struct packet packet = { .flags = flags,
				 .num_buffers = num_buffers,
				 .buffers = buffers,
				 .message_len = message_len,
				 .message = (uint8_t *)message };
	int error;

	if ((num_buffers && !buffers) || (message_len && !message) ||
	    num_buffers > DSPQUEUE_MAX_BUFFERS)
		return (int)AEE_EBADPARM;
	error = resolve_all(buffers, num_buffers);
	if (error)
		return error;
	rt_mutex_lock(&queue->mutex);
	error = ring_write(&queue->resp, &packet);
	if (!error)
		tell(queue, &state->resp_packets[queue->number], ++queue->write_count,
		     queue->resp.reader);
	rt_mutex_unlock(&queue->mutex);
	for (uint32_t i = 0; error && i < num_buffers; i++)
		refer(&buffers[i], true);
	return error;
}

static uint64_t end_of(uint32_t timeout_us)
{
	return timeout_us == DSPQUEUE_TIMEOUT_NONE ? NEVER : sys_time_us() + timeout_us;
}

/* Says that we sleep before it looks once more: a signal between the two is not missed. */
static void count_waiting(struct ring_state *end, int change)
{
	__atomic_add_fetch(&end->wait_count, (uint32_t)change, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

int dspqueue_read(dspqueue_t queue, uint32_t *flags, uint32_t max_buffers, uint32_t *num_buffers,
		  struct dspqueue_buffer *buffers, uint32_t max_message, uint32_t *message_len,
		  uint8_t *message, uint32_t timeout_us)
{
	uint64_t end = end_of(timeout_us);
	bool more = true;
	int error;

	count_waiting(queue->req.reader, 1);
	for (;;) {
		uint32_t before = signals_so_far();

		error = dspqueue_read_noblock(queue, flags, max_buffers, num_buffers, buffers,
					      max_message, message_len, message);
		if (error != AEE_EWOULDBLOCK || !more || queue->closing)
			break;
		more = wait_signal(queue, before, end);
	}
	count_waiting(queue->req.reader, -1);
	return error == AEE_EWOULDBLOCK ? (int)AEE_EEXPIRED : error;
}

int dspqueue_write(dspqueue_t queue, uint32_t flags, uint32_t num_buffers,
		   struct dspqueue_buffer *buffers, uint32_t message_len, const uint8_t *message,
		   uint32_t timeout_us)
{
	uint64_t end = end_of(timeout_us);
	bool more = true;
	int error;

	count_waiting(queue->resp.writer, 1);
	for (;;) {
		uint32_t before = signals_so_far();

		error = dspqueue_write_noblock(queue, flags, num_buffers, buffers, message_len,
					       message);
		if (error != AEE_EWOULDBLOCK || !more || queue->closing)
			break;
		more = wait_signal(queue, before, end);
	}
	count_waiting(queue->resp.writer, -1);
	return error == AEE_EWOULDBLOCK ? (int)AEE_EEXPIRED : error;
}

int dspqueue_peek_noblock(dspqueue_t queue, uint32_t *flags, uint32_t *num_buffers,
			  uint32_t *message_len)
{
	struct packet packet;
	int error;

	rt_mutex_lock(&queue->mutex);
	while (!(error = ring_peek(&queue->req, &packet)) &&
	       (packet.flags & DSPQUEUE_PACKET_FLAG_WAKEUP)) {
		error = ring_read(&queue->req, &packet);
		if (error)
			break;
		tell(queue, &state->req_space[queue->number], ++queue->read_count,
		     queue->req.writer);
	}
	rt_mutex_unlock(&queue->mutex);
	if (error)
		return error;
	describe(&packet, flags, num_buffers, message_len);
	return 0;
}

int dspqueue_peek(dspqueue_t queue, uint32_t *flags, uint32_t *num_buffers, uint32_t *message_len,
		  uint32_t timeout_us)
{
	uint64_t end = end_of(timeout_us);
	bool more = true;
	int error;

	count_waiting(queue->req.reader, 1);
	for (;;) {
		uint32_t before = signals_so_far();

		error = dspqueue_peek_noblock(queue, flags, num_buffers, message_len);
		if (error != AEE_EWOULDBLOCK || !more || queue->closing)
			break;
		more = wait_signal(queue, before, end);
	}
	count_waiting(queue->req.reader, -1);
	return error == AEE_EWOULDBLOCK ? (int)AEE_EEXPIRED : error;
}

/* The thread of a queue with a callback */
static void run_callbacks(void *arg)
{
	struct dspqueue *queue = arg;
	const struct ring_state *writer = queue->req.writer;
	uint32_t seen = 0, now, before;

	while (!__atomic_load_n(&queue->closing, __ATOMIC_ACQUIRE)) {
		before = signals_so_far();
		count_waiting(queue->req.reader, 1);
		now = __atomic_load_n(&writer->packet_count, __ATOMIC_ACQUIRE);
		if (now == seen)
			wait_signal(queue, before, NEVER);
		count_waiting(queue->req.reader, -1);
		if (now != seen)
			queue->callback(queue, 0, queue->context);
		seen = now;
	}
}

static struct dspqueue *find(uint64_t id)
{
	for (int i = 0; i < MAX_QUEUES; i++) {
		if (id && queues[i].id == id)
			return &queues[i];
	}
	return NULL;
}

int dspqueue_import(uint64_t id, dspqueue_callback_t packet_callback,
		    dspqueue_callback_t error_callback, void *context, dspqueue_t *queue)
{
	struct dspqueue *found;
	int error = 0;

	(void)error_callback;
	rt_mutex_lock(&lock);
	found = find(id);
	if (!found) {
		error = AEE_ENOSUCH;
	} else if (found->imported) {
		error = (int)AEE_EITEMBUSY;
	} else {
		found->callback = packet_callback;
		found->context = context;
		found->closing = false;
		*queue = found;
		if (packet_callback &&
		    rt_thread_start(&found->thread, run_callbacks, found, CALLBACK_STACK))
			error = (int)AEE_ENOMEMORY;
		found->imported = !error;
	}
	rt_mutex_unlock(&lock);
	return error;
}

int dspqueue_close(dspqueue_t queue)
{
	if (queue->callback && rt_thread_self() == &queue->thread)
		return (int)AEE_EBADPARM;
	rt_mutex_lock(&lock);
	if (!queue->imported || queue->closing) {
		rt_mutex_unlock(&lock);
		return (int)AEE_EBADSTATE;
	}
	__atomic_store_n(&queue->closing, true, __ATOMIC_RELEASE);
	rt_cond_wake(&cond);
	rt_mutex_unlock(&lock);
	if (queue->callback)
		rt_thread_join(&queue->thread);
	rt_mutex_lock(&lock);
	queue->imported = false;
	rt_mutex_unlock(&lock);
	return 0;
}

/* From here on: the service */

static int init_process_state(int32_t key)
{
	struct range range = { 0 };
	int error;

	rt_mutex_lock(&lock);
	error = state ? (int)AEE_EBADSTATE : maps_get(key, &range);
	if (!error && (range.size < sizeof(*state) || range.iova % 4)) {
		maps_put(key);
		error = (int)AEE_EBADPARM;
	}
	if (!error) {
		state = (struct process_state *)range.iova;
		state_key = key;
	}
	rt_mutex_unlock(&lock);
	return error;
}

/* The application has closed its last queue and will unmap the counters. */
static void drop_process_state(void)
{
	bool used = false;

	rt_mutex_lock(&lock);
	for (int i = 0; i < MAX_QUEUES; i++)
		used |= queues[i].id != 0;
	if (state && !used) {
		maps_put(state_key);
		state = NULL;
	}
	rt_mutex_unlock(&lock);
}

/* A version that we do not know is refused with the code by which the application finds that out. */
static int read_header(struct dspqueue *queue, const struct range *range, uint32_t count)
{
	uint8_t *base = (uint8_t *)range->iova;
	struct queue_header header;

	if (range->size < sizeof(header) || range->iova % 8)
		return (int)AEE_EBADPARM;
	memcpy(&header, base, sizeof(header));
	if (header.version != VERSION && header.version != VERSION_OLD)
		return (int)AEE_EUNSUPPORTED;
	if (header.version == VERSION && header.flags != FLAG_WAITS)
		return (int)AEE_EUNSUPPORTED;
	queue->waits = header.version == VERSION;
	if (header.queue_count != count ||
	    !ring_init(&queue->req, base, range->size, &header.req) ||
	    !ring_init(&queue->resp, base, range->size, &header.resp))
		return (int)AEE_EBADPARM;
	return 0;
}

static struct dspqueue *find_free(uint32_t number)
{
	struct dspqueue *place = NULL;

	for (int i = 0; i < MAX_QUEUES; i++) {
		if (!queues[i].id)
			place = &queues[i];
		else if (queues[i].number == number)
			return NULL;
	}
	return place;
}

static int create_locked(uint32_t number, int32_t key, uint32_t count, uint64_t *id)
{
	struct dspqueue *place = number < MAX_QUEUES && state ? find_free(number) : NULL;
	struct dspqueue queue = { .number = number, .key = key };
	struct range range;
	int error;

	if (!place)
		return (int)(state ? AEE_EBADPARM : AEE_EBADSTATE);
	error = maps_get(key, &range);
	if (error)
		return error;
	error = read_header(&queue, &range, count);
	if (error) {
		maps_put(key);
		return error;
	}
	queue.id = ++last_id;
	*place = queue;
	*id = queue.id;
	return 0;
}

static int destroy_locked(uint64_t id)
{
	struct dspqueue *queue = find(id);

	if (!queue)
		return AEE_ENOSUCH;
	if (queue->imported)
		return (int)AEE_EITEMBUSY;
	maps_put(queue->key);
	queue->id = 0;
	return 0;
}

/* As with the listener, the newest one who waits is the one who is there. */
static int wait_for_signal(int32_t *signal)
{
	int error = 0;
	uint32_t me;

	rt_mutex_lock(&lock);
	me = ++last_waiter;
	rt_cond_wake(&cond);
	while (!pending && !cancelled && !exiting && me == last_waiter)
		rt_cond_wait(&cond, &lock);
	if (exiting || me != last_waiter) {
		error = (int)AEE_EBADSTATE;
	} else {
		*signal = cancelled ? -1 : 0;
		cancelled = false;
		pending = false;
	}
	rt_mutex_unlock(&lock);
	return error;
}

static void change(bool *what)
{
	rt_mutex_lock(&lock);
	if (what)
		*what = true;
	else
		came++;
	rt_cond_wake(&cond);
	rt_mutex_unlock(&lock);
}

void queue_exit(void)
{
	change(&exiting);
}

static bool lengths_ok(const remote_arg *pra, uint32_t in, uint32_t out)
{
	if (in && pra[0].buf.nLen != in)
		return false;
	return !out || pra[in ? 1 : 0].buf.nLen == out;
}

static int create_queue(remote_arg *pra)
{
	uint32_t in[3];
	uint64_t id;
	int error;

	if (!lengths_ok(pra, sizeof(in), sizeof(id)))
		return (int)AEE_EBADPARM;
	memcpy(in, pra[0].buf.pv, sizeof(in));
	rt_mutex_lock(&lock);
	error = create_locked(in[0], (int32_t)in[1], in[2], &id);
	rt_mutex_unlock(&lock);
	if (!error)
		memcpy(pra[1].buf.pv, &id, sizeof(id));
	return error;
}

static int destroy_queue(remote_arg *pra)
{
	uint64_t id;
	int error;

	if (!lengths_ok(pra, sizeof(id), 0))
		return (int)AEE_EBADPARM;
	memcpy(&id, pra[0].buf.pv, sizeof(id));
	rt_mutex_lock(&lock);
	error = destroy_locked(id);
	rt_mutex_unlock(&lock);
	return error;
}

static int is_imported(remote_arg *pra)
{
	const struct dspqueue *queue;
	int32_t imported = 0;
	uint64_t id;

	if (!lengths_ok(pra, sizeof(id), sizeof(imported)))
		return (int)AEE_EBADPARM;
	memcpy(&id, pra[0].buf.pv, sizeof(id));
	rt_mutex_lock(&lock);
	queue = find(id);
	if (queue)
		imported = queue->imported;
	rt_mutex_unlock(&lock);
	if (!queue)
		return AEE_ENOSUCH;
	memcpy(pra[1].buf.pv, &imported, sizeof(imported));
	return 0;
}

static int give_signal(remote_arg *pra)
{
	int32_t signal;
	int error;

	if (!lengths_ok(pra, 0, sizeof(signal)))
		return (int)AEE_EBADPARM;
	error = wait_for_signal(&signal);
	if (!error)
		memcpy(pra[0].buf.pv, &signal, sizeof(signal));
	return error;
}

static int set_state(remote_arg *pra)
{
	int32_t key;

	if (!lengths_ok(pra, sizeof(key), 0))
		return (int)AEE_EBADPARM;
	memcpy(&key, pra[0].buf.pv, sizeof(key));
	return init_process_state(key);
}

static int open_service(remote_arg *pra)
{
	pra[2].h64 = 1;
	return AEE_SUCCESS;
}

static int close_service(remote_arg *pra)
{
	(void)pra;
	drop_process_state();
	return AEE_SUCCESS;
}

static int cancel_wait(remote_arg *pra)
{
	(void)pra;
	change(&cancelled);
	return AEE_SUCCESS;
}

static int take_signal(remote_arg *pra)
{
	(void)pra;
	change(NULL);
	return AEE_SUCCESS;
}

static const struct method {
	uint32_t sc;
	int (*serve)(remote_arg *pra);
} methods[] = {
	{ REMOTE_SCALARS_OPEN, open_service },
	{ REMOTE_SCALARS_CLOSE, close_service },
	{ REMOTE_SCALARS_MAKE(2, 1, 0), set_state },
	{ REMOTE_SCALARS_MAKE(3, 1, 1), create_queue },
	{ REMOTE_SCALARS_MAKE(4, 1, 0), destroy_queue },
	{ REMOTE_SCALARS_MAKE(5, 1, 1), is_imported },
	{ REMOTE_SCALARS_MAKE(6, 0, 1), give_signal },
	{ REMOTE_SCALARS_MAKE(7, 0, 0), cancel_wait },
	{ REMOTE_SCALARS_MAKE(8, 0, 0), take_signal },
};

int queue_service_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	(void)h;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (methods[i].sc == sc)
			return methods[i].serve(pra);
	}
	return (int)AEE_EUNSUPPORTED;
}
