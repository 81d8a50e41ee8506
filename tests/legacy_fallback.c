// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Firmware that has only the older handles for its listener and for modules: a program tries the
 * newer ones first, and what tells it to use the others is the DSP's code, which the driver
 * must pass on as it is. The test is the firmware. Part of the suite "legacy".
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "ktap.h"
#include "legacy.h"
#include "rpc_client.h"

#define MODULE	   0x12345
#define HANDLES	   16
#define METHODS	   8
#define ENOSUCHMOD 0x8000043eu

/* A program that opens a module and ends. */
struct program {
	pthread_t thread;
	int opened;
	uint32_t module;
	int listened;
};

/* What came from it, and the call that waits for a request of the DSP. */
struct firmware {
	struct dsp *dsp;
	uint32_t refusal; /* of the newer handles */
	unsigned int count[HANDLES][METHODS];
	struct dsp_call waiting;
	bool waits;
	bool exiting;
};

static void *run_program(void *arg)
{
	struct rpc_options options = { .node = "/dev/fastrpc-cdsp", .pd = RPC_PD_UNSIGNED };
	struct program *program = arg;
	struct rpc_client *client;

	program->opened = rpc_client_open(&client, &options);
	if (program->opened)
		return NULL;
	program->opened = rpc_module_open(client, "module", &program->module, NULL);
	rpc_client_exit(client);
	program->listened = rpc_client_join(client);
	rpc_client_close(client);
	return NULL;
}

static void give_module(struct dsp *dsp, const struct dsp_call *call)
{
	const uint32_t opened[2] = { MODULE, 0 };
	uint64_t len;

	memcpy(dsp_arg(dsp, call, 2, &len), opened, sizeof(opened));
	dsp_reply(dsp, call, 0);
}

/* The call that waits is answered when the program ends, whichever comes first. */
static void let_go(struct firmware *fw)
{
	if (fw->waits && fw->exiting)
		dsp_reply(fw->dsp, &fw->waiting, FRPC_EBADSTATE);
}

static void answer(struct firmware *fw, const struct dsp_call *call)
{
	uint32_t handle = call->msg.handle, method = FRPC_SC_METHOD(call->msg.sc);

	if (handle == RPC_LISTENER1 || handle == RPC_REMOTECTL1) {
		dsp_reply(fw->dsp, call, fw->refusal);
	} else if (handle == RPC_REMOTECTL) {
		give_module(fw->dsp, call);
	} else if (handle == RPC_LISTENER && method == 4) {
		fw->waiting = *call;
		fw->waits = true;
	} else {
		fw->exiting |= handle == RPC_CURRENT_PROCESS;
		dsp_reply(fw->dsp, call, 0);
	}
	let_go(fw);
}

/* From the program's beginning to its RELEASE. */
static void serve_program(struct firmware *fw, struct program *program)
{
	struct dsp_call call;

	CHECK_EQ(0, pthread_create(&program->thread, NULL, run_program, program));
	do {
		dsp_next(fw->dsp, &call);
		CHECK(call.msg.handle < HANDLES && FRPC_SC_METHOD(call.msg.sc) < METHODS);
		fw->count[call.msg.handle][FRPC_SC_METHOD(call.msg.sc)]++;
		answer(fw, &call);
	} while (!fw->count[FRPC_HANDLE_INIT][FRPC_INIT_RELEASE]);
	CHECK_EQ(0, pthread_join(program->thread, NULL));
}

static unsigned int calls_of(const struct firmware *fw, uint32_t handle)
{
	unsigned int calls = 0;

	for (unsigned int i = 0; i < METHODS; i++)
		calls += fw->count[handle][i];
	return calls;
}

static void check_fallback(uint32_t refusal)
{
	struct firmware fw = { .dsp = legacy_new("cdsp"), .refusal = refusal };
	struct program program = { .opened = -1 };

	legacy_wait_nodes(fw.dsp, true, true);
	serve_program(&fw, &program);
	CHECK_OK(program.opened);
	CHECK_EQ(MODULE, program.module);
	CHECK_EQ((int)FRPC_EBADSTATE, program.listened);
	/* Each of the newer handles once, and from then on the others. */
	CHECK_EQ(1, fw.count[RPC_LISTENER1][5]);
	CHECK_EQ(1, calls_of(&fw, RPC_LISTENER1));
	CHECK_EQ(1, fw.count[RPC_REMOTECTL1][2]);
	CHECK_EQ(1, calls_of(&fw, RPC_REMOTECTL1));
	CHECK_EQ(1, fw.count[RPC_LISTENER][3]);
	CHECK_EQ(1, fw.count[RPC_LISTENER][4]);
	CHECK_EQ(1, fw.count[RPC_REMOTECTL][0]);
	dsp_finish(fw.dsp);
}

TEST(older_handles_where_the_newer_are_refused)
{
	check_fallback(FRPC_ERPC);
	check_fallback(ENOSUCHMOD);
}

/* Another code is the listener's end, but not that of modules. */
TEST(no_older_listener_after_another_refusal)
{
	struct firmware fw = { .dsp = legacy_new("cdsp"), .refusal = FRPC_EBADPARM };
	struct program program = { .opened = -1 };

	legacy_wait_nodes(fw.dsp, true, true);
	serve_program(&fw, &program);
	CHECK_OK(program.opened);
	CHECK_EQ((int)FRPC_EBADPARM, program.listened);
	CHECK_EQ(0, calls_of(&fw, RPC_LISTENER));
	dsp_finish(fw.dsp);
}
