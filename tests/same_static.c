// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the firmware assigns to a DSP for drivers/misc/fastrpc.c and for our legacy interface: the
 * memory of the device tree for the audio PD, which the DSP is offered in the same messages,
 * and secure mappings. Both give it back; a part of the suite samewire.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "platform.h"
#include "samewire.h"

enum { STEPS = 4 };

/* An attachment: what the DSP was offered, what the client got. */
struct step {
	struct frpc_page page;
	int ret;
};

static void attach(struct dsp *dsp, int fd, uint32_t answer, struct step *step)
{
	static char name[] = "audiopd";
	struct fastrpc_init_create_static args = {
		.namelen = sizeof(name),
		.memlen = 3 * MIB,
		.name = (uintptr_t)name,
	};
	struct job *job = job_start(fd, FASTRPC_IOCTL_INIT_CREATE_STATIC, &args);
	struct dsp_call call;

	expect_static_pd(dsp, &call, name, &step->page);
	dsp_reply(dsp, &call, answer);
	step->ret = job_wait(job);
}

/* Refused, accepted, and then there are two more sessions. */
static void record(struct dsp *dsp, struct step steps[STEPS])
{
	int fd = legacy_open(dsp, true);

	attach(dsp, fd, FRPC_ENOMEMORY, &steps[0]);
	attach(dsp, fd, 0, &steps[1]);
	attach(dsp, legacy_open(dsp, true), 0, &steps[2]);
	attach(dsp, legacy_open(dsp, true), FRPC_ENOMEMORY, &steps[3]);
	CHECK_EQ(steps[1].page.addr, platform_get("assigned_at"));
	CHECK_EQ(steps[1].page.size, platform_get("assigned_size"));
	dsp_serve(dsp, NULL, NULL);
	while (dsp->file_count)
		close(dsp->files[--dsp->file_count]);
	platform_end(dsp);
}

TEST(same_memory_for_the_audio_pd_as_misc_fastrpc)
{
	static const char line[] = "adsp banks=4 heap=region vmids=2";
	struct step old[STEPS], ours[STEPS];

	platform_on(true);
	record(old_driver(line), old);
	platform_on(true);
	record(our_driver(line), ours);
	for (int i = 0; i < STEPS; i++) {
		CHECK_EQ(old[i].ret, ours[i].ret);
		CHECK_EQ(old[i].page.size, ours[i].page.size);
		CHECK_EQ(!old[i].page.addr, !ours[i].page.addr);
	}
	CHECK_EQ(MIB, old[0].page.size);
	CHECK_EQ(MIB, old[1].page.size);
	CHECK_EQ(0, old[2].page.size);
}

/* A call with a secure mapping of one page: what the firmware did, what the DSP was told. */
struct secure {
	long long size, to;
	bool physical;
	uint64_t told;
	int ret;
};

static void record_secure(struct dsp *dsp, struct secure *secure)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 3);
	struct session s = legacy_session(dsp);
	struct dsp_call seen;
	struct job *job;

	legacy_in(call, NULL, PAGE, heap_dmabuf(PAGE));
	call->args[0].attr = 1; /* FASTRPC_ATTR_SECUREMAP */
	job = legacy_call_start(s.fd, call);
	dsp_expect(dsp, &seen, TEST_HANDLE, 3);
	secure->size = platform_get("assigned_size");
	secure->to = platform_get("assigned_to");
	secure->physical = (unsigned long long)platform_get("assigned_at") == seen.page[0].addr;
	secure->told = seen.page[0].size;
	dsp_reply(dsp, &seen, 0);
	secure->ret = job_wait(job);
	free(call);
	dsp_serve(dsp, NULL, NULL);
	while (dsp->file_count)
		close(dsp->files[--dsp->file_count]);
	platform_end(dsp);
}

TEST(same_secure_mapping_as_misc_fastrpc)
{
	static const char line[] = "cdsp vmids=2";
	struct secure old, ours;

	platform_on(true);
	record_secure(old_driver(line), &old);
	platform_on(true);
	record_secure(our_driver(line), &ours);
	CHECK_OK(old.ret);
	CHECK_OK(ours.ret);
	CHECK_EQ(PAGE, old.size);
	CHECK_EQ(PAGE, ours.size);
	CHECK_EQ(old.to, ours.to);
	CHECK_EQ(old.told, ours.told);
	CHECK(old.physical && ours.physical);
}
