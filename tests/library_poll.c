// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Poll mode from the library down to Hexagon code: the word that the process writes ends
 * calls, with and without the answer that follows. Part of the suite "library".
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <qda.h>

#include "ktap.h"
#include "real.h"

#define SHELL	  "qda_shell.elf"
#define KAANAPALI "cdsp soc=kaanapali"

/* Methods of the module "calc" */
enum { SUM = 2, ECHO = 4 };

enum { CALLS = 20, BYTES = 100 };

struct program {
	struct dsp *dsp;
	struct qda_device *dev;
	struct qda_process *process;
	struct qda_module *calc;
};

static void make_process(struct program *p)
{
	struct image shell = image_load(SHELL);
	const struct qda_process_params params = {
		.image = shell.data,
		.image_size = shell.size,
		.attrs = QDA_PROCESS_UNSIGNED,
	};
	uint32_t status;

	CHECK_OK(qda_process_create(p->dev, &params, &p->process, &status));
	CHECK_OK(qda_module_open(p->process, "calc", &p->calc, NULL, 0, &status));
}

static void end_process(struct program *p)
{
	CHECK_OK(qda_module_close(p->calc, NULL));
	CHECK_OK(qda_process_release(p->process, NULL));
}

static struct program begin(const char *line)
{
	struct program p = { .dsp = real_new(line) };

	CHECK_OK(qda_device_open_path(p.dsp->node, &p.dev));
	make_process(&p);
	return p;
}

static void finish(struct program *p)
{
	end_process(p);
	qda_device_close(p->dev);
	dsp_finish(p->dsp);
}

static void call_and_check(struct program *p, unsigned int seed)
{
	unsigned char in[BYTES], out[BYTES];
	const struct qda_in input = { in, BYTES };
	const struct qda_out output = { out, BYTES };
	uint32_t status;

	fill_pattern(in, BYTES, seed);
	memset(out, POISON, BYTES);
	CHECK_OK(qda_module_call(p->calc, ECHO, &input, 1, &output, 1, &status));
	CHECK_MEM(in, out, BYTES);
}

/* How many of some calls ended by the word. */
static long long calls_by_word(struct program *p)
{
	long long before = qda_get(p->dsp, "polled_calls");

	for (unsigned int i = 0; i < CALLS; i++)
		call_and_check(p, i);
	return qda_get(p->dsp, "polled_calls") - before;
}

/* Answers that are lost show that the word is enough; no other can have ended the calls. */
TEST(calls_end_by_the_word_in_poll_mode)
{
	struct program p = begin(KAANAPALI);
	long long dropped = qda_get(p.dsp, "dropped_messages");
	uint64_t features;
	uint32_t status;
	double start;

	CHECK_OK(qda_device_features(p.dev, &features));
	CHECK(features & QDA_HAS_POLL);
	CHECK_EQ(0, calls_by_word(&p));
	CHECK_OK(qda_process_set_poll(p.process, 1000, &status));
	ktap_note("%lld of %d calls before their answers", calls_by_word(&p), CALLS);
	vdsp_set(p.dsp, "lose_replies", CALLS);
	start = now_ms();
	CHECK_EQ(CALLS, calls_by_word(&p));
	CHECK_EQ(0, vdsp_get(p.dsp, "lose_replies"));
	ktap_note("%.1f ms for a call without an answer", (now_ms() - start) / CALLS);
	CHECK_OK(qda_process_set_poll(p.process, 0, &status));
	CHECK_EQ(0, calls_by_word(&p));
	CHECK_EQ(dropped, qda_get(p.dsp, "dropped_messages"));
	CHECK_EQ(0, qda_get(p.dsp, "calls_in_flight"));
	finish(&p);
}

/* What a method returns goes the way of answers only. */
TEST(refusals_come_in_poll_mode)
{
	struct program p = begin(KAANAPALI);
	uint32_t status;

	CHECK_OK(qda_process_set_poll(p.process, QDA_POLL_MAX_US, &status));
	for (int i = 0; i < 5; i++) {
		CHECK_ERR(-EREMOTEIO, qda_module_call(p.calc, 9, NULL, 0, NULL, 0, &status));
		CHECK_EQ(FRPC_EUNSUPPORTED, status);
		call_and_check(&p, i);
	}
	finish(&p);
}

/* The next process on the device does not know of it, nor does the kernel any more. */
TEST(poll_mode_ends_with_the_process)
{
	struct program p = begin(KAANAPALI);
	uint32_t status;

	CHECK_OK(qda_process_set_poll(p.process, 1000, &status));
	call_and_check(&p, 1);
	end_process(&p);
	make_process(&p);
	CHECK_EQ(0, calls_by_word(&p));
	CHECK_OK(qda_process_set_poll(p.process, 1000, &status));
	vdsp_set(p.dsp, "lose_replies", CALLS);
	CHECK_EQ(CALLS, calls_by_word(&p));
	finish(&p);
}

/* Who does not wait does not look; these calls have their answers as ever. */
TEST(calls_that_do_not_wait_in_poll_mode)
{
	struct program p = begin(KAANAPALI);
	struct qda_completion done[CALLS];
	struct qda_request request = { p.calc, ECHO, 0, NULL, 0, 0, 0 };
	struct pollfd completions = { .fd = qda_device_fd(p.dev), .events = POLLIN };
	uint32_t status;
	size_t count;

	CHECK_OK(qda_process_set_poll(p.process, 1000, &status));
	for (uint64_t i = 0; i < CALLS; i++) {
		request.user_data = i;
		CHECK_OK(qda_module_submit(&request));
	}
	for (size_t i = 0; i < CALLS; i += count) {
		CHECK_EQ(1, poll(&completions, 1, REAL_MS));
		CHECK_OK(qda_device_completions(p.dev, done, CALLS, &count));
		for (size_t k = 0; k < count; k++)
			CHECK_OK(done[k].result);
	}
	finish(&p);
}

/* The kernel and the process, each of them. */
TEST(a_dsp_without_poll_mode_says_so)
{
	const uint32_t in[2] = { 1, 1000 };
	const struct drm_qda_arg input = {
		.addr = (uintptr_t)in,
		.length = sizeof(in),
		.kind = QDA_ARG_INLINE,
	};
	struct program p = begin("cdsp");
	uint64_t features;
	uint32_t status;

	CHECK_OK(qda_device_features(p.dev, &features));
	CHECK(!(features & QDA_HAS_POLL));
	CHECK_ERR(-EOPNOTSUPP, qda_process_set_poll(p.process, 1000, &status));
	CHECK_EQ(0, status);
	CHECK_ERR(-EREMOTEIO,
		  qda_process_invoke(p.process, 4, QDA_SCALARS(9, 1, 0), &input, &status));
	CHECK_EQ(FRPC_EUNSUPPORTED, status);
	call_and_check(&p, 1);
	finish(&p);
}
