// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Physical memory is assigned to virtual machines by the SoC's firmware, the secure channel
 * manager. Linux is one of them, and what belongs to another one it must not touch.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/firmware/qcom/qcom_scm.h>
#include <linux/kconfig.h>
#include <linux/of.h>

#include "qda_scm.h"

static const struct qcom_scm_vmperm qda_scm_linux = {
	.vmid = QCOM_SCM_VMID_HLOS,
	.perm = QCOM_SCM_PERM_RWX,
};

/**
 * qda_scm_read_vmids - Read which virtual machines a DSP is
 * @np: node of the DSP
 * @vmids: where to store them; none when the node names none
 *
 * Return: 0, or -EINVAL when they cannot be right.
 */
int qda_scm_read_vmids(const struct device_node *np, struct qda_scm_vmids *vmids)
{
	int count = of_property_read_variable_u32_array(np, "qcom,vmids", vmids->id, 0,
							QDA_SCM_VMIDS);

	vmids->count = 0;
	if (count == -EINVAL)
		return 0;
	if (count < 0)
		return -EINVAL;

	for (int i = 0; i < count; i++)
		if (vmids->id[i] >= 64)
			return -EINVAL;
	vmids->count = count;

	return 0;
}

/**
 * qda_scm_read_first_vmid - Read which virtual machine a DSP is in the first place
 * @np: node of the DSP
 * @vmids: where to store that one
 *
 * Return: 0, or -EOPNOTSUPP when the node names none but Linux.
 */
int qda_scm_read_first_vmid(const struct device_node *np, struct qda_scm_vmids *vmids)
{
	if (qda_scm_read_vmids(np, vmids))
		return -EOPNOTSUPP;

	/* Some nodes name Linux itself before the others. */
	for (u32 i = 0; i < vmids->count; i++) {
		if (vmids->id[i] == QCOM_SCM_VMID_HLOS)
			continue;
		vmids->id[0] = vmids->id[i];
		vmids->count = 1;
		return 0;
	}

	return -EOPNOTSUPP;
}

/**
 * qda_scm_is_available - Whether there is firmware that assigns memory
 *
 * Return: false also when its driver has not come up yet.
 */
bool qda_scm_is_available(void)
{
	return qcom_scm_is_available();
}

static int qda_scm_call(u64 addr, size_t size, u64 from, const struct qcom_scm_vmperm *to,
			u32 count)
{
	/* The firmware's device node, which not every SoC has. */
	if (!qcom_scm_is_available())
		return -EOPNOTSUPP;

	return qcom_scm_assign_mem(addr, size, &from, to, count) ? -EIO : 0;
}

static u64 qda_scm_mask(const struct qda_scm_vmids *vmids)
{
	u64 mask = 0;

	for (u32 i = 0; i < vmids->count; i++)
		mask |= BIT_ULL(vmids->id[i]);

	return mask;
}

/**
 * qda_scm_assign - Take memory from Linux and give it to a DSP
 * @vmids: the DSP; if it is none, it can reach all memory anyway
 * @addr: physical address
 * @size: bytes
 *
 * Return: 0, -EOPNOTSUPP when this SoC cannot do that, or -EIO when the firmware refused.
 */
int qda_scm_assign(const struct qda_scm_vmids *vmids, u64 addr, size_t size)
{
	struct qcom_scm_vmperm to[QDA_SCM_VMIDS];

	if (!vmids->count)
		return 0;

	for (u32 i = 0; i < vmids->count; i++) {
		to[i].vmid = vmids->id[i];
		to[i].perm = QCOM_SCM_PERM_RWX;
	}

	return qda_scm_call(addr, size, BIT_ULL(QCOM_SCM_VMID_HLOS), to, vmids->count);
}

/**
 * qda_scm_unassign - Undo qda_scm_assign()
 * @vmids: the DSP
 * @addr: physical address
 * @size: bytes
 *
 * Return: 0 when the DSP cannot reach the memory any more, else as qda_scm_assign(), and
 * then nobody else must get it.
 */
int qda_scm_unassign(const struct qda_scm_vmids *vmids, u64 addr, size_t size)
{
	if (!vmids->count)
		return 0;

	return qda_scm_call(addr, size, qda_scm_mask(vmids), &qda_scm_linux, 1);
}

/**
 * qda_scm_share - Let virtual machines access memory of Linux
 * @vmids: the virtual machines, of which Linux may be one
 * @addr: physical address
 * @size: bytes
 *
 * Linux has access, too, but runs nothing that is there.
 *
 * Return: as qda_scm_assign().
 */
int qda_scm_share(const struct qda_scm_vmids *vmids, u64 addr, size_t size)
{
	struct qcom_scm_vmperm to[QDA_SCM_VMIDS + 1] = {
		{ .vmid = QCOM_SCM_VMID_HLOS, .perm = QCOM_SCM_PERM_RW },
	};
	u32 count = 1;

	for (u32 i = 0; i < vmids->count; i++) {
		if (vmids->id[i] == QCOM_SCM_VMID_HLOS)
			continue;
		to[count].vmid = vmids->id[i];
		to[count++].perm = QCOM_SCM_PERM_RWX;
	}

	return qda_scm_call(addr, size, BIT_ULL(QCOM_SCM_VMID_HLOS), to, count);
}

/**
 * qda_scm_unshare - Undo qda_scm_share()
 * @vmids: the virtual machines
 * @addr: physical address
 * @size: bytes
 *
 * Return: as qda_scm_unassign().
 */
int qda_scm_unshare(const struct qda_scm_vmids *vmids, u64 addr, size_t size)
{
	return qda_scm_call(addr, size, qda_scm_mask(vmids) | BIT_ULL(QCOM_SCM_VMID_HLOS),
			    &qda_scm_linux, 1);
}
