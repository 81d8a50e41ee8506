/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* What the DSP's firmware answers itself: handles 1 and 2, and calls nobody serves. */
#ifndef DSPD_SERVICES_H
#define DSPD_SERVICES_H

#include "dspd.h"

/* One record of the device. */
void services_handle(struct dspd *dspd, const struct vdsp_msg *msg);

#endif
