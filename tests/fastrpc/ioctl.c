// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * For LD_PRELOAD in arm64 programs under qemu-user: ioctl() with the letters that FastRPC's
 * library uses, 'R' of the DSP's nodes and 'H' of DMA-BUF heaps. Their structures are
 * the same on both machines. Every other ioctl goes the ordinary way.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "marker.h"

#define MAX_ERRNO 4095

static long system_call(long number, long a, long b, long c)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

static bool is_ours(unsigned long request)
{
	unsigned char letter = request >> 8;

	return letter == 'R' || letter == 'H';
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	long arg, ret;

	va_start(list, request);
	arg = va_arg(list, long);
	va_end(list);
	if (is_ours(request)) {
		system_call(SYS_tgkill, getpid(), gettid(), IOCTL_SIGNAL);
		ret = system_call(SYS_msync, arg, (long)(request << 32 | (uint32_t)fd),
				  IOCTL_MARKER);
	} else {
		ret = system_call(SYS_ioctl, fd, (long)request, arg);
	}
	/* What is less is a DSP's own code, which an ioctl returns as it is. */
	if (ret < 0 && ret >= -MAX_ERRNO) {
		errno = (int)-ret;
		return -1;
	}
	return (int)ret;
}
