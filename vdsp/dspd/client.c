/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dspd.h"
#include "log.h"
#include "maps.h"

/* The driver waits 10 s: there must be time left for an answer. */
#define START_MS 8000
#define END_MS	 5000

static __u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

static struct client *find(struct dspd *dspd, __s32 id)
{
	for (int i = 0; i < CLIENT_MAX; i++) {
		if (dspd->clients[i].state != CLIENT_FREE && dspd->clients[i].id == id)
			return &dspd->clients[i];
	}
	return NULL;
}

static struct client *find_free(struct dspd *dspd)
{
	for (int i = 0; i < CLIENT_MAX; i++) {
		if (dspd->clients[i].state == CLIENT_FREE)
			return &dspd->clients[i];
	}
	return NULL;
}

struct client *client_live(struct dspd *dspd, __s32 id)
{
	struct client *client = find(dspd, id);

	return client && client->state == CLIENT_LIVE && !client->releasing ? client : NULL;
}

static void drop_maps(struct client *client)
{
	maps_destroy(client->maps);
	client->maps = NULL;
}

static void forget(struct client *client)
{
	pd_finish(&client->pd, client->id);
	drop_maps(client);
	*client = (struct client){ .state = CLIENT_FREE };
}

/* Kills the PD; what comes of it is seen when its file is gone, or at the deadline. */
static void end(struct client *client)
{
	pd_kill(&client->pd);
	client->deadline = now_ms() + END_MS;
}

/* The table and the session last: when its file is closed, a record comes. */
static __u32 open_files(struct dspd *dspd, __s32 id, __u32 sid, struct pd_maps **maps,
			struct pd_files *files)
{
	files->maps = maps_create(maps);
	if (files->maps < 0)
		return FRPC_ENOMEMORY;
	files->session = device_session(&dspd->device, id, sid);
	if (files->session >= 0)
		return 0;
	maps_destroy(*maps);
	close(files->maps);
	return files->session == -EEXIST ? FRPC_EBADSTATE : FRPC_ENOMEMORY;
}

static void begin(struct dspd *dspd, struct client *client, const struct pd_files *files)
{
	int err;

	client->state = CLIENT_STARTING;
	client->create_error = FRPC_EUNABLETOLOAD;
	client->deadline = now_ms() + START_MS;
	pd_init(&client->pd);
	err = pd_start(&client->pd, dspd->options.qemu, files);
	if (err) {
		log_say("no process for pd%d: %s", client->id, strerror(-err));
		client->create_error = FRPC_ENOMEMORY;
	}
}

/* A client has one PD at a time: a second CREATE is a mistake of the driver. */
__u32 client_create(struct dspd *dspd, __u64 ctx, __s32 id, __u32 sid, int image)
{
	struct client *client = find_free(dspd);
	struct pd_files files = {
		.image = image,
		.poll_word = device_has_poll_mode(&dspd->device),
	};
	struct pd_maps *maps;
	__u32 error = client ? 0 : FRPC_ENOMEMORY;

	if (find(dspd, id))
		error = FRPC_EBADSTATE;
	if (!error)
		error = open_files(dspd, id, sid, &maps, &files);
	if (error) {
		close(image);
		return error;
	}
	*client = (struct client){ .id = id, .sid = sid, .create_ctx = ctx, .maps = maps };
	begin(dspd, client, &files);
	return 0;
}

void client_release(struct dspd *dspd, __u64 ctx, __s32 id)
{
	struct client *client = find(dspd, id);

	if (!client || client->state == CLIENT_LOST) {
		device_answer(&dspd->device, ctx, client ? FRPC_EBADSTATE : 0);
		return;
	}
	if (client->releasing) {
		device_answer(&dspd->device, ctx, FRPC_EBADSTATE);
		return;
	}
	client->releasing = true;
	client->release_ctx = ctx;
	end(client);
}

static void say_end(const struct client *client)
{
	int status = client->pd.status;

	if (WIFSIGNALED(status))
		log_say("pd%d was ended by signal %d", client->id, WTERMSIG(status));
	else
		log_say("pd%d exited with code %d", client->id, WEXITSTATUS(status));
}

/*
 * The record comes while the process is still on its way out, or when the PD threw
 * its file away and goes on: kill it. That does not change the status of one that
 * is ending already. The driver is told before the calls that are left are answered.
 */
void client_file_gone(struct dspd *dspd, __s32 id)
{
	struct client *client = find(dspd, id);

	if (!client)
		return;
	pd_kill(&client->pd);
	pd_reap(&client->pd, true);
	pd_finish(&client->pd, client->id);
	drop_maps(client);
	client->file_gone = true;
	if (client->state == CLIENT_LOST)
		forget(client);
	if (client->state != CLIENT_LIVE)
		return;
	client->state = CLIENT_DEAD;
	if (client->releasing)
		return;
	say_end(client);
	device_notify(&dspd->device, id,
		      WIFSIGNALED(client->pd.status) ? FRPC_PD_STATUS_EXCEPTION :
						       FRPC_PD_STATUS_EXIT);
}

static void answer_all(struct dspd *dspd, struct client *client, __u32 release_code)
{
	if (client->state == CLIENT_STARTING)
		device_answer(&dspd->device, client->create_ctx, client->create_error);
	if (client->releasing)
		device_answer(&dspd->device, client->release_ctx, release_code);
}

static void settle(struct dspd *dspd, struct client *client)
{
	if (!client->file_gone || (client->state == CLIENT_DEAD && !client->releasing))
		return;
	answer_all(dspd, client, 0);
	forget(client);
}

void clients_settle(struct dspd *dspd)
{
	for (int i = 0; i < CLIENT_MAX; i++) {
		if (dspd->clients[i].state != CLIENT_FREE)
			settle(dspd, &dspd->clients[i]);
	}
}

void client_ready_event(struct dspd *dspd, struct client *client)
{
	int ready = pd_read_ready(&client->pd);

	if (ready == 0 || client->state != CLIENT_STARTING)
		return;
	if (ready < 0 || client->releasing) {
		end(client);
		return;
	}
	client->state = CLIENT_LIVE;
	client->deadline = 0;
	device_answer(&dspd->device, client->create_ctx, 0);
}

void clients_reap(struct dspd *dspd)
{
	for (int i = 0; i < CLIENT_MAX; i++) {
		if (dspd->clients[i].state != CLIENT_FREE)
			pd_reap(&dspd->clients[i].pd, false);
	}
}

/*
 * A PD that is not ready in time is ended. One that cannot be ended, because a process that
 * it made holds the session's file, must not make the driver wait for ever.
 */
static void time_is_up(struct dspd *dspd, struct client *client)
{
	if (client->state == CLIENT_STARTING && client->pd.ready >= 0) {
		log_say("pd%d was not ready within %d s", client->id, START_MS / 1000);
		pd_finish(&client->pd, client->id);
		end(client);
		return;
	}
	log_say("pd%d is killed, but its session's file is still held: its client number is lost",
		client->id);
	answer_all(dspd, client, FRPC_EBADSTATE);
	client->state = CLIENT_LOST;
	client->releasing = false;
	client->deadline = 0;
}

void clients_check_time(struct dspd *dspd)
{
	__u64 now = now_ms();

	for (int i = 0; i < CLIENT_MAX; i++) {
		struct client *client = &dspd->clients[i];

		if (client->state != CLIENT_FREE && !client->file_gone && client->deadline &&
		    now >= client->deadline)
			time_is_up(dspd, client);
	}
}

int clients_timeout(const struct dspd *dspd)
{
	__u64 now = now_ms(), next = ~0ull;

	for (int i = 0; i < CLIENT_MAX; i++) {
		const struct client *client = &dspd->clients[i];

		if (client->state != CLIENT_FREE && !client->file_gone && client->deadline &&
		    client->deadline < next)
			next = client->deadline;
	}
	if (next == ~0ull)
		return -1;
	return next > now ? (int)(next - now) : 0;
}

void clients_kill_all(struct dspd *dspd)
{
	for (int i = 0; i < CLIENT_MAX; i++) {
		if (dspd->clients[i].state == CLIENT_FREE)
			continue;
		pd_kill(&dspd->clients[i].pd);
		pd_reap(&dspd->clients[i].pd, true);
		forget(&dspd->clients[i]);
	}
}
