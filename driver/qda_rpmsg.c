// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/err.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/property.h>
#include <linux/rpmsg.h>
#include <linux/string.h>

#include "qda_device.h"
#include "qda_invocation.h"
#include "qda_pm.h"
#include "qda_quarantine.h"
#include "qda_ras.h"
#include "qda_rpmsg.h"
#include "qda_session.h"
#include "qda_wire.h"

static struct rpmsg_driver qda_rpmsg_driver;

static const struct qda_soc_data qda_soc_default = {
	.sid_pos = 32,
	.dma_bits = 32,
	.dma_bits_cdsp = 32,
};

static const struct qda_soc_data qda_soc_kaanapali = {
	.sid_pos = 56,
	.dma_bits = 32,
	.dma_bits_cdsp = 34,
	.poll_mode = true,
};

/**
 * qda_rpmsg_device - The DSP behind a device
 * @dev: any device
 *
 * Return: the DSP, or NULL when @dev is not an rpmsg device that this driver has.
 */
struct qda_device *qda_rpmsg_device(struct device *dev)
{
	return dev->driver == &qda_rpmsg_driver.drv ? dev_get_drvdata(dev) : NULL;
}

static int qda_rpmsg_probe(struct rpmsg_device *rpdev)
{
	struct device *dev = &rpdev->dev;
	struct qda_device *qdev;
	const char *label;
	int ret;

	ret = of_property_read_string(dev->of_node, "label", &label);
	if (ret)
		return dev_err_probe(dev, ret, "no label that tells the DSP\n");

	qdev = qda_device_create(dev, device_get_match_data(dev), label);
	if (IS_ERR(qdev))
		return PTR_ERR(qdev);

	qda_quarantine_end(qdev->domain_id);
	dev_set_drvdata(dev, qdev);
	qda_channel_open(&qdev->channel, rpdev);

	ret = of_platform_populate(dev->of_node, NULL, NULL, dev);
	if (ret)
		goto err_disconnect;

	ret = qda_device_register(qdev);
	if (ret)
		goto err_disconnect;

	return 0;

err_disconnect:
	qda_device_disconnect(qdev);
	of_platform_depopulate(dev);
	return ret;
}

static void qda_rpmsg_remove(struct rpmsg_device *rpdev)
{
	qda_device_disconnect(dev_get_drvdata(&rpdev->dev));
	of_platform_depopulate(&rpdev->dev);
}

static void qda_rpmsg_drop(struct qda_device *qdev)
{
	atomic_long_inc(&qdev->stats.dropped);
	qda_ras_count(qdev, QDA_RAS_MALFORMED);
}

static void qda_rpmsg_notify(struct qda_device *qdev, const void *data, int len)
{
	struct qda_wire_notify msg;
	u32 status;

	if (len < sizeof(msg)) {
		qda_rpmsg_drop(qdev);
		return;
	}
	memcpy(&msg, data, sizeof(msg));

	status = le32_to_cpu(msg.status);
	if (le32_to_cpu(msg.type) != QDA_WIRE_NOTIFY_STATUS || status > QDA_WIRE_PD_RESTART) {
		qda_rpmsg_drop(qdev);
		return;
	}
	if (status >= QDA_WIRE_PD_EXIT)
		qda_session_process_exited(qdev, le32_to_cpu(msg.client_id));
}

/* Called in hard interrupts by GLINK and SMD. What the DSP sends may be anything. */
static int qda_rpmsg_callback(struct rpmsg_device *rpdev, void *data, int len, void *priv,
			      u32 addr)
{
	struct qda_device *qdev = dev_get_drvdata(&rpdev->dev);
	struct qda_wire_rsp rsp;

	/* The endpoint is there before probe has been called. */
	if (!qdev)
		return 0;

	if (len < sizeof(rsp)) {
		qda_rpmsg_drop(qdev);
		return 0;
	}
	memcpy(&rsp, data, sizeof(rsp));

	if (le64_to_cpu(rsp.ctx) == QDA_WIRE_NOTIFY_CTX)
		qda_rpmsg_notify(qdev, data, len);
	else
		qda_invocation_answer(qdev, le64_to_cpu(rsp.ctx), le32_to_cpu(rsp.retval));

	return 0;
}

static const struct of_device_id qda_rpmsg_of_match[] = {
	{ .compatible = "qcom,fastrpc", .data = &qda_soc_default },
	{ .compatible = "qcom,kaanapali-fastrpc", .data = &qda_soc_kaanapali },
	{ }
};
MODULE_DEVICE_TABLE(of, qda_rpmsg_of_match);

static struct rpmsg_driver qda_rpmsg_driver = {
	.probe = qda_rpmsg_probe,
	.remove = qda_rpmsg_remove,
	.callback = qda_rpmsg_callback,
	.drv = {
		.name = "qda",
		.of_match_table = qda_rpmsg_of_match,
		.pm = &qda_pm_ops,
	},
};

/*
 * To the driver, a DSP that goes away and being unbound by somebody look the same: its
 * device is removed from it. But only in the first case the bus says before that the
 * device itself goes.
 */
static int qda_rpmsg_bus_event(struct notifier_block *nb, unsigned long action, void *data)
{
	struct device *dev = data;
	struct qda_device *qdev;

	if (action == BUS_NOTIFY_REMOVED_DEVICE)
		qda_quarantine_channel_removed(dev);
	if (action != BUS_NOTIFY_DEL_DEVICE)
		return NOTIFY_DONE;

	/* Nobody unbinds it meanwhile. */
	device_lock(dev);
	qdev = qda_rpmsg_device(dev);
	if (qdev)
		qdev->lost = true;
	device_unlock(dev);

	return NOTIFY_DONE;
}

static struct notifier_block qda_rpmsg_bus_notifier = {
	.notifier_call = qda_rpmsg_bus_event,
};

/**
 * qda_rpmsg_register - Begin to serve DSPs
 *
 * Return: 0 or a negative error code.
 */
int qda_rpmsg_register(void)
{
	int ret = register_rpmsg_driver(&qda_rpmsg_driver);

	if (ret)
		return ret;

	ret = bus_register_notifier(qda_rpmsg_driver.drv.bus, &qda_rpmsg_bus_notifier);
	if (ret)
		unregister_rpmsg_driver(&qda_rpmsg_driver);

	return ret;
}

/**
 * qda_rpmsg_unregister - Undo qda_rpmsg_register()
 */
void qda_rpmsg_unregister(void)
{
	unregister_rpmsg_driver(&qda_rpmsg_driver);
	bus_unregister_notifier(qda_rpmsg_driver.drv.bus, &qda_rpmsg_bus_notifier);
}
