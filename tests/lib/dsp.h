/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The test plays the DSP: it makes a virtual DSP, is its firmware, and sees and
 * answers each message itself, at the moment it chooses. Nothing here takes the
 * driver's word for anything: messages are read as the wire format says.
 */
#ifndef TESTS_DSP_H
#define TESTS_DSP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fastrpc_wire.h"
#include "vdsp.h"

#define DSP_MAX_BANKS 16
#define DSP_MAX_FILES 64

struct dsp {
	char name[16];
	char parent[64]; /* device above the accel node, as debugfs names it */
	char node[64];	 /* /dev/accel/accelN */
	int fd;		 /* firmware file, -1 when it is not open */
	struct vdsp_info info;
	void *window[DSP_MAX_BANKS + 1]; /* memory of each context bank */
	int files[DSP_MAX_FILES];	 /* accel files that dsp_finish() closes */
	unsigned int file_count;
	long long pages_at_start;
	struct dsp_server *server;
	pid_t firmware; /* a program that is the firmware instead of the test */
};

/* One message of the driver, its payload checked and taken apart. */
struct dsp_call {
	struct vdsp_msg msg;
	unsigned int n;
	struct frpc_arg *arg;
	struct frpc_list *list;
	struct frpc_page *page;
	uint64_t *fdlist;
};

/*
 * Makes a virtual DSP from a line for new_device ("cdsp banks=4"), becomes its
 * firmware, brings it up and waits for the accel node. One DSP of a domain at a time.
 */
struct dsp *dsp_new(const char *line);
/* The same, but it stays down and no driver is waited for. */
struct dsp *dsp_new_down(const char *line);
/* Without a firmware file, for firmware=loopback or null; no node is waited for. */
struct dsp *dsp_new_inside(const char *line);
/*
 * Closes what is open, answers what the driver says about that, checks that
 * nothing is left mapped or counted, and removes the device.
 */
void dsp_finish(struct dsp *dsp);
/* Until the test ends the driver waits so long for answers, and not TIMEOUT_MS. */
void dsp_answer_within(unsigned int ms);
/* Removes every virtual DSP; for ktap_after_each(). */
void dsp_remove_all(void);
/* Removes this one, in whatever state it is. */
void dsp_remove(struct dsp *dsp);

void dsp_open_firmware(struct dsp *dsp);
/* Lets go of the firmware file and its memory; a DSP that is up crashes by it. */
void dsp_close_firmware(struct dsp *dsp);
/* Brings the DSP up; dsp_up() waits for the accel node, too. */
void dsp_announce(struct dsp *dsp);
void dsp_up(struct dsp *dsp);
void dsp_down(struct dsp *dsp);
/* Waits until the driver has made its node. */
void dsp_wait_node(struct dsp *dsp);

/* Opens the accel node; dsp_finish() closes the file. */
int dsp_open(struct dsp *dsp);
/* The same, left to the caller (a client process, or one that closes it). */
int accel_open(const char *node);
/* True when the domain has an accel node; its path goes to @node. */
bool accel_find(const char *domain, char node[64]);

/* Next message of the driver within @ms; false when there is none. */
bool dsp_poll(struct dsp *dsp, struct dsp_call *call, int ms);
/* Next message; the test fails when there is none. */
void dsp_next(struct dsp *dsp, struct dsp_call *call);
/* Next message, which must be for this method. */
void dsp_expect(struct dsp *dsp, struct dsp_call *call, uint32_t handle, unsigned int method);
/* The driver says nothing for a while. */
void dsp_expect_silence(struct dsp *dsp);

void dsp_reply(struct dsp *dsp, const struct dsp_call *call, uint32_t retval);
void dsp_reply_ctx(struct dsp *dsp, uint64_t ctx, uint32_t retval);
/* Any bytes as one message to the driver. */
void dsp_write(struct dsp *dsp, const void *buf, size_t len);
/* The firmware's notice that a PD ended. */
void dsp_notify(struct dsp *dsp, int client_id, uint32_t status);

uint32_t dsp_sid(struct dsp *dsp, uint64_t addr);
/* DSP memory at an address with its stream id. Touching it is what the DSP does. */
void *dsp_mem(struct dsp *dsp, uint64_t addr, size_t len);
/* True when the DSP can read the byte there; false: SMMU fault. */
bool dsp_can_read(struct dsp *dsp, uint64_t addr);
/* The same for writing; if it can, the byte is 'x' now. */
bool dsp_can_write(struct dsp *dsp, uint64_t addr);
/* The address in this bank can neither be read nor written, and that counts as its faults. */
void dsp_check_out_of_reach(struct dsp *dsp, uint64_t addr, uint32_t sid);
/* Where argument @i of a call is, *@len gets its length; NULL for an empty one. */
void *dsp_arg(struct dsp *dsp, const struct dsp_call *call, unsigned int i, uint64_t *len);

/*
 * A thread that answers from now on. @handler gives the return value of a
 * call; NULL answers handle 1 with 0 and copies input i of other calls to output i.
 */
typedef uint32_t (*dsp_handler)(struct dsp *dsp, struct dsp_call *call, void *arg);
void dsp_serve(struct dsp *dsp, dsp_handler handler, void *arg);
void dsp_serve_end(struct dsp *dsp);
uint32_t dsp_echo(struct dsp *dsp, struct dsp_call *call, void *arg);

/* debugfs of vdsp.ko: read and write /sys/kernel/debug/vdsp/<domain>/<name> */
long long vdsp_get(struct dsp *dsp, const char *name);
void vdsp_set(struct dsp *dsp, const char *name, long long value);
/* A counter of the driver ("name value" lines in its debugfs); -1 if there is none. */
long long qda_get(struct dsp *dsp, const char *name);
/* Waits until vdsp.ko shows @value for @name; the test fails otherwise. */
void vdsp_wait(struct dsp *dsp, const char *name, long long value);

/*
 * The same for a counter of the driver. A bank is free again when "sessions" says
 * that the session is gone; its pages are unmapped a moment before that.
 */
void qda_wait(struct dsp *dsp, const char *name, long long value);

#endif /* TESTS_DSP_H */
