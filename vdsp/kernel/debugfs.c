// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * /sys/kernel/debug/vdsp/<domain>/: counters to read, faults to make.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>

#include "bank.h"
#include "channel.h"
#include "debugfs.h"
#include "dsp.h"
#include "loopback.h"
#include "smmu.h"

static struct dentry *vdsp_debugfs_root;

static u64 vdsp_debugfs_sum(struct vdsp_dsp *dsp, u64 (*count)(struct vdsp_bank *bank))
{
	u64 sum = 0;
	u32 sid;

	for (sid = 1; sid <= dsp->config.banks; sid++)
		sum += count(vdsp_smmu_bank(dsp->smmu, sid));

	return sum;
}

static int vdsp_debugfs_mapped_get(void *data, u64 *value)
{
	*value = vdsp_debugfs_sum(data, vdsp_bank_pages_mapped);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vdsp_debugfs_mapped, vdsp_debugfs_mapped_get, NULL, "%llu\n");

static int vdsp_debugfs_lost_get(void *data, u64 *value)
{
	*value = vdsp_debugfs_sum(data, vdsp_bank_pages_lost);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vdsp_debugfs_lost, vdsp_debugfs_lost_get, NULL, "%llu\n");

static int vdsp_debugfs_faults_get(void *data, u64 *value)
{
	*value = vdsp_debugfs_sum(data, vdsp_bank_faults);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vdsp_debugfs_faults, vdsp_debugfs_faults_get, NULL, "%llu\n");

static int vdsp_debugfs_bank_mapped_get(void *data, u64 *value)
{
	*value = vdsp_bank_pages_mapped(data);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vdsp_debugfs_bank_mapped, vdsp_debugfs_bank_mapped_get, NULL, "%llu\n");

static int vdsp_debugfs_bank_faults_get(void *data, u64 *value)
{
	*value = vdsp_bank_faults(data);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vdsp_debugfs_bank_faults, vdsp_debugfs_bank_faults_get, NULL, "%llu\n");

static int vdsp_debugfs_up_get(void *data, u64 *value)
{
	*value = vdsp_dsp_is_up(data);
	return 0;
}

/* Firmware in user space goes up by itself; from here it can only be crashed. */
static int vdsp_debugfs_up_set(void *data, u64 value)
{
	struct vdsp_dsp *dsp = data;
	int ret;

	if (value > 1 || (value && dsp->config.firmware == VDSP_FIRMWARE_USER))
		return -EINVAL;

	ret = value ? vdsp_dsp_up(dsp) : vdsp_dsp_down(dsp);
	return ret == -EALREADY || ret == -ENOTCONN ? 0 : ret;
}
DEFINE_DEBUGFS_ATTRIBUTE(vdsp_debugfs_up, vdsp_debugfs_up_get, vdsp_debugfs_up_set, "%llu\n");

static void vdsp_debugfs_add_bank(struct vdsp_dsp *dsp, u32 sid)
{
	struct vdsp_bank *bank = vdsp_smmu_bank(dsp->smmu, sid);
	struct dentry *folder;
	char name[16];

	snprintf(name, sizeof(name), "bank%u", sid);
	folder = debugfs_create_dir(name, dsp->debugfs);
	debugfs_create_file("pages_mapped", 0400, folder, bank, &vdsp_debugfs_bank_mapped);
	debugfs_create_file("faults", 0400, folder, bank, &vdsp_debugfs_bank_faults);
	debugfs_create_atomic_t("map_fail", 0600, folder, vdsp_bank_map_fail(bank));
}

/**
 * vdsp_debugfs_add() - Show a DSP
 * @dsp: the DSP
 */
void vdsp_debugfs_add(struct vdsp_dsp *dsp)
{
	struct dentry *folder = debugfs_create_dir(dsp->config.name, vdsp_debugfs_root);
	u32 sid;

	dsp->debugfs = folder;
	debugfs_create_file("up", 0600, folder, dsp, &vdsp_debugfs_up);
	debugfs_create_file("pages_mapped", 0400, folder, dsp, &vdsp_debugfs_mapped);
	debugfs_create_file("pages_lost", 0400, folder, dsp, &vdsp_debugfs_lost);
	debugfs_create_file("faults", 0400, folder, dsp, &vdsp_debugfs_faults);
	debugfs_create_atomic_t("calls", 0400, folder, &dsp->calls);
	debugfs_create_atomic_t("dropped", 0400, folder, &dsp->dropped);
	debugfs_create_atomic_t("replies", 0400, folder, vdsp_port_replies(dsp->port));
	debugfs_create_atomic_t("send_fail", 0600, folder, vdsp_port_send_fail(dsp->port));
	debugfs_create_atomic_t("lose_replies", 0600, folder,
				vdsp_port_lose_replies(dsp->port));
	debugfs_create_u32("suspend_error", 0600, folder, &dsp->suspend_error);
	debugfs_create_u32("suspends", 0400, folder, &dsp->suspends);
	debugfs_create_u32("resumes", 0400, folder, &dsp->resumes);
	if (dsp->loopback)
		debugfs_create_u32("delay_us", 0600, folder,
				   vdsp_loopback_delay_us(dsp->loopback));
	for (sid = 1; sid <= dsp->config.banks; sid++)
		vdsp_debugfs_add_bank(dsp, sid);
}

/**
 * vdsp_debugfs_remove() - Show a DSP no more
 * @dsp: the DSP; not locked, because this waits for accesses that lock it
 */
void vdsp_debugfs_remove(struct vdsp_dsp *dsp)
{
	debugfs_remove_recursive(dsp->debugfs);
}

/**
 * vdsp_debugfs_init() - Make the folder for all DSPs
 */
void vdsp_debugfs_init(void)
{
	vdsp_debugfs_root = debugfs_create_dir("vdsp", NULL);
}

/**
 * vdsp_debugfs_exit() - Remove the folder for all DSPs
 */
void vdsp_debugfs_exit(void)
{
	debugfs_remove_recursive(vdsp_debugfs_root);
}
