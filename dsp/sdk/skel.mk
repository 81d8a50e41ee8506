# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The QDA authors
#
# How a skel becomes a shared object that a DSP loads: clang and lld of a distribution, the
# headers in dsp/include, and nothing else. Include it, then
#
#	libtwice_skel.so: twice_skel.c
#		$(QDA_SKEL_CC) -o $@ $^ $(QDA_SKEL_BUILTINS)
#	$(QDA_SKEL_CHECK) libtwice_skel.so
#
# What the object may import from the DSP is in imports; the check refuses what is not.

QDA_SDK := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
# Any clang with the Hexagon target (all that Debian has), and lld of the same version
HEXAGON_CC ?= $(firstword $(notdir $(shell command -v clang clang-19 clang-16 clang-14)))

# Divisions and the like, which the compiler calls, and string.h: not every DSP has all of them.
QDA_SKEL_BUILTINS := $(addprefix $(QDA_SDK)/../runtime/,divide.c divide_float.c string.c)

# Loaders of DSPs count symbols in the old hash table; their pages have 4 KiB.
QDA_SKEL_CC := $(HEXAGON_CC) --target=hexagon-unknown-elf -mv67 -std=gnu11 -O2 -Wall -Wextra \
	-ffreestanding -fno-builtin -fuse-init-array -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections \
	-nostdlib -shared -fuse-ld=lld -I$(QDA_SDK)/../include -I$(QDA_SDK)/../runtime \
	-Wl,--hash-style=sysv -Wl,-z,max-page-size=4096 -Wl,-z,norelro -Wl,--gc-sections \
	-Wl,--build-id=none -Wl,--wrap=malloc -Wl,--wrap=free
QDA_SKEL_CHECK := $(QDA_SDK)/check_imports
