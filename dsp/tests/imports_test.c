/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * What objects find in the process by name does what it should: the objects look themselves.
 *	imports_test QEMU SHELL LIBS TESTLIBS
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "files.h"
#include "maps.h"

#define KEY 77

static struct app app;
static struct files files;

static uint32_t begin(struct shell *shell, char **argv, const char *name)
{
	char text[ERROR_TEXT] = "", uri[200];
	uint32_t handle;

	*shell = start(argv[1], argv[2]);
	app_start(&app, shell, false, 4096);
	files = (struct files){ .dirs = { argv[3], argv[4] }, .heap = VDSP_IOVA_START + 0x1000000 };
	app.serve = files_serve;
	app.context = &files;
	app_init(&app);
	snprintf(uri, sizeof(uri), "file:///lib%s_skel.so?%s_skel_handle_invoke&_modver=1.0", name,
		 name);
	check(!app_open(&app, uri, &handle, text), "load %s: %s", name, text);
	return handle;
}

static void run(uint32_t handle, uint32_t method, const char *what)
{
	uint32_t line = 1;
	struct buffer out = { &line, 4 };
	uint32_t code = app_invoke(&app, handle, FRPC_SC(method, 0, 1), &out);

	check(!code && !line, "%s: 0x%x, line %u", what, code, line);
}

static void end(struct shell *shell)
{
	char log[4096];
	int status = stop(shell, log, sizeof(log));

	check(WIFEXITED(status) && !WEXITSTATUS(status), "the process ends in order: %s", log);
}

static void test_death(char **argv, uint32_t method, int signal, const char *part)
{
	struct shell shell;
	uint32_t handle = begin(&shell, argv, "threads"), line;
	struct buffer out = { &line, 4 };
	char log[4096];
	int status;

	check(app_invoke(&app, handle, FRPC_SC(method, 0, 1), &out) == NO_ANSWER,
	      "no answer from method %u", method);
	status = stop(&shell, log, sizeof(log));
	check(WIFSIGNALED(status) && WTERMSIG(status) == signal, "ended by signal %d",
	      WTERMSIG(status));
	check(strstr(log, part), "the log has \"%s\": %s", part, log);
}

static uint32_t sum_mapped(uint32_t handle, uint32_t key, uint32_t len, uint32_t *code)
{
	uint32_t in[2] = { key, len }, sum = 0;
	struct buffer buffers[] = { { in, 8 }, { &sum, 4 } };

	*code = app_invoke(&app, handle, FRPC_SC(6, 1, 1), buffers);
	return sum;
}

/* A buffer that the driver mapped, and one that the application maps when it is asked. */
static void test_mapped(struct shell *shell, uint32_t handle)
{
	struct pd_map map = { KEY, PD_MAP_KEY, VDSP_IOVA_START + 0x2000000, 0x3000 };
	uint32_t want = 0, code, sum;

	for (uint32_t i = 0; i < map.size; i++) {
		*(uint8_t *)at(shell, map.iova + i) = (uint8_t)(i * 7);
		want += (uint8_t)(i * 7);
	}
	sum = sum_mapped(handle, KEY, map.size, &code);
	check(code, "a key that nobody knows: line %u", code);
	check(files.handles_asked == 1, "the application was asked for it");
	maps_add(shell->maps, &map);
	sum = sum_mapped(handle, KEY, map.size, &code);
	check(!code && sum == want, "a mapped buffer is summed up: line %u", code);
	sum_mapped(handle, KEY, map.size + 1, &code);
	check(code, "not more than there is");
	maps_remove(shell->maps, &map);
	files.handle_map = map;
	sum = sum_mapped(handle, KEY, map.size, &code);
	check(!code && sum == want, "a buffer that the application maps: line %u", code);
	check(files.handles_asked == 3 && files.handles_dropped == 2, "and unmaps, a part, too");
}

/* sdk/imports is a promise: an object that needs every name in it is loaded. */
static void test_all(void)
{
	char text[ERROR_TEXT] = "";
	uint32_t handle;

	check(!app_open(&app, "imports", &handle, text), "all that skels may import is here: %s",
	      text);
}

int main(int argc, char **argv)
{
	struct shell shell;
	uint32_t handle;

	if (argc < 5)
		return 2;
	handle = begin(&shell, argv, "threads");
	run(handle, 2, "threads, mutex and barrier");
	run(handle, 3, "a mutex goes to the best priority");
	run(handle, 4, "signals");
	run(handle, 5, "numbers, names, priorities and ends of threads");
	run(handle, 6, "stacks");
	run(handle, 12, "words to wait for, and the processor");
	test_all();
	end(&shell);
	handle = begin(&shell, argv, "resources");
	run(handle, 2, "VTCM");
	run(handle, 3, "cache");
	run(handle, 4, "heap");
	run(handle, 5, "power and times");
	test_mapped(&shell, handle);
	end(&shell);
	test_death(argv, 7, 11, "in libthreads_skel.so");
	test_death(argv, 8, 11, "crash: SIGSEGV");
	test_death(argv, 9, 6, "assertion failed in die: two is three");
	test_death(argv, 10, 6, "stack frame");
	test_death(argv, 11, 6, "qurt_thread_exit");
	return finish();
}
