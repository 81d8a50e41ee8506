// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Codes of the DSP's software in words.
 */
#include <stddef.h>

#include "qda.h"

/* Codes that the DSP's software gives, and not a module, start here. */
#define DSP_CODES_START 0x80000400u

static const struct {
	uint32_t code;
	const char *text;
} codes[] = {
	{ 0x80000401u, "the DSP could not do it" },
	{ 0x80000402u, "the DSP has not enough memory" },
	{ 0x80000406u, "the DSP could not load the program or module" },
	{ 0x8000040du, "the process on the DSP is dead or about to end" },
	{ 0x8000040eu, "the DSP was given an argument that it cannot take" },
	{ 0x80000414u, "the DSP does not know this method or service" },
	{ 0x80000416u, "the DSP does not trust the program: it is not signed for this device" },
	{ 0x80000427u, "there is no such handle in the process on the DSP" },
	{ 0x8000043eu, "the DSP found no module of this name" },
	{ 0x80000600u, "the DSP's FastRPC software failed" },
};

const char *qda_dsp_strerror(uint32_t dsp_status)
{
	if (!dsp_status)
		return "success";
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == dsp_status)
			return codes[i].text;
	}
	if (dsp_status >= DSP_CODES_START && dsp_status < DSP_CODES_START + 0x400)
		return "an error of the DSP's software that has no description here";
	return "a code of the module itself; see the module's documentation";
}
