// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * /dev/vdsp-<domain>: whoever opens it is the DSP's firmware.
 */
#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <vdsp.h>

#include "channel.h"
#include "dsp.h"
#include "firmware.h"
#include "route.h"
#include "session.h"
#include "window.h"

#define VDSP_MESSAGE_MAX	512

/**
 * struct vdsp_firmware - Char device of a DSP
 * @misc: base
 * @name: of the device
 * @dsp: the DSP
 * @busy: bit 0: somebody has it open
 */
struct vdsp_firmware {
	struct miscdevice misc;
	char name[VDSP_NAME_SIZE + 8];
	struct vdsp_dsp *dsp;
	unsigned long busy;
};

/*
 * Runs under the lock of all misc devices, and a driver that binds registers some
 * under our own: so no lock of ours here.
 */
static int vdsp_firmware_open(struct inode *inode, struct file *file)
{
	struct vdsp_firmware *firmware =
		container_of(file->private_data, struct vdsp_firmware, misc);
	struct vdsp_dsp *dsp = firmware->dsp;

	if (test_and_set_bit_lock(0, &firmware->busy))
		return -EBUSY;

	get_device(&dsp->dev);
	vdsp_route_renew(dsp->route);
	vdsp_window_adopt(dsp->window, file);
	file->private_data = firmware;
	return stream_open(inode, file);
}

static int vdsp_firmware_release(struct inode *inode, struct file *file)
{
	struct vdsp_firmware *firmware = file->private_data;
	struct vdsp_dsp *dsp = firmware->dsp;

	vdsp_dsp_down(dsp);
	clear_bit_unlock(0, &firmware->busy);
	put_device(&dsp->dev);
	return 0;
}

static ssize_t vdsp_firmware_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct vdsp_firmware *firmware = file->private_data;

	return vdsp_queue_read(vdsp_route_queue(firmware->dsp->route), buf, count,
			       file->f_flags & O_NONBLOCK);
}

static ssize_t vdsp_firmware_write(struct file *file, const char __user *buf, size_t count,
				   loff_t *pos)
{
	struct vdsp_firmware *firmware = file->private_data;
	u8 message[VDSP_MESSAGE_MAX] __aligned(8);

	if (count < 1 || count > sizeof(message))
		return -EINVAL;
	if (copy_from_user(message, buf, count))
		return -EFAULT;
	if (!vdsp_route_is_open(firmware->dsp->route))
		return -EPIPE;

	vdsp_port_deliver(firmware->dsp->port, message, count);
	return count;
}

static __poll_t vdsp_firmware_poll(struct file *file, poll_table *table)
{
	struct vdsp_firmware *firmware = file->private_data;

	return vdsp_queue_poll(vdsp_route_queue(firmware->dsp->route), file, table);
}

static int vdsp_firmware_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vdsp_firmware *firmware = file->private_data;

	return vdsp_window_mmap(firmware->dsp->window, vma);
}

static int vdsp_firmware_info(struct vdsp_dsp *dsp, void __user *arg)
{
	struct vdsp_info info = {
		.abi = VDSP_ABI_VERSION,
		.domain = dsp->config.domain,
		.sid_pos = dsp->config.sid_pos,
		.banks = dsp->config.banks,
	};

	static_assert(sizeof(info.name) == VDSP_NAME_SIZE);
	memcpy(info.name, dsp->config.name, sizeof(info.name));
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long vdsp_firmware_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vdsp_firmware *firmware = file->private_data;
	struct vdsp_dsp *dsp = firmware->dsp;

	switch (cmd) {
	case VDSP_IOC_INFO:
		return vdsp_firmware_info(dsp, (void __user *)arg);
	case VDSP_IOC_UP:
		return vdsp_dsp_up(dsp);
	case VDSP_IOC_DOWN:
		return vdsp_dsp_down(dsp);
	case VDSP_IOC_SESSION:
		return vdsp_session_open(dsp, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations vdsp_firmware_fops = {
	.owner = THIS_MODULE,
	.open = vdsp_firmware_open,
	.release = vdsp_firmware_release,
	.read = vdsp_firmware_read,
	.write = vdsp_firmware_write,
	.poll = vdsp_firmware_poll,
	.mmap = vdsp_firmware_mmap,
	.unlocked_ioctl = vdsp_firmware_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * vdsp_firmware_create() - Prepare the char device of a DSP
 * @dsp: the DSP
 *
 * Return: the device, not visible yet, or NULL
 */
struct vdsp_firmware *vdsp_firmware_create(struct vdsp_dsp *dsp)
{
	struct vdsp_firmware *firmware = kzalloc_obj(*firmware);

	if (!firmware)
		return NULL;

	snprintf(firmware->name, sizeof(firmware->name), "vdsp-%s", dsp->config.name);
	firmware->dsp = dsp;
	firmware->misc.minor = MISC_DYNAMIC_MINOR;
	firmware->misc.name = firmware->name;
	firmware->misc.mode = 0600;
	firmware->misc.fops = &vdsp_firmware_fops;
	return firmware;
}

/**
 * vdsp_firmware_destroy() - Free a char device
 * @firmware: not visible, with no file open, or NULL
 */
void vdsp_firmware_destroy(struct vdsp_firmware *firmware)
{
	kfree(firmware);
}

/**
 * vdsp_firmware_register() - Let firmware come
 * @firmware: the char device
 *
 * Return: 0 or a negative error
 */
int vdsp_firmware_register(struct vdsp_firmware *firmware)
{
	return misc_register(&firmware->misc);
}

/**
 * vdsp_firmware_unregister() - Let no more firmware come
 * @firmware: the char device; a file that is open stays open
 */
void vdsp_firmware_unregister(struct vdsp_firmware *firmware)
{
	misc_deregister(&firmware->misc);
}
