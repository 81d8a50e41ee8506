// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include <pthread.h>
#include <stdlib.h>

#include "bench.h"
#include "ktap.h"

struct worker {
	pthread_t thread;
	pthread_barrier_t *start;
	struct step *step;
	unsigned int calls;
};

static void *work(void *arg)
{
	struct worker *worker = arg;

	step_run(worker->step);
	pthread_barrier_wait(worker->start);
	for (unsigned int i = 0; i < worker->calls; i++)
		step_run(worker->step);
	return NULL;
}

double threads_cost(struct step *steps, unsigned int count, unsigned int calls)
{
	struct worker *workers = calloc(count, sizeof(*workers));
	pthread_barrier_t start;
	double begin;

	pthread_barrier_init(&start, NULL, count + 1);
	for (unsigned int i = 0; i < count; i++) {
		workers[i] = (struct worker){
			.start = &start,
			.step = &steps[i],
			.calls = calls / count,
		};
		CHECK(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	pthread_barrier_wait(&start);
	begin = now_ns();
	for (unsigned int i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	begin = now_ns() - begin;
	pthread_barrier_destroy(&start);
	free(workers);
	return begin / (calls / count * count);
}
