// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * DSPs that are programs: what they add to a call, compared with the one in the kernel.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "client.h"
#include "ktap.h"
#include "module.h"
#include "real.h"

enum { BYTES = 64, CALC_ECHO = 4 };

static struct step echo_step(int fd, uint32_t handle, unsigned int method)
{
	static unsigned char in[BYTES], out[BYTES];
	struct invocation *inv = inv_new(handle, method);

	fill_pattern(in, sizeof(in), 3);
	inv_in(inv, in, sizeof(in));
	inv_out(inv, out, sizeof(out));
	return (struct step){
		.fd = fd,
		.cmd = DRM_IOCTL_QDA_REMOTE_INVOKE,
		.arg = &inv->req,
		.in = in,
		.out = out,
		.len = sizeof(in),
	};
}

/* A thread of this program that reads a message, copies, and writes the answer. */
void bench_thread_dsp(const struct subject *s)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct step step;
	int fd;

	dsp_serve(dsp, NULL, NULL);
	fd = dsp_open(dsp);
	s->create(fd);
	step = echo_step(fd, TEST_HANDLE, 2);
	step_check(&step);
	result("user_dsp_64", s, step_cost(&step));
	dsp_finish(dsp);
}

/* dspd and Hexagon code, the emulator included. */
void bench_dspd(const struct subject *s)
{
	struct image shell = image_load("qda_shell.elf");
	struct dsp *dsp = real_new("cdsp");
	int fd = real_session(dsp, shell);
	struct step step = echo_step(fd, module_open(fd, "calc"), CALC_ECHO);

	step_check(&step);
	result("dspd_64", s, step_cost(&step));
	dsp_finish(dsp);
}
