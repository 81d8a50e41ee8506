// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>

#include "qda_cb.h"
#include "qda_crash.h"
#include "qda_debugfs.h"
#include "qda_device.h"
#include "qda_drv.h"
#include "qda_invocation.h"
#include "qda_legacy.h"
#include "qda_ras.h"

/* By number, as programs know them */
static const struct qda_domain qda_domains[QDA_DOMAINS] = {
	{ .name = "adsp", .heap = true },
	{ .name = "mdsp" },
	{ .name = "sdsp", .region = true },
	{ .name = "cdsp", .cdsp = true, .unsigned_pd = true },
	{ .name = "cdsp1", .cdsp = true, .unsigned_pd = true },
	{ .name = "gdsp0", .unsigned_pd = true },
	{ .name = "gdsp1", .unsigned_pd = true },
};

/*
 * Sessions are looked up in interrupts, imports are not. To lockdep the locks of both arrays
 * were one, because both are initialised in this file.
 */
static struct lock_class_key qda_sessions_lock_class;

static int qda_device_set_domain(struct qda_device *qdev, const char *label)
{
	for (u32 i = 0; i < ARRAY_SIZE(qda_domains); i++) {
		if (strcmp(qda_domains[i].name, label))
			continue;
		qdev->domain = &qda_domains[i];
		qdev->domain_id = i;
		return 0;
	}

	return -EINVAL;
}

static void qda_device_fini(struct drm_device *drm, void *unused)
{
	struct qda_device *qdev = to_qda_device(drm);

	xa_destroy(&qdev->imports);
	xa_destroy(&qdev->sessions);
	qda_caps_fini(&qdev->caps);
	qda_channel_fini(&qdev->channel);
}

/**
 * qda_device_create - Make the DRM device of a DSP
 * @dev: the rpmsg device
 * @soc: what is special on this SoC
 * @label: name of the DSP
 *
 * Return: the device, not registered and with its channel closed, or an error pointer.
 */
struct qda_device *qda_device_create(struct device *dev, const struct qda_soc_data *soc,
				     const char *label)
{
	struct qda_device *qdev;
	int ret;

	qdev = devm_drm_dev_alloc(dev, &qda_drm_driver, struct qda_device, drm);
	if (IS_ERR(qdev))
		return qdev;

	ret = qda_device_set_domain(qdev, label);
	if (ret)
		return ERR_PTR(dev_err_probe(dev, ret, "unknown DSP %s\n", label));

	ret = qda_region_init(qdev);
	if (ret)
		return ERR_PTR(ret);

	qdev->soc = soc;
	qda_slots_init(&qdev->slots);
	xa_init_flags(&qdev->sessions, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_IRQ);
	lockdep_set_class(&qdev->sessions.xa_lock, &qda_sessions_lock_class);
	xa_init(&qdev->imports);
	INIT_LIST_HEAD(&qdev->banks.list);
	INIT_LIST_HEAD(&qdev->banks.places);

	ret = drmm_mutex_init(&qdev->drm, &qdev->banks.lock);
	if (ret)
		return ERR_PTR(ret);
	ret = drmm_mutex_init(&qdev->drm, &qdev->disconnect_lock);
	if (ret)
		return ERR_PTR(ret);
	ret = qda_heap_init(qdev);
	if (ret)
		return ERR_PTR(ret);
	ret = qda_channel_init(&qdev->channel);
	if (ret)
		return ERR_PTR(ret);
	qda_caps_init(&qdev->caps);
	ret = drmm_add_action_or_reset(&qdev->drm, qda_device_fini, NULL);
	if (ret)
		return ERR_PTR(ret);

	qda_debugfs_init(qdev);
	qda_ras_begin(qdev);
	/*
	 * Memory for a process is some MiB, which is much faster to get as huge pages.
	 * Not every machine has them, so it does not matter if this fails.
	 */
	drm_gem_huge_mnt_create(&qdev->drm, "within_size");

	return qdev;
}

/**
 * qda_device_register - Let users see the device
 * @qdev: the DSP
 *
 * Return: 0 or a negative error code; -ENODEV when the DSP is gone already.
 */
int qda_device_register(struct qda_device *qdev)
{
	int ret;

	guard(mutex)(&qdev->disconnect_lock);

	if (qdev->disconnected)
		return -ENODEV;

	ret = drm_dev_register(&qdev->drm, 0);
	qdev->registered = !ret;
	if (!ret)
		qda_legacy_offer(qdev);

	return ret;
}

/**
 * qda_device_disconnect - The DSP went away: let go of everything that needs it
 * @qdev: the DSP; calling it again does nothing
 *
 * Open files stay and their ioctls fail. The order matters: first users are told
 * what was going on, if it was the DSP and not the driver that went; then nobody new gets in
 * and the DSP's answers are ignored, then users see the device as unplugged, then
 * those who wait are told and the nodes of the legacy interface go, and last, while
 * their devices are still there, all memory is taken out of the context banks, that of
 * abandoned calls included, and away from the DSP.
 */
void qda_device_disconnect(struct qda_device *qdev)
{
	guard(mutex)(&qdev->disconnect_lock);

	if (qdev->disconnected)
		return;
	qdev->disconnected = true;

	if (qdev->lost && qdev->registered)
		qda_crash_announce(qdev);
	qda_channel_close(&qdev->channel);
	qda_slots_kill(&qdev->slots);
	if (qdev->registered)
		drm_dev_unplug(&qdev->drm);
	qda_invocation_flush(qdev);
	qda_channel_drain(&qdev->channel);
	qda_caps_disconnect(&qdev->caps);
	qda_legacy_withdraw(qdev);
	qda_cb_revoke_all(qdev);
	qda_heap_disconnect(qdev);
}
