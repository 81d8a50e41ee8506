/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Votes for the DSP's clocks and power, by the names that the DSP's software has for them. An
 * emulated processor has no clocks: every vote is granted and changes nothing, and what the
 * clocks are cannot be asked.
 */
#ifndef QDA_HAP_POWER_H
#define QDA_HAP_POWER_H

int HAP_power_set(void *context, void *request);
int HAP_power_destroy_client(void *context);

/* AEE_EUNSUPPORTED */
int HAP_power_get(void *context, void *response);

#endif
