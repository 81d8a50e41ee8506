// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The region of memory that the device tree sets aside for a DSP. That of the application DSP
 * is for the PDs of its firmware. A sensor DSP, which has no IOMMU, can reach nothing else, and
 * that only when the SoC's firmware lets it in; so all that it is told of comes from there.
 */
#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/dma-map-ops.h>
#include <linux/errno.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>

#include "qda_device.h"
#include "qda_region.h"

#ifdef CONFIG_DMA_CMA
static struct cma *qda_region_device_pool(const struct device *dev)
{
	return dev->cma_area;
}
#else
static struct cma *qda_region_device_pool(const struct device *dev)
{
	return NULL;
}
#endif

/**
 * qda_region_is_pool - Whether Linux uses the region for what can be moved
 * @dev: the rpmsg device
 *
 * Return: what it is, false if there is none.
 */
bool qda_region_is_pool(const struct device *dev)
{
	struct device_node *np __free(device_node) =
		of_parse_phandle(dev->of_node, "memory-region", 0);

	return of_property_read_bool(np, "reusable");
}

/**
 * qda_region_find_pool - Find the area that such a region is
 * @dev: the rpmsg device
 *
 * Return: the area, which is never given up, or NULL when it was not reserved.
 */
struct cma *qda_region_find_pool(struct device *dev)
{
	struct cma *pool;

	/* It can only be found by making it a device's, which needs it for nothing else. */
	if (of_reserved_mem_device_init_by_idx(dev, dev->of_node, 0))
		return NULL;

	pool = qda_region_device_pool(dev);
	of_reserved_mem_device_release(dev);

	return pool;
}

/**
 * qda_region_init - Find out where the DSP's memory has to be
 * @qdev: the DSP
 *
 * Return: 0, -EPROBE_DEFER when the firmware that has to let it in cannot be asked yet, or
 * -EINVAL when the device tree makes no sense.
 */
int qda_region_init(struct qda_device *qdev)
{
	struct device *dev = qdev->drm.dev;
	struct qda_region *region = &qdev->region;
	int ret;

	if (!qdev->domain->region || !of_property_present(dev->of_node, "memory-region"))
		return 0;

	ret = qda_scm_read_vmids(dev->of_node, &region->vmids);
	if (!ret && region->vmids.count && !qda_scm_is_available())
		ret = -EPROBE_DEFER;
	if (ret)
		return dev_err_probe(dev, ret, "no virtual machines for its memory\n");

	if (qda_region_is_pool(dev))
		region->pool = qda_region_find_pool(dev);

	return 0;
}
