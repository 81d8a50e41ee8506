/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * How an ioctl gets past qemu-user, which refuses those that it does not know, FastRPC's among
 * them: ioctl.c, in the arm64 program, makes an msync() with flags that no msync() has and that
 * qemu-user hands on as they are. arm64-run, which traces qemu-user, has the kernel make
 * the ioctl in its place: by the same thread, with its files and its memory.
 *
 *	address: the ioctl's argument; length: its number << 32 | the file's number
 *
 * To stop at every system call is slow, so a thread first sends itself a signal, which only
 * the tracer sees, and which means: one of this thread's next system calls is that msync().
 */
#ifndef FASTRPC_MARKER_H
#define FASTRPC_MARKER_H

#define IOCTL_MARKER 0x51444100u
#define IOCTL_SIGNAL SIGWINCH

#endif /* FASTRPC_MARKER_H */
