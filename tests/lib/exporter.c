// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "exporter.h"

#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktap.h"
#include "module.h"
#include "sys.h"

#define MAX_CARDS 16
#define PAGE	  4096u

/* udmabuf takes only files that cannot shrink. */
static int sealed_memfd(size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, size) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		FAIL("no memfd of %zu bytes: %m", size);
	return fd;
}

static int udmabuf_ioctl(unsigned long cmd, void *arg)
{
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;

	if (device < 0)
		FAIL("/dev/udmabuf: %m");
	fd = ioctl(device, cmd, arg);
	if (fd < 0)
		FAIL("no udmabuf: %m");
	close(device);
	return fd;
}

int udmabuf_dmabuf(size_t size)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = size };
	int fd;

	create.memfd = sealed_memfd(size);
	fd = udmabuf_ioctl(UDMABUF_CREATE, &create);
	close(create.memfd);
	return fd;
}

/* Of pages of a memfd, by their numbers. */
static int udmabuf_of_pages(int memfd, const unsigned int *pages, unsigned int count)
{
	struct udmabuf_create_list *list = calloc(1, sizeof(*list) + count * sizeof(list->list[0]));
	int fd;

	if (!list)
		FAIL("out of memory");
	list->flags = UDMABUF_FLAGS_CLOEXEC;
	list->count = count;
	for (unsigned int i = 0; i < count; i++) {
		list->list[i].memfd = memfd;
		list->list[i].offset = (uint64_t)pages[i] * PAGE;
		list->list[i].size = PAGE;
	}
	fd = udmabuf_ioctl(UDMABUF_CREATE_LIST, list);
	free(list);
	return fd;
}

int udmabuf_of_one_page(unsigned int times)
{
	unsigned int *pages = calloc(times, sizeof(*pages));
	int memfd = sealed_memfd(PAGE), fd = udmabuf_of_pages(memfd, pages, times);

	close(memfd);
	free(pages);
	return fd;
}

struct frame {
	uint64_t pfn;
	unsigned int page;
};

static int by_falling_pfn(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;

	return x->pfn < y->pfn ? 1 : x->pfn > y->pfn ? -1 : 0;
}

/* None is followed by its neighbour. */
static void order_pages(const unsigned char *mem, unsigned int *order, unsigned int count)
{
	struct frame *frames = calloc(count, sizeof(*frames));
	uint64_t *pfns = calloc(count, sizeof(*pfns));

	if (!frames || !pfns)
		FAIL("out of memory");
	find_pages(mem, pfns, count);
	for (unsigned int i = 0; i < count; i++)
		frames[i] = (struct frame){ pfns[i], i };
	qsort(frames, count, sizeof(*frames), by_falling_pfn);
	for (unsigned int i = 0; i < count; i++)
		order[i] = frames[i].page;
	free(frames);
	free(pfns);
}

int udmabuf_in_pieces(unsigned int pages, unsigned char **mem)
{
	unsigned int *order = calloc(pages, sizeof(*order));
	size_t size = (size_t)pages * PAGE;
	int memfd = sealed_memfd(size), any, fd;

	*mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	if (*mem == MAP_FAILED || !order)
		FAIL("mapping a memfd: %m");
	/* From then on the pages stay where they are. */
	for (unsigned int i = 0; i < pages; i++)
		order[i] = i;
	any = udmabuf_of_pages(memfd, order, pages);
	order_pages(*mem, order, pages);
	fd = udmabuf_of_pages(memfd, order, pages);
	close(any);
	close(memfd);
	free(order);
	return fd;
}

static bool is_vgem(int fd)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !do_ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem");
}

int vgem_open(void)
{
	if (!module_loaded("vgem"))
		module_load("vgem");
	for (int i = 0; i < MAX_CARDS; i++) {
		char path[32];
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && is_vgem(fd))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	FAIL("vgem has no node in /dev/dri");
}

int vgem_dmabuf(size_t size)
{
	struct drm_mode_create_dumb dumb = { .width = size / 4, .height = 1, .bpp = 32 };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int fd = vgem_open();

	CHECK_OK(do_ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb));
	CHECK_EQ(size, dumb.size);
	prime.handle = dumb.handle;
	CHECK_OK(do_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	close(fd);
	return prime.fd;
}

/* The last line; those before say how many devices each of them is attached to. */
int dmabuf_count(void)
{
	static char text[65536];
	const char *total = text, *next;
	int count;

	read_text("/sys/kernel/debug/dma_buf/bufinfo", text, sizeof(text));
	while ((next = strstr(total, "\nTotal ")))
		total = next + 1;
	if (!strstr(total, " objects") || sscanf(total, "Total %d", &count) != 1)
		FAIL("the kernel does not say how many dma-bufs there are");
	return count;
}

bool same_file(int fd, int other)
{
	struct stat a, b;

	CHECK(!fstat(fd, &a) && !fstat(other, &b));
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
