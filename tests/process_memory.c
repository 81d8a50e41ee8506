// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The memory that the DSP is given for a process: how much, and what is in it. Part of
 * the suite "process".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"

/* A session, its last process, and the memory of that */
struct owner {
	struct dsp *dsp;
	struct session s;
	struct frpc_page page;
};

static struct owner owner_new(struct dsp *dsp)
{
	return (struct owner){ .dsp = dsp, .s.fd = accel_open(dsp->node) };
}

/* Takes the CREATE that somebody sends. */
static void take_create(struct owner *o, struct dsp_call *call)
{
	struct frpc_create wire;
	uint64_t len;

	expect_create(o->dsp, call, &wire);
	memcpy(&o->page, dsp_arg(o->dsp, call, 3, &len), sizeof(o->page));
	CHECK_EQ(sizeof(o->page), len);
	CHECK(dsp_can_read(o->dsp, o->page.addr + o->page.size - 1));
	o->s.id = wire.client_id;
}

static void owner_create_with(struct owner *o, struct drm_qda_init_create *create)
{
	struct job *job = create_start(o->s.fd, create);
	struct dsp_call call;

	take_create(o, &call);
	dsp_reply(o->dsp, &call, 0);
	CHECK_OK(job_wait(job));
}

static void owner_create(struct owner *o, uint32_t attrs)
{
	struct drm_qda_init_create create = { .filefd = -1, .attrs = attrs };

	owner_create_with(o, &create);
}

static char *memory_of(struct owner *o)
{
	return dsp_mem(o->dsp, o->page.addr, o->page.size);
}

static void use_memory(struct owner *o)
{
	memset(memory_of(o), POISON, o->page.size);
}

static void check_filled(struct owner *o, int byte)
{
	char *expected = malloc(o->page.size);

	memset(expected, byte, o->page.size);
	CHECK_MEM(expected, memory_of(o), o->page.size);
	free(expected);
}

static void owner_close(struct owner *o)
{
	struct dsp_call call;

	close(o->s.fd);
	expect_release(o->dsp, &call, o->s.id);
	dsp_reply(o->dsp, &call, 0);
	qda_wait(o->dsp, "sessions", 0);
}

#define UNSIGNED QDA_ATTR_UNSIGNED_MODULE

/* The next process gets what the last one had, as long as that is enough. */
TEST(init_memory_is_kept_for_the_next_process)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct owner o = owner_new(dsp);
	struct frpc_page first;

	owner_create(&o, UNSIGNED);
	first = o.page;
	for (int i = 0; i < 3; i++) {
		use_memory(&o);
		session_release(dsp, &o.s);
		owner_create(&o, UNSIGNED);
		CHECK_EQ(first.addr, o.page.addr);
		CHECK_EQ(first.size, o.page.size);
		check_filled(&o, POISON);
	}
	owner_close(&o);
	dsp_finish(dsp);
}

TEST(init_memory_is_kept_when_a_process_died)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct owner o = owner_new(dsp);
	struct drm_qda_init_create create = UNSIGNED_PD;
	struct frpc_page first;
	struct dsp_call call;
	struct job *job;

	owner_create(&o, UNSIGNED);
	first = o.page;
	session_die(dsp, &o.s);
	job = create_start(o.s.fd, &create);
	expect_release(dsp, &call, o.s.id);
	dsp_reply(dsp, &call, 0);
	take_create(&o, &call);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(first.addr, o.page.addr);
	owner_close(&o);
	dsp_finish(dsp);
}

TEST(init_memory_grows_with_a_later_create)
{
	static const uint32_t sizes[] = { 0, 2 * MIB, 100, 3 * MIB };
	static const uint64_t want[] = { 4 * MIB, 8 * MIB, 8 * MIB, 12 * MIB };
	struct dsp *dsp = dsp_new("cdsp");
	struct owner o = owner_new(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct drm_qda_init_create create = UNSIGNED_PD;

		create.filelen = sizes[i];
		create.file = sizes[i] ? (uintptr_t)guarded_alloc(sizes[i]) : 0;
		owner_create_with(&o, &create);
		CHECK_EQ(want[i], o.page.size);
		session_release(dsp, &o.s);
	}
	close(o.s.fd);
	dsp_finish(dsp);
}

/* New memory is zero: what is larger than before, too, and that of another session. */
TEST(init_memory_starts_as_zero)
{
	struct dsp *dsp = dsp_new("cdsp banks=1");

	for (int i = 0; i < 2; i++) {
		struct drm_qda_init_create create = UNSIGNED_PD;
		struct owner o = owner_new(dsp);

		owner_create(&o, UNSIGNED);
		check_filled(&o, 0);
		use_memory(&o);
		session_release(dsp, &o.s);
		create.filelen = 2 * MIB;
		create.file = (uintptr_t)guarded_alloc(2 * MIB);
		owner_create_with(&o, &create);
		check_filled(&o, 0);
		use_memory(&o);
		owner_close(&o);
	}
	dsp_finish(dsp);
}

/* A process with fewer rights must not see what one with more has left. */
TEST(init_memory_is_not_kept_for_other_attrs)
{
	static const uint32_t attrs[] = { 0, UNSIGNED, UNSIGNED | QDA_ATTR_DEBUG, 0 };
	struct dsp *dsp = dsp_new("cdsp");
	struct owner o = owner_new(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		owner_create(&o, attrs[i]);
		check_filled(&o, 0);
		use_memory(&o);
		session_release(dsp, &o.s);
	}
	close(o.s.fd);
	dsp_finish(dsp);
}

static int create_and_exit(void *arg)
{
	struct drm_qda_init_create create = UNSIGNED_PD;

	return qda_create(*(int *)arg, &create) ? 1 : 0;
}

/* Nor must another program that has got the file. */
TEST(init_memory_is_not_kept_for_another_program)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct owner o = owner_new(dsp);
	struct dsp_call call;
	pid_t pid;

	owner_create(&o, UNSIGNED);
	for (int i = 0; i < 2; i++) {
		use_memory(&o);
		session_release(dsp, &o.s);
		pid = client_start(create_and_exit, &o.s.fd);
		take_create(&o, &call);
		check_filled(&o, 0);
		dsp_reply(dsp, &call, 0);
		CHECK_EQ(0, client_wait(pid));
	}
	owner_close(&o);
	dsp_finish(dsp);
}

/* Who knows what the DSP still does with it. */
TEST(init_memory_is_not_kept_when_the_release_is_refused)
{
	struct drm_qda_session_release release = { 0 };
	struct dsp *dsp = dsp_new("cdsp");
	struct owner o = owner_new(dsp);
	struct dsp_call call;
	struct job *job;

	owner_create(&o, UNSIGNED);
	use_memory(&o);
	job = release_start(o.s.fd, &release);
	expect_release(dsp, &call, o.s.id);
	dsp_reply(dsp, &call, 5);
	CHECK_ERR(-EREMOTEIO, job_wait(job));
	owner_create(&o, UNSIGNED);
	check_filled(&o, 0);
	owner_close(&o);
	dsp_finish(dsp);
}

TEST(init_memory_is_not_kept_when_the_create_is_refused)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct owner o = owner_new(dsp);

	owner_create(&o, UNSIGNED);
	use_memory(&o);
	session_release(dsp, &o.s);
	session_create_refused(dsp, o.s.fd);
	owner_create(&o, UNSIGNED);
	check_filled(&o, 0);
	owner_close(&o);
	dsp_finish(dsp);
}

/* The DSP goes away while the file has memory but no process. */
TEST(kept_init_memory_goes_with_the_dsp)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct owner o = owner_new(dsp);
	struct drm_qda_init_create create = UNSIGNED_PD;

	owner_create(&o, UNSIGNED);
	session_release(dsp, &o.s);
	CHECK(vdsp_get(dsp, "pages_mapped") > dsp->pages_at_start);
	vdsp_set(dsp, "up", 0);
	vdsp_wait(dsp, "pages_mapped", dsp->pages_at_start);
	CHECK_ERR(-ENODEV, qda_create(o.s.fd, &create));
	close(o.s.fd);
	dsp_remove(dsp);
}
