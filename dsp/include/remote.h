/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * What a skel (the DSP's side of an interface) is called with. A skel named X is
 * one function
 *
 *	int X_skel_handle_invoke(uint64_t h, uint32_t sc, remote_arg *pra);
 *
 * sc is the scalars word: which method, and how many arguments of each kind; pra
 * has the arguments: input buffers, output buffers, input handles, output handles.
 * Method 0 opens the module: input 0 {uint32_t length of the URI}, input 1 the URI,
 * output handle 0 an object of the skel's choice that it gets back as h. Method 1
 * closes it: input handle 0 is the object. The skel's own methods start at 2.
 * Several threads call it at the same time.
 *
 * Buffers lie in memory that the caller can change while the method runs: read what
 * you check once, into a variable of your own.
 */
#ifndef QDA_REMOTE_H
#define QDA_REMOTE_H

#include <stddef.h>
#include <stdint.h>

#define REMOTE_SCALARS_METHOD(sc)     (((sc) >> 24) & 0x1f)
#define REMOTE_SCALARS_INBUFS(sc)     (((sc) >> 16) & 0xff)
#define REMOTE_SCALARS_OUTBUFS(sc)    (((sc) >> 8) & 0xff)
#define REMOTE_SCALARS_INHANDLES(sc)  (((sc) >> 4) & 0xf)
#define REMOTE_SCALARS_OUTHANDLES(sc) ((sc)&0xf)
#define REMOTE_SCALARS_MAKEX(attr, method, in, out, in_handles, out_handles) \
	(((uint32_t)(attr)&0x7) << 29 | ((uint32_t)(method)&0x1f) << 24 |    \
	 ((uint32_t)(in)&0xff) << 16 | ((uint32_t)(out)&0xff) << 8 |         \
	 ((uint32_t)(in_handles)&0xf) << 4 | ((uint32_t)(out_handles)&0xf))
#define REMOTE_SCALARS_MAKE(method, in, out) REMOTE_SCALARS_MAKEX(0, method, in, out, 0, 0)

/* A function that the loader must find by its name, when nothing else is to be seen outside. */
#define SKEL_EXPORT __attribute__((visibility("default")))

/* Scalars of the two methods that every skel has. */
#define REMOTE_SCALARS_OPEN  REMOTE_SCALARS_MAKEX(0, 0, 2, 0, 0, 1)
#define REMOTE_SCALARS_CLOSE REMOTE_SCALARS_MAKEX(0, 1, 0, 0, 1, 0)

typedef struct {
	void *pv; /* NULL when nLen is 0 */
	uint32_t nLen;
} remote_buf;

typedef struct {
	int32_t fd;
	uint32_t offset;
} remote_dma_handle;

typedef union {
	remote_buf buf;
	remote_dma_handle dma;
	uint64_t h64;
} remote_arg;

/*
 * Calls from the DSP to the application: modules that it has for the DSP, such as "apps_std",
 * which reads files. The calls wait until a thread of the application takes them (its
 * listener, which FastRPC's own library has and libqda has not), at worst for ever. 0, what
 * the method gave, or an AEE code; no handles among the arguments.
 */
int remote_handle_open(const char *name, uint32_t *handle);
int remote_handle_invoke(uint32_t handle, uint32_t sc, remote_arg *pra);
int remote_handle_close(uint32_t handle);

#endif
