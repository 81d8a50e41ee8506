/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The application's side, in raw ioctls: the interface itself is under test, so no
 * library is between.
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <drm/qda_accel.h>

#include "dsp.h"
#include "sys.h"

#define MIB (1024u * 1024u)
/* QDA_LIMIT_INLINE */
#define INLINE_MOST (4 * MIB)

/* How long the driver waits for what it asks the DSP itself, if it is not told otherwise. */
#define TIMEOUT_MS 10000
/* What most tests tell it. */
#define SHORT_MS 2000

/* An address to tell apart "not written" from "written as zero". */
#define POISON 0xa5

/* Arguments for a PD that everyone may make on cdsp: unsigned, no image. */
#define UNSIGNED_PD                                             \
	(struct drm_qda_init_create)                            \
	{                                                       \
		.filefd = -1, .attrs = QDA_ATTR_UNSIGNED_MODULE \
	}

/* Arguments for a PD of the firmware. */
#define ROOT_PD                        \
	(struct drm_qda_remote_attach) \
	{                              \
		.pd = QDA_PD_ROOT      \
	}
#define STATIC_PD(text)                                                                     \
	(struct drm_qda_remote_attach)                                                      \
	{                                                                                   \
		.pd = QDA_PD_STATIC, .name = (uintptr_t)(text), .namelen = strlen(text) + 1 \
	}

int qda_create(int fd, struct drm_qda_init_create *create);
int qda_attach(int fd, struct drm_qda_remote_attach *attach);
int qda_invoke(int fd, struct drm_qda_invoke *invoke);
int qda_release(int fd, struct drm_qda_session_release *release);
int qda_query(int fd, uint32_t type, uint32_t index, struct drm_qda_query *query);
/* One of the driver's limits, and the bits of what it can do. */
uint64_t qda_limit(int fd, uint32_t index);
uint64_t qda_features(int fd);
struct job *create_start(int fd, struct drm_qda_init_create *create);
struct job *attach_start(int fd, struct drm_qda_remote_attach *attach);
struct job *release_start(int fd, struct drm_qda_session_release *release);
struct job *invoke_start(int fd, struct drm_qda_invoke *invoke);

/* Client id and stream id of a session, as its CREATE message told the DSP. */
struct session {
	int fd;
	int id;
	uint32_t sid;
};

/*
 * Takes the next message, which must be for the firmware itself with these scalars; its
 * first input, which must have this size.
 */
void *expect_init(struct dsp *dsp, struct dsp_call *call, uint32_t sc, size_t size);
/* Takes the next message, which must be a CREATE, and reads it. */
void expect_create(struct dsp *dsp, struct dsp_call *call, struct frpc_create *create);
/* Takes the next message, which must be an ATTACH of this PD type; the client's id. */
int expect_attach(struct dsp *dsp, struct dsp_call *call, uint32_t pd_type);
/* The same for a static PD of this name; *@page gets the memory that it is offered. */
int expect_static_pd(struct dsp *dsp, struct dsp_call *call, const char *name,
		     struct frpc_page *page);
/* The same, and it must be offered none. */
int expect_create_static(struct dsp *dsp, struct dsp_call *call, const char *name);
/* Takes the next message, which must be the RELEASE of this client. */
void expect_release(struct dsp *dsp, struct dsp_call *call, int id);
/* Makes a process by the file while the test answers as the DSP. */
struct session session_create(struct dsp *dsp, int fd);
/* The same with these arguments; the DSP must find this image. */
void create_with_image(struct dsp *dsp, int fd, struct drm_qda_init_create *create,
		       const void *image);
/* The DSP refuses to make one. */
void session_create_refused(struct dsp *dsp, int fd);
/* Opens the node and makes a process. */
struct session session_new(struct dsp *dsp);
/* Ends the process by ioctl and answers. */
void session_release(struct dsp *dsp, struct session *s);
/* Waits until the session has no process, after an answer that nobody waited for. */
void session_wait_none(int fd);
/* Tells the driver that the PD died and waits until it knows. */
void session_die(struct dsp *dsp, struct session *s);

/* A call under construction. */
struct invocation {
	struct drm_qda_invoke req;
	struct drm_qda_arg args[255 + 255 + 15 + 15];
	unsigned int in, out, in_handles, out_handles;
};

#define TEST_HANDLE 0x80000010u

/* Inputs first, then outputs, then handles, also inputs first. */
struct invocation *inv_new(uint32_t handle, unsigned int method);
void inv_in(struct invocation *inv, const void *p, uint64_t len);
void inv_out(struct invocation *inv, void *p, uint64_t len);
/* DMA handles: a range of what is mapped under a key. */
void inv_key_in(struct invocation *inv, uint32_t key, uint64_t offset, uint64_t len);
void inv_key_out(struct invocation *inv, uint32_t key, uint64_t offset, uint64_t len);

#endif /* TESTS_CLIENT_H */
