/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * The shell on this machine, without a virtual DSP: a packet socket stands for the
 * session's file, a memfd for the memory of the context bank; the table of mappings is
 * dspd's.
 */
#ifndef DSP_TESTS_HARNESS_H
#define DSP_TESTS_HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fastrpc_wire.h"
#include "pd_maps.h"
#include "vdsp.h"

/* Memory beyond it is not there: touching it is SIGBUS, as with the virtual SMMU. */
#define MEMORY	   0x04000000u
#define SID	   (5ull << 32)
#define PAYLOAD	   VDSP_IOVA_START
#define DATA	   (VDSP_IOVA_START + 0x10000u)
#define ERROR_TEXT 200
#define NO_ANSWER  0xdeadu

struct shell {
	pid_t pid;
	int socket;
	int log;
	uint8_t *memory;
	struct pd_maps *maps;
	uint64_t ctx;
};

/* One argument: for inputs data is copied in, for outputs copied out. */
struct buffer {
	void *data;
	uint32_t len;
};

/* A DMA handle: an offset and a length in the range that its key stands for. */
struct dma {
	int32_t key;
	uint32_t offset;
	uint32_t len;
	uint32_t iova;
	uint32_t size;
};

/* The payload's tables, as they lie in memory. */
struct tables {
	struct frpc_arg *args;
	struct frpc_list *list;
	struct frpc_page *pages;
};

/* One line of TAP; finish prints the last ones and gives the exit code. */
void check(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
int finish(void);
_Noreturn void die(const char *what);

struct shell start(const char *qemu, const char *elf);
/* The same, on a DSP that has poll mode. */
struct shell start_polled(const char *qemu, const char *elf);

/* How the process ended; its log goes to text. */
int stop(struct shell *shell, char *text, size_t size);

void *at(struct shell *shell, uint32_t iova);

/* Sends with the next ctx, which it gives. */
uint64_t send_raw(struct shell *shell, const struct vdsp_msg *msg);

/* False when there is no answer within 10 seconds, or the process is gone. */
bool receive(struct shell *shell, struct vdsp_reply *reply);

/* The answer's code, or NO_ANSWER. */
uint32_t ask_raw(struct shell *shell, const struct vdsp_msg *msg);

/* A message whose payload is at PAYLOAD. */
struct vdsp_msg message(uint32_t handle, uint32_t sc);
struct tables tables_at(struct shell *shell, uint32_t payload, uint32_t sc);

/* Lays out the payload, data behind it; every argument at an odd multiple of 128. */
void build(struct shell *shell, uint32_t payload, uint32_t sc, const struct buffer *buffers);
void build_dma(struct shell *shell, uint32_t payload, uint32_t sc, const struct dma *handles);

/* Copies the outputs of an answered call out. */
void fetch(struct shell *shell, uint32_t payload, uint32_t sc, const struct buffer *buffers);

/* build, ask, and copy the outputs out; the code of the answer. */
uint32_t call(struct shell *shell, uint32_t handle, uint32_t sc, const struct buffer *buffers);
uint32_t call_dma(struct shell *shell, uint32_t handle, uint32_t sc, const struct buffer *buffers,
		  const struct dma *handles);

/* The module's error; 0 in *handle when it is not open */
uint32_t open_module(struct shell *shell, const char *name, uint32_t *handle, char *text);
uint32_t close_module(struct shell *shell, uint32_t handle);
uint32_t must_open(struct shell *shell, const char *name);

#endif
