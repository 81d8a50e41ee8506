// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * DRM_IOCTL_QDA_SET_OPTION: how a session's calls are made.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/of.h>

#include <drm/drm_file.h>
#include <drm/qda_accel.h>

#include "qda_device.h"
#include "qda_option.h"
#include "qda_session.h"

/*
 * Machines whose firmware writes the poll word although their device tree does not say
 * so. New ones do say so, by a compatible of their own.
 */
static const char * const qda_option_poll_machines[] = {
	"qcom,milos",
	"qcom,qcs8300",
	"qcom,sa8775p",
	"qcom,sar2130p",
	"qcom,sm8450",
	"qcom,sm8550",
	"qcom,sm8650",
	"qcom,sm8750",
	"qcom,x1e80100",
	"qcom,x1p42100",
	NULL
};

/**
 * qda_option_has_poll_mode - Whether the firmware writes the poll word
 * @qdev: the DSP
 *
 * Return: true when it does.
 */
bool qda_option_has_poll_mode(const struct qda_device *qdev)
{
	return qdev->soc->poll_mode || of_machine_compatible_match(qda_option_poll_machines);
}
EXPORT_SYMBOL_FOR_MODULES(qda_option_has_poll_mode, "qda_fastrpc_shim");

/**
 * qda_ioctl_set_option - Implements DRM_IOCTL_QDA_SET_OPTION
 * @drm: the DRM device
 * @data: &struct drm_qda_set_option
 * @file: the caller's file
 *
 * Return: 0 or a negative error code as &struct drm_qda_set_option describes.
 */
int qda_ioctl_set_option(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_qda_set_option *args = data;
	struct qda_session *session = file->driver_priv;

	if (args->pad || args->option != QDA_OPTION_POLL_MODE || args->value > 1)
		return -EINVAL;
	if (!qda_option_has_poll_mode(to_qda_device(drm)))
		return -EOPNOTSUPP;

	/* Calls that are being made may see it or not. */
	WRITE_ONCE(session->poll_mode, args->value);

	return 0;
}
