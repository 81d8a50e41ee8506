/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Calls from the DSP to the application. A thread of the application, its listener, asks for
 * the next one in a call that blocks until there is one, and brings the results of the
 * one before. Calls wait in order until a listener comes; it has one at a time.
 */
#ifndef SHELL_LISTENER_H
#define SHELL_LISTENER_H

#include <stdbool.h>

#include "remote.h"

/*
 * Makes a call to the application and waits for its end: what the application's method gave, or
 * a FRPC_E code; FRPC_EBADSTATE when the application has said that it exits.
 */
uint32_t listener_ask(uint32_t handle, uint32_t sc, remote_arg *args);

/* True when a listener was there at any time; waits that long for the first one. */
bool listener_came(uint64_t wait_us);

/* How many listeners have started; 0: none has. */
uint32_t listener_number(void);

/* The application exits: its listener and all who wait for it get FRPC_EBADSTATE. */
void listener_exit(void);

/* Methods of the listener's handle; those of the newer handle are 2 higher, which is taken off. */
uint32_t listener_invoke(uint32_t method, uint32_t sc, remote_arg *args);

#endif
