// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Error counters of DSPs, for the generic netlink family of DRM.
 *
 * There is one node for each DSP that has been seen, and it stays until the driver is
 * unloaded: a DSP that crashes comes back as another device, whose counter of crashes
 * would always be 0. The DRM core also has no lock or reference to a node while it
 * asks about it, so nodes that went with their devices could be freed under it.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/mutex.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>
#include <drm/drm_ras.h>

#include "qda_device.h"
#include "qda_ras.h"

/**
 * struct qda_ras_node - Error counters of a DSP
 * @node: for the DRM core
 * @registered: the core knows it; protected by qda_ras_lock
 * @count: how often each error has been seen
 */
struct qda_ras_node {
	struct drm_ras_node node;
	bool registered;
	atomic_t count[QDA_RAS_END];
};

/* Names of errors, an interface like the numbers */
static const char *const qda_ras_names[QDA_RAS_END] = {
	[QDA_RAS_LOST] = "dsp-lost",
	[QDA_RAS_PD_EXIT] = "process-exit",
	[QDA_RAS_STALE] = "stale-answer",
	[QDA_RAS_MALFORMED] = "malformed-message",
	[QDA_RAS_TIMEOUT] = "timeout",
	[QDA_RAS_SEND] = "send-failure",
};

/* Serialises registering nodes. */
static DEFINE_MUTEX(qda_ras_lock);
static struct qda_ras_node qda_ras_nodes[QDA_DOMAINS];

static struct qda_ras_node *to_qda_ras_node(struct drm_ras_node *node)
{
	return container_of(node, struct qda_ras_node, node);
}

static int qda_ras_query(struct drm_ras_node *node, u32 id, const char **name, u32 *value)
{
	if (id >= QDA_RAS_END || !qda_ras_names[id])
		return -ENOENT;
	*name = qda_ras_names[id];
	*value = atomic_read(&to_qda_ras_node(node)->count[id]);

	return 0;
}

static int qda_ras_clear(struct drm_ras_node *node, u32 id)
{
	if (id >= QDA_RAS_END || !qda_ras_names[id])
		return -ENOENT;
	atomic_set(&to_qda_ras_node(node)->count[id], 0);

	return 0;
}

/**
 * qda_ras_begin - A DSP has been found
 * @qdev: the DSP
 */
void qda_ras_begin(struct qda_device *qdev)
{
	struct qda_ras_node *ras = &qda_ras_nodes[qdev->domain_id];
	int ret;

	guard(mutex)(&qda_ras_lock);

	if (ras->registered)
		return;
	ras->node.device_name = qdev->drm.driver->name;
	ras->node.node_name = qdev->domain->name;
	ras->node.type = DRM_RAS_NODE_TYPE_ERROR_COUNTER;
	ras->node.error_counter_range.first = QDA_RAS_LOST;
	ras->node.error_counter_range.last = QDA_RAS_END - 1;
	ras->node.query_error_counter = qda_ras_query;
	ras->node.clear_error_counter = qda_ras_clear;

	ret = drm_ras_node_register(&ras->node);
	ras->registered = !ret;
	/* The DSP serves calls without it, too. */
	if (ret)
		drm_dbg(&qdev->drm, "no error counters: %d\n", ret);
}

/**
 * qda_ras_count - There was an error
 * @qdev: the DSP
 * @error: which
 *
 * Context: any.
 */
void qda_ras_count(struct qda_device *qdev, enum qda_ras_error error)
{
	atomic_inc(&qda_ras_nodes[qdev->domain_id].count[error]);
}

/**
 * qda_ras_exit - The driver is being unloaded
 */
void qda_ras_exit(void)
{
	guard(mutex)(&qda_ras_lock);

	for (u32 i = 0; i < QDA_DOMAINS; i++)
		if (qda_ras_nodes[i].registered)
			drm_ras_node_unregister(&qda_ras_nodes[i].node);
}
