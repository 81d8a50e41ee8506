// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * An application with FastRPC's library, as anybody would write one. It says what the DSP gave it,
 * which the test compares; what goes wrong on the way ends it. It says so on stderr, as the library
 * prints what the DSP logs on stdout.
 *
 * Usage: client all | wait
 *   wait    a call of a module that the library's listener serves from a file, then one that the
 *           DSP does not answer
 *   all     in between shared memory, a second session, a packet queue
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fastrpc/remote.h>
#include <fastrpc/rpcmem.h>

/* Of the library's packet queues, for which the package has no header. */
struct dspqueue;
int dspqueue_create(int domain, uint32_t flags, uint32_t req_size, uint32_t resp_size,
		    void *packet_callback, void *error_callback, void *context,
		    struct dspqueue **queue);
int dspqueue_export(struct dspqueue *queue, uint64_t *id);
int dspqueue_close(struct dspqueue *queue);
int dspqueue_write(struct dspqueue *queue, uint32_t flags, uint32_t num_buffers, void *buffers,
		   uint32_t len, const void *message, uint32_t timeout_us);
int dspqueue_read(struct dspqueue *queue, uint32_t *flags, uint32_t max_buffers,
		  uint32_t *num_buffers, void *buffers, uint32_t max_len, uint32_t *len,
		  void *message, uint32_t timeout_us);

#define MODULE(name) "file:///lib" name "_skel.so?" name "_skel_handle_invoke&_modver=1.0"
#define ON_CDSP	     "&_dom=cdsp"

/* Methods of the modules, see dsp/sdk/twice and dsp/skels/probe */
enum { TWICE_DOUBLE = 2 };
enum { PROBE_GET = 9, PROBE_FILL_HANDLE = 12, PROBE_SUM = 13, PROBE_WAIT = 17 };
enum { QUEUE_START = 2, QUEUE_STOP = 3 };

enum { BUFFER_SIZE = 1 << 16, QUEUE_SIZE = 4096, PACKETS = 100, PACKET_MAX = 64 };
#define QUEUE_TIMEOUT_US 30000000

/* An argument, either way. */
static remote_arg bytes(void *p, size_t size)
{
	return (remote_arg){ .buf = { p, size } };
}

static void must(int result, const char *what)
{
	if (!result)
		return;
	fprintf(stderr, "%s: %#x\n", what, (unsigned int)result);
	exit(1);
}

static void must_hold(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s: not so\n", what);
	exit(1);
}

static void use_unsigned_pd(int domain)
{
	struct remote_rpc_control_unsigned_module control = { .domain = domain, .enable = 1 };

	must(remote_session_control(DSPRPC_CONTROL_UNSIGNED_MODULE, &control, sizeof(control)),
	     "unsigned PD");
}

static void twice(remote_handle64 module, int32_t number)
{
	int32_t result = 0;
	remote_arg args[] = { bytes(&number, sizeof(number)), bytes(&result, sizeof(result)) };

	must(remote_handle64_invoke(module, REMOTE_SCALARS_MAKE(TWICE_DOUBLE, 1, 1), args),
	     "calling twice");
	fprintf(stderr, "twice %d is %d\n", number, result);
}

/* ---- a second session ---- */

static remote_handle64 open_in_second_session(void)
{
	struct remote_rpc_reserve_new_session session = {
		.domain_name = CDSP_DOMAIN_NAME,
		.domain_name_len = strlen(CDSP_DOMAIN_NAME),
		.session_name = "second",
		.session_name_len = strlen("second"),
	};
	char module_uri[] = MODULE("twice"), uri[sizeof(module_uri) + 30];
	struct remote_rpc_get_uri get = {
		.domain_name = CDSP_DOMAIN_NAME,
		.domain_name_len = strlen(CDSP_DOMAIN_NAME),
		.module_uri = module_uri,
		.module_uri_len = strlen(module_uri),
		.uri = uri,
		.uri_len = sizeof(uri),
	};
	remote_handle64 module;

	must(remote_session_control(FASTRPC_RESERVE_NEW_SESSION, &session, sizeof(session)),
	     "second session");
	use_unsigned_pd((int)session.effective_domain_id);
	get.session_id = session.session_id;
	must(remote_session_control(FASTRPC_GET_URI, &get, sizeof(get)), "URI of the session");
	must(remote_handle64_open(uri, &module), "opening twice in the second session");
	return module;
}

static void use_two_sessions(remote_handle64 first)
{
	remote_handle64 second = open_in_second_session();

	twice(second, 100);
	twice(first, -4);
	must(remote_handle64_close(second), "closing twice in the second session");
}

/* ---- memory ---- */

static uint32_t fnv1a(const unsigned char *data, size_t len)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ data[i]) * 16777619u;
	return sum;
}

/* What the DSP fills a buffer with, see dsp/skels/probe. */
static unsigned char filling(uint32_t seed, uint32_t i)
{
	return (seed + i) * 2654435761u >> 24;
}

/* The library finds out that the argument is in a buffer of rpcmem, which then nobody copies. */
static void sum_argument(remote_handle probe, unsigned char *buffer)
{
	uint32_t sum = 0;
	remote_arg args[] = { bytes(buffer, BUFFER_SIZE), bytes(&sum, sizeof(sum)) };

	for (uint32_t i = 0; i < BUFFER_SIZE; i++)
		buffer[i] = i * 7 >> 3;
	must(remote_handle_invoke(probe, REMOTE_SCALARS_MAKE(PROBE_SUM, 1, 1), args), "sum");
	must_hold(sum == fnv1a(buffer, BUFFER_SIZE), "the DSP's sum is that of the bytes");
	fprintf(stderr, "sum is right\n");
}

static void fill_handle(remote_handle probe, unsigned char *buffer, int fd)
{
	uint32_t words[] = { BUFFER_SIZE, 5 };
	remote_arg args[] = { bytes(words, sizeof(words)), { .dma = { .fd = fd } } };

	must(remote_register_dma_handle(fd, BUFFER_SIZE), "registering a DMA handle");
	must(remote_handle_invoke(probe, REMOTE_SCALARS_MAKEX(0, PROBE_FILL_HANDLE, 1, 0, 0, 1),
				  args),
	     "filling a DMA handle's buffer");
	for (uint32_t i = 0; i < BUFFER_SIZE; i++)
		must_hold(buffer[i] == filling(5, i), "each byte is what the DSP fills with");
	fprintf(stderr, "filled\n");
}

static int get_word(remote_handle probe, int fd, uint32_t offset, uint32_t *value)
{
	uint32_t words[] = { (uint32_t)fd, offset };
	remote_arg args[] = { bytes(words, sizeof(words)), bytes(value, sizeof(*value)) };

	return remote_handle_invoke(probe, REMOTE_SCALARS_MAKE(PROBE_GET, 1, 1), args);
}

/* The DSP finds the buffer as long as it is mapped. */
static void map(remote_handle probe, unsigned char *buffer, int fd)
{
	enum { OFFSET = BUFFER_SIZE - 4 };
	uint32_t value = 0;

	must(fastrpc_mmap(CDSP_DOMAIN_ID, fd, buffer, 0, BUFFER_SIZE, FASTRPC_MAP_FD), "mapping");
	must(get_word(probe, fd, OFFSET, &value), "reading what is mapped");
	must_hold(!memcmp(&value, buffer + OFFSET, sizeof(value)),
		  "the word is that of the buffer");
	must(fastrpc_munmap(CDSP_DOMAIN_ID, fd, buffer, BUFFER_SIZE), "unmapping");
	fprintf(stderr, "mapped, then %#x\n", (unsigned int)get_word(probe, fd, OFFSET, &value));
}

static void share_memory(void)
{
	unsigned char *buffer =
		rpcmem_alloc(RPCMEM_HEAP_ID_SYSTEM, RPCMEM_DEFAULT_FLAGS, BUFFER_SIZE);
	remote_handle probe;
	int fd;

	must_hold(buffer != NULL, "rpcmem has memory");
	fd = rpcmem_to_fd(buffer);
	must_hold(fd >= 0, "rpcmem has a file for it");
	must(remote_handle_open("probe", &probe), "opening probe");
	sum_argument(probe, buffer);
	map(probe, buffer, fd);
	fill_handle(probe, buffer, fd);
	must(remote_handle_close(probe), "closing probe");
	rpcmem_free(buffer);
}

/* ---- a packet queue ---- */

/* The DSP sends back each packet with every byte one higher. */
static void exchange(struct dspqueue *queue, unsigned int number)
{
	unsigned char message[PACKET_MAX], answer[PACKET_MAX] = { 0 };
	uint32_t len = 1 + number % PACKET_MAX, flags, buffers, answer_len = 0;

	memset(message, (int)number, sizeof(message));
	must(dspqueue_write(queue, 0, 0, NULL, len, message, QUEUE_TIMEOUT_US), "writing a packet");
	must(dspqueue_read(queue, &flags, 0, &buffers, NULL, sizeof(answer), &answer_len, answer,
			   QUEUE_TIMEOUT_US),
	     "reading a packet");
	must_hold(answer_len == len, "the answer is as long as the packet");
	for (uint32_t i = 0; i < len; i++)
		must_hold(answer[i] == (unsigned char)(message[i] + 1), "each byte is one higher");
}

static void exchange_packets(void)
{
	struct dspqueue *queue;
	remote_handle64 module;
	uint64_t id = 0;
	remote_arg args[] = { bytes(&id, sizeof(id)) };

	must(remote_handle64_open(MODULE("queue") ON_CDSP, &module), "opening queue");
	must(dspqueue_create(CDSP_DOMAIN_ID, 0, QUEUE_SIZE, QUEUE_SIZE, NULL, NULL, NULL, &queue),
	     "making a queue");
	must(dspqueue_export(queue, &id), "exporting the queue");
	must(remote_handle64_invoke(module, REMOTE_SCALARS_MAKE(QUEUE_START, 1, 0), args),
	     "starting the queue");
	for (unsigned int i = 0; i < PACKETS; i++)
		exchange(queue, i);
	must(remote_handle64_invoke(module, REMOTE_SCALARS_MAKE(QUEUE_STOP, 0, 0), NULL),
	     "stopping the queue");
	must(dspqueue_close(queue), "closing the queue");
	must(remote_handle64_close(module), "closing queue");
	fprintf(stderr, "%d packets\n", PACKETS);
}

/* ---- a call without an answer ---- */

static void wait_for_dsp(void)
{
	uint32_t never = 1;
	remote_arg args[] = { bytes(&never, sizeof(never)) };
	remote_handle probe;
	int result;

	must(remote_handle_open("probe", &probe), "opening probe");
	fprintf(stderr, "waits\n");
	result = remote_handle_invoke(probe, REMOTE_SCALARS_MAKE(PROBE_WAIT, 1, 0), args);
	fprintf(stderr, "waited: %#x\n", (unsigned int)result);
}

static void use_all(remote_handle64 module)
{
	remote_handle64 none;

	fprintf(stderr, "not there: %#x\n",
		(unsigned int)remote_handle64_open(MODULE("nothere") ON_CDSP, &none));
	/* First, as "probe" has no domain in its name: it is opened where the last call was. */
	share_memory();
	use_two_sessions(module);
	exchange_packets();
}

int main(int argc, char **argv)
{
	remote_handle64 module;

	if (argc != 2 || (strcmp(argv[1], "all") && strcmp(argv[1], "wait"))) {
		fprintf(stderr, "usage: client all | wait\n");
		return 2;
	}
	use_unsigned_pd(CDSP_DOMAIN_ID);
	must(remote_handle64_open(MODULE("twice") ON_CDSP, &module), "opening twice");
	twice(module, 21);
	if (!strcmp(argv[1], "all"))
		use_all(module);
	wait_for_dsp();
	return 0;
}
