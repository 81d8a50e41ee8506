/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Lines for the application's log wait in a ring for a thread of their own: whoever
 * prints must not wait for the application, which perhaps waits for him.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "HAP_farf.h"
#include "apps.h"
#include "listener.h"
#include "thread.h"

#define LOG_LINES  64
#define LOG_STACK  0x8000
#define METHOD_LOG REMOTE_SCALARS_MAKE(0, 2, 0)

/* A line as the application takes it. */
struct log_node {
	int32_t level;
	uint16_t line;
	uint16_t thread;
	char text[218]; /* ends its line itself */
	char file[30];
};

_Static_assert(sizeof(struct log_node) == 256, "node as applications lay it out");

/* lock protects all of this. */
static struct rt_mutex lock;
static struct rt_cond cond;
static struct log_node ring[LOG_LINES];
static uint32_t written; /* lines ever put into the ring */
static uint32_t sent;	 /* and taken out of it */
static bool running;
static bool refused; /* the application has no log for us */
static struct rt_thread thread;

/* Takes one line out; the oldest ones are lost when there were too many. */
static void take(struct log_node *node)
{
	rt_mutex_lock(&lock);
	while (sent == written)
		rt_cond_wait(&cond, &lock);
	if (written - sent > LOG_LINES)
		sent = written - LOG_LINES;
	*node = ring[sent++ % LOG_LINES];
	rt_mutex_unlock(&lock);
}

static void send_lines(void *arg)
{
	struct log_node node;
	uint32_t len = sizeof(node);
	remote_arg args[2] = {
		{ .buf = { &len, sizeof(len) } },
		{ .buf = { &node, sizeof(node) } },
	};

	(void)arg;
	do {
		take(&node);
	} while (!apps_invoke(APPS_LOG, METHOD_LOG, args));
	rt_mutex_lock(&lock);
	refused = true;
	rt_mutex_unlock(&lock);
}

/* The last part of a path is enough. */
static const char *short_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static void to_application(int level, const char *file, int line, const char *text)
{
	struct log_node *node;

	if (!listener_came(0))
		return;
	rt_mutex_lock(&lock);
	if (!running && !refused) {
		running = !rt_thread_start(&thread, send_lines, NULL, LOG_STACK);
		refused = !running;
	}
	if (!refused) {
		node = &ring[written++ % LOG_LINES];
		*node = (struct log_node){ .level = level, .line = (uint16_t)line };
		snprintf(node->text, sizeof(node->text), "%.*s\n", (int)sizeof(node->text) - 2,
			 text);
		snprintf(node->file, sizeof(node->file), "%s", file);
		rt_cond_wake(&cond);
	}
	rt_mutex_unlock(&lock);
}

void HAP_debug(const char *msg, int level, const char *file, int line)
{
	file = short_name(file);
	log_line("%s:%d: %s", file, line, msg);
	to_application(level, file, line, msg);
}

static void print(int level, const char *file, int line, const char *format, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	HAP_debug(text, level, file, line);
}

void HAP_debug_v2(int level, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(level, file, line, format, args);
	va_end(args);
}

void HAP_debug_runtime(int level, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(level, file, line, format, args);
	va_end(args);
}

int HAP_setFARFRuntimeLoggingParams(unsigned int mask, const char *files[], unsigned short count)
{
	(void)mask, (void)files, (void)count;
	return 0;
}
