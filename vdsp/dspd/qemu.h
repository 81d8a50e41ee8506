/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Is the emulator there, and new enough? */
#ifndef DSPD_QEMU_H
#define DSPD_QEMU_H

/*
 * 0, or -errno when it cannot be run, or -ENOTSUP when it is too old. QEMU before 11.1 takes
 * an mmap() of a character device, which is how a process sees its memory, and gives
 * it memory of its own without a word: every result would be wrong.
 */
int qemu_check(const char *qemu);

#endif
