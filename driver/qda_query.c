// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * DRM_IOCTL_QDA_QUERY: what a program can find out about the DSP.
 */
#include <linux/errno.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <drm/drm_file.h>
#include <drm/qda_accel.h>

#include "qda_async.h"
#include "qda_bo.h"
#include "qda_caps.h"
#include "qda_cb.h"
#include "qda_device.h"
#include "qda_option.h"
#include "qda_payload.h"
#include "qda_pool.h"
#include "qda_process.h"
#include "qda_query.h"
#include "qda_session.h"
#include "qda_user.h"

#define QDA_FEATURES_ALWAYS								\
	(QDA_FEATURE_CREATE_POINTER | QDA_FEATURE_CREATE_BUFFER |		\
	 QDA_FEATURE_INLINE | QDA_FEATURE_BUFFERS | QDA_FEATURE_MAP |		\
	 QDA_FEATURE_ATTACH | QDA_FEATURE_ASYNC)

static int qda_query_domain(struct qda_device *qdev, struct drm_qda_query *args)
{
	if (args->index)
		return -EINVAL;
	args->value = qdev->domain_id;
	strscpy_pad((char *)args->name, qdev->domain->name, sizeof(args->name));

	return 0;
}

static int qda_query_capability(struct qda_session *session, struct drm_qda_query *args)
{
	u32 value, status;
	int ret;

	if (!args->index || args->index > QDA_CAPS_COUNT)
		return -EINVAL;

	ret = qda_caps_get(session, args->index, &value, &status);
	if (!ret)
		args->value = value;

	return ret;
}

static int qda_query_limit(struct qda_session *session, struct drm_qda_query *args)
{
	struct qda_device *qdev = session->qdev;

	switch (args->index) {
	case QDA_LIMIT_FILELEN:
		args->value = QDA_PROCESS_FILELEN_MAX;
		return 0;
	case QDA_LIMIT_INLINE:
		args->value = QDA_PAYLOAD_INLINE_MAX;
		return 0;
	case QDA_LIMIT_SESSIONS:
		args->value = qda_cb_count_places(qdev);
		return 0;
	case QDA_LIMIT_CALLS:
		args->value = QDA_POOL_CALLS;
		return 0;
	case QDA_LIMIT_BUFFER:
		args->value = QDA_BO_SIZE_MAX;
		return 0;
	case QDA_LIMIT_MAPPED:
		args->value = (u64)qda_user_limit() << PAGE_SHIFT;
		return 0;
	case QDA_LIMIT_EVENTS:
		args->value = QDA_ASYNC_EVENTS;
		return 0;
	case QDA_LIMIT_USER_SESSIONS:
		args->value = qda_cb_user_limit(qdev, session->user);
		return 0;
	case QDA_LIMIT_BANKS:
		args->value = qda_cb_count(qdev);
		return 0;
	default:
		return -EINVAL;
	}
}

static u64 qda_query_features(struct qda_device *qdev)
{
	return QDA_FEATURES_ALWAYS | (qda_option_has_poll_mode(qdev) ? QDA_FEATURE_POLL : 0);
}

static int qda_query_number(struct drm_qda_query *args, u64 value)
{
	if (args->index)
		return -EINVAL;
	args->value = value;

	return 0;
}

/**
 * qda_ioctl_query - Implements DRM_IOCTL_QDA_QUERY
 * @drm: the DRM device
 * @data: &struct drm_qda_query
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_query describes.
 */
int qda_ioctl_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct qda_device *qdev = to_qda_device(drm);
	struct drm_qda_query *args = data;

	args->value = 0;
	memset(args->name, 0, sizeof(args->name));

	switch (args->type) {
	case QDA_QUERY_DOMAIN:
		return qda_query_domain(qdev, args);
	case QDA_QUERY_CAPABILITY:
		return qda_query_capability(file->driver_priv, args);
	case QDA_QUERY_LIMIT:
		return qda_query_limit(file->driver_priv, args);
	case QDA_QUERY_ADDRESS_WIDTH:
		return qda_query_number(args, qda_device_dma_bits(qdev));
	case QDA_QUERY_FEATURES:
		return qda_query_number(args, qda_query_features(qdev));
	default:
		return -EINVAL;
	}
}
