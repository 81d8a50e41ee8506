// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The floor that FastRPC drivers are measured against: a driver that sends one ready-made
 * message over the channel of a virtual DSP, and waits for the answer. It is a module of
 * its own and to be loaded only while no FastRPC driver is.
 */
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rpmsg.h>
#include <vdsp.h>

#include "route.h"

/* A module that nobody opened; the virtual firmware answers for any. */
#define VDSP_PING_HANDLE	0x80000010

/**
 * struct vdsp_ping - The channel, of which there is only one
 * @lock: serializes the pings and protects @rpdev
 * @rpdev: the channel that is bound, or NULL
 * @done: completed by the answer
 */
struct vdsp_ping {
	/* Serializes the pings. */
	struct mutex lock;
	struct rpmsg_device *rpdev;
	struct completion done;
};

static struct vdsp_ping vdsp_ping_only = {
	.lock = __MUTEX_INITIALIZER(vdsp_ping_only.lock),
	.done = COMPLETION_INITIALIZER(vdsp_ping_only.done),
};

static long vdsp_ping_send(void)
{
	struct vdsp_msg msg = { .handle = VDSP_PING_HANDLE };
	int ret;

	guard(mutex)(&vdsp_ping_only.lock);

	if (!vdsp_ping_only.rpdev)
		return -ENOTCONN;
	reinit_completion(&vdsp_ping_only.done);
	ret = rpmsg_trysend(vdsp_ping_only.rpdev->ept, &msg.client_id, VDSP_WIRE_SIZE);
	if (ret)
		return ret;

	return wait_for_completion_killable(&vdsp_ping_only.done);
}

static long vdsp_ping_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case VDSP_IOC_NOTHING:
		return 0;
	case VDSP_IOC_PING:
		return vdsp_ping_send();
	default:
		return -ENOTTY;
	}
}

static const struct file_operations vdsp_ping_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vdsp_ping_ioctl,
};

static struct miscdevice vdsp_ping_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vdsp-ping",
	.mode = 0600,
	.fops = &vdsp_ping_fops,
};

static int vdsp_ping_callback(struct rpmsg_device *rpdev, void *data, int len, void *priv, u32 addr)
{
	complete(&vdsp_ping_only.done);
	return 0;
}

static int vdsp_ping_probe(struct rpmsg_device *rpdev)
{
	guard(mutex)(&vdsp_ping_only.lock);

	if (vdsp_ping_only.rpdev)
		return -EBUSY;
	vdsp_ping_only.rpdev = rpdev;

	return 0;
}

static void vdsp_ping_remove(struct rpmsg_device *rpdev)
{
	guard(mutex)(&vdsp_ping_only.lock);
	vdsp_ping_only.rpdev = NULL;
}

/* No MODULE_DEVICE_TABLE: it is never loaded by itself. */
static const struct of_device_id vdsp_ping_match[] = {
	{ .compatible = "qcom,fastrpc" },
	{}
};

static struct rpmsg_driver vdsp_ping_driver = {
	.drv = {
		.name = "vdsp-ping",
		.of_match_table = vdsp_ping_match,
	},
	.probe = vdsp_ping_probe,
	.callback = vdsp_ping_callback,
	.remove = vdsp_ping_remove,
};

static int __init vdsp_ping_init(void)
{
	int ret;

	ret = misc_register(&vdsp_ping_misc);
	if (ret)
		return ret;
	ret = register_rpmsg_driver(&vdsp_ping_driver);
	if (ret)
		goto err_deregister_misc;

	return 0;

err_deregister_misc:
	misc_deregister(&vdsp_ping_misc);
	return ret;
}
module_init(vdsp_ping_init);

static void __exit vdsp_ping_exit(void)
{
	unregister_rpmsg_driver(&vdsp_ping_driver);
	misc_deregister(&vdsp_ping_misc);
}
module_exit(vdsp_ping_exit);

MODULE_DESCRIPTION("Floor of the cost of a call to a virtual DSP");
MODULE_LICENSE("GPL");
