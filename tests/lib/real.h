/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The whole way down: dspd is the firmware, a PD is a process of qemu-hexagon that
 * runs the ELF file of the caller.
 */
#ifndef TESTS_REAL_H
#define TESTS_REAL_H

#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "dsp.h"

/* Time that an emulator inside an emulator may need to start or to compute. */
#define REAL_MS 60000

struct image {
	void *data;
	size_t size;
};

/* A virtual DSP with dspd as its firmware; dsp_finish() ends both. */
struct dsp *real_new(const char *line);
/* Another dspd for a DSP that was taken down, when its dspd has seen that. */
void real_restart(struct dsp *dsp);

/* A file of the DSP side's build, like "qda_shell.elf". */
struct image image_load(const char *name);
struct image image_of_file(const char *path);

/* An unsigned PD from the image, on a file that dsp_finish() closes. */
int real_create(int fd, struct image image, struct drm_qda_init_create *create);
int real_session(struct dsp *dsp, struct image image);

/* Handle of a module; the test fails when the DSP has none of that name. */
uint32_t module_open(int fd, const char *name);
/* A call with at most one input and one output; the result of the ioctl. */
int real_call(int fd, uint32_t handle, unsigned int method, const void *in, size_t in_len,
	      void *out, size_t out_len, uint32_t *dsp_status);
/* The same, started in a thread. */
struct job *real_call_start(int fd, uint32_t handle, unsigned int method, const void *in,
			    size_t in_len, struct invocation **inv);

/* Methods of the module "probe", which does what DSP code should not do. */
enum probe_method {
	PROBE_READ = 2,
	PROBE_WRITE = 3,
	PROBE_CRASH = 4,
	PROBE_SLEEP = 5,
	PROBE_CODE = 6,
	PROBE_EXIT = 7,
	PROBE_SPIN = 8,
};

int probe_read(int fd, uint32_t handle, uint32_t address, uint32_t *value);

/* Number of processes that are PDs. */
int real_pds(void);
/* kill -9 for each of them; their number. */
int real_kill_pds(void);
/* A PD's process goes with the session, whatever was in it. */
void check_no_pd_left(void);

#endif /* TESTS_REAL_H */
