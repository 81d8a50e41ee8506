// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * /sys/class/remoteproc/remoteprocN/name, where programs look which DSPs a machine has: on
 * hardware that is the driver that boots the DSP. Here nobody does, it is only shown.
 */
#include <linux/err.h>
#include <linux/remoteproc.h>

#include "remoteproc.h"

static int vdsp_remoteproc_attach(struct rproc *rproc)
{
	return 0;
}

/* The framework takes no processor that runs already without a way to attach to it. */
static const struct rproc_ops vdsp_remoteproc_ops = {
	.attach = vdsp_remoteproc_attach,
};

/**
 * vdsp_remoteproc_add() - Show a processor
 * @parent: device of the DSP
 * @name: domain name
 *
 * It is shown as one that somebody else has booted, and its state cannot be written: a DSP goes
 * up and down with its firmware.
 *
 * Return: the processor or an error pointer
 */
struct rproc *vdsp_remoteproc_add(struct device *parent, const char *name)
{
	struct rproc *rproc = rproc_alloc(parent, name, &vdsp_remoteproc_ops, NULL, 0);
	int ret;

	if (!rproc)
		return ERR_PTR(-ENOMEM);

	rproc->auto_boot = false;
	rproc->recovery_disabled = true;
	rproc->sysfs_read_only = true;
	rproc->state = RPROC_DETACHED;
	ret = rproc_add(rproc);
	if (ret) {
		rproc_free(rproc);
		return ERR_PTR(ret);
	}

	return rproc;
}

/**
 * vdsp_remoteproc_remove() - Show a processor no more
 * @rproc: the processor
 */
void vdsp_remoteproc_remove(struct rproc *rproc)
{
	rproc_del(rproc);
	rproc_free(rproc);
}
