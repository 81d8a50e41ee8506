/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"

_Static_assert(sizeof(struct vdsp_msg) == 48, "record as the kernel lays it out");
_Static_assert(sizeof(struct vdsp_reply) == 16, "an answer has 16 bytes on the wire");
_Static_assert(sizeof(struct frpc_notify) == 24, "notification without holes");

int device_open(struct device *device, const char *path)
{
	device->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (device->fd < 0)
		return -errno;
	if (ioctl(device->fd, VDSP_IOC_INFO, &device->info))
		return -errno;
	if (device->info.abi != VDSP_ABI_VERSION || device->info.sid_pos < 32 ||
	    device->info.sid_pos > 63)
		return -EPROTO;
	device->info.name[sizeof(device->info.name) - 1] = '\0';
	return 0;
}

int device_up(struct device *device)
{
	return ioctl(device->fd, VDSP_IOC_UP) ? -errno : 0;
}

int device_read(struct device *device, struct vdsp_msg *msg)
{
	ssize_t got = read(device->fd, msg, sizeof(*msg));

	if (got == (ssize_t)sizeof(*msg))
		return 1;
	if (got >= 0)
		return -EPROTO;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

/* EPIPE needs no word: the next read says that the channel is gone. */
static int send_bytes(struct device *device, const void *bytes, size_t len)
{
	int err;

	if (write(device->fd, bytes, len) == (ssize_t)len)
		return 0;
	err = errno;
	if (err != EPIPE)
		log_say("the driver did not take a message: %s", strerror(err));
	return -err;
}

int device_answer(struct device *device, __u64 ctx, __u32 code)
{
	struct vdsp_reply reply = { .ctx = ctx, .retval = (__s32)code };

	return send_bytes(device, &reply, sizeof(reply));
}

int device_notify(struct device *device, __s32 client_id, __u32 status)
{
	struct frpc_notify notify = {
		.ctx = FRPC_NOTIFY_CTX,
		.type = FRPC_NOTIFY_TYPE_STATUS,
		.client_id = client_id,
		.status = status,
	};

	return send_bytes(device, &notify, sizeof(notify));
}

int device_session(struct device *device, __s32 client_id, __u32 sid)
{
	struct vdsp_session session = { .client_id = client_id, .sid = sid };

	return ioctl(device->fd, VDSP_IOC_SESSION, &session) ? -errno : session.fd;
}

/* The same compatible, qcom,kaanapali-fastrpc, moves the stream id and tells of poll mode. */
bool device_has_poll_mode(const struct device *device)
{
	return device->info.sid_pos == 56;
}

bool device_sid(const struct device *device, __u64 addr, __u32 *sid)
{
	__u64 value = addr >> device->info.sid_pos;

	*sid = (__u32)value;
	return value >= 1 && value <= device->info.banks;
}

bool device_iova(const struct device *device, __u64 addr, __u32 sid, __u32 *iova)
{
	*iova = (__u32)addr;
	return addr == ((__u64)sid << device->info.sid_pos | *iova);
}
