// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/rcupdate.h>
#include <linux/rpmsg.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/qda_accel.h>

#include "qda_async.h"
#include "qda_bo.h"
#include "qda_cb.h"
#include "qda_device.h"
#include "qda_drv.h"
#include "qda_fdinfo.h"
#include "qda_gem.h"
#include "qda_invoke.h"
#include "qda_ioctl.h"
#include "qda_map.h"
#include "qda_option.h"
#include "qda_prime.h"
#include "qda_quarantine.h"
#include "qda_query.h"
#include "qda_ras.h"
#include "qda_rpmsg.h"
#include "qda_session.h"

/*
 * For what must be done after a device or a file is gone. It is the module's, as a
 * device's own could not be destroyed from its own work; unloading drains it.
 */
struct workqueue_struct *qda_wq;

static int qda_open(struct drm_device *drm, struct drm_file *file)
{
	struct qda_session *session = qda_session_create(to_qda_device(drm));

	if (IS_ERR(session))
		return PTR_ERR(session);
	file->driver_priv = session;

	return 0;
}

static void qda_postclose(struct drm_device *drm, struct drm_file *file)
{
	qda_session_close(file->driver_priv);
}

#define QDA_IOCTL(name, func) DRM_IOCTL_DEF_DRV(QDA_##name, qda_ioctl_##func, 0)

/* In order of number, which is the order of introduction; new ones are appended. */
static const struct drm_ioctl_desc qda_ioctls[] = {
	QDA_IOCTL(QUERY, query),
	QDA_IOCTL(GEM_CREATE, gem_create),
	QDA_IOCTL(GEM_MMAP_OFFSET, gem_mmap_offset),
	QDA_IOCTL(REMOTE_ATTACH, remote_attach),
	QDA_IOCTL(REMOTE_SESSION_CREATE, session_create),
	QDA_IOCTL(REMOTE_MAP, remote_map),
	QDA_IOCTL(REMOTE_MUNMAP, remote_munmap),
	QDA_IOCTL(REMOTE_INVOKE, remote_invoke),
	QDA_IOCTL(SET_OPTION, set_option),
	QDA_IOCTL(REMOTE_SESSION_RELEASE, session_release),
	QDA_IOCTL(GEM_SYNC, gem_sync),
	QDA_IOCTL(REMOTE_INVOKE_BATCH, remote_invoke_batch),
};

/*
 * Structures that are shorter than the driver's are good, but for a call: where there is no
 * place for its cookie, which is copied both ways, a signal would make it happen twice.
 */
static bool qda_drv_is_restartable(unsigned int cmd)
{
	if (DRM_IOCTL_TYPE(cmd) != DRM_IOCTL_BASE ||
	    DRM_IOCTL_NR(cmd) != DRM_COMMAND_BASE + DRM_QDA_REMOTE_INVOKE)
		return true;

	return _IOC_DIR(cmd) == (_IOC_READ | _IOC_WRITE) && _IOC_SIZE(cmd) >= QDA_INVOKE_SIZE_MIN;
}

/*
 * drm_ioctl() takes note of the process that uses a file, and waits for RCU whenever that
 * is not the one before: two processes that make calls by turns would wait for
 * milliseconds each time. So calls do not go that way, unless their structure is one of
 * another version, which DRM's rules are for.
 */
static long qda_drv_invoke(struct drm_file *file, struct drm_qda_invoke __user *user)
{
	struct drm_device *drm = file->minor->dev;
	struct drm_qda_invoke args;
	long ret;

	if (drm_dev_is_unplugged(drm))
		return -ENODEV;
	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;

	ret = qda_ioctl_remote_invoke(drm, &args, file);
	/* Also on error, as DRM does it. */
	if (copy_to_user(user, &args, sizeof(args)))
		return -EFAULT;

	return ret;
}

static long qda_drv_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	if (cmd == DRM_IOCTL_QDA_REMOTE_INVOKE)
		return qda_drv_invoke(filp->private_data, (void __user *)arg);

	return qda_drv_is_restartable(cmd) ? drm_ioctl(filp, cmd, arg) : -EINVAL;
}

#ifdef CONFIG_COMPAT
static long qda_drv_compat_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	return qda_drv_is_restartable(cmd) ? drm_compat_ioctl(filp, cmd, arg) : -EINVAL;
}
#endif

/* DRM_ACCEL_FOPS with other ioctls and with fdinfo. */
static const struct file_operations qda_fops = {
	.owner = THIS_MODULE,
	.open = accel_open,
	.release = drm_release,
	.unlocked_ioctl = qda_drv_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = qda_drv_compat_ioctl,
#endif
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.mmap = drm_gem_mmap,
	.show_fdinfo = drm_show_fdinfo,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

/* The DRM driver of each DSP */
const struct drm_driver qda_drm_driver = {
	.driver_features = DRIVER_COMPUTE_ACCEL | DRIVER_GEM,
	.open = qda_open,
	.postclose = qda_postclose,
	.show_fdinfo = qda_fdinfo_show,
	.gem_create_object = qda_bo_create_object,
	.gem_prime_import = qda_prime_import,
	.ioctls = qda_ioctls,
	.num_ioctls = ARRAY_SIZE(qda_ioctls),
	.fops = &qda_fops,
	.name = "qda",
	.desc = "Qualcomm Hexagon DSP accelerator",
	.major = 1,
	.minor = 0,
};

static int __init qda_init(void)
{
	int ret;

	qda_wq = alloc_workqueue("qda", WQ_UNBOUND, 0);
	if (!qda_wq)
		return -ENOMEM;

	ret = platform_driver_register(&qda_cb_driver);
	if (ret)
		goto err_destroy_wq;

	ret = qda_rpmsg_register();
	if (ret)
		goto err_unregister_cb;

	return 0;

err_unregister_cb:
	platform_driver_unregister(&qda_cb_driver);
err_destroy_wq:
	destroy_workqueue(qda_wq);
	qda_ras_exit();
	return ret;
}
module_init(qda_init);

static void __exit qda_exit(void)
{
	qda_rpmsg_unregister();
	platform_driver_unregister(&qda_cb_driver);
	/* Timers of calls have been stopped, but one may just be queueing its work. */
	synchronize_rcu();
	destroy_workqueue(qda_wq);
	qda_quarantine_exit();
	qda_ras_exit();
}
module_exit(qda_exit);

MODULE_DESCRIPTION("Qualcomm Hexagon DSP accelerator driver");
MODULE_AUTHOR("The QDA authors");
MODULE_LICENSE("GPL");
