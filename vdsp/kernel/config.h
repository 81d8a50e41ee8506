/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_CONFIG_H__
#define __VDSP_CONFIG_H__

#include <linux/types.h>

#define VDSP_BANKS_MAX		16
#define VDSP_BANKS_DEFAULT	4
#define VDSP_VMIDS_MAX		2
#define VDSP_NAME_SIZE		16
#define VDSP_NODE_SIZE		32

/**
 * enum vdsp_firmware_kind - Who answers the calls of a DSP
 * @VDSP_FIRMWARE_USER: the process that has /dev/vdsp-<domain> open
 * @VDSP_FIRMWARE_LOOPBACK: this module, which copies inputs to outputs
 * @VDSP_FIRMWARE_NULL: this module, which answers 0 and decodes nothing
 */
enum vdsp_firmware_kind {
	VDSP_FIRMWARE_USER,
	VDSP_FIRMWARE_LOOPBACK,
	VDSP_FIRMWARE_NULL,
};

/**
 * enum vdsp_heap_kind - Memory that the device tree has for the PDs of the firmware
 * @VDSP_HEAP_NONE: none
 * @VDSP_HEAP_REGION: a region that is nobody else's
 * @VDSP_HEAP_POOL: a region with pages of the kernel in it
 */
enum vdsp_heap_kind {
	VDSP_HEAP_NONE,
	VDSP_HEAP_REGION,
	VDSP_HEAP_POOL,
};

/**
 * struct vdsp_config - What a virtual DSP looks like, fixed while it exists
 * @name: domain name
 * @node: name of the device tree node that has all of it; no two DSPs share one, as
 *	the nodes of a removed DSP stay until their last user is gone
 * @domain: number of the domain, as in struct vdsp_info
 * @banks: number of context banks; their stream ids are 1 to @banks
 * @direct: bit N is set when bank N has no IOMMU
 * @nsessions: device tree says that the last bank is for so many sessions; 0: nothing
 * @sid_pos: bit of a DSP address at which the stream id starts
 * @kaanapali: device tree says qcom,kaanapali-fastrpc
 * @nonsecure: device tree says qcom,non-secure-domain
 * @heap: what memory-region of the device tree is
 * @vmids: device tree says so many virtual machines in qcom,vmids
 * @firmware: who answers
 */
struct vdsp_config {
	char name[VDSP_NAME_SIZE];
	char node[VDSP_NODE_SIZE];
	u32 domain;
	u32 banks;
	u32 direct;
	u32 nsessions;
	u32 sid_pos;
	bool kaanapali;
	bool nonsecure;
	enum vdsp_heap_kind heap;
	u32 vmids;
	enum vdsp_firmware_kind firmware;
};

int vdsp_config_parse(struct vdsp_config *cfg, const char *text);

#endif /* __VDSP_CONFIG_H__ */
