// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Processes by the legacy interface.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/misc/fastrpc.h>

#include "qda_bo.h"
#include "qda_process.h"
#include "qda_session.h"
#include "qda_shim.h"
#include "qda_shim_buffer.h"

#define QDA_SHIM_FILELEN_MAX	SZ_2M
#define QDA_SHIM_NAME_MAX	128

static long qda_shim_create_process(struct qda_shim *shim, const struct qda_process_image *image)
{
	u32 status = 0;
	int ret = qda_process_create(shim->session, image, &status);

	return qda_shim_result(ret, status);
}

/**
 * qda_shim_attach - Implements FASTRPC_IOCTL_INIT_ATTACH and _INIT_ATTACH_SNS
 * @shim: the caller's file
 * @sensors: to the sensors' PD, else to the root PD
 *
 * Return: 0, the DSP's code when it refused, or a negative error code.
 */
long qda_shim_attach(struct qda_shim *shim, bool sensors)
{
	struct qda_process_image image = {
		.kind = sensors ? QDA_PROCESS_ATTACH_SENSORS : QDA_PROCESS_ATTACH_ROOT,
	};

	return qda_shim_create_process(shim, &image);
}

static int qda_shim_check_create(const struct qda_shim *shim,
				 const struct fastrpc_init_create *args)
{
	bool is_signed = !(args->attrs & FASTRPC_MODE_UNSIGNED_MODULE);

	if (shim->rejects_all || (shim->rejects_signed && is_signed))
		return -ECONNREFUSED;

	return args->filelen > QDA_SHIM_FILELEN_MAX ? -EINVAL : 0;
}

/* The image is in the buffer, where the caller's address points to in a mapping of it. */
static struct qda_bo *qda_shim_find_image(struct qda_shim *shim,
					  const struct fastrpc_init_create *args, u64 *offset)
{
	struct dma_buf *dmabuf;
	struct qda_bo *bo = qda_shim_buffer_get(shim->session->qdev, args->filefd, &dmabuf);
	int ret;

	if (IS_ERR(bo))
		return bo;

	ret = qda_shim_buffer_offset(shim->session->qdev, dmabuf, args->file, args->filelen,
				     offset);
	dma_buf_put(dmabuf);
	if (ret) {
		qda_bo_put(bo);
		return ERR_PTR(ret);
	}

	return bo;
}

/**
 * qda_shim_create - Implements FASTRPC_IOCTL_INIT_CREATE
 * @shim: the caller's file
 * @user: &struct fastrpc_init_create; without a descriptor, which 0 and -1 mean, its
 *	pointer tells where the image is
 *
 * Return: 0, the DSP's code when it refused, -ECONNREFUSED when the node does not allow
 * such a process, or another negative error code.
 */
long qda_shim_create(struct qda_shim *shim, void __user *user)
{
	struct qda_process_image image = { .kind = QDA_PROCESS_CREATE };
	struct fastrpc_init_create args;
	long ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	ret = qda_shim_check_create(shim, &args);
	if (ret)
		return ret;

	if (args.filelen && args.filefd && args.filefd != -1) {
		image.bo = qda_shim_find_image(shim, &args, &image.offset);
		if (IS_ERR(image.bo))
			return PTR_ERR(image.bo);
	}
	image.file = args.file;
	image.filelen = args.filelen;
	image.siglen = args.siglen;
	image.attrs = args.attrs;

	ret = qda_shim_create_process(shim, &image);
	if (image.bo)
		qda_bo_put(image.bo);

	return ret;
}

/**
 * qda_shim_create_static - Implements FASTRPC_IOCTL_INIT_CREATE_STATIC
 * @shim: the caller's file
 * @user: &struct fastrpc_init_create_static
 *
 * Return: 0, the DSP's code when it refused, -EINVAL when the name is too long or does not
 * end where its length says, or another negative error code.
 */
long qda_shim_create_static(struct qda_shim *shim, void __user *user)
{
	char name[QDA_SHIM_NAME_MAX];
	struct qda_process_image image = {
		.kind = QDA_PROCESS_ATTACH_STATIC,
		.name = name,
	};
	struct fastrpc_init_create_static args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (!args.namelen || args.namelen > sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, u64_to_user_ptr(args.name), args.namelen))
		return -EFAULT;
	if (strnlen(name, args.namelen) != args.namelen - 1)
		return -EINVAL;

	return qda_shim_create_process(shim, &image);
}
