/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef EM_QDSP6
#define EM_QDSP6 164
#endif

/*
 * Only what tells a Hexagon program from other files: the rest is for the loader, which
 * runs in the PD's process and takes nobody else down.
 */
static int check(int fd)
{
	Elf32_Ehdr head;

	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return -ENOEXEC;
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_ident[EI_CLASS] != ELFCLASS32 ||
	    head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_machine != EM_QDSP6)
		return -ENOEXEC;
	return head.e_type == ET_EXEC || head.e_type == ET_DYN ? 0 : -ENOEXEC;
}

int image_from_memory(struct memory *memory, __u32 sid, __u32 iova, size_t len)
{
	int err, fd = memfd_create("pd-image", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = memory_to_file(memory, sid, iova, fd, len);
	if (!err)
		err = check(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int image_from_path(const char *path)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = check(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}
