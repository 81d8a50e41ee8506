/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* All that dspd knows. */
#ifndef DSPD_DSPD_H
#define DSPD_DSPD_H

#include "client.h"
#include "device.h"
#include "memory.h"

struct options {
	const char *device;
	const char *qemu;
	const char *shell; /* what runs when the driver sends no image; may be NULL */
	int ready_fd;	   /* -1: nobody wants to know */
	bool verbose;
};

struct dspd {
	struct options options;
	struct device device;
	struct memory memory;
	struct client clients[CLIENT_MAX];
};

#endif
