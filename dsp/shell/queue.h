/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The queues that the application has made, and the signals between the two sides. What DSP code
 * does with a queue is in dspqueue.h.
 */
#ifndef SHELL_QUEUE_H
#define SHELL_QUEUE_H

#include "remote.h"

/* The service "dspqueue_rpc", by which the application makes queues and signals. */
int queue_service_invoke(uint64_t h, uint32_t sc, remote_arg *pra);

/* The application exits: nobody waits for signals any more. */
void queue_exit(void);

#endif
