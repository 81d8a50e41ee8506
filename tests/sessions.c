// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Sessions: who gets a context bank, and who may use a session.
 */
#include "dsp.h"
#include "ktap.h"

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(dsp_remove_all);
}
