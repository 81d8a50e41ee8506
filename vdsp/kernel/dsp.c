// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * One virtual DSP: what it is made of, and in which order it comes and goes.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/of.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "channel.h"
#include "debugfs.h"
#include "dsp.h"
#include "fdt.h"
#include "firmware.h"
#include "loopback.h"
#include "remoteproc.h"
#include "route.h"
#include "smmu.h"
#include "window.h"

/* DSPs whose memory is not free yet, with or without being on the bus. */
static atomic_t vdsp_dsp_alive;
static DECLARE_WAIT_QUEUE_HEAD(vdsp_dsp_gone);

static void vdsp_dsp_remove_overlay(struct vdsp_dsp *dsp)
{
	of_node_put(dsp->fastrpc);
	if (dsp->overlay)
		of_overlay_remove(&dsp->overlay);
}

/*
 * The last file is closed, and the last late user of the channel is gone. Only now
 * the nodes can go: an open file of the driver keeps the channel's device, and that
 * refers to its node.
 */
static void vdsp_dsp_release(struct device *dev)
{
	struct vdsp_dsp *dsp = container_of(dev, struct vdsp_dsp, dev);

	vdsp_dsp_remove_overlay(dsp);
	vdsp_firmware_destroy(dsp->firmware);
	vdsp_loopback_destroy(dsp->loopback);
	vdsp_route_destroy(dsp->route);
	vdsp_port_destroy(dsp->port);
	if (!IS_ERR_OR_NULL(dsp->window))
		vdsp_window_destroy(dsp->window);
	vdsp_smmu_destroy(dsp->smmu);
	mutex_destroy(&dsp->lock);
	kfree(dsp);
	if (atomic_dec_and_test(&vdsp_dsp_alive))
		wake_up_all(&vdsp_dsp_gone);
}

static int vdsp_dsp_receive(void *priv, const void *data, size_t len, gfp_t gfp)
{
	struct vdsp_dsp *dsp = priv;
	int ret;

	if (len != VDSP_WIRE_SIZE) {
		atomic_inc(&dsp->dropped);
		dev_dbg(&dsp->dev, "dropped a message of %zu bytes\n", len);
		return 0;
	}

	/* Counted first: the answer may come, and be seen, before this returns. */
	atomic_inc(&dsp->calls);
	ret = dsp->loopback ? vdsp_loopback_call(dsp->loopback, data, gfp) :
			      vdsp_route_call(dsp->route, data, gfp);
	if (ret)
		atomic_dec(&dsp->calls);

	return ret;
}

static void vdsp_dsp_closed(void *priv)
{
	struct vdsp_dsp *dsp = priv;

	vdsp_route_flush(dsp->route);
	if (dsp->loopback)
		vdsp_loopback_flush(dsp->loopback);
}

static const struct vdsp_port_ops vdsp_dsp_port_ops = {
	.receive = vdsp_dsp_receive,
	.closed = vdsp_dsp_closed,
};

static int vdsp_dsp_create_firmware(struct vdsp_dsp *dsp)
{
	if (dsp->config.firmware == VDSP_FIRMWARE_USER)
		dsp->firmware = vdsp_firmware_create(dsp);
	else
		dsp->loopback = vdsp_loopback_create(dsp);

	return dsp->firmware || dsp->loopback ? 0 : -ENOMEM;
}

/* On failure the release undoes what was done. */
static int vdsp_dsp_create_parts(struct vdsp_dsp *dsp)
{
	dsp->window = vdsp_window_create();
	if (IS_ERR(dsp->window))
		return PTR_ERR(dsp->window);

	dsp->smmu = vdsp_smmu_create(&dsp->config, dsp->window);
	dsp->port = vdsp_port_create(&dsp->dev, &vdsp_dsp_port_ops, dsp);
	dsp->route = vdsp_route_create();
	if (!dsp->smmu || !dsp->port || !dsp->route)
		return -ENOMEM;

	return vdsp_dsp_create_firmware(dsp);
}

static struct vdsp_dsp *vdsp_dsp_alloc(const struct vdsp_config *cfg, const struct bus_type *bus,
				       struct device *parent)
{
	static atomic_t made;
	struct vdsp_dsp *dsp = kzalloc_obj(*dsp);

	if (!dsp)
		return NULL;

	atomic_inc(&vdsp_dsp_alive);
	mutex_init(&dsp->lock);
	dsp->config = *cfg;
	snprintf(dsp->config.node, sizeof(dsp->config.node), "vdsp-%s-%u", cfg->name,
		 (u32)atomic_inc_return(&made));
	dsp->dev.bus = bus;
	dsp->dev.parent = parent;
	dsp->dev.release = vdsp_dsp_release;
	device_initialize(&dsp->dev);
	return dsp;
}

static struct device_node *vdsp_dsp_find_node(struct vdsp_dsp *dsp, const char *name)
{
	char path[VDSP_NODE_SIZE + 16];

	snprintf(path, sizeof(path), "/%s/%s", dsp->config.node, name);
	return of_find_node_by_path(path);
}

/*
 * An overlay that failed is in place when only its notification failed. Else
 * its nodes are not in the tree any more, and of_overlay_remove(), which would
 * take them out once more, must not be called.
 */
static void vdsp_dsp_drop_overlay(struct vdsp_dsp *dsp)
{
	struct device_node *np = vdsp_dsp_find_node(dsp, "smmu");

	of_node_put(np);
	if (np)
		of_overlay_remove(&dsp->overlay);
	dsp->overlay = 0;
}

static int vdsp_dsp_apply_overlay(struct vdsp_dsp *dsp)
{
	void *fdt __free(kfree) = NULL;
	size_t size;
	int ret;

	fdt = vdsp_fdt_build(&dsp->config, &size);
	if (IS_ERR(fdt))
		return PTR_ERR(no_free_ptr(fdt));

	ret = of_overlay_fdt_apply(fdt, size, &dsp->overlay, NULL);
	if (ret)
		vdsp_dsp_drop_overlay(dsp);

	return ret;
}

static int vdsp_dsp_register_smmu(struct vdsp_dsp *dsp)
{
	struct device_node *np = vdsp_dsp_find_node(dsp, "smmu");
	int ret;

	if (!np)
		return -ENOENT;

	ret = vdsp_smmu_register(dsp->smmu, &dsp->dev, np);
	of_node_put(np);
	return ret;
}

static int vdsp_dsp_start(struct vdsp_dsp *dsp)
{
	return dsp->loopback ? vdsp_dsp_up(dsp) : vdsp_firmware_register(dsp->firmware);
}

/*
 * The IOMMU has to be there before anything that sits behind it. The release takes
 * the nodes away, also after a failure.
 */
static int vdsp_dsp_add(struct vdsp_dsp *dsp)
{
	int ret;

	ret = device_add(&dsp->dev);
	if (ret)
		return ret;

	ret = vdsp_dsp_apply_overlay(dsp);
	if (ret)
		goto err_device_del;

	dsp->fastrpc = vdsp_dsp_find_node(dsp, "fastrpc");
	if (!dsp->fastrpc) {
		ret = -ENOENT;
		goto err_device_del;
	}

	ret = vdsp_dsp_register_smmu(dsp);
	if (ret)
		goto err_device_del;

	dsp->remoteproc = vdsp_remoteproc_add(&dsp->dev, dsp->config.name);
	if (IS_ERR(dsp->remoteproc)) {
		ret = PTR_ERR(dsp->remoteproc);
		goto err_unregister_smmu;
	}

	ret = vdsp_dsp_start(dsp);
	if (ret)
		goto err_remove_remoteproc;

	vdsp_debugfs_add(dsp);
	return 0;

err_remove_remoteproc:
	vdsp_remoteproc_remove(dsp->remoteproc);
err_unregister_smmu:
	vdsp_smmu_unregister(dsp->smmu);
err_device_del:
	device_del(&dsp->dev);
	return ret;
}

/**
 * vdsp_dsp_create() - Make a DSP
 * @cfg: what it looks like
 * @bus: its bus, on which there must be no device of that name
 * @parent: its parent device
 *
 * A DSP with firmware in the kernel is up on return.
 *
 * Return: the DSP or an error pointer
 */
struct vdsp_dsp *vdsp_dsp_create(const struct vdsp_config *cfg, const struct bus_type *bus,
				 struct device *parent)
{
	struct vdsp_dsp *dsp = vdsp_dsp_alloc(cfg, bus, parent);
	int ret;

	if (!dsp)
		return ERR_PTR(-ENOMEM);

	ret = dev_set_name(&dsp->dev, "%s", cfg->name);
	if (!ret)
		ret = vdsp_dsp_create_parts(dsp);
	if (!ret)
		ret = vdsp_dsp_add(dsp);
	if (ret) {
		put_device(&dsp->dev);
		return ERR_PTR(ret);
	}

	return dsp;
}

static void vdsp_dsp_stop(struct vdsp_dsp *dsp)
{
	if (dsp->firmware)
		vdsp_firmware_unregister(dsp->firmware);

	scoped_guard(mutex, &dsp->lock)
		dsp->removed = true;
	vdsp_dsp_down(dsp);
	/* Firmware that never went up may be waiting, too. */
	vdsp_route_close(dsp->route);
}

/**
 * vdsp_dsp_remove() - Take a DSP away
 * @dsp: the DSP; files of it that are open stay open, and everything fails on them
 */
void vdsp_dsp_remove(struct vdsp_dsp *dsp)
{
	vdsp_debugfs_remove(dsp);
	vdsp_dsp_stop(dsp);
	vdsp_remoteproc_remove(dsp->remoteproc);
	vdsp_smmu_unregister(dsp->smmu);
	device_unregister(&dsp->dev);
}

/**
 * vdsp_dsp_wait_all_gone() - Wait until no code of ours is needed by a DSP
 */
void vdsp_dsp_wait_all_gone(void)
{
	wait_event(vdsp_dsp_gone, !atomic_read(&vdsp_dsp_alive));
}

static void vdsp_dsp_open(struct vdsp_dsp *dsp)
{
	if (dsp->loopback)
		vdsp_loopback_open(dsp->loopback);
	else
		vdsp_route_open(dsp->route);
}

static void vdsp_dsp_close(struct vdsp_dsp *dsp)
{
	if (dsp->loopback)
		vdsp_loopback_close(dsp->loopback);
	else
		vdsp_route_close(dsp->route);
}

/**
 * vdsp_dsp_up() - Announce the channel
 * @dsp: the DSP
 *
 * A driver that is there is bound on return; it may call us from its probe.
 *
 * Return: 0, -EALREADY, -ENODEV when the DSP is being removed, or another error
 */
int vdsp_dsp_up(struct vdsp_dsp *dsp)
{
	int ret;

	guard(mutex)(&dsp->lock);
	if (dsp->removed)
		return -ENODEV;
	if (dsp->up)
		return -EALREADY;

	vdsp_dsp_open(dsp);
	ret = vdsp_port_announce(dsp->port, dsp->fastrpc);
	if (ret)
		vdsp_dsp_close(dsp);
	else
		dsp->up = true;

	return ret;
}

/**
 * vdsp_dsp_down() - Crash the DSP
 * @dsp: the DSP
 *
 * Return: 0, -ENOTCONN when it is not up
 */
int vdsp_dsp_down(struct vdsp_dsp *dsp)
{
	guard(mutex)(&dsp->lock);
	if (!dsp->up)
		return -ENOTCONN;

	/* Before the driver knows: a send from here on fails. */
	vdsp_dsp_close(dsp);
	vdsp_port_withdraw(dsp->port);
	dsp->up = false;
	return 0;
}

/**
 * vdsp_dsp_is_up() - Tell whether the channel exists
 * @dsp: the DSP
 *
 * Return: whether it does
 */
bool vdsp_dsp_is_up(struct vdsp_dsp *dsp)
{
	guard(mutex)(&dsp->lock);
	return dsp->up;
}

static int vdsp_dsp_suspend(struct device *dev)
{
	struct vdsp_dsp *dsp = container_of(dev, struct vdsp_dsp, dev);
	u32 error = READ_ONCE(dsp->suspend_error);

	if (error)
		return -(int)error;
	dsp->suspends++;
	return 0;
}

static int vdsp_dsp_resume(struct device *dev)
{
	struct vdsp_dsp *dsp = container_of(dev, struct vdsp_dsp, dev);

	dsp->resumes++;
	return 0;
}

/*
 * The virtual DSP is not suspended with the system, it only notes how far that got. A test
 * can make it refuse, so that a suspend gets as far as here and ends; drivers have agreed
 * to it by then.
 */
const struct dev_pm_ops vdsp_dsp_pm_ops = {
	.suspend = pm_sleep_ptr(vdsp_dsp_suspend),
	.resume = pm_sleep_ptr(vdsp_dsp_resume),
};
