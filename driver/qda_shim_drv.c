// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: the device nodes, ioctls and return values of
 * drivers/misc/fastrpc.c, so that programs made for that driver run unchanged. All
 * that they ask for is done by the QDA driver, with the same sessions, buffers and calls
 * that its own interface has.
 */
#include <linux/auxiliary_bus.h>
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>

#include <uapi/misc/fastrpc.h>

#include "qda_device.h"
#include "qda_legacy.h"
#include "qda_session.h"
#include "qda_shim.h"

/**
 * struct qda_shim_node - A device node
 * @misc: the node
 * @qdev: the DSP
 * @open: what its files have, but for the session
 */
struct qda_shim_node {
	struct miscdevice misc;
	struct qda_device *qdev;
	struct qda_shim open;
};

/**
 * struct qda_shim_nodes - The nodes of a DSP
 * @count: how many there are
 * @node: the nodes
 */
struct qda_shim_nodes {
	u32 count;
	struct qda_shim_node node[2];
};

/* Codes that the kernel keeps to itself: with them it would run the ioctl again. */
static bool qda_shim_is_internal(int code)
{
	return code <= -512 && code >= -516;
}

/**
 * qda_shim_result - What an ioctl returns
 * @ret: result of the QDA driver
 * @status: what the DSP answered
 *
 * Return: @ret, or the DSP's own code if it refused. That may be any number but those
 * which mean something to the kernel.
 */
long qda_shim_result(int ret, u32 status)
{
	if (ret == -ENODEV)
		return -EPIPE;
	if ((ret && ret != -EREMOTEIO) || !status)
		return ret;

	return qda_shim_is_internal(status) ? -EREMOTEIO : (int)status;
}

/* Not while the node is being removed: opening and removing exclude each other. */
static int qda_shim_open(struct inode *inode, struct file *file)
{
	struct qda_shim_node *node = container_of(file->private_data, struct qda_shim_node, misc);
	struct qda_shim *shim = kmemdup(&node->open, sizeof(*shim), GFP_KERNEL_ACCOUNT);

	if (!shim)
		return -ENOMEM;

	shim->session = qda_session_create(node->qdev);
	if (IS_ERR(shim->session)) {
		int ret = PTR_ERR(shim->session);

		kfree(shim);
		return ret;
	}
	file->private_data = shim;

	return 0;
}

static int qda_shim_release(struct inode *inode, struct file *file)
{
	struct qda_shim *shim = file->private_data;

	qda_session_close(shim->session);
	kfree(shim);

	return 0;
}

static long qda_shim_dispatch(struct qda_shim *shim, unsigned int cmd, void __user *user)
{
	switch (cmd) {
	case FASTRPC_IOCTL_ALLOC_DMA_BUFF:
		return qda_shim_alloc(shim, user);
	case FASTRPC_IOCTL_INVOKE:
		return qda_shim_invoke(shim, user);
	case FASTRPC_IOCTL_INIT_ATTACH:
		return qda_shim_attach(shim, false);
	case FASTRPC_IOCTL_INIT_CREATE:
		return qda_shim_create(shim, user);
	case FASTRPC_IOCTL_MMAP:
		return qda_shim_mmap(shim, user);
	case FASTRPC_IOCTL_MUNMAP:
		return qda_shim_munmap(shim, user);
	case FASTRPC_IOCTL_INIT_ATTACH_SNS:
		return qda_shim_attach(shim, true);
	case FASTRPC_IOCTL_INIT_CREATE_STATIC:
		return qda_shim_create_static(shim, user);
	case FASTRPC_IOCTL_MEM_MAP:
		return qda_shim_mem_map(shim, user);
	case FASTRPC_IOCTL_MEM_UNMAP:
		return qda_shim_mem_unmap(shim, user);
	case FASTRPC_IOCTL_SET_OPTION:
		return qda_shim_set_option(shim, user);
	case FASTRPC_IOCTL_GET_DSP_INFO:
		return qda_shim_get_info(shim, user);
	default:
		/* So does FREE_DMA_BUFF: a buffer is freed by closing it. */
		return -ENOTTY;
	}
}

static long qda_shim_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct qda_shim *shim = file->private_data;

	if (drm_dev_is_unplugged(&shim->session->qdev->drm))
		return -EPIPE;

	return qda_shim_dispatch(shim, cmd, (void __user *)arg);
}

static const struct file_operations qda_shim_fops = {
	.owner = THIS_MODULE,
	.open = qda_shim_open,
	.release = qda_shim_release,
	.unlocked_ioctl = qda_shim_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int qda_shim_add_node(struct device *dev, struct qda_shim_nodes *nodes, bool trusted)
{
	struct qda_shim_node *node = &nodes->node[nodes->count];
	const struct qda_domain *domain = node->qdev->domain;
	int ret;

	node->misc.minor = MISC_DYNAMIC_MINOR;
	node->misc.fops = &qda_shim_fops;
	node->misc.parent = dev;
	node->misc.name = devm_kasprintf(dev, GFP_KERNEL, "fastrpc-%s%s", domain->name,
					 trusted ? "-secure" : "");
	if (!node->misc.name)
		return -ENOMEM;

	node->open.rejects_signed = !trusted && !device_property_read_bool(node->qdev->drm.dev,
									   "qcom,non-secure-domain");
	node->open.rejects_all = node->open.rejects_signed && !domain->unsigned_pd;
	ret = misc_register(&node->misc);
	if (!ret)
		nodes->count++;

	return ret;
}

static void qda_shim_remove_nodes(struct qda_shim_nodes *nodes)
{
	while (nodes->count)
		misc_deregister(&nodes->node[--nodes->count].misc);
}

/*
 * The secure node is for those whom the administrator trusts. The other one is there
 * where everybody can do something: create unsigned PDs, or use a DSP whose device tree
 * node says that it is not secure, which then has no secure node unless it also
 * knows unsigned PDs.
 */
static int qda_shim_add_nodes(struct device *dev, struct qda_shim_nodes *nodes)
{
	struct qda_device *qdev = nodes->node[0].qdev;
	bool secure = !device_property_read_bool(qdev->drm.dev, "qcom,non-secure-domain");
	int ret = 0;

	if (secure || qdev->domain->unsigned_pd)
		ret = qda_shim_add_node(dev, nodes, true);
	if (!ret && (!secure || qdev->domain->unsigned_pd))
		ret = qda_shim_add_node(dev, nodes, false);

	return ret;
}

static int qda_shim_probe(struct auxiliary_device *adev, const struct auxiliary_device_id *id)
{
	struct qda_shim_nodes *nodes = devm_kzalloc(&adev->dev, sizeof(*nodes), GFP_KERNEL);
	int ret;

	if (!nodes)
		return -ENOMEM;

	nodes->node[0].qdev = dev_get_platdata(&adev->dev);
	nodes->node[1].qdev = nodes->node[0].qdev;
	ret = qda_shim_add_nodes(&adev->dev, nodes);
	if (ret) {
		qda_shim_remove_nodes(nodes);
		return ret;
	}
	auxiliary_set_drvdata(adev, nodes);

	return 0;
}

/* Open files stay; their ioctls fail once the DSP is gone. */
static void qda_shim_remove(struct auxiliary_device *adev)
{
	qda_shim_remove_nodes(auxiliary_get_drvdata(adev));
}

static const struct auxiliary_device_id qda_shim_ids[] = {
	{ .name = "qda." QDA_LEGACY_NAME },
	{ }
};
MODULE_DEVICE_TABLE(auxiliary, qda_shim_ids);

static struct auxiliary_driver qda_shim_driver = {
	.name = "shim",
	.probe = qda_shim_probe,
	.remove = qda_shim_remove,
	.id_table = qda_shim_ids,
};
module_auxiliary_driver(qda_shim_driver);

MODULE_DESCRIPTION("Legacy FastRPC interface of the Qualcomm Hexagon DSP accelerator driver");
MODULE_AUTHOR("The QDA authors");
MODULE_LICENSE("GPL");
