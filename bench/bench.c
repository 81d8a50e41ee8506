// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Each test measures one driver; all of them run on the same kernel, one after another.
 * bench/run boots it and bench/report reads the results.
 */
#include <fcntl.h>
#include <unistd.h>

#include "bench.h"
#include "ktap.h"
#include "legacy.h"
#include "module.h"

static const char *const drivers[] = { "vdsp_ping", "fastrpc", LEGACY_MODULE, "qda" };

void bench_clean_up(void)
{
	dsp_remove_all();
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		module_unload(drivers[i]);
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(bench_clean_up);
	ktap_seconds(600);
}

static const struct subject floor_subject = { .name = "floor" };

static void ping(const char *line, const char *name)
{
	struct step step = { .cmd = VDSP_IOC_PING };
	struct dsp *dsp = dsp_new_inside(line);

	step.fd = open("/dev/vdsp-ping", O_RDWR | O_CLOEXEC);
	CHECK(step.fd >= 0);
	result(name, &floor_subject, step_cost(&step));
	step.cmd = VDSP_IOC_NOTHING;
	result("ioctl", &floor_subject, step_cost(&step));
	close(step.fd);
	dsp_remove(dsp);
}

/* What the driver cannot do anything about. */
TEST(floor)
{
	module_load("vdsp_ping");
	ping("cdsp firmware=null", "ping_null");
	ping("cdsp firmware=loopback", "ping");
}

static void run(const struct subject *s, double call_ns)
{
	struct dsp *dsp;

	module_load(s->module);
	dsp = s->dsp("cdsp banks=12 nonsecure=1 firmware=loopback");
	measure_for(call_ns);
	bench_calls(s, dsp, "");
	/* Closed files are RCU's to free. */
	measure_for(MUCH_LEFT_NS);
	bench_life(s, dsp);
	bench_flight(s, dsp);
	buffers_finish(dsp);
	dsp = s->dsp("cdsp banks=12 nonsecure=1 firmware=loopback");
	bench_memory(s, dsp);
	buffers_finish(dsp);
	dsp = s->dsp("cdsp banks=12 nonsecure=1 firmware=null");
	measure_for(call_ns);
	bench_calls(s, dsp, "_null");
	buffers_finish(dsp);
}

/* Memory that it had for calls is given back in a work item, addresses for hundreds at once. */
TEST(misc)
{
	run(&subject_misc, MUCH_LEFT_NS);
}

TEST(shim)
{
	run(&subject_shim, LITTLE_LEFT_NS);
}

TEST(native)
{
	run(&subject_native, LITTLE_LEFT_NS);
}

TEST(growth)
{
	const struct subject *s = &subject_native;
	struct dsp *dsp;

	module_load(s->module);
	dsp = s->dsp("cdsp banks=12 nsessions=20 firmware=null");
	bench_growth(s, dsp);
	buffers_finish(dsp);
}

TEST(dspd)
{
	module_load(subject_native.module);
	bench_thread_dsp(&subject_native);
	bench_dspd(&subject_native);
}
