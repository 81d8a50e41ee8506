/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * probe: touches memory in every way that DSP code can, and does on purpose what it should
 * not do, so that tests can show what happens then: to the caller, and to all others.
 *
 *	2 read	in {u32 address} -> out u32
 *	3 write	in {u32 address, u32 value}
 *	4 crash	stores to address 0
 *	5 sleep	in {u32 microseconds}
 *	6 code	in {u32 code}: returns it
 *	7 exit	in {u32 code}: ends the process
 *	8 spin	never returns
 *
 * Memory that the application mapped, by its key:
 *
 *	9 get	in {s32 key, u32 offset} -> out u32
 *	10 put	in {s32 key, u32 offset, u32 value}
 *	15 find	in {s32 key} -> out {u32 address, u32 length}
 *
 * 9 and 10 do not look at the length of what is mapped. With a key that is not there all three
 * give AEE_ENOSUCHMAP.
 *
 * Whole buffers. A handle's buffer counts from the handle's offset, and all of it when length
 * is 0; AEE_EBADPARM when it is shorter.
 *
 *	11 sum handle	in {u32 length}, in handle -> out u32
 *	12 fill handle	in {u32 length, u32 seed}, out handle
 *	13 sum		in bytes -> out u32
 *	14 fill		in {u32 seed} -> out bytes
 *	16 all		any number of arguments -> out u32, more outputs: the sum over all
 *			inputs, then over all of the input handles' buffers; fills the
 *			other outputs, then the output handles' buffers, with seeds 1, 2, ..
 *
 * Waiting, for tests of many calls at the same time:
 *
 *	17 wait		in {u32 number}: until method 18 had this number, or a higher one
 *	18 raise	in {u32 number}
 *
 * Calls to the application:
 *
 *	19 ask		in {u32 handle, u32 scalars}, the call's inputs -> its outputs
 *	20 ask open	in name with NUL -> out u32 handle
 *	21 ask close	in {u32 handle}
 *
 *	22 allocate	in {u32 bytes} -> out u32 address, 0: there is no memory. Its first
 *			and last bytes are written to, and it is never freed.
 *
 * A sum is FNV-1a of 32 bits: from 2166136261, for each byte, xor it and multiply by 16777619.
 * Byte i of a buffer filled with a seed is the highest byte of (seed + i) * 2654435761.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "AEEStdErr.h"
#include "HAP_mem.h"
#include "HAP_timer.h"
#include "remote.h"
#include "thread.h"

#define LAST_METHOD 22
#define METHOD_ASK  19
#define METHOD_ALL  16
#define FNV_START   2166136261u
#define FNV_PRIME   16777619u
#define FILL_FACTOR 2654435761u

int probe_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

static bool get_words(const remote_arg *arg, uint32_t *words, uint32_t count)
{
	if (arg->buf.nLen != count * sizeof(*words))
		return false;
	memcpy(words, arg->buf.pv, arg->buf.nLen);
	return true;
}

static int probe_read(const remote_arg *pra)
{
	uint32_t address, value;

	if (!get_words(&pra[0], &address, 1) || pra[1].buf.nLen != sizeof(value))
		return AEE_EBADPARM;
	value = *(const volatile uint32_t *)address;
	memcpy(pra[1].buf.pv, &value, sizeof(value));
	return AEE_SUCCESS;
}

static int probe_write(const remote_arg *pra)
{
	uint32_t words[2];

	if (!get_words(&pra[0], words, 2))
		return AEE_EBADPARM;
	*(volatile uint32_t *)words[0] = words[1];
	return AEE_SUCCESS;
}

/* The address is not a constant for the compiler: it would leave the store out. */
static int probe_crash(void)
{
	volatile uintptr_t nowhere = 0;

	*(volatile uint32_t *)nowhere = 1;
	return AEE_EFAILED;
}

static int probe_word(uint32_t method, const remote_arg *pra)
{
	uint32_t word;

	if (!get_words(&pra[0], &word, 1))
		return AEE_EBADPARM;
	if (method == 5)
		return HAP_timer_sleep(word);
	if (method == 7)
		exit((int)word);
	return (int)word;
}

static int probe_spin(void)
{
	for (volatile uint32_t turns = 0;; turns++)
		;
}

static uint32_t sum_bytes(uint32_t sum, const void *data, uint32_t len)
{
	const uint8_t *bytes = data;

	for (uint32_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * FNV_PRIME;
	return sum;
}

static void fill_bytes(uint32_t seed, void *data, uint32_t len)
{
	uint8_t *bytes = data;

	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)((seed + i) * FILL_FACTOR >> 24);
}

static int probe_get(const remote_arg *pra)
{
	uint32_t words[2], value;
	void *place;
	int error;

	if (!get_words(&pra[0], words, 2) || pra[1].buf.nLen != sizeof(value))
		return AEE_EBADPARM;
	error = HAP_mmap_get((int)words[0], &place, NULL);
	if (error)
		return error;
	memcpy(&value, (char *)place + words[1], sizeof(value));
	memcpy(pra[1].buf.pv, &value, sizeof(value));
	return HAP_mmap_put((int)words[0]);
}

static int probe_put(const remote_arg *pra)
{
	uint32_t words[3];
	void *place;
	int error;

	if (!get_words(&pra[0], words, 3))
		return AEE_EBADPARM;
	error = HAP_mmap_get((int)words[0], &place, NULL);
	if (error)
		return error;
	memcpy((char *)place + words[1], &words[2], sizeof(words[2]));
	return HAP_mmap_put((int)words[0]);
}

static int probe_find(const remote_arg *pra)
{
	uint32_t key, out[2];
	uint64_t address;
	int error;

	if (!get_words(&pra[0], &key, 1) || pra[1].buf.nLen != sizeof(out))
		return AEE_EBADPARM;
	error = HAP_mmap_get((int)key, NULL, &address);
	if (error)
		return error;
	out[0] = (uint32_t)address;
	error = adsp_mmap_fd_getinfo((int)key, &out[1]);
	memcpy(pra[1].buf.pv, out, sizeof(out));
	return HAP_mmap_put((int)key) ? AEE_EFAILED : error;
}

/* What a handle stands for, as an ordinary buffer; HAP_mmap_put must follow. */
static int take_buffer(const remote_dma_handle *handle, uint32_t len, remote_buf *buf)
{
	uint32_t all;
	void *place;
	int error = adsp_mmap_fd_getinfo(handle->fd, &all);

	if (error)
		return error;
	if (handle->offset > all || len > all - handle->offset)
		return AEE_EBADPARM;
	error = HAP_mmap_get(handle->fd, &place, NULL);
	if (error)
		return error;
	buf->pv = (char *)place + handle->offset;
	buf->nLen = len ? len : all - handle->offset;
	return AEE_SUCCESS;
}

static int sum_handle(const remote_dma_handle *handle, uint32_t len, uint32_t *sum)
{
	remote_buf buf;
	int error = take_buffer(handle, len, &buf);

	if (error)
		return error;
	*sum = sum_bytes(*sum, buf.pv, buf.nLen);
	return HAP_mmap_put(handle->fd);
}

static int fill_handle(const remote_dma_handle *handle, uint32_t len, uint32_t seed)
{
	remote_buf buf;
	int error = take_buffer(handle, len, &buf);

	if (error)
		return error;
	fill_bytes(seed, buf.pv, buf.nLen);
	return HAP_mmap_put(handle->fd);
}

static int probe_sum_handle(const remote_arg *pra)
{
	uint32_t len, sum = FNV_START;
	int error;

	if (!get_words(&pra[0], &len, 1) || pra[1].buf.nLen != sizeof(sum))
		return AEE_EBADPARM;
	error = sum_handle(&pra[2].dma, len, &sum);
	if (!error)
		memcpy(pra[1].buf.pv, &sum, sizeof(sum));
	return error;
}

static int probe_fill_handle(const remote_arg *pra)
{
	uint32_t words[2];

	if (!get_words(&pra[0], words, 2))
		return AEE_EBADPARM;
	return fill_handle(&pra[1].dma, words[0], words[1]);
}

static int probe_sum(const remote_arg *pra)
{
	uint32_t sum;

	if (pra[1].buf.nLen != sizeof(sum))
		return AEE_EBADPARM;
	sum = sum_bytes(FNV_START, pra[0].buf.pv, pra[0].buf.nLen);
	memcpy(pra[1].buf.pv, &sum, sizeof(sum));
	return AEE_SUCCESS;
}

static int probe_fill(const remote_arg *pra)
{
	uint32_t seed;

	if (!get_words(&pra[0], &seed, 1))
		return AEE_EBADPARM;
	fill_bytes(seed, pra[1].buf.pv, pra[1].buf.nLen);
	return AEE_SUCCESS;
}

static int probe_all(uint32_t sc, const remote_arg *pra)
{
	const remote_arg *outs = pra + REMOTE_SCALARS_INBUFS(sc);
	const remote_arg *in_handles = outs + REMOTE_SCALARS_OUTBUFS(sc);
	const remote_arg *out_handles = in_handles + REMOTE_SCALARS_INHANDLES(sc);
	uint32_t sum = FNV_START, seed = 1;
	int error = AEE_SUCCESS;

	if (!REMOTE_SCALARS_OUTBUFS(sc) || outs[0].buf.nLen != sizeof(sum))
		return AEE_EBADPARM;
	for (uint32_t i = 0; i < REMOTE_SCALARS_INBUFS(sc); i++)
		sum = sum_bytes(sum, pra[i].buf.pv, pra[i].buf.nLen);
	for (uint32_t i = 0; i < REMOTE_SCALARS_INHANDLES(sc) && !error; i++)
		error = sum_handle(&in_handles[i].dma, 0, &sum);
	memcpy(outs[0].buf.pv, &sum, sizeof(sum));
	for (uint32_t i = 1; i < REMOTE_SCALARS_OUTBUFS(sc); i++)
		fill_bytes(seed++, outs[i].buf.pv, outs[i].buf.nLen);
	for (uint32_t i = 0; i < REMOTE_SCALARS_OUTHANDLES(sc) && !error; i++)
		error = fill_handle(&out_handles[i].dma, 0, seed++);
	return error;
}

/* raised_lock protects the highest number of method 18. */
static struct rt_mutex raised_lock;
static struct rt_cond raised_cond;
static uint32_t raised;

static int probe_wait(const remote_arg *pra)
{
	uint32_t number;

	if (!get_words(&pra[0], &number, 1))
		return AEE_EBADPARM;
	rt_mutex_lock(&raised_lock);
	while (raised < number)
		rt_cond_wait(&raised_cond, &raised_lock);
	rt_mutex_unlock(&raised_lock);
	return AEE_SUCCESS;
}

static int probe_raise(const remote_arg *pra)
{
	uint32_t number;

	if (!get_words(&pra[0], &number, 1))
		return AEE_EBADPARM;
	rt_mutex_lock(&raised_lock);
	if (number > raised)
		raised = number;
	rt_cond_wake(&raised_cond);
	rt_mutex_unlock(&raised_lock);
	return AEE_SUCCESS;
}

static int probe_ask(uint32_t sc, remote_arg *pra)
{
	uint32_t words[2];

	if (!REMOTE_SCALARS_INBUFS(sc) || !get_words(&pra[0], words, 2) ||
	    REMOTE_SCALARS_INBUFS(words[1]) != REMOTE_SCALARS_INBUFS(sc) - 1 ||
	    REMOTE_SCALARS_OUTBUFS(words[1]) != REMOTE_SCALARS_OUTBUFS(sc))
		return AEE_EBADPARM;
	return remote_handle_invoke(words[0], words[1], &pra[1]);
}

static int probe_ask_open(const remote_arg *pra)
{
	uint32_t handle;
	char name[64];
	int error;

	if (!pra[0].buf.nLen || pra[0].buf.nLen > sizeof(name) || pra[1].buf.nLen != sizeof(handle))
		return AEE_EBADPARM;
	memcpy(name, pra[0].buf.pv, pra[0].buf.nLen);
	name[pra[0].buf.nLen - 1] = '\0';
	error = remote_handle_open(name, &handle);
	if (!error)
		memcpy(pra[1].buf.pv, &handle, sizeof(handle));
	return error;
}

static int probe_allocate(const remote_arg *pra)
{
	uint32_t size, address;
	uint8_t *mem;

	if (!get_words(&pra[0], &size, 1) || pra[1].buf.nLen != sizeof(address))
		return AEE_EBADPARM;
	mem = malloc(size);
	if (mem && size)
		mem[0] = mem[size - 1] = 0x5a;
	address = (uint32_t)mem;
	memcpy(pra[1].buf.pv, &address, sizeof(address));
	return AEE_SUCCESS;
}

/* Methods that wait, and those that ask the application. */
static int waiting(uint32_t sc, remote_arg *pra)
{
	uint32_t word;

	switch (sc) {
	case REMOTE_SCALARS_MAKE(17, 1, 0):
		return probe_wait(pra);
	case REMOTE_SCALARS_MAKE(18, 1, 0):
		return probe_raise(pra);
	case REMOTE_SCALARS_MAKE(20, 1, 1):
		return probe_ask_open(pra);
	case REMOTE_SCALARS_MAKE(22, 1, 1):
		return probe_allocate(pra);
	case REMOTE_SCALARS_MAKE(21, 1, 0):
		return get_words(&pra[0], &word, 1) ? remote_handle_close(word) : AEE_EBADPARM;
	}
	if (REMOTE_SCALARS_METHOD(sc) == METHOD_ASK)
		return probe_ask(sc, pra);
	return REMOTE_SCALARS_METHOD(sc) <= LAST_METHOD ? AEE_EBADPARM : AEE_EUNSUPPORTED;
}

/* Methods about memory that the application shares. */
static int shared_memory(uint32_t sc, remote_arg *pra)
{
	switch (sc) {
	case REMOTE_SCALARS_MAKE(9, 1, 1):
		return probe_get(pra);
	case REMOTE_SCALARS_MAKE(10, 1, 0):
		return probe_put(pra);
	case REMOTE_SCALARS_MAKEX(0, 11, 1, 1, 1, 0):
		return probe_sum_handle(pra);
	case REMOTE_SCALARS_MAKEX(0, 12, 1, 0, 0, 1):
		return probe_fill_handle(pra);
	case REMOTE_SCALARS_MAKE(13, 1, 1):
		return probe_sum(pra);
	case REMOTE_SCALARS_MAKE(14, 1, 1):
		return probe_fill(pra);
	case REMOTE_SCALARS_MAKE(15, 1, 1):
		return probe_find(pra);
	}
	if (REMOTE_SCALARS_METHOD(sc) == METHOD_ALL)
		return probe_all(sc, pra);
	return waiting(sc, pra);
}

int probe_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra)
{
	(void)h;
	switch (sc) {
	case REMOTE_SCALARS_OPEN:
		pra[2].h64 = 1;
		return AEE_SUCCESS;
	case REMOTE_SCALARS_CLOSE:
		return AEE_SUCCESS;
	case REMOTE_SCALARS_MAKE(2, 1, 1):
		return probe_read(pra);
	case REMOTE_SCALARS_MAKE(3, 1, 0):
		return probe_write(pra);
	case REMOTE_SCALARS_MAKE(4, 0, 0):
		return probe_crash();
	case REMOTE_SCALARS_MAKE(5, 1, 0):
	case REMOTE_SCALARS_MAKE(6, 1, 0):
	case REMOTE_SCALARS_MAKE(7, 1, 0):
		return probe_word(REMOTE_SCALARS_METHOD(sc), pra);
	case REMOTE_SCALARS_MAKE(8, 0, 0):
		return probe_spin();
	default:
		return shared_memory(sc, pra);
	}
}
