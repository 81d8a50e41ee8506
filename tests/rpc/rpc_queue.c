// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "rpc_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "AEEStdErr.h"
#include "ring.h"

#define SERVICE                                                                             \
	"file:///libdspqueue_rpc_skel.so?dspqueue_rpc_skel_handle_invoke&_modver=1.0&_dom=" \
	"cdsp&_session=0"
#define SIGNALS	    64
#define MEMORY	    0x2500
#define RING	    0x1000
#define PART	    256
#define CAP_NOTIFY  10
#define CAP_SIGNALS 130

enum {
	INIT_STATE = 2,
	CREATE = 3,
	DESTROY = 4,
	IS_IMPORTED = 5,
	WAIT_SIGNAL = 6,
	CANCEL_WAIT = 7,
	SIGNAL = 8,
};

enum { VERSION = 2, FLAG_WAITS = 1 };

struct counters {
	uint32_t req_packets[SIGNALS];
	uint32_t req_space[SIGNALS];
	uint32_t resp_packets[SIGNALS];
	uint32_t resp_space[SIGNALS];
};

struct header {
	uint32_t version;
	int32_t error;
	uint32_t flags;
	struct ring_place req;
	struct ring_place resp;
	uint32_t queue_count;
};

/* Memory that is mapped for the DSP. */
struct shared {
	struct rpc_buffer buffer;
	uint64_t address;
	bool there;
};

struct rpc_queue {
	struct rpc_client *client;
	uint32_t service;
	struct shared state;
	struct shared memory;
	struct ring req;
	struct ring resp;
	uint32_t sent;
	uint32_t received;
	uint64_t id;

	pthread_t thread;
	bool waiting;	      /* the thread was started */
	pthread_mutex_t lock; /* protects the next two */
	pthread_cond_t changed;
	uint32_t signals;
	int error; /* why there will be no more signals */
};

static int share(struct rpc_queue *queue, struct shared *shared, size_t size)
{
	int ret = rpc_buffer_alloc(queue->client, size, &shared->buffer);

	if (ret)
		return ret;
	ret = rpc_buffer_map(queue->client, &shared->buffer, &shared->address);
	if (ret)
		rpc_buffer_free(&shared->buffer);
	shared->there = !ret;
	return ret;
}

static int take_back(struct rpc_queue *queue, struct shared *shared)
{
	int ret = 0;

	if (shared->there) {
		ret = rpc_buffer_unmap(queue->client, &shared->buffer, shared->address);
		rpc_buffer_free(&shared->buffer);
	}
	shared->there = false;
	return ret;
}

static int call_service(struct rpc_queue *queue, uint32_t method, const void *in, size_t in_len,
			void *out, size_t out_len)
{
	return rpc_call(queue->client, queue->service, method, in, in_len, out, out_len);
}

/* ---- signals of the DSP ---- */

static void *wait_for_signals(void *arg)
{
	struct rpc_queue *queue = arg;
	int32_t signal;
	int ret;

	do {
		signal = 0;
		ret = call_service(queue, WAIT_SIGNAL, NULL, 0, &signal, sizeof(signal));
		pthread_mutex_lock(&queue->lock);
		queue->signals++;
		if (ret || signal)
			queue->error = ret ? ret : -ECANCELED;
		pthread_cond_broadcast(&queue->changed);
		pthread_mutex_unlock(&queue->lock);
	} while (!ret && !signal);
	return NULL;
}

static uint32_t signals_so_far(struct rpc_queue *queue)
{
	uint32_t signals;

	pthread_mutex_lock(&queue->lock);
	signals = queue->signals;
	pthread_mutex_unlock(&queue->lock);
	return signals;
}

/* Until there were more than those, or there will be none. */
static int wait_signal(struct rpc_queue *queue, uint32_t before)
{
	int error;

	pthread_mutex_lock(&queue->lock);
	while (queue->signals == before && !queue->error)
		pthread_cond_wait(&queue->changed, &queue->lock);
	error = queue->error;
	pthread_mutex_unlock(&queue->lock);
	return error;
}

/* Our word is written before the other side's is read: both could go to sleep. */
static int tell(struct rpc_queue *queue, uint32_t *counter, uint32_t count,
		const struct ring_state *other)
{
	__atomic_store_n(counter, count, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&other->wait_count, __ATOMIC_SEQ_CST))
		return 0;
	return call_service(queue, SIGNAL, NULL, 0, NULL, 0);
}

/* ---- making it ---- */

static struct ring_place lay_out_ring(uint32_t at)
{
	return (struct ring_place){
		.offset = at,
		.len = RING,
		.read_state = at + RING,
		.write_state = at + RING + PART,
	};
}

static int create(struct rpc_queue *queue, uint32_t version)
{
	struct header header = {
		.version = version,
		.flags = version == VERSION ? FLAG_WAITS : 0,
		.req = lay_out_ring(PART),
		.resp = lay_out_ring(PART + RING + 2 * PART),
	};
	uint32_t in[3] = { RPC_QUEUE_NUMBER, (uint32_t)queue->memory.buffer.fd,
			   header.queue_count };

	memcpy(queue->memory.buffer.mem, &header, sizeof(header));
	if (!ring_init(&queue->req, queue->memory.buffer.mem, MEMORY, &header.req) ||
	    !ring_init(&queue->resp, queue->memory.buffer.mem, MEMORY, &header.resp))
		return -EINVAL;
	return call_service(queue, CREATE, in, sizeof(in), &queue->id, sizeof(queue->id));
}

/* The library finds out like this what the DSP's side can do. */
static int negotiate(struct rpc_queue *queue)
{
	int ret = create(queue, ~0u);

	if (ret != RPC_EUNSUPPORTED)
		return ret ? ret : -EPROTO;
	return create(queue, VERSION);
}

static int ask_capability(struct rpc_queue *queue, uint32_t attribute)
{
	uint32_t value;

	return rpc_capability(rpc_client_fd(queue->client), attribute, &value);
}

static int make(struct rpc_queue *queue)
{
	int ret = rpc_module_open(queue->client, SERVICE, &queue->service, NULL);

	if (!ret)
		ret = ask_capability(queue, CAP_NOTIFY);
	if (!ret)
		ret = share(queue, &queue->state, sizeof(struct counters));
	if (!ret)
		ret = call_service(queue, INIT_STATE, &queue->state.buffer.fd,
				   sizeof(queue->state.buffer.fd), NULL, 0);
	if (!ret)
		ret = ask_capability(queue, CAP_SIGNALS);
	if (!ret)
		ret = share(queue, &queue->memory, MEMORY);
	if (!ret)
		ret = negotiate(queue);
	if (!ret)
		ret = -pthread_create(&queue->thread, NULL, wait_for_signals, queue);
	queue->waiting = !ret;
	return ret;
}

static void drop(struct rpc_queue *queue)
{
	take_back(queue, &queue->memory);
	take_back(queue, &queue->state);
	pthread_mutex_destroy(&queue->lock);
	pthread_cond_destroy(&queue->changed);
	free(queue);
}

int rpc_queue_open(struct rpc_client *client, struct rpc_queue **queue)
{
	struct rpc_queue *made = calloc(1, sizeof(*made));
	int ret;

	if (!made)
		return -ENOMEM;
	made->client = client;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->changed, NULL);
	ret = make(made);
	if (ret)
		drop(made);
	else
		*queue = made;
	return ret;
}

uint64_t rpc_queue_id(const struct rpc_queue *queue)
{
	return queue->id;
}

/* ---- using it ---- */

static struct counters *counters(const struct rpc_queue *queue)
{
	return queue->state.buffer.mem;
}

int rpc_queue_send(struct rpc_queue *queue, const void *message, uint32_t len)
{
	struct packet packet = { .message = (uint8_t *)message, .message_len = len };
	int ret = ring_write(&queue->req, &packet);

	if (ret == AEE_EWOULDBLOCK)
		return -EAGAIN;
	if (ret)
		return ret;
	return tell(queue, &counters(queue)->req_packets[RPC_QUEUE_NUMBER], ++queue->sent,
		    queue->req.reader);
}

static int receive(struct rpc_queue *queue, void *message, uint32_t len)
{
	struct packet packet = { .message = message, .message_len = len };
	int ret = ring_read(&queue->resp, &packet);

	if (ret == AEE_EWOULDBLOCK)
		return -EAGAIN;
	if (ret)
		return ret;
	if (packet.message_len != len)
		return -EMSGSIZE;
	return tell(queue, &counters(queue)->resp_space[RPC_QUEUE_NUMBER], ++queue->received,
		    queue->resp.writer);
}

/* Says that it waits, looks once more, sleeps. */
int rpc_queue_receive(struct rpc_queue *queue, void *message, uint32_t len)
{
	uint32_t *waits = &queue->resp.reader->wait_count;
	int ret, error = 0;

	__atomic_add_fetch(waits, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		uint32_t before = signals_so_far(queue);

		ret = receive(queue, message, len);
		if (ret != -EAGAIN || error)
			break;
		error = wait_signal(queue, before);
	}
	__atomic_sub_fetch(waits, 1, __ATOMIC_SEQ_CST);
	return ret == -EAGAIN ? error : ret;
}

static int first_error(int one, int other)
{
	return one ? one : other;
}

/* In the library's order. */
int rpc_queue_close(struct rpc_queue *queue)
{
	int32_t imported = 0;
	int ret = call_service(queue, IS_IMPORTED, &queue->id, sizeof(queue->id), &imported,
			       sizeof(imported));

	if (!ret && imported)
		ret = -EBUSY;
	ret = first_error(ret,
			  call_service(queue, DESTROY, &queue->id, sizeof(queue->id), NULL, 0));
	ret = first_error(ret, take_back(queue, &queue->memory));
	ret = first_error(ret, call_service(queue, CANCEL_WAIT, NULL, 0, NULL, 0));
	if (queue->waiting)
		pthread_join(queue->thread, NULL);
	ret = first_error(ret, rpc_module_close(queue->client, queue->service));
	ret = first_error(ret, take_back(queue, &queue->state));
	drop(queue);
	return ret;
}
