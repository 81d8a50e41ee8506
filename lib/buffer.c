// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffers: memory that the DSP and the CPU share.
 *
 * The kernel gives one handle per file and buffer: who imports a buffer twice, or imports
 * one that was made here, gets a number that is in use already, and closing it once closes it
 * for all. So the device keeps a list of its buffers, and the last of a handle closes it. The
 * device's lock is held from the kernel's answer to the change of the list, so that a number
 * cannot be closed by one thread while another is just getting it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

_Static_assert(QDA_BUFFER_WRITE_COMBINED == QDA_GEM_WC, "number of the kernel");
_Static_assert(QDA_CPU_READ == QDA_GEM_SYNC_READ, "number of the kernel");
_Static_assert(QDA_CPU_WRITE == QDA_GEM_SYNC_WRITE, "number of the kernel");
_Static_assert(QDA_CPU_READ == DMA_BUF_SYNC_READ, "number of the kernel");
_Static_assert(QDA_CPU_WRITE == DMA_BUF_SYNC_WRITE, "number of the kernel");

static struct qda_buffer *new_buffer(struct qda_device *dev)
{
	struct qda_buffer *b = calloc(1, sizeof(*b));

	if (b) {
		b->dev = dev;
		b->dmabuf = -1;
	}
	return b;
}

static void list_add(struct qda_buffer *b)
{
	b->next = b->dev->buffers;
	b->dev->buffers = b;
}

static void list_remove(const struct qda_buffer *b)
{
	struct qda_buffer **link = &b->dev->buffers;

	while (*link != b)
		link = &(*link)->next;
	*link = b->next;
}

static bool is_shared_handle(const struct qda_buffer *b)
{
	for (const struct qda_buffer *other = b->dev->buffers; other; other = other->next) {
		if (other->handle == b->handle)
			return true;
	}
	return false;
}

/* Of a device that is gone there is nothing left to close. */
static void put_handle(const struct qda_buffer *b)
{
	struct drm_gem_close close = { .handle = b->handle };

	pthread_mutex_lock(&b->dev->lock);
	list_remove(b);
	if (!is_shared_handle(b))
		qda_ioctl(b->dev->fd, DRM_IOCTL_GEM_CLOSE, &close);
	pthread_mutex_unlock(&b->dev->lock);
}

void qda_buffer_close(struct qda_buffer *buffer)
{
	if (!buffer)
		return;
	if (buffer->data)
		munmap(buffer->data, (size_t)buffer->size);
	if (buffer->handle)
		put_handle(buffer);
	if (buffer->dmabuf >= 0)
		close(buffer->dmabuf);
	free(buffer);
}

static int map_cpu(struct qda_buffer *b, int prot, int fd, uint64_t offset)
{
	void *data;

	if (b->size > SIZE_MAX)
		return -ENOMEM;
	data = mmap(NULL, (size_t)b->size, prot, MAP_SHARED, fd, (off_t)offset);
	if (data == MAP_FAILED)
		return -errno;
	b->data = data;
	return 0;
}

static int ask_offset(const struct qda_buffer *b, uint64_t *offset)
{
	struct drm_qda_gem_mmap_offset ask = { .handle = b->handle };
	int ret = qda_ioctl(b->dev->fd, DRM_IOCTL_QDA_GEM_MMAP_OFFSET, &ask);

	*offset = ask.offset;
	return ret;
}

static int create_handle(struct qda_buffer *b, uint64_t size, uint32_t flags)
{
	struct drm_qda_gem_create create = { .size = size, .flags = flags };
	int ret;

	pthread_mutex_lock(&b->dev->lock);
	ret = qda_ioctl(b->dev->fd, DRM_IOCTL_QDA_GEM_CREATE, &create);
	if (!ret) {
		b->handle = create.handle;
		b->size = create.size;
		list_add(b);
	}
	pthread_mutex_unlock(&b->dev->lock);
	return ret;
}

static int fill_created(struct qda_buffer *b, uint64_t size, uint32_t flags)
{
	uint64_t offset;
	int ret;

	b->sync = flags & QDA_BUFFER_WRITE_COMBINED ? QDA_SYNC_NONE : QDA_SYNC_GEM;
	ret = create_handle(b, size, flags);
	if (!ret)
		ret = ask_offset(b, &offset);
	if (!ret)
		ret = map_cpu(b, PROT_READ | PROT_WRITE, b->dev->fd, offset);
	return ret;
}

int qda_buffer_create(struct qda_device *dev, uint64_t size, uint32_t flags,
		      struct qda_buffer **buffer)
{
	struct qda_buffer *b;
	int ret;

	if (!buffer)
		return -EINVAL;
	*buffer = NULL;
	if (!dev)
		return -EINVAL;
	b = new_buffer(dev);
	if (!b)
		return -ENOMEM;
	ret = fill_created(b, size, flags);
	if (ret) {
		qda_buffer_close(b);
		return ret;
	}
	*buffer = b;
	return 0;
}

static int import_handle(struct qda_buffer *b)
{
	struct drm_prime_handle prime = { .fd = b->dmabuf };
	int ret;

	pthread_mutex_lock(&b->dev->lock);
	ret = qda_ioctl(b->dev->fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
	if (!ret) {
		b->handle = prime.handle;
		list_add(b);
	}
	pthread_mutex_unlock(&b->dev->lock);
	return ret;
}

/* Of a DMA-BUF nothing but its end can be asked for: the position has no meaning. */
static int find_size(struct qda_buffer *b)
{
	off_t end = lseek(b->dmabuf, 0, SEEK_END);

	if (end < 0)
		return -errno;
	b->size = (uint64_t)end;
	return end ? 0 : -EINVAL;
}

/* What may be done with the file may be done with the memory. */
static int protection_of(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) == O_RDWR ? PROT_READ | PROT_WRITE : PROT_READ;
}

/*
 * What this DSP's driver has exported comes back as the buffer that it was, and the driver
 * refuses to tell an offset for what is not its own.
 */
static int map_imported(struct qda_buffer *b)
{
	uint64_t offset;
	int ret = ask_offset(b, &offset);

	if (!ret) {
		b->sync = QDA_SYNC_GEM_IF_CACHED;
		return map_cpu(b, PROT_READ | PROT_WRITE, b->dev->fd, offset);
	}
	if (ret != -EINVAL)
		return ret;
	b->sync = QDA_SYNC_DMABUF;
	/* Not every exporter lets the CPU at its memory; the DSP can still use it. */
	map_cpu(b, protection_of(b->dmabuf), b->dmabuf, 0);
	return 0;
}

static int fill_imported(struct qda_buffer *b, int fd)
{
	int ret;

	b->dmabuf = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (b->dmabuf < 0)
		return -errno;
	ret = import_handle(b);
	if (!ret)
		ret = find_size(b);
	if (!ret)
		ret = map_imported(b);
	return ret;
}

int qda_buffer_import(struct qda_device *dev, int fd, struct qda_buffer **buffer)
{
	struct qda_buffer *b;
	int ret;

	if (!buffer)
		return -EINVAL;
	*buffer = NULL;
	if (!dev)
		return -EINVAL;
	b = new_buffer(dev);
	if (!b)
		return -ENOMEM;
	ret = fill_imported(b, fd);
	if (ret) {
		qda_buffer_close(b);
		return ret;
	}
	*buffer = b;
	return 0;
}

int qda_buffer_export(const struct qda_buffer *buffer, int *fd)
{
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR, .fd = -1 };
	int ret;

	if (!fd)
		return -EINVAL;
	*fd = -1;
	if (!buffer)
		return -EINVAL;
	prime.handle = buffer->handle;
	ret = qda_ioctl(buffer->dev->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
	if (!ret)
		*fd = prime.fd;
	return ret;
}

void *qda_buffer_data(const struct qda_buffer *buffer)
{
	return buffer->data;
}

uint64_t qda_buffer_size(const struct qda_buffer *buffer)
{
	return buffer->size;
}

uint32_t qda_buffer_handle(const struct qda_buffer *buffer)
{
	return buffer->handle;
}

static int sync_gem(const struct qda_buffer *b, uint32_t flags)
{
	struct drm_qda_gem_sync sync = { .handle = b->handle, .flags = flags };

	return qda_ioctl(b->dev->fd, DRM_IOCTL_QDA_GEM_SYNC, &sync);
}

static int sync_dmabuf(const struct qda_buffer *b, uint32_t access, bool end)
{
	struct dma_buf_sync sync = {
		.flags = access | (end ? DMA_BUF_SYNC_END : DMA_BUF_SYNC_START),
	};

	return qda_ioctl(b->dmabuf, DMA_BUF_IOCTL_SYNC, &sync);
}

static int sync_cpu(const struct qda_buffer *b, uint32_t access, bool end)
{
	uint32_t flags = access | (end ? QDA_GEM_SYNC_END : 0);
	int ret;

	if (!b || !access || access & ~(QDA_CPU_READ | QDA_CPU_WRITE))
		return -EINVAL;
	switch (b->sync) {
	case QDA_SYNC_GEM:
		return sync_gem(b, flags);
	case QDA_SYNC_GEM_IF_CACHED:
		/* The flags are right, so the driver can only mean that it is not cached. */
		ret = sync_gem(b, flags);
		return ret == -EINVAL ? 0 : ret;
	case QDA_SYNC_DMABUF:
		return sync_dmabuf(b, access, end);
	default:
		return 0;
	}
}

int qda_buffer_begin_cpu(const struct qda_buffer *buffer, uint32_t access)
{
	return sync_cpu(buffer, access, false);
}

int qda_buffer_end_cpu(const struct qda_buffer *buffer, uint32_t access)
{
	return sync_cpu(buffer, access, true);
}
