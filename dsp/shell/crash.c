/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "crash.h"

#include <stdio.h>

#include "library.h"
#include "sys.h"

/* Words of siginfo and ucontext as Linux has them for Hexagon. */
#define INFO_ADDR  3
#define CONTEXT_SP 35
#define CONTEXT_LR 37
#define CONTEXT_PC 48

static const char *signal_name(int sig)
{
	switch (sig) {
	case SYS_SIGILL:
		return "SIGILL";
	case SYS_SIGBUS:
		return "SIGBUS";
	default:
		return "SIGSEGV";
	}
}

/*
 * The handler is gone when it returns: the instruction runs again and now ends the process. It is gone for
 * other threads, too, that crash meanwhile: what is to be said is said at once.
 */
static void report(int sig, const uint32_t *info, const uint32_t *context)
{
	uint32_t offset;
	const char *library = library_at(context[CONTEXT_PC], &offset);
	char place[150] = "";

	if (library)
		snprintf(place, sizeof(place), " at 0x%x in %s", (unsigned int)offset, library);
	log_line("crash: %s pc=0x%08x badva=0x%08x lr=0x%08x sp=0x%08x%s", signal_name(sig),
		 context[CONTEXT_PC], info[INFO_ADDR], context[CONTEXT_LR], context[CONTEXT_SP],
		 place);
}

void crash_catch(void)
{
	static const int signals[] = { SYS_SIGILL, SYS_SIGBUS, SYS_SIGSEGV };

	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sys_signal(signals[i], report, SYS_SA_SIGINFO | SYS_SA_ONSTACK | SYS_SA_RESETHAND);
}

void crash_thread_stack(void *stack, unsigned int size)
{
	sys_signal_stack(stack, size);
}
