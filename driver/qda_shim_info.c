// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the legacy interface tells about the DSP, and the only option it has.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/uaccess.h>

#include <uapi/misc/fastrpc.h>

#include "qda_caps.h"
#include "qda_option.h"
#include "qda_session.h"
#include "qda_shim.h"

/**
 * qda_shim_get_info - Implements FASTRPC_IOCTL_GET_DSP_INFO
 * @shim: the caller's file
 * @user: &struct fastrpc_ioctl_capability
 *
 * Number 0 is what programs find out without the DSP; it is asked all the same.
 *
 * Return: 0, -EOVERFLOW when there is no capability of that number, -EOPNOTSUPP when the
 * DSP tells none, the DSP's code when it refused otherwise, -EFAULT, or another negative
 * error code.
 */
long qda_shim_get_info(struct qda_shim *shim, void __user *user)
{
	struct fastrpc_ioctl_capability args;
	u32 value, status = 0;
	int ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.attribute_id > QDA_CAPS_COUNT)
		return -EOVERFLOW;

	ret = qda_caps_get(shim->session, args.attribute_id ?: 1, &value, &status);
	if (ret)
		return qda_shim_result(ret, status);

	args.capability = args.attribute_id ? value : 0;

	return copy_to_user(user, &args, sizeof(args)) ? -EFAULT : 0;
}

/**
 * qda_shim_set_option - Implements FASTRPC_IOCTL_SET_OPTION
 * @shim: the caller's file
 * @user: &struct fastrpc_ioctl_set_option
 *
 * Return: 0, -EFAULT, -EINVAL when the option or its value is unknown or something
 * reserved is not zero, or -EOPNOTSUPP when the firmware has no poll mode.
 */
long qda_shim_set_option(struct qda_shim *shim, void __user *user)
{
	struct qda_session *session = shim->session;
	struct fastrpc_ioctl_set_option args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	for (u32 i = 0; i < ARRAY_SIZE(args.reserved); i++)
		if (args.reserved[i])
			return -EINVAL;

	if (args.request_id != FASTRPC_POLL_MODE)
		return -EINVAL;
	/* In this order, as programs may tell by it what the firmware can do. */
	if (!qda_option_has_poll_mode(session->qdev))
		return -EOPNOTSUPP;
	if (args.value != FASTRPC_POLL_MODE_DISABLE && args.value != FASTRPC_POLL_MODE_ENABLE)
		return -EINVAL;

	/* Calls that are being made may see it or not. */
	WRITE_ONCE(session->poll_mode, args.value == FASTRPC_POLL_MODE_ENABLE);

	return 0;
}
