/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The fixed handles that a process serves itself, and the way to the modules. */
#ifndef SHELL_SERVICES_H
#define SHELL_SERVICES_H

#include "remote.h"

/* Runs one call; what it gives is the answer's code. */
uint32_t services_invoke(uint32_t handle, uint32_t sc, remote_arg *args);

#endif
