/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_DEVICE_H__
#define __QDA_DEVICE_H__

#include <linux/atomic.h>
#include <linux/container_of.h>
#include <linux/list.h>
#include <linux/mutex_types.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include <drm/drm_device.h>

#include "qda_answers.h"
#include "qda_caps.h"
#include "qda_channel.h"
#include "qda_heap.h"
#include "qda_region.h"
#include "qda_slots.h"

struct auxiliary_device;
struct workqueue_struct;

/* Number of DSPs that an SoC can have */
#define QDA_DOMAINS	7

/**
 * struct qda_soc_data - What differs between SoCs
 * @sid_pos: bit of an address where the stream id of the context bank starts
 * @dma_bits: bits of a DMA address, for the DSPs that are not named below
 * @dma_bits_cdsp: bits of a DMA address of the compute DSPs
 * @poll_mode: the firmware writes the poll word
 */
struct qda_soc_data {
	u32 sid_pos;
	u32 dma_bits;
	u32 dma_bits_cdsp;
	bool poll_mode;
};

/**
 * struct qda_domain - One of the DSPs an SoC can have
 * @name: its name in the device tree and for user space
 * @cdsp: is a compute DSP
 * @unsigned_pd: lets everyone create unsigned PDs
 * @heap: PDs of its firmware take memory from a region of the device tree
 * @region: without an IOMMU it has its memory in one
 */
struct qda_domain {
	const char *name;
	bool cdsp;
	bool unsigned_pd;
	bool heap;
	bool region;
};

/**
 * struct qda_banks - The context banks of a device
 * @lock: protects everything below and which session has a bank
 * @list: all banks, &struct qda_cb
 * @places: what sessions have of them, &struct qda_cb_place
 * @count: how many there are
 * @direct: one of them, or one that there was, takes physical addresses
 * @gone: the device is going away, no session gets a bank
 */
struct qda_banks {
	/* Protects the list of banks and which session has which. */
	struct mutex lock;
	struct list_head list;
	struct list_head places;
	u32 count;
	bool direct;
	bool gone;
};

/**
 * struct qda_stats - Counters for debugfs
 * @sessions: sessions that exist
 * @processes: sessions whose process is not in the state none
 * @mapped_pages: pages mapped in context banks
 * @buffers: buffer objects that exist
 * @mappings: mappings of buffer objects in sessions
 * @remote_maps: what processes have mapped for longer than a call
 * @attachments: dma-bufs of others that are attached to context banks, once per bank
 * @assigned_pages: pages of buffer objects that a virtual machine of the DSP has, too
 * @lost_pages: pages that the firmware did not take back from it
 * @syncs: cache maintenance of whole buffer objects
 * @copied: bytes of arguments that were copied
 * @dropped: messages from the DSP that belonged to nothing
 * @notified: announcements of the end of a PD that belonged to a session
 * @polled: calls that were over when the DSP had written the poll word
 */
struct qda_stats {
	atomic_t sessions;
	atomic_t processes;
	atomic_long_t mapped_pages;
	atomic_t buffers;
	atomic_t mappings;
	atomic_t remote_maps;
	atomic_t attachments;
	atomic_long_t assigned_pages;
	atomic_long_t lost_pages;
	atomic_long_t syncs;
	atomic_long_t copied;
	atomic_long_t dropped;
	atomic_long_t notified;
	atomic_long_t polled;
};

/**
 * struct qda_device - One DSP
 * @drm: the DRM device; it and all of this live until its last reference is put
 * @soc: what is special on this SoC
 * @domain: which DSP it is; its place in qda_domains is its number
 * @domain_id: that number
 * @channel: the way to the DSP
 * @slots: the calls in flight
 * @answers: the last answers
 * @banks: the context banks
 * @caps: what the DSP can do
 * @heap: memory for the PDs of its firmware
 * @region: where its contiguous memory has to be
 * @sessions: session by id; its lock, taken with interrupts off, keeps a session that
 *	was found from being freed
 * @imports: dma-bufs whose objects are shared, &struct qda_bo by address of the dma-buf
 * @legacy: what the driver of the legacy interface binds to, or NULL; protected by
 *	@disconnect_lock
 * @next_session: where the search for a free session id goes on
 * @stats: counters
 * @lost: the rpmsg device is being removed, which is how a DSP that went away shows
 * @disconnect_lock: protects what follows and makes late callers wait for the first
 * @registered: users have been able to see it
 * @disconnected: the DSP went away and everything that follows from it has been done
 */
struct qda_device {
	struct drm_device drm;
	const struct qda_soc_data *soc;
	const struct qda_domain *domain;
	u32 domain_id;
	struct qda_channel channel;
	struct qda_slots slots;
	struct qda_answers answers;
	struct qda_banks banks;
	struct qda_caps caps;
	struct qda_heap heap;
	struct qda_region region;
	struct xarray sessions;
	struct xarray imports;
	struct auxiliary_device *legacy;
	u32 next_session;
	struct qda_stats stats;
	bool lost;
	/* Protects the flags below. */
	struct mutex disconnect_lock;
	bool registered;
	bool disconnected;
};

static inline struct qda_device *to_qda_device(struct drm_device *drm)
{
	return container_of(drm, struct qda_device, drm);
}

static inline u32 qda_device_dma_bits(const struct qda_device *qdev)
{
	return qdev->domain->cdsp ? qdev->soc->dma_bits_cdsp : qdev->soc->dma_bits;
}

extern struct workqueue_struct *qda_wq;

struct device;

struct qda_device *qda_device_create(struct device *dev, const struct qda_soc_data *soc,
				     const char *label);
int qda_device_register(struct qda_device *qdev);
void qda_device_disconnect(struct qda_device *qdev);

#endif /* __QDA_DEVICE_H__ */
