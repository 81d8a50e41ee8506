/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Poll mode of the shell: which calls have the word, and which have not.
 *	poll_test QEMU SHELL
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "harness.h"

#define BYTES	 40
#define ECHO	 FRPC_SC(4, 1, 1)
#define CTX_USER 0x2001u
#define CTX_ROOT 0x2100u
#define NO_WORD	 0x5a5a5a5au

/* Where the wire has it, counted here once more: 40 bytes for each argument, two lists. */
static uint32_t word_place(uint32_t sc)
{
	return PAYLOAD + FRPC_SC_COUNT(sc) * 40 + 16 * 8 + 64 * 4;
}

static uint32_t set_mode(struct shell *shell, uint32_t enable, uint32_t microseconds)
{
	uint32_t in[2] = { enable, microseconds };
	struct buffer buffers[] = { { in, sizeof(in) } };

	return call(shell, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(9, 1, 0), buffers);
}

/* Calls with this context word; *word gets what is in the poll word then. */
static uint32_t call_with(struct shell *shell, uint64_t ctx, uint32_t handle, uint32_t sc,
			  uint32_t *word)
{
	char in[BYTES], out[BYTES];
	struct buffer buffers[] = { { in, BYTES }, { out, BYTES } };
	uint32_t result;

	memset(in, 'e', BYTES);
	memset(out, 'x', BYTES);
	memcpy(at(shell, word_place(sc)), &(uint32_t){ NO_WORD }, sizeof(*word));
	shell->ctx = ctx - 1;
	result = call(shell, handle, sc, buffers);
	memcpy(word, at(shell, word_place(sc)), sizeof(*word));
	if (!result && sc == ECHO)
		check(!memcmp(in, out, BYTES), "the output is there");
	return result;
}

static void test_words(struct shell *shell, uint32_t calc)
{
	struct vdsp_msg small = message(calc, ECHO);
	char in[BYTES] = "", out[BYTES];
	struct buffer buffers[] = { { in, BYTES }, { out, BYTES } };
	uint32_t word;

	check(!call_with(shell, CTX_USER, calc, ECHO, &word) && word == NO_WORD,
	      "no word before poll mode is on");
	check(!set_mode(shell, 1, 1000), "poll mode is switched on");
	check(!call_with(shell, CTX_USER, calc, ECHO, &word) && word == 0xdecaf,
	      "a call that succeeds has the word and an answer");
	check(call_with(shell, CTX_USER, calc, FRPC_SC(9, 1, 1), &word) == FRPC_EUNSUPPORTED &&
		      word == NO_WORD,
	      "a call that fails has not");
	check(!call_with(shell, CTX_USER | 0x10, calc, ECHO, &word) && word == NO_WORD,
	      "nor one that does not want it");
	check(!call_with(shell, CTX_ROOT, calc, ECHO, &word) && word == NO_WORD,
	      "nor one of another kind of process");
	check(!call_with(shell, CTX_USER, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(3, 0, 0), &word) &&
		      word == NO_WORD,
	      "nor one of the process's own services");

	small.size = word_place(ECHO) - PAYLOAD + 3;
	memcpy(at(shell, word_place(ECHO)), &(uint32_t){ NO_WORD }, sizeof(word));
	build(shell, PAYLOAD, ECHO, buffers);
	shell->ctx = CTX_USER - 1;
	check(!ask_raw(shell, &small), "a payload without room for the word is no error");
	memcpy(&word, at(shell, word_place(ECHO)), sizeof(word));
	check(word == NO_WORD, "and nothing is written behind it");

	check(!set_mode(shell, 0, 0), "poll mode is switched off");
	check(!call_with(shell, CTX_USER, calc, ECHO, &word) && word == NO_WORD,
	      "no word after that");
}

static void test_refusals(struct shell *shell)
{
	uint32_t in[2] = { 1, 1 };
	struct buffer buffers[] = { { in, sizeof(in) }, { in, sizeof(in) } };

	check(set_mode(shell, 2, 1) == FRPC_EBADPARM, "neither on nor off");
	buffers[0].len = 7;
	check(call(shell, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(9, 1, 0), buffers) == FRPC_EBADPARM,
	      "too short an input");
	check(call(shell, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(9, 0, 0), NULL) == FRPC_EBADPARM,
	      "no input");
	check(call(shell, FRPC_HANDLE_CURRENT_PROCESS, FRPC_SC(9, 2, 0), buffers) == FRPC_EBADPARM,
	      "two inputs");
}

int main(int argc, char **argv)
{
	struct shell shell;
	char log[4096];
	uint32_t calc;
	int status;

	if (argc < 3)
		return 2;
	shell = start(argv[1], argv[2]);
	check(set_mode(&shell, 1, 1000) == FRPC_EUNSUPPORTED, "a DSP without poll mode refuses it");
	stop(&shell, log, sizeof(log));
	shell = start_polled(argv[1], argv[2]);
	calc = must_open(&shell, "calc");
	test_words(&shell, calc);
	test_refusals(&shell);
	status = stop(&shell, log, sizeof(log));
	check(WIFEXITED(status) && !WEXITSTATUS(status) && !log[0],
	      "ends when its file is closed, silently");
	return finish();
}
