/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fastrpc_locate.h"

int memory_init(struct memory *memory, const struct device *device)
{
	*memory = (struct memory){ .device_fd = device->fd };
	memory->scratch = memfd_create("dspd-scratch", MFD_CLOEXEC);
	return memory->scratch < 0 ? -errno : 0;
}

/* Where an address is in dspd: to be given to system calls only. */
static int find(struct memory *memory, __u32 sid, __u32 iova, size_t len, char **place)
{
	void *window;

	if (sid > MEMORY_MAX_SID || !frpc_in_window(iova, len))
		return -EFAULT;
	if (!memory->windows[sid]) {
		window = mmap(NULL, VDSP_IOVA_SIZE, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_NORESERVE, memory->device_fd,
			      (off_t)sid << 32 | VDSP_IOVA_START);
		if (window == MAP_FAILED)
			return -errno;
		memory->windows[sid] = window;
	}
	*place = (char *)memory->windows[sid] + (iova - VDSP_IOVA_START);
	return 0;
}

int memory_to_file(struct memory *memory, __u32 sid, __u32 iova, int fd, size_t len)
{
	size_t done = 0;
	char *place;
	int err = find(memory, sid, iova, len, &place);

	if (err)
		return err;
	while (done < len) {
		ssize_t got = pwrite(fd, place + done, len - done, (off_t)done);

		if (got <= 0)
			return got < 0 ? -errno : -EFAULT;
		done += (size_t)got;
	}
	return 0;
}

int memory_read(struct memory *memory, __u32 sid, __u32 iova, void *to, size_t len)
{
	int err = memory_to_file(memory, sid, iova, memory->scratch, len);

	if (err)
		return err;
	return pread(memory->scratch, to, len, 0) == (ssize_t)len ? 0 : -EFAULT;
}

int memory_write(struct memory *memory, __u32 sid, __u32 iova, const void *from, size_t len)
{
	char *place;
	int err = find(memory, sid, iova, len, &place);

	if (err)
		return err;
	if (pwrite(memory->scratch, from, len, 0) != (ssize_t)len)
		return -errno;
	return pread(memory->scratch, place, len, 0) == (ssize_t)len ? 0 : -EFAULT;
}
