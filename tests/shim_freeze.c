// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls of the legacy interface wait without being interrupted, but not so that the system
 * could not be suspended. Part of the suite "shim".
 */
#include <stdlib.h>

#include "freeze.h"
#include "ktap.h"
#include "legacy.h"

enum { METHOD = 3 };

static void freeze_during_a_call(const char *line, bool poll_mode)
{
	struct fastrpc_ioctl_set_option option = { .request_id = FASTRPC_POLL_MODE,
						   .value = FASTRPC_POLL_MODE_ENABLE };
	struct dsp *dsp = legacy_new(line);
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	struct dsp_call seen;
	struct job *job;

	if (poll_mode)
		CHECK_OK(do_ioctl(s.fd, FASTRPC_IOCTL_SET_OPTION, &option));
	job = legacy_call_start(s.fd, call);
	dsp_expect(dsp, &seen, TEST_HANDLE, METHOD);
	freeze_and_thaw(0);
	CHECK(!job_done(job));
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	free(call);
	dsp_finish(dsp);
}

TEST(freeze_while_a_call_waits)
{
	freeze_during_a_call("cdsp", false);
}

TEST(freeze_while_a_call_waits_for_the_word)
{
	freeze_during_a_call("cdsp soc=kaanapali", true);
}
