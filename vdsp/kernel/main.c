// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Virtual Hexagon DSPs that a FastRPC driver cannot tell from real ones. They are
 * made and removed by writing to the bus:
 *
 *   echo "cdsp banks=4 soc=default firmware=user" > /sys/bus/vdsp/new_device
 *   echo cdsp > /sys/bus/vdsp/del_device
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "config.h"
#include "debugfs.h"
#include "dsp.h"

/* Protects the names of DSPs: one maker or remover at a time. */
static DEFINE_MUTEX(vdsp_bus_lock);
static struct device *vdsp_root;
static const struct bus_type vdsp_bus;

static bool vdsp_bus_has(const char *name)
{
	struct device *dev = bus_find_device_by_name(&vdsp_bus, NULL, name);

	put_device(dev);
	return dev;
}

static int vdsp_bus_new(const struct vdsp_config *cfg)
{
	struct vdsp_dsp *dsp;

	guard(mutex)(&vdsp_bus_lock);
	if (vdsp_bus_has(cfg->name))
		return -EEXIST;
	/* A DSP that is there keeps the module. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;

	dsp = vdsp_dsp_create(cfg, &vdsp_bus, vdsp_root);
	if (IS_ERR(dsp)) {
		module_put(THIS_MODULE);
		return PTR_ERR(dsp);
	}

	return 0;
}

static int vdsp_bus_del(const char *name)
{
	struct device *dev;

	guard(mutex)(&vdsp_bus_lock);
	dev = bus_find_device_by_name(&vdsp_bus, NULL, name);
	if (!dev)
		return -ENODEV;

	vdsp_dsp_remove(container_of(dev, struct vdsp_dsp, dev));
	put_device(dev);
	/* We run from a sysfs file, which module exit waits for. */
	module_put(THIS_MODULE);
	return 0;
}

static ssize_t new_device_store(const struct bus_type *bus, const char *buf, size_t count)
{
	struct vdsp_config cfg;
	int ret = vdsp_config_parse(&cfg, buf);

	if (!ret)
		ret = vdsp_bus_new(&cfg);

	return ret ?: count;
}
static BUS_ATTR_WO(new_device);

static ssize_t del_device_store(const struct bus_type *bus, const char *buf, size_t count)
{
	char *name __free(kfree) = kstrdup(buf, GFP_KERNEL);
	int ret;

	if (!name)
		return -ENOMEM;

	ret = vdsp_bus_del(strim(name));
	return ret ?: count;
}
static BUS_ATTR_WO(del_device);

static struct attribute *vdsp_bus_attrs[] = {
	&bus_attr_new_device.attr,
	&bus_attr_del_device.attr,
	NULL
};
ATTRIBUTE_GROUPS(vdsp_bus);

static const struct bus_type vdsp_bus = {
	.name = "vdsp",
	.bus_groups = vdsp_bus_groups,
	.pm = &vdsp_dsp_pm_ops,
};

static int __init vdsp_init(void)
{
	int ret;

	vdsp_debugfs_init();
	vdsp_root = root_device_register("vdsp");
	if (IS_ERR(vdsp_root)) {
		ret = PTR_ERR(vdsp_root);
		goto err_debugfs_exit;
	}

	ret = bus_register(&vdsp_bus);
	if (ret)
		goto err_unregister_root;

	return 0;

err_unregister_root:
	root_device_unregister(vdsp_root);
err_debugfs_exit:
	vdsp_debugfs_exit();
	return ret;
}
module_init(vdsp_init);

static void __exit vdsp_exit(void)
{
	bus_unregister(&vdsp_bus);
	vdsp_dsp_wait_all_gone();
	root_device_unregister(vdsp_root);
	vdsp_debugfs_exit();
}
module_exit(vdsp_exit);

MODULE_DESCRIPTION("Virtual Qualcomm Hexagon DSPs");
MODULE_AUTHOR("The QDA authors");
MODULE_LICENSE("GPL");
