/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_DSP_H__
#define __VDSP_DSP_H__

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "config.h"

struct bus_type;
struct dentry;
struct dev_pm_ops;
struct device_node;
struct rproc;
struct vdsp_firmware;
struct vdsp_loopback;
struct vdsp_port;
struct vdsp_route;
struct vdsp_smmu;
struct vdsp_window;

/**
 * struct vdsp_dsp - One virtual DSP
 * @dev: device on the vdsp bus; open files keep the struct beyond its removal
 * @config: what it looks like
 * @window: what its firmware can see
 * @smmu: address translation
 * @port: transport to the driver
 * @route: requests on the way to user-space firmware
 * @loopback: firmware in the kernel, or NULL
 * @firmware: char device of user-space firmware, or NULL
 * @remoteproc: what programs find of it in sysfs
 * @debugfs: its folder
 * @overlay: id of its device tree overlay
 * @fastrpc: device tree node of the channel
 * @lock: serializes up, down and removal; protects @up and @removed
 * @up: the channel exists
 * @removed: it is being taken off the bus
 * @calls: requests accepted from the driver
 * @dropped: messages of the driver that are not a request
 * @suspend_error: the platform cannot be suspended, with this positive error number; 0 if it can
 * @suspends: how often it was suspended; written by the core of power management only
 * @resumes: how often it was resumed; likewise
 */
struct vdsp_dsp {
	struct device dev;
	struct vdsp_config config;
	struct vdsp_window *window;
	struct vdsp_smmu *smmu;
	struct vdsp_port *port;
	struct vdsp_route *route;
	struct vdsp_loopback *loopback;
	struct vdsp_firmware *firmware;
	struct rproc *remoteproc;
	struct dentry *debugfs;
	int overlay;
	struct device_node *fastrpc;
	struct mutex lock; /* up, down, removal */
	bool up;
	bool removed;
	atomic_t calls;
	atomic_t dropped;
	u32 suspend_error;
	u32 suspends;
	u32 resumes;
};

struct vdsp_dsp *vdsp_dsp_create(const struct vdsp_config *cfg, const struct bus_type *bus,
				 struct device *parent);
void vdsp_dsp_remove(struct vdsp_dsp *dsp);
void vdsp_dsp_wait_all_gone(void);

extern const struct dev_pm_ops vdsp_dsp_pm_ops;

int vdsp_dsp_up(struct vdsp_dsp *dsp);
int vdsp_dsp_down(struct vdsp_dsp *dsp);
bool vdsp_dsp_is_up(struct vdsp_dsp *dsp);

#endif /* __VDSP_DSP_H__ */
