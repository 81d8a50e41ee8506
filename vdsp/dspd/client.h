/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * A client of the DSP: a session of the driver that has a PD here, from CREATE or ATTACH
 * until RELEASE is answered.
 *
 * On a real DSP all who attach to a PD of the firmware share that PD. Here memory is seen
 * through a session's own file, so each of them gets a process of its own, which is
 * like the others but shares no state with them.
 *
 * The end of a PD is seen twice: its process ends, and the device says that
 * the session's file is gone, followed by the calls that are left. The second one is
 * what counts, because only then nothing of the PD can touch the session any more.
 */
#ifndef DSPD_CLIENT_H
#define DSPD_CLIENT_H

#include <stdbool.h>

#include "pd.h"
#include "pd_maps.h"
#include "vdsp.h"

#define CLIENT_MAX 64

struct dspd;

enum client_state {
	CLIENT_FREE = 0, /* the place is not used */
	CLIENT_STARTING, /* CREATE is not answered yet */
	CLIENT_LIVE,
	CLIENT_DEAD, /* the PD has ended, RELEASE has not come */
	CLIENT_LOST, /* all is answered, but the session's file is still held */
};

struct client {
	enum client_state state;
	__s32 id;
	__u32 sid; /* its context bank */
	bool file_gone;
	bool releasing;
	__u64 create_ctx;
	__u32 create_error; /* what CREATE is answered with when the PD does not come up */
	__u64 release_ctx;
	__u64 deadline; /* ms, 0: none; to be ready, or to be gone */
	struct pd pd;
	struct pd_maps *maps; /* ends with the PD: NULL when the file is gone */
};

/*
 * Makes the PD of a client from an image, which is closed here. 0 or a FRPC_E code; with
 * 0 the answer to ctx is sent when the PD is ready or has failed to be.
 */
__u32 client_create(struct dspd *dspd, __u64 ctx, __s32 id, __u32 sid, int image);

/* Ends it and answers ctx when nothing is left of it; an unknown client is answered at once. */
void client_release(struct dspd *dspd, __u64 ctx, __s32 id);

/* The client with this number if its PD serves, or NULL. */
struct client *client_live(struct dspd *dspd, __s32 id);

/* What can happen to a client. */
void client_file_gone(struct dspd *dspd, __s32 id);
void client_ready_event(struct dspd *dspd, struct client *client);
void clients_reap(struct dspd *dspd);
void clients_check_time(struct dspd *dspd);

/* Answers what was waiting for the end of a PD; to be called when no record is left to read. */
void clients_settle(struct dspd *dspd);

/* Milliseconds until the next deadline, -1 when there is none: for poll(). */
int clients_timeout(const struct dspd *dspd);

void clients_kill_all(struct dspd *dspd);

#endif
