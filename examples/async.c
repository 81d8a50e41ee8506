// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Calls that do not wait: one thread keeps 16 of them on the DSP until 200 are done. Each
 * adds up other numbers, in a buffer of its own.
 *
 * Usage: async SHELL.elf
 */
#include <qda.h>

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define IN_FLIGHT  16
#define CALLS	   200
#define COUNT	   1000
#define METHOD_SUM 2

struct work {
	int32_t numbers[COUNT];
	int64_t sum;
};

static int fail(const char *what, int err, uint32_t dsp_status)
{
	fprintf(stderr, "async: %s: %s\n", what,
		dsp_status ? qda_dsp_strerror(dsp_status) : strerror(-err));
	return 1;
}

/* Adds up number + 1, number + 2, ... in the buffer of this place. */
static int submit(struct qda_module *calc, struct qda_buffer *buffer, int place, int number)
{
	const uint32_t count = COUNT;
	struct work *work = qda_buffer_data(buffer);
	const struct qda_arg args[] = {
		qda_arg_in(&count, sizeof(count)),
		qda_arg_in_buffer(buffer, offsetof(struct work, numbers), sizeof(work->numbers)),
		qda_arg_out_buffer(buffer, offsetof(struct work, sum), sizeof(work->sum)),
	};
	const struct qda_request request = { calc, METHOD_SUM, 0, args, 3, (uint64_t)place, 0 };

	for (int i = 0; i < COUNT; i++)
		work->numbers[i] = number + i + 1;
	return qda_module_submit(&request);
}

/* A place that is done gets the next call. */
static int run(struct qda_device *dev, struct qda_module *calc, struct qda_buffer **buffers)
{
	struct epoll_event ready = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC), begun = 0, err = 0;
	struct qda_completion done[IN_FLIGHT];
	long long total = 0;
	size_t count;

	epoll_ctl(epoll, EPOLL_CTL_ADD, qda_device_fd(dev), &ready);
	while (begun < IN_FLIGHT && !err)
		err = submit(calc, buffers[begun], begun, begun), begun++;
	for (int ended = 0; ended < CALLS && !err;) {
		epoll_wait(epoll, &ready, 1, -1);
		err = qda_device_completions(dev, done, IN_FLIGHT, &count);
		for (size_t i = 0; i < count && !err; i++, ended++) {
			int place = (int)done[i].user_data;
			struct work *work = qda_buffer_data(buffers[place]);

			if (done[i].result)
				return fail("a call", done[i].result, done[i].dsp_status);
			total += work->sum;
			if (begun < CALLS)
				err = submit(calc, buffers[place], place, begun++);
		}
	}
	if (err)
		return fail("calling", err, 0);
	printf("%d sums, %d at a time, together %lld\n", CALLS, IN_FLIGHT, total);
	return 0;
}

int main(int argc, char **argv)
{
	struct qda_buffer *buffers[IN_FLIGHT];
	struct qda_device *dev;
	struct qda_process *process;
	struct qda_module *calc;
	uint32_t status = 0;
	int err = qda_device_open("cdsp", &dev);

	if (err || argc != 2)
		return fail("opening the DSP cdsp, with SHELL.elf as argument", err, 0);
	err = qda_process_create_file(dev, argv[1], QDA_PROCESS_UNSIGNED, &process, &status);
	if (!err)
		err = qda_module_open(process, "calc", &calc, NULL, 0, &status);
	for (int i = 0; i < IN_FLIGHT && !err; i++)
		err = qda_buffer_create(dev, sizeof(struct work), 0, &buffers[i]);
	/* The end of the program closes all of it. */
	return err ? fail("preparing", err, status) : run(dev, calc, buffers);
}
