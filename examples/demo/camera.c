// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The other program of the demo. It plays a camera: allocates memory in a DMA-BUF heap, draws
 * a picture there, sends the descriptor to the demo, and later judges what the
 * DSP has made of it. It knows nothing of the DSP.
 *
 * Usage: camera SOCKET (the number of a file descriptor; the demo starts it)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "camera.h"
#include "frame.h"

#define HEAP "/dev/dma_heap/system"
/* Of the video; any would do. */
#define FRAME 7

static bool fail(const char *what)
{
	fprintf(stderr, "camera: %s: %s\n", what, strerror(errno));
	return false;
}

static int allocate(size_t size)
{
	struct dma_heap_allocation_data data = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };
	int heap = open(HEAP, O_RDONLY | O_CLOEXEC), ret;

	if (heap < 0)
		return -1;
	ret = ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data);
	close(heap);
	return ret ? -1 : (int)data.fd;
}

/* Around each access of the CPU, because devices use the memory, too. */
static bool sync_cpu(int dmabuf, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	while (ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync)) {
		if (errno != EINTR && errno != EAGAIN)
			return fail("cannot synchronise with the devices");
	}
	return true;
}

static bool draw(struct picture *picture, int dmabuf)
{
	if (!sync_cpu(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE))
		return false;
	frame_draw(picture, FRAME);
	return sync_cpu(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
}

static bool send_offer(int sock, const struct picture *picture, int dmabuf)
{
	struct camera_offer offer = { picture->width, picture->height };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { &offer, sizeof(offer) };
	const struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};

	memcpy(CMSG_DATA(&control.head), &dmabuf, sizeof(dmabuf));
	return sendmsg(sock, &message, MSG_NOSIGNAL) == sizeof(offer) || fail("cannot send");
}

/* What should be there is computed from a picture that never was in shared memory. */
static bool judge(const struct picture *seen, int dmabuf, const struct filter *filter,
		  struct camera_verdict *verdict)
{
	struct picture drawn = { 0 }, expected = { 0 };
	bool ok = false;

	if (picture_new(&drawn, seen->width, seen->height) ||
	    picture_new(&expected, seen->width, seen->height))
		goto out;
	frame_draw(&drawn, FRAME);
	if (filter_apply(filter, &drawn, &expected) ||
	    !sync_cpu(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ))
		goto out;
	verdict->different = filter_compare(seen, &expected, &verdict->x, &verdict->y);
	ok = sync_cpu(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
out:
	picture_free(&drawn);
	picture_free(&expected);
	return ok;
}

/* A demo that ended in between has said why: nothing comes from the socket then. */
static bool serve(int sock, struct picture *picture, int dmabuf)
{
	struct camera_verdict verdict = { 0 };
	struct camera_done done;

	if (!draw(picture, dmabuf) || !send_offer(sock, picture, dmabuf))
		return false;
	if (recv(sock, &done, sizeof(done), 0) != sizeof(done))
		return false;
	if (!judge(picture, dmabuf, &done.filter, &verdict))
		return false;
	if (send(sock, &verdict, sizeof(verdict), MSG_NOSIGNAL) != sizeof(verdict))
		return fail("cannot send");
	return !verdict.different;
}

int main(int argc, char **argv)
{
	struct picture picture = { .width = FRAME_WIDTH, .height = FRAME_HEIGHT };
	int dmabuf;

	if (argc != 2) {
		fprintf(stderr, "Usage: camera SOCKET (the demo starts it)\n");
		return 2;
	}
	dmabuf = allocate(picture_bytes(&picture));
	if (dmabuf < 0)
		return fail("no memory from " HEAP), 1;
	picture.pixels =
		mmap(NULL, picture_bytes(&picture), PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	if (picture.pixels == MAP_FAILED)
		return fail("cannot map the memory"), 1;
	return serve(atoi(argv[1]), &picture, dmabuf) ? 0 : 1;
}
