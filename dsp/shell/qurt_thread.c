/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"
#include "qurt.h"
#include "sys.h"
#include "thread.h"

#define MAX_THREADS 512
#define MIN_STACK   0x10000u
#define MAX_STACK   0x1000000u
#define CRASH_STACK 0x4000u
#define FIRST_ID    0x1000u

_Static_assert(sizeof(qurt_thread_attr_t) == 36, "attributes as objects fill them in");

/*
 * Every thread that was made here, or asked for its number. Those that serve calls are of
 * the second kind and never end.
 */
struct entry {
	struct rt_thread *thread; /* NULL: the place is free */
	uint32_t id;
	int priority;
	char name[QURT_NAME_LEN];
	bool ended;
	int status;
	struct made *made; /* of the first kind */
};

/* What a thread that was made here runs on, and first of all runs. */
struct made {
	struct rt_thread thread;
	void (*fn)(void *arg);
	void *arg;
	char *crash_stack;
};

/* lock protects the table; cond tells of threads that end. */
static struct rt_mutex lock;
static struct rt_cond cond;
static struct entry entries[MAX_THREADS];
static uint32_t last_id = FIRST_ID;

static struct entry *find(uint32_t id)
{
	for (int i = 0; i < MAX_THREADS; i++) {
		if (entries[i].thread && entries[i].id == id)
			return &entries[i];
	}
	return NULL;
}

/* The stack of a thread that ended; waits for the last instructions that it runs on it. */
static void free_made(struct entry *entry)
{
	if (!entry->made)
		return;
	rt_thread_join(&entry->made->thread);
	free(entry->made->crash_stack);
	free(entry->made);
	entry->made = NULL;
}

/* A free place; when there is none, that of a thread that ended and that nobody joined. */
static struct entry *take_place(void)
{
	struct entry *place = NULL;

	for (int i = 0; i < MAX_THREADS; i++) {
		if (!entries[i].thread)
			return &entries[i];
		if (entries[i].ended && (!place || entries[i].id < place->id))
			place = &entries[i];
	}
	if (place)
		free_made(place);
	return place;
}

static struct entry *add(struct rt_thread *thread, int priority, const char *name)
{
	struct entry *entry = take_place();

	if (!entry)
		return NULL;
	*entry = (struct entry){ .thread = thread, .id = ++last_id, .priority = priority };
	memcpy(entry->name, name, strnlen(name, QURT_NAME_LEN - 1));
	return entry;
}

/* NULL only when there are more threads than places. */
static struct entry *self(void)
{
	struct rt_thread *thread = rt_thread_self();

	for (int i = 0; i < MAX_THREADS; i++) {
		if (entries[i].thread == thread && !entries[i].ended)
			return &entries[i];
	}
	return add(thread, QURT_PRIORITY, "call");
}

static void start(void *arg)
{
	struct made *made = arg;

	crash_thread_stack(made->crash_stack, CRASH_STACK);
	made->fn(made->arg);
	qurt_thread_exit(QURT_EOK);
}

/* With the lock: the thread must not look for itself before it is in the table. */
static int start_locked(struct made *made, const qurt_thread_attr_t *attr, uint32_t *id)
{
	struct entry *entry = add(&made->thread, attr->priority, attr->name);
	uint32_t stack = attr->stack_size;

	if (!entry)
		return QURT_EMEM;
	if (stack < MIN_STACK)
		stack = MIN_STACK;
	if (rt_thread_start(&made->thread, start, made, stack)) {
		entry->thread = NULL;
		return QURT_EMEM;
	}
	entry->made = made;
	*id = entry->id;
	return QURT_EOK;
}

/* Stacks of threads that ended, of which nobody may ever ask for the status. */
static void sweep(void)
{
	for (int i = 0; i < MAX_THREADS; i++) {
		if (entries[i].thread && entries[i].ended)
			free_made(&entries[i]);
	}
}

int qurt_thread_create(qurt_thread_t *thread, qurt_thread_attr_t *attr, void (*fn)(void *arg),
		       void *arg)
{
	struct made *made;
	int error;

	if (!thread || !attr || !fn || attr->stack_size > MAX_STACK)
		return QURT_EINVALID;
	made = calloc(1, sizeof(*made));
	if (!made)
		return QURT_EMEM;
	made->fn = fn;
	made->arg = arg;
	made->crash_stack = malloc(CRASH_STACK);
	error = made->crash_stack ? 0 : QURT_EMEM;
	rt_mutex_lock(&lock);
	sweep();
	if (!error)
		error = start_locked(made, attr, thread);
	rt_mutex_unlock(&lock);
	if (error) {
		free(made->crash_stack);
		free(made);
	}
	return error;
}

/* From a thread that serves a call this is a mistake: nobody would answer the call. */
void qurt_thread_exit(int status)
{
	struct entry *entry;

	rt_mutex_lock(&lock);
	entry = self();
	if (!entry || !entry->made) {
		log_line("qurt_thread_exit in a thread that serves a call");
		sys_abort();
	}
	entry->ended = true;
	entry->status = status;
	rt_cond_wake(&cond);
	rt_mutex_unlock(&lock);
	sys_thread_exit();
}

int qurt_thread_join(qurt_thread_t thread, int *status)
{
	struct entry *entry;
	int error = QURT_EOK;

	rt_mutex_lock(&lock);
	entry = find(thread);
	if (!entry || entry->ended)
		error = QURT_ENOTHREAD;
	while (entry && !entry->ended) {
		rt_cond_wait(&cond, &lock);
		entry = find(thread);
	}
	if (entry) {
		*status = entry->status;
		free_made(entry);
		entry->thread = NULL;
	}
	rt_mutex_unlock(&lock);
	return error;
}

qurt_thread_t qurt_thread_get_id(void)
{
	struct entry *entry;
	uint32_t id;

	rt_mutex_lock(&lock);
	entry = self();
	id = entry ? entry->id : 0;
	rt_mutex_unlock(&lock);
	return id;
}

void qurt_thread_get_name(char *name, unsigned char max_len)
{
	const struct entry *entry;
	size_t len = 0;

	if (!max_len)
		return;
	rt_mutex_lock(&lock);
	entry = self();
	if (entry) {
		len = strnlen(entry->name, max_len - 1u);
		memcpy(name, entry->name, len);
	}
	rt_mutex_unlock(&lock);
	name[len] = '\0';
}

int qurt_thread_get_priority(qurt_thread_t thread)
{
	const struct entry *entry;
	int priority;

	rt_mutex_lock(&lock);
	entry = find(thread);
	priority = entry ? entry->priority : -1;
	rt_mutex_unlock(&lock);
	return priority;
}

int qurt_thread_set_priority(qurt_thread_t thread, unsigned short priority)
{
	struct entry *entry;

	rt_mutex_lock(&lock);
	entry = find(thread);
	if (entry && !entry->ended)
		entry->priority = priority;
	rt_mutex_unlock(&lock);
	return entry ? QURT_EOK : QURT_ENOTHREAD;
}
