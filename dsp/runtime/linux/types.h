/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* What the interface headers shared with the kernel need of <linux/types.h>. */
#ifndef QDA_RT_LINUX_TYPES_H
#define QDA_RT_LINUX_TYPES_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;

#endif
