// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A program of the old interface dies, its process on the DSP dies, or the whole DSP goes away, in
 * every phase of its life. All that wait are told, nothing is left, and the next program works,
 * with the modules that were loaded and with ones that are loaded anew.
 */
#include <errno.h>

#include "ktap.h"
#include "legacy.h"
#include "legacy_phases.h"

#define BANKS "cdsp banks=8"

static void check_works_again(struct dsp *dsp)
{
	check_no_pd_left();
	check_works();
	legacy_reload(dsp);
	check_works();
	dsp_finish(dsp);
	check_no_pd_left();
}

static void check_children(const struct phase_child *children)
{
	for (unsigned int i = 0; i < phase_count; i++) {
		if (client_wait(children[i].pid))
			FAIL("%s: see above", children[i].phase->name);
	}
}

TEST(program_killed_in_every_phase)
{
	struct phase_child children[PHASES_MAX];
	struct dsp *dsp = legacy_dsp(BANKS);

	phases_start(dsp, children, NULL);
	CHECK_EQ(phase_count, qda_get(dsp, "processes"));
	for (unsigned int i = 0; i < phase_count; i++)
		client_kill(children[i].pid);
	qda_wait(dsp, "sessions", 0);
	check_works_again(dsp);
}

TEST(process_on_the_dsp_dies_in_every_phase)
{
	static const int ends[] = { -EPIPE, RPC_EBADSTATE, 0 };
	struct phase_child children[PHASES_MAX];
	struct dsp *dsp = legacy_dsp(BANKS);

	phases_start(dsp, children, ends);
	CHECK_EQ(phase_count, real_kill_pds());
	check_children(children);
	qda_wait(dsp, "sessions", 0);
	check_works_again(dsp);
}

TEST(dsp_goes_away_in_every_phase)
{
	static const int ends[] = { -EPIPE, 0 };
	struct phase_child children[PHASES_MAX];
	struct dsp *dsp = legacy_dsp(BANKS);

	phases_start(dsp, children, ends);
	vdsp_set(dsp, "up", 0);
	check_children(children);
	real_restart(dsp);
	legacy_wait_nodes(dsp, true, true);
	check_works_again(dsp);
}
