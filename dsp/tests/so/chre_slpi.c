/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * chre_slpi: a plain module of the name and with the methods that the published program chrecd
 * uses. The thread that it starts computes something instead of serving sensors.
 *
 *	0 start
 *	1 wait until it has ended; its result is said in the log
 */
#include "AEEStdErr.h"
#include "HAP_farf.h"
#include "qurt.h"
#include "remote.h"

SKEL_EXPORT int chre_slpi_skel_invoke(uint32_t sc, remote_arg *pra);

static qurt_thread_t thread;
static volatile uint32_t sum;

static void compute(void *arg)
{
	(void)arg;
	for (uint32_t i = 1; i <= 1000; i++)
		sum = sum + i;
	qurt_thread_exit(AEE_SUCCESS);
}

static int start(void)
{
	qurt_thread_attr_t attr;

	qurt_thread_attr_init(&attr);
	return qurt_thread_create(&thread, &attr, compute, 0) ? AEE_EFAILED : AEE_SUCCESS;
}

static int wait(void)
{
	int status;

	if (!thread)
		return AEE_EBADPARM;
	/* Whether it has ended already makes no difference. */
	qurt_thread_join(thread, &status);
	FARF(HIGH, "the sum is %u", (unsigned int)sum);
	return sum == 500500 ? AEE_SUCCESS : AEE_EFAILED;
}

int chre_slpi_skel_invoke(uint32_t sc, remote_arg *pra)
{
	(void)pra;
	switch (sc) {
	case REMOTE_SCALARS_MAKE(0, 0, 0):
		return start();
	case REMOTE_SCALARS_MAKE(1, 0, 0):
		return wait();
	default:
		return AEE_EUNSUPPORTED;
	}
}
