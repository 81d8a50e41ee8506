// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls that do not wait: making them, and learning how they ended.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* Completions that are read from the kernel at once. */
#define CHUNK 32

static int encode(const struct qda_request *request, struct drm_qda_arg *args,
		  struct drm_qda_invoke *invoke)
{
	*invoke = (struct drm_qda_invoke){
		.args = (uintptr_t)args,
		.flags = QDA_INVOKE_ASYNC,
		.user_data = request->user_data,
		.deadline = request->deadline,
	};
	if (!request->module)
		return -EINVAL;
	invoke->handle = request->module->handle;
	return qda_encode_args(request->module, request->method, request->args, request->count,
			       args, &invoke->sc);
}

int qda_module_submit(const struct qda_request *request)
{
	struct drm_qda_arg args[QDA_ARGS_MAX];
	struct drm_qda_invoke invoke;
	int ret;

	if (!request)
		return -EINVAL;
	ret = encode(request, args, &invoke);
	if (ret)
		return ret;
	return qda_ioctl(request->module->process->dev->fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &invoke);
}

/* A signal ends a batch early; it goes on where it was. */
static int send_batch(int fd, const struct drm_qda_invoke *calls, size_t count, size_t *submitted)
{
	while (*submitted < count) {
		size_t rest = count - *submitted;
		struct drm_qda_invoke_batch batch = {
			.calls = (uintptr_t)(calls + *submitted),
			.count = rest > UINT32_MAX ? UINT32_MAX : (uint32_t)rest,
			.stride = sizeof(*calls),
		};
		int ret = qda_ioctl(fd, DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH, &batch);

		*submitted += batch.submitted;
		if (!ret && batch.error != -EINTR)
			ret = batch.error;
		if (ret)
			return ret;
	}
	return 0;
}

struct batch {
	struct drm_qda_invoke *calls;
	struct drm_qda_arg *args;
};

static int batch_alloc(struct batch *batch, const struct qda_request *requests, size_t count)
{
	size_t args = 0;

	for (size_t i = 0; i < count; i++) {
		if (requests[i].count > QDA_ARGS_MAX)
			return -EINVAL;
		args += requests[i].count;
	}
	batch->calls = calloc(count, sizeof(*batch->calls));
	batch->args = calloc(args + 1, sizeof(*batch->args));
	return batch->calls && batch->args ? 0 : -ENOMEM;
}

/* All of them are of the same device, as one file gets them. */
static int batch_encode(struct batch *batch, const struct qda_request *requests, size_t count)
{
	struct drm_qda_arg *args = batch->args;

	for (size_t i = 0; i < count; i++) {
		int ret = encode(&requests[i], args, &batch->calls[i]);

		if (ret)
			return ret;
		if (requests[i].module->process->dev != requests[0].module->process->dev)
			return -EINVAL;
		args += requests[i].count;
	}
	return 0;
}

int qda_module_submit_many(const struct qda_request *requests, size_t count, size_t *submitted)
{
	struct batch batch = { 0 };
	int ret;

	if (!submitted)
		return -EINVAL;
	*submitted = 0;
	if (!count)
		return 0;
	if (!requests)
		return -EINVAL;
	ret = batch_alloc(&batch, requests, count);
	if (!ret)
		ret = batch_encode(&batch, requests, count);
	if (!ret)
		ret = send_batch(requests[0].module->process->dev->fd, batch.calls, count,
				 submitted);
	free(batch.calls);
	free(batch.args);
	return ret;
}

static struct qda_completion decode(const struct drm_qda_event_invoke *event)
{
	struct qda_completion done = {
		.user_data = event->user_data,
		.result = event->error,
		.dsp_status = event->dsp_status,
	};

	if (!done.result && done.dsp_status)
		done.result = -EREMOTEIO;
	return done;
}

/* Events of kinds that are not known are left out. */
static size_t decode_all(const unsigned char *bytes, size_t size, struct qda_completion *done)
{
	struct drm_qda_event_invoke event;
	struct drm_event head;
	size_t count = 0;

	for (size_t at = 0; size - at >= sizeof(head); at += head.length) {
		memcpy(&head, bytes + at, sizeof(head));
		if (head.length < sizeof(head) || head.length > size - at)
			break;
		if (head.type != QDA_EVENT_INVOKE || head.length < sizeof(event))
			continue;
		memcpy(&event, bytes + at, sizeof(event));
		done[count++] = decode(&event);
	}
	return count;
}

int qda_device_completions(struct qda_device *dev, struct qda_completion *done, size_t room,
			   size_t *count)
{
	unsigned char bytes[CHUNK * sizeof(struct drm_qda_event_invoke)];

	if (!count)
		return -EINVAL;
	*count = 0;
	if (!dev || (room && !done))
		return -EINVAL;
	while (*count < room) {
		size_t want = room - *count < CHUNK ? room - *count : CHUNK;
		ssize_t got = read(dev->fd, bytes, want * sizeof(struct drm_qda_event_invoke));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN)
			return *count ? 0 : -errno;
		if (got <= 0)
			return 0;
		*count += decode_all(bytes, (size_t)got, done + *count);
	}
	return 0;
}
