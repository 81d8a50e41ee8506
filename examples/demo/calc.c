// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls of the module "calc", each compared with what the CPU gets. Its methods and
 * their buffers are described in dsp/skels/calc/calc_skel.c.
 */
#include <inttypes.h>
#include <string.h>

#include "parts.h"

enum calc_method {
	CALC_SUM = 2,
	CALC_MAX = 3,
	CALC_ECHO = 4,
};

#define NUMBERS	   1000
#define ECHO_BYTES 100000

static const char wrong_result[] =
	"The driver, the virtual DSP or the program on the DSP has a fault. 'make test' may tell which.";

/* The same numbers every time, negative ones too. */
static void make_numbers(int32_t *numbers)
{
	uint32_t state = 2026;

	for (int i = 0; i < NUMBERS; i++) {
		state = state * 1664525 + 1013904223;
		numbers[i] = (int32_t)state / 16;
	}
}

static bool call(struct qda_module *calc, enum calc_method method, const int32_t *numbers,
		 void *result, size_t size)
{
	const uint32_t count = NUMBERS;
	const struct qda_in in[] = {
		{ &count, sizeof(count) },
		{ numbers, NUMBERS * sizeof(*numbers) },
	};
	const struct qda_out out = { result, size };
	uint32_t status;
	int err;

	err = qda_module_call(calc, method, in, 2, &out, 1, &status);
	if (err)
		return step_fail("a call of calc failed", err, status, wrong_result);
	return true;
}

static bool check_sum(struct qda_module *calc, const int32_t *numbers)
{
	int64_t sum = 0, dsp_sum = 0;

	for (int i = 0; i < NUMBERS; i++)
		sum += numbers[i];
	if (!call(calc, CALC_SUM, numbers, &dsp_sum, sizeof(dsp_sum)))
		return false;
	step_say("sum of %d numbers: DSP %" PRId64 ", CPU %" PRId64, NUMBERS, dsp_sum, sum);
	return dsp_sum == sum || step_fail("the sums differ", 0, 0, wrong_result);
}

static bool check_max(struct qda_module *calc, const int32_t *numbers)
{
	int32_t max = numbers[0], dsp_max = 0;

	for (int i = 0; i < NUMBERS; i++) {
		if (numbers[i] > max)
			max = numbers[i];
	}
	if (!call(calc, CALC_MAX, numbers, &dsp_max, sizeof(dsp_max)))
		return false;
	step_say("largest of them:     DSP %d, CPU %d", dsp_max, max);
	return dsp_max == max || step_fail("the largest numbers differ", 0, 0, wrong_result);
}

/* Three buffers of unequal sizes there and back. */
static bool check_echo(struct qda_module *calc)
{
	static char there[ECHO_BYTES], back[ECHO_BYTES];
	const struct qda_in in[] = { { there, 1 }, { there + 1, 4096 }, { there, ECHO_BYTES } };
	char one = 0, page[4096];
	const struct qda_out out[] = { { &one, 1 }, { page, sizeof(page) }, { back, ECHO_BYTES } };
	uint32_t status;
	int err;

	for (int i = 0; i < ECHO_BYTES; i++)
		there[i] = (char)(i * 7 + i / 251);
	there[0] = 'Q';
	err = qda_module_call(calc, CALC_ECHO, in, 3, out, 3, &status);
	if (err)
		return step_fail("a call of calc failed", err, status, wrong_result);
	if (one != there[0] || memcmp(page, there + 1, sizeof(page)) ||
	    memcmp(back, there, ECHO_BYTES))
		return step_fail("bytes came back changed", 0, 0, wrong_result);
	step_say("echo of 3 buffers:   %d bytes there and back, all the same",
		 1 + 4096 + ECHO_BYTES);
	return true;
}

bool calculate(struct steps *steps, struct qda_process *process)
{
	int32_t numbers[NUMBERS];
	struct qda_module *calc;
	bool ok;

	step_begin(steps, "Open a module in the process and let it calculate");
	if (!open_module(process, "calc", &calc))
		return false;
	make_numbers(numbers);
	ok = check_sum(calc, numbers) && check_max(calc, numbers) && check_echo(calc);
	ok = close_module(calc) && ok;
	if (ok)
		step_end(steps);
	return ok;
}
