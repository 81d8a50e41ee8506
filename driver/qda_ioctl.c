// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Ioctls about a session's process, and those that are not served.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/drm_file.h>
#include <drm/qda_accel.h>

#include "qda_bo.h"
#include "qda_device.h"
#include "qda_gem.h"
#include "qda_ioctl.h"
#include "qda_prime.h"
#include "qda_process.h"
#include "qda_session.h"

#define QDA_ATTR_KNOWN								\
	(QDA_ATTR_DEBUG | QDA_ATTR_PTRACE | QDA_ATTR_CRC |			\
	 QDA_ATTR_UNSIGNED_MODULE | QDA_ATTR_ADAPTIVE_QOS |			\
	 QDA_ATTR_SYSTEM_PROCESS | QDA_ATTR_PRIVILEGED)

static int qda_create_check_image(const struct drm_qda_init_create *args)
{
	u32 sources = (args->filefd > 0) + !!args->file + !!args->handle;

	/* 0 and -1 are the numbers for no file descriptor. */
	if (args->filefd < -1)
		return -EINVAL;
	if (args->filelen > QDA_PROCESS_FILELEN_MAX)
		return -EINVAL;
	if (sources != (args->filelen ? 1 : 0))
		return -EINVAL;
	if (args->siglen > args->filelen || (args->siglen && !args->attrs))
		return -EINVAL;

	return 0;
}

static int qda_create_check(const struct drm_qda_init_create *args)
{
	if (args->flags || args->pad || args->attrs & ~QDA_ATTR_KNOWN)
		return -EINVAL;

	return qda_create_check_image(args);
}

static bool qda_create_is_privileged(const struct qda_device *qdev, u32 attrs)
{
	if (attrs & (QDA_ATTR_SYSTEM_PROCESS | QDA_ATTR_PRIVILEGED))
		return true;

	return !(attrs & QDA_ATTR_UNSIGNED_MODULE) || !qdev->domain->unsigned_pd;
}

static struct qda_bo *qda_create_find_buffer(const struct drm_qda_init_create *args,
					     struct qda_device *qdev, struct drm_file *file)
{
	struct qda_bo *bo = NULL;

	if (args->handle)
		bo = qda_gem_lookup(file, args->handle);
	else if (args->filefd > 0)
		bo = qda_prime_bo_from_fd(qdev, args->filefd);

	if (!IS_ERR_OR_NULL(bo) && args->filelen > qda_bo_size(bo)) {
		qda_bo_put(bo);
		return ERR_PTR(-EINVAL);
	}

	return bo;
}

/**
 * qda_ioctl_session_create - Implements DRM_IOCTL_QDA_REMOTE_SESSION_CREATE
 * @drm: the DRM device
 * @data: &struct drm_qda_init_create
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_init_create describes.
 */
int qda_ioctl_session_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct qda_device *qdev = to_qda_device(drm);
	struct drm_qda_init_create *args = data;
	struct qda_process_image image = { .kind = QDA_PROCESS_CREATE };
	int ret;

	args->dsp_status = 0;

	ret = qda_create_check(args);
	if (ret)
		return ret;
	if (qda_create_is_privileged(qdev, args->attrs) && !capable(CAP_SYS_ADMIN))
		return -EPERM;

	image.bo = qda_create_find_buffer(args, qdev, file);
	if (IS_ERR(image.bo))
		return PTR_ERR(image.bo);
	image.file = args->file;
	image.filelen = args->filelen;
	image.siglen = args->siglen;
	image.attrs = args->attrs;

	ret = qda_process_create(file->driver_priv, &image, &args->dsp_status);
	if (image.bo)
		qda_bo_put(image.bo);

	return ret;
}

static int qda_attach_check(const struct drm_qda_remote_attach *args)
{
	if (args->flags)
		return -EINVAL;

	switch (args->pd) {
	case QDA_PD_ROOT:
	case QDA_PD_SENSORS:
		return args->name || args->namelen ? -EINVAL : 0;
	case QDA_PD_STATIC:
		return args->namelen < 2 || args->namelen > QDA_PD_NAME_MAX ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static enum qda_process_kind qda_attach_kind(u32 pd)
{
	switch (pd) {
	case QDA_PD_ROOT:
		return QDA_PROCESS_ATTACH_ROOT;
	case QDA_PD_SENSORS:
		return QDA_PROCESS_ATTACH_SENSORS;
	default:
		return QDA_PROCESS_ATTACH_STATIC;
	}
}

/**
 * qda_ioctl_remote_attach - Implements DRM_IOCTL_QDA_REMOTE_ATTACH
 * @drm: the DRM device
 * @data: &struct drm_qda_remote_attach
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_remote_attach describes.
 */
int qda_ioctl_remote_attach(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_qda_remote_attach *args = data;
	char name[QDA_PD_NAME_MAX] = "";
	struct qda_process_image image = {
		.kind = qda_attach_kind(args->pd),
		.name = name,
	};
	int ret;

	args->dsp_status = 0;

	ret = qda_attach_check(args);
	if (ret)
		return ret;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;

	if (copy_from_user(name, u64_to_user_ptr(args->name), args->namelen))
		return -EFAULT;
	if (args->namelen && strnlen(name, args->namelen) != args->namelen - 1)
		return -EINVAL;

	return qda_process_create(file->driver_priv, &image, &args->dsp_status);
}

/**
 * qda_ioctl_session_release - Implements DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE
 * @drm: the DRM device
 * @data: &struct drm_qda_session_release
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_session_release describes.
 */
int qda_ioctl_session_release(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_qda_session_release *args = data;
	struct qda_session *session = file->driver_priv;

	args->dsp_status = 0;
	if (args->flags)
		return -EINVAL;

	return qda_process_release(&session->process, &args->dsp_status);
}
