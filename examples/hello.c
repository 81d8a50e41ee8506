// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The shortest way to a computation on the DSP: open it, make a process from a
 * Hexagon ELF file, open the module "calc" in it, let it add up some numbers.
 *
 * Usage: hello SHELL.elf
 */
#include <qda.h>

#include <stdio.h>
#include <string.h>

#define COUNT	   1000
#define METHOD_SUM 2

/* Says what went wrong, in the DSP's words when it was the DSP who refused. */
static int fail(const char *what, int err, uint32_t dsp_status)
{
	fprintf(stderr, "hello: %s: %s", what, strerror(-err));
	if (dsp_status)
		fprintf(stderr, " (0x%08x: %s)", dsp_status, qda_dsp_strerror(dsp_status));
	fprintf(stderr, "\n");
	return err;
}

static int add_up(struct qda_module *calc)
{
	int32_t numbers[COUNT];
	const uint32_t count = COUNT;
	int64_t sum;
	uint32_t status;
	int err;

	for (int i = 0; i < COUNT; i++)
		numbers[i] = i + 1;

	const struct qda_in in[] = { { &count, sizeof(count) }, { numbers, sizeof(numbers) } };
	const struct qda_out out[] = { { &sum, sizeof(sum) } };

	err = qda_module_call(calc, METHOD_SUM, in, 2, out, 1, &status);
	if (err)
		return fail("the DSP did not add up", err, status);
	printf("The DSP says: 1 + 2 + ... + %d = %lld\n", COUNT, (long long)sum);
	return 0;
}

static int use_process(struct qda_process *process)
{
	struct qda_module *calc;
	char text[128];
	uint32_t status;
	int err;

	err = qda_module_open(process, "calc", &calc, text, sizeof(text), &status);
	if (err) {
		fprintf(stderr, "hello: %s\n", text);
		return fail("cannot open the module calc", err, status);
	}
	err = add_up(calc);
	qda_module_close(calc, NULL);
	return err;
}

static int use_device(struct qda_device *dev, const char *image)
{
	struct qda_process *process;
	uint32_t status;
	int err;

	printf("This is the DSP %s\n", qda_device_domain(dev));
	err = qda_process_create_file(dev, image, QDA_PROCESS_UNSIGNED, &process, &status);
	if (err)
		return fail("cannot make a process on the DSP", err, status);
	err = use_process(process);
	qda_process_release(process, NULL);
	return err;
}

int main(int argc, char **argv)
{
	struct qda_device *dev;
	int err;

	if (argc != 2) {
		fprintf(stderr, "Usage: hello SHELL.elf\n");
		return 2;
	}
	err = qda_device_open("cdsp", &dev);
	if (err) {
		fail("cannot open the DSP cdsp", err, 0);
		return 1;
	}
	err = use_device(dev, argv[1]);
	qda_device_close(dev);
	return err ? 1 : 0;
}
