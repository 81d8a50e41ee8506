// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls whose arguments are in memory of the program, in buffers, or mapped.
 */
#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "internal.h"

/* Where an argument stands in a call; numbers that the DSP's scalars word counts. */
enum place {
	PLACE_NONE,
	PLACE_IN,
	PLACE_OUT,
	PLACE_IN_KEY,
	PLACE_OUT_KEY,
	PLACES,
};

static struct qda_arg copied(enum place place, const void *data, size_t size)
{
	return (struct qda_arg){
		.place = place, .kind = QDA_ARG_INLINE, .data = data, .size = size
	};
}

static struct qda_arg range(enum place place, const struct qda_buffer *buffer, uint64_t offset,
			    uint64_t size)
{
	return (struct qda_arg){
		.place = place,
		.kind = QDA_ARG_BO,
		.buffer = buffer,
		.offset = offset,
		.size = size,
	};
}

static struct qda_arg mapped(enum place place, int32_t key, uint64_t offset, uint64_t size)
{
	return (struct qda_arg){
		.place = place,
		.kind = QDA_ARG_KEY,
		.key = key,
		.offset = offset,
		.size = size,
	};
}

struct qda_arg qda_arg_in(const void *data, size_t size)
{
	return copied(PLACE_IN, data, size);
}

struct qda_arg qda_arg_out(void *data, size_t size)
{
	return copied(PLACE_OUT, data, size);
}

struct qda_arg qda_arg_in_buffer(const struct qda_buffer *buffer, uint64_t offset, uint64_t size)
{
	return range(PLACE_IN, buffer, offset, size);
}

struct qda_arg qda_arg_out_buffer(const struct qda_buffer *buffer, uint64_t offset, uint64_t size)
{
	return range(PLACE_OUT, buffer, offset, size);
}

struct qda_arg qda_arg_in_key(int32_t key, uint64_t offset, uint64_t size)
{
	return mapped(PLACE_IN_KEY, key, offset, size);
}

struct qda_arg qda_arg_out_key(int32_t key, uint64_t offset, uint64_t size)
{
	return mapped(PLACE_OUT_KEY, key, offset, size);
}

/* A handle of another device would name a buffer that the caller does not mean. */
static bool is_of_device(const struct qda_arg *arg, const struct qda_device *dev)
{
	return arg->kind != QDA_ARG_BO || (arg->buffer && arg->buffer->dev == dev);
}

static struct drm_qda_arg for_kernel(const struct qda_arg *arg)
{
	struct drm_qda_arg to = { .addr = arg->offset, .length = arg->size, .kind = arg->kind };

	if (arg->kind == QDA_ARG_INLINE)
		to.addr = (uintptr_t)arg->data;
	else if (arg->kind == QDA_ARG_BO)
		to.handle = arg->buffer->handle;
	else
		to.handle = (uint32_t)arg->key;
	return to;
}

struct counts {
	uint32_t of[PLACES];
};

/* The order is the wire's, and part of what a method is: it is not made up here. */
static bool count_args(const struct qda_arg *args, size_t count, struct counts *counts)
{
	uint32_t last = PLACE_IN;

	for (size_t i = 0; i < count; i++) {
		uint32_t place = args[i].place;

		if (place < last || place >= PLACES)
			return false;
		counts->of[place]++;
		last = place;
	}
	return counts->of[PLACE_IN] <= QDA_BUFFERS_MAX &&
	       counts->of[PLACE_OUT] <= QDA_BUFFERS_MAX &&
	       counts->of[PLACE_IN_KEY] <= QDA_KEYS_MAX &&
	       counts->of[PLACE_OUT_KEY] <= QDA_KEYS_MAX;
}

int qda_encode_args(const struct qda_module *module, uint32_t method, const struct qda_arg *args,
		    size_t count, struct drm_qda_arg *to, uint32_t *scalars)
{
	struct counts counts = { 0 };

	if (!module || method > QDA_METHOD_MAX || (count && !args))
		return -EINVAL;
	if (!count_args(args, count, &counts))
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (!is_of_device(&args[i], module->process->dev))
			return -EINVAL;
		to[i] = for_kernel(&args[i]);
	}
	*scalars = QDA_SCALARS(method, counts.of[PLACE_IN], counts.of[PLACE_OUT]) |
		   QDA_SCALARS_HANDLES(counts.of[PLACE_IN_KEY], counts.of[PLACE_OUT_KEY]);
	return 0;
}

int qda_module_call_args(struct qda_module *module, uint32_t method, const struct qda_arg *args,
			 size_t count, uint32_t *dsp_status)
{
	return qda_module_call_until(module, method, args, count, 0, dsp_status);
}

int qda_module_call_until(struct qda_module *module, uint32_t method, const struct qda_arg *args,
			  size_t count, uint64_t deadline, uint32_t *dsp_status)
{
	struct drm_qda_arg to[QDA_ARGS_MAX];
	struct drm_qda_invoke invoke = { .args = (uintptr_t)to, .deadline = deadline };
	int ret;

	qda_result(0, 0, dsp_status);
	ret = qda_encode_args(module, method, args, count, to, &invoke.sc);
	if (ret)
		return ret;
	invoke.handle = module->handle;
	ret = qda_ioctl(module->process->dev->fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &invoke);
	return qda_result(ret, invoke.dsp_status, dsp_status);
}

uint64_t qda_deadline_in_ms(uint32_t ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec + ms * 1000000ull;
}
