// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Session files: what a PD's process has in its hands.
 */
#include <linux/anon_inodes.h>
#include <linux/cleanup.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <vdsp.h>

#include "channel.h"
#include "dsp.h"
#include "route.h"
#include "session.h"
#include "smmu.h"
#include "window.h"

static_assert(sizeof(struct vdsp_reply) == 16);
static_assert(sizeof(struct vdsp_session) == 16);

/**
 * struct vdsp_pd - One session file
 * @dsp: the DSP
 * @client: its calls
 * @sid: its context bank
 */
struct vdsp_pd {
	struct vdsp_dsp *dsp;
	struct vdsp_client *client;
	u32 sid;
};

static void vdsp_pd_destroy(struct vdsp_pd *pd)
{
	vdsp_client_destroy(pd->client);
	put_device(&pd->dsp->dev);
	kfree(pd);
}

static int vdsp_pd_release(struct inode *inode, struct file *file)
{
	vdsp_pd_destroy(file->private_data);
	return 0;
}

static ssize_t vdsp_pd_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct vdsp_pd *pd = file->private_data;

	return vdsp_queue_read(vdsp_client_queue(pd->client), buf, count,
			       file->f_flags & O_NONBLOCK);
}

static ssize_t vdsp_pd_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct vdsp_pd *pd = file->private_data;
	struct vdsp_reply reply;
	int ret;

	if (count != sizeof(reply))
		return -EINVAL;
	if (copy_from_user(&reply, buf, sizeof(reply)))
		return -EFAULT;

	ret = vdsp_client_answered(pd->client, reply.ctx);
	if (ret)
		return ret;

	vdsp_port_deliver(pd->dsp->port, &reply, sizeof(reply));
	return count;
}

static __poll_t vdsp_pd_poll(struct file *file, poll_table *table)
{
	struct vdsp_pd *pd = file->private_data;

	return vdsp_queue_poll(vdsp_client_queue(pd->client), file, table);
}

static int vdsp_pd_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vdsp_pd *pd = file->private_data;

	return vdsp_window_mmap_bank(pd->dsp->window, vma, pd->sid);
}

static const struct file_operations vdsp_pd_fops = {
	.owner = THIS_MODULE,
	.release = vdsp_pd_release,
	.read = vdsp_pd_read,
	.write = vdsp_pd_write,
	.poll = vdsp_pd_poll,
	.mmap = vdsp_pd_mmap,
};

static struct vdsp_pd *vdsp_pd_create(struct vdsp_dsp *dsp, const struct vdsp_session *args)
{
	struct vdsp_pd *pd = kzalloc_obj(*pd);
	struct vdsp_client *client;

	if (!pd)
		return ERR_PTR(-ENOMEM);

	client = vdsp_client_create(dsp->route, args->client_id);
	if (IS_ERR(client)) {
		kfree(pd);
		return ERR_CAST(client);
	}

	get_device(&dsp->dev);
	pd->dsp = dsp;
	pd->client = client;
	pd->sid = args->sid;
	return pd;
}

static struct file *vdsp_pd_open(struct vdsp_dsp *dsp, const struct vdsp_session *args)
{
	struct vdsp_pd *pd = vdsp_pd_create(dsp, args);
	struct file *file;

	if (IS_ERR(pd))
		return ERR_CAST(pd);

	file = anon_inode_getfile("[vdsp-session]", &vdsp_pd_fops, pd, O_RDWR);
	if (IS_ERR(file)) {
		vdsp_pd_destroy(pd);
		return file;
	}

	vdsp_window_adopt(dsp->window, file);
	stream_open(file_inode(file), file);
	return file;
}

static int vdsp_session_publish(struct vdsp_session *args, void __user *arg, struct file *file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0)
		return fd;

	args->fd = fd;
	if (copy_to_user(arg, args, sizeof(*args))) {
		put_unused_fd(fd);
		return -EFAULT;
	}

	fd_install(fd, file);
	return 0;
}

/**
 * vdsp_session_open() - Serve VDSP_IOC_SESSION
 * @dsp: the DSP
 * @arg: struct vdsp_session
 *
 * Return: 0, -EFAULT, -EINVAL, -EEXIST, -ENOTCONN when the channel is down, -ENOMEM,
 * -EMFILE
 */
int vdsp_session_open(struct vdsp_dsp *dsp, void __user *arg)
{
	struct vdsp_session args;
	struct file *file;
	int ret;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.client_id <= 0 || !vdsp_smmu_bank(dsp->smmu, args.sid) || args.pad)
		return -EINVAL;

	file = vdsp_pd_open(dsp, &args);
	if (IS_ERR(file))
		return PTR_ERR(file);

	ret = vdsp_session_publish(&args, arg, file);
	if (ret)
		fput(file);

	return ret;
}
