// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A program of the older interface, which is how programs for these DSPs are made today. Its
 * module is not in the program that runs on the DSP: the DSP asks for the file, and a thread of the
 * application gives it out of a folder.
 */
#include <stdio.h>
#include <string.h>

#include "parts.h"
#include "rpc_client.h"

#define MODULE	     "libtwice_skel.so"
#define MODULE_URI   "file:///" MODULE "?twice_skel_handle_invoke&_modver=1.0"
#define TWICE_DOUBLE 2

static const char broken[] =
	"The log of the DSP's firmware may say why: vdsp/bringup log. 'make test' may tell more.";

/* Errors of the system are small negative numbers, codes of the DSP are not. */
static bool fail(const char *what, int ret, const char *to_do)
{
	bool system = ret < 0 && ret >= -4095;

	return step_fail(what, system ? ret : 0, system ? 0 : (uint32_t)ret, to_do);
}

/* What the DSP asks this program for, in the thread that serves it. */
static void tell_event(void *context, const char *what)
{
	static const char file[] = "fopen_with_env ";

	if (!strncmp(what, file, sizeof(file) - 1))
		step_say("The DSP asks for the file %s; it gets it from %s.",
			 what + sizeof(file) - 1, (const char *)context);
}

static bool check_twice(struct rpc_client *client, uint32_t twice, int32_t number)
{
	int32_t result = 0;
	int ret = rpc_call(client, twice, TWICE_DOUBLE, &number, sizeof(number), &result,
			   sizeof(result));

	if (ret)
		return fail("a call of the module failed", ret, broken);
	step_say("twice %d:            DSP %d, CPU %d", number, result, 2 * number);
	return result == 2 * number || step_fail("the results differ", 0, 0, broken);
}

static bool use_module(struct rpc_client *client)
{
	char text[RPC_TEXT_SIZE], what[RPC_TEXT_SIZE + 64];
	uint32_t twice;
	int ret;

	ret = rpc_module_open(client, MODULE_URI, &twice, text);
	if (ret) {
		snprintf(what, sizeof(what), "the DSP cannot load %s (%s)", MODULE, text);
		return fail(what, ret, broken);
	}
	step_say("It has loaded it; the handle is 0x%x.", twice);
	if (!check_twice(client, twice, 1013))
		return false;
	ret = rpc_module_close(client, twice);
	return !ret || fail("the module cannot be closed", ret, broken);
}

/* Programs wait for their listener: the DSP must let it go. */
static bool end(struct rpc_client *client)
{
	int ret = rpc_client_exit(client), last = rpc_client_join(client);

	rpc_client_close(client);
	if (ret)
		return fail("the process on the DSP does not end", ret, broken);
	return last == RPC_EBADSTATE || fail("the listener was not let go", last, broken);
}

bool use_old_interface(struct steps *steps, const char *domain, const char *folder)
{
	const char *const folders[] = { folder, NULL };
	char node[64];
	const struct rpc_options options = {
		.node = node,
		.pd = RPC_PD_UNSIGNED,
		.folders = folders,
		.event = tell_event,
		.context = (void *)folder,
	};
	struct rpc_client *client;
	bool ok;
	int ret;

	step_begin(steps, "Let the DSP load a file of a program for the older interface");
	snprintf(node, sizeof(node), "/dev/fastrpc-%s", domain);
	ret = rpc_client_open(&client, &options);
	if (ret)
		return fail(node, ret, "Is it there? Load the module qda_fastrpc_shim.");
	step_say("%s: a process on the DSP, and a thread here that serves it", node);
	ok = use_module(client);
	ok = end(client) && ok;
	if (ok)
		step_end(steps);
	return ok;
}
