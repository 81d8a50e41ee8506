/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The DSP's memory, as the virtual SMMU maps it for a stream id.
 *
 * What the driver does not map, or maps no longer, must not hurt dspd: an access to it
 * would be SIGBUS. So dspd never touches a window itself: the kernel does, in write()
 * from it and read() into it, which stop with EFAULT instead. The other end of
 * these is a file in memory (memfd). No signal handler that jumps, no race with a mapping
 * that goes away meanwhile, and an ELF image goes to the file it is started from
 * in one copy.
 */
#ifndef DSPD_MEMORY_H
#define DSPD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "device.h"

#define MEMORY_MAX_SID 16

struct memory {
	int device_fd;
	int scratch;			   /* memfd, the other end of copies */
	void *windows[MEMORY_MAX_SID + 1]; /* by stream id, NULL until used */
};

/* All of them give -errno when they fail; -EFAULT: not mapped, or not in the window. */
int memory_init(struct memory *memory, const struct device *device);
int memory_read(struct memory *memory, __u32 sid, __u32 iova, void *to, size_t len);
int memory_write(struct memory *memory, __u32 sid, __u32 iova, const void *from, size_t len);
int memory_to_file(struct memory *memory, __u32 sid, __u32 iova, int fd, size_t len);

#endif
