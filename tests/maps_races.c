// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Persistent mappings and many threads at once. Part of the suite "maps".
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "remote_map.h"
#include "sys.h"

#define KEY 7

/* Who never got a turn has reserved nothing, whether it was killed or ran out of time. */
TEST(killed_or_too_late_while_it_waits_for_its_turn)
{
	enum { CALLS = 111 };
	static struct dsp_call calls[CALLS];
	static struct job *jobs[CALLS];
	struct dsp *dsp = dsp_new("cdsp");
	int fd = accel_open(dsp->node);
	struct session s = session_create(dsp, fd);
	struct buffer b = buffer_new(fd, PAGE, 0);
	struct drm_qda_remote_map map = map_of(&b, 0, PAGE, KEY);
	static struct drm_qda_invoke reqs[CALLS];
	pid_t pid;

	for (int i = 0; i < CALLS; i++) {
		/* A signal leaves its call's cookie in the structure: no two calls share one. */
		reqs[i] = (struct drm_qda_invoke){ .handle = TEST_HANDLE };
		jobs[i] = invoke_start(fd, &reqs[i]);
		dsp_expect(dsp, &calls[i], TEST_HANDLE, 0);
	}
	pid = client_ioctl(fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);
	qda_wait(dsp, "remote_maps", 1);
	dsp_expect_silence(dsp);
	client_kill(pid);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	dsp_answer_within(SHORT_MS);
	CHECK_ERR(-ETIMEDOUT, qda_map(fd, &map));
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	CHECK_EQ(0, map.vaddrout);
	for (int i = 0; i < CALLS; i++) {
		dsp_reply(dsp, &calls[i], 0);
		CHECK_OK(job_wait(jobs[i]));
	}
	/* Nothing was waiting to be said. */
	map_key(dsp, &s, &b, 0, PAGE, KEY);
	buffer_munmap(&b);
	session_release(dsp, &s);
	close(fd);
	buffers_finish(dsp);
}

struct racer {
	struct session *s;
	struct buffer *b;
	atomic_bool *stop;
	unsigned int seed;
	atomic_ulong worked;
};

/* Every one of them has done something: without that nothing has been tested. */
static bool all_worked(struct racer *r, int count)
{
	for (int i = 0; i < count; i++)
		if (!atomic_load(&r[i].worked))
			return false;
	return true;
}

static unsigned long all_work(struct racer *r, int count)
{
	unsigned long work = 0;

	for (int i = 0; i < count; i++)
		work += atomic_load(&r[i].worked);
	return work;
}

static void race_map(struct racer *r)
{
	struct drm_qda_remote_map map = map_of(r->b, 0, PAGE, KEY);
	int ret = qda_map(r->s->fd, &map);

	if (ret && ret != -EEXIST)
		FAIL("mapping in a race: %d", ret);
	r->worked += !ret;
}

static void race_unmap(struct racer *r)
{
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	int ret = qda_munmap(r->s->fd, &munmap);

	if (ret && ret != -ENOENT && ret != -EBUSY)
		FAIL("unmapping in a race: %d", ret);
	r->worked += !ret;
}

static void race_call(struct racer *r)
{
	struct invocation *inv = inv_new(TEST_HANDLE, 3);
	int ret;

	inv_key_in(inv, KEY, 5, 100);
	ret = qda_invoke(r->s->fd, &inv->req);
	if (ret && ret != -ENOENT)
		FAIL("a call in a race: %d", ret);
	r->worked += !ret;
	free(inv);
}

static void *racer_main(void *data)
{
	static void (*const steps[])(struct racer *) = { race_map, race_unmap, race_call };
	struct racer *r = data;

	while (!atomic_load(r->stop))
		steps[rand_r(&r->seed) % ARRAY_SIZE(steps)](r);
	return NULL;
}

/* Reads what each handle stands for: the memory is there as long as the call. */
static uint32_t read_handles(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	(void)arg;
	if (call->msg.handle == FRPC_HANDLE_INIT)
		return 0;
	if (!dsp_can_read(dsp, call->page[0].addr))
		FAIL("a call's handle stands for memory that is not mapped");
	return 0;
}

TEST(one_key_from_many_threads)
{
	enum { THREADS = 6, CALLS = 1000 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_remote_munmap munmap = munmap_of(KEY);
	struct racer r[THREADS];
	pthread_t threads[THREADS];
	atomic_bool stop = false;
	long long first = vdsp_get(dsp, "calls");

	dsp_serve(dsp, read_handles, NULL);
	for (unsigned int i = 0; i < THREADS; i++) {
		r[i] = (struct racer){ .s = &s, .b = &b, .stop = &stop, .seed = i };
		CHECK(!pthread_create(&threads[i], NULL, racer_main, &r[i]));
	}
	while (vdsp_get(dsp, "calls") < first + CALLS || !all_worked(r, THREADS))
		usleep(10000);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	qda_munmap(s.fd, &munmap);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	buffer_close(&b);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	buffers_finish(dsp);
}

/* The same while the process is made and released. */
static bool is_expected(int ret)
{
	return !ret || ret == -ENOENT || ret == -EBUSY || ret == -EEXIST || ret == -ENOTCONN;
}

static void *mapper_main(void *data)
{
	struct racer *r = data;

	while (!atomic_load(r->stop)) {
		struct drm_qda_remote_map map = map_of(r->b, 0, PAGE, rand_r(&r->seed) % 3);
		struct drm_qda_remote_map heap = map_of_heap(PAGE);
		struct drm_qda_remote_munmap munmap = munmap_of(rand_r(&r->seed) % 3);
		int ret[3] = { qda_map(r->s->fd, &map), qda_map(r->s->fd, &heap),
			       qda_munmap(r->s->fd, &munmap) };

		for (int i = 0; i < 3; i++)
			if (!is_expected(ret[i]))
				FAIL("step %d of a race: %d", i, ret[i]);
		r->worked += !ret[0] || !ret[1];
	}
	return NULL;
}

TEST(processes_come_and_go_while_threads_map)
{
	enum { THREADS = 3, ROUNDS = 15 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);
	struct drm_qda_session_release release = { 0 };
	struct racer r[THREADS];
	pthread_t threads[THREADS];
	atomic_bool stop = false;

	dsp_serve(dsp, NULL, NULL);
	for (unsigned int i = 0; i < THREADS; i++) {
		r[i] = (struct racer){ .s = &s, .b = &b, .stop = &stop, .seed = i };
		CHECK(!pthread_create(&threads[i], NULL, mapper_main, &r[i]));
	}
	for (int round = 0; round < ROUNDS || !all_worked(r, THREADS); round++) {
		struct drm_qda_init_create create = UNSIGNED_PD;

		CHECK_OK(qda_release(s.fd, &release));
		CHECK_OK(qda_create(s.fd, &create));
		/* The next release meets them at work. */
		for (unsigned long before = all_work(r, THREADS); all_work(r, THREADS) == before;)
			usleep(1000);
	}
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK_OK(qda_release(s.fd, &release));
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	buffers_finish(dsp);
}
