// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Virtual SMMU: an IOMMU driver, so that the devices of the context banks get
 * real DMA domains and an address that was not mapped is a fault, not luck. The same
 * tables translate what the DSP touches, through a window or by the loopback.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <vdsp.h>

#include "bank.h"
#include "config.h"
#include "pagetable.h"
#include "smmu.h"
#include "window.h"

/**
 * struct vdsp_smmu - The SMMU of one DSP
 * @iommu: how the IOMMU core knows it
 * @pdev: platform device of its node; no driver binds to it
 * @bank: bank of each stream id, from 1; NULL where there is none
 */
struct vdsp_smmu {
	struct iommu_device iommu;
	struct platform_device *pdev;
	struct vdsp_bank *bank[VDSP_BANKS_MAX + 1];
};

/**
 * struct vdsp_domain - One IOMMU domain, which can be attached to one bank only
 * @domain: base
 * @bank: that bank
 * @table: translations; its entries belong to @bank's lock
 */
struct vdsp_domain {
	struct iommu_domain domain;
	struct vdsp_bank *bank;
	struct vdsp_pagetable *table;
};

static struct vdsp_domain *to_vdsp_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct vdsp_domain, domain);
}

static int vdsp_domain_map_pages(struct iommu_domain *base, unsigned long iova, phys_addr_t paddr,
				 size_t pgsize, size_t pgcount, int prot, gfp_t gfp,
				 size_t *mapped)
{
	struct vdsp_domain *domain = to_vdsp_domain(base);
	size_t count;
	int ret = 0;

	/* As on Arm, what is writable is readable, too. */
	if (!(prot & (IOMMU_READ | IOMMU_WRITE)))
		return -EINVAL;
	if (!vdsp_bank_may_map(domain->bank))
		return -ENOMEM;

	if (pgsize == PAGE_SIZE)
		ret = vdsp_pagetable_prepare(domain->table, iova, pgsize * pgcount, gfp);
	if (ret)
		return ret;

	count = vdsp_bank_map(domain->bank, domain->table, iova, paddr, pgsize, pgcount,
			      prot & IOMMU_WRITE);
	*mapped += count * pgsize;
	return count == pgcount ? 0 : -EEXIST;
}

static size_t vdsp_domain_unmap_pages(struct iommu_domain *base, unsigned long iova,
				      size_t pgsize, size_t pgcount,
				      struct iommu_iotlb_gather *gather)
{
	struct vdsp_domain *domain = to_vdsp_domain(base);

	return vdsp_bank_unmap(domain->bank, domain->table, iova, pgsize * pgcount);
}

static phys_addr_t vdsp_domain_iova_to_phys(struct iommu_domain *base, dma_addr_t iova)
{
	struct vdsp_domain *domain = to_vdsp_domain(base);

	return vdsp_bank_translate(domain->bank, domain->table, iova);
}

static int vdsp_domain_attach(struct iommu_domain *base, struct device *dev,
			      struct iommu_domain *old)
{
	struct vdsp_domain *domain = to_vdsp_domain(base);

	if (dev_iommu_priv_get(dev) != domain->bank)
		return -EINVAL;

	vdsp_bank_switch(domain->bank, domain->table);
	return 0;
}

static int vdsp_blocked_attach(struct iommu_domain *base, struct device *dev,
			       struct iommu_domain *old)
{
	vdsp_bank_switch(dev_iommu_priv_get(dev), NULL);
	return 0;
}

static void vdsp_domain_free(struct iommu_domain *base)
{
	struct vdsp_domain *domain = to_vdsp_domain(base);

	vdsp_bank_forget(domain->bank, domain->table);
	vdsp_pagetable_destroy(domain->table);
	kfree(domain);
}

static const struct iommu_domain_ops vdsp_domain_ops = {
	.attach_dev = vdsp_domain_attach,
	.map_pages = vdsp_domain_map_pages,
	.unmap_pages = vdsp_domain_unmap_pages,
	.iova_to_phys = vdsp_domain_iova_to_phys,
	.free = vdsp_domain_free,
};

static const struct iommu_domain_ops vdsp_blocked_ops = {
	.attach_dev = vdsp_blocked_attach,
};

static struct iommu_domain vdsp_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &vdsp_blocked_ops,
};

static struct iommu_domain *vdsp_iommu_domain_alloc(struct device *dev)
{
	struct vdsp_domain *domain = kzalloc_obj(*domain);

	if (!domain)
		return ERR_PTR(-ENOMEM);

	domain->table = vdsp_pagetable_create();
	if (!domain->table) {
		kfree(domain);
		return ERR_PTR(-ENOMEM);
	}

	domain->bank = dev_iommu_priv_get(dev);
	domain->domain.pgsize_bitmap = PAGE_SIZE | VDSP_BLOCK_SIZE;
	domain->domain.geometry.aperture_start = VDSP_IOVA_START;
	domain->domain.geometry.aperture_end = (u64)VDSP_IOVA_START + VDSP_IOVA_SIZE - 1;
	domain->domain.geometry.force_aperture = true;
	return &domain->domain;
}

static bool vdsp_iommu_capable(struct device *dev, enum iommu_cap cap)
{
	return cap == IOMMU_CAP_CACHE_COHERENCY;
}

static struct vdsp_smmu *vdsp_smmu_of(const struct fwnode_handle *fwnode)
{
	struct device *dev = bus_find_device_by_fwnode(&platform_bus_type, fwnode);
	struct vdsp_smmu *smmu;

	if (!dev)
		return NULL;

	/* The caller's IOMMU is registered, so its device stays without our reference. */
	smmu = dev_get_drvdata(dev);
	put_device(dev);
	return smmu;
}

static struct iommu_device *vdsp_iommu_probe_device(struct device *dev)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	struct vdsp_smmu *smmu;
	struct vdsp_bank *bank;

	if (!fwspec || fwspec->num_ids != 1)
		return ERR_PTR(-ENODEV);

	smmu = vdsp_smmu_of(fwspec->iommu_fwnode);
	bank = smmu ? vdsp_smmu_bank(smmu, fwspec->ids[0]) : NULL;
	if (!bank)
		return ERR_PTR(-ENODEV);

	dev_iommu_priv_set(dev, bank);
	return &smmu->iommu;
}

static int vdsp_iommu_of_xlate(struct device *dev, const struct of_phandle_args *args)
{
	return iommu_fwspec_add_ids(dev, args->args, 1);
}

/* An identity domain would give the DSP physical addresses that its windows do not have. */
static int vdsp_iommu_def_domain_type(struct device *dev)
{
	return IOMMU_DOMAIN_DMA;
}

static const struct iommu_ops vdsp_iommu_ops = {
	.owner = THIS_MODULE,
	.capable = vdsp_iommu_capable,
	.domain_alloc_paging = vdsp_iommu_domain_alloc,
	.probe_device = vdsp_iommu_probe_device,
	.device_group = generic_device_group,
	.of_xlate = vdsp_iommu_of_xlate,
	.def_domain_type = vdsp_iommu_def_domain_type,
	.blocked_domain = &vdsp_blocked_domain,
	.release_domain = &vdsp_blocked_domain,
	.default_domain_ops = &vdsp_domain_ops,
};

/**
 * vdsp_smmu_create() - Make the SMMU of a DSP
 * @cfg: the DSP
 * @window: what shows the DSP its memory; must outlive the SMMU
 *
 * Return: the SMMU, not known to the IOMMU core yet, or NULL
 */
struct vdsp_smmu *vdsp_smmu_create(const struct vdsp_config *cfg, struct vdsp_window *window)
{
	struct vdsp_smmu *smmu = kzalloc_obj(*smmu);
	u32 sid;

	if (!smmu)
		return NULL;

	for (sid = 1; sid <= cfg->banks; sid++) {
		smmu->bank[sid] = vdsp_bank_create(sid, cfg->direct & BIT(sid), window);
		if (!smmu->bank[sid]) {
			vdsp_smmu_destroy(smmu);
			return NULL;
		}
		vdsp_window_connect(window, sid, smmu->bank[sid]);
	}

	return smmu;
}

/**
 * vdsp_smmu_destroy() - Free an SMMU that is not registered
 * @smmu: the SMMU or NULL
 */
void vdsp_smmu_destroy(struct vdsp_smmu *smmu)
{
	u32 sid;

	if (!smmu)
		return;

	for (sid = 1; sid <= VDSP_BANKS_MAX; sid++)
		vdsp_bank_destroy(smmu->bank[sid]);
	kfree(smmu);
}

/**
 * vdsp_smmu_register() - Announce an SMMU to the IOMMU core
 * @smmu: the SMMU
 * @parent: of the device that is made for @np
 * @np: its device tree node
 *
 * Return: 0 or a negative error
 */
int vdsp_smmu_register(struct vdsp_smmu *smmu, struct device *parent, struct device_node *np)
{
	int ret;

	smmu->pdev = of_platform_device_create(np, NULL, parent);
	if (!smmu->pdev)
		return -ENODEV;
	platform_set_drvdata(smmu->pdev, smmu);

	ret = iommu_device_sysfs_add(&smmu->iommu, &smmu->pdev->dev, NULL, "vdsp-smmu-%s",
				     dev_name(parent));
	if (ret)
		goto err_destroy_pdev;

	ret = iommu_device_register(&smmu->iommu, &vdsp_iommu_ops, &smmu->pdev->dev);
	if (ret)
		goto err_remove_sysfs;

	return 0;

err_remove_sysfs:
	iommu_device_sysfs_remove(&smmu->iommu);
err_destroy_pdev:
	of_platform_device_destroy(&smmu->pdev->dev, NULL);
	return ret;
}

/**
 * vdsp_smmu_unregister() - Undo vdsp_smmu_register()
 * @smmu: the SMMU; no device is behind it any more
 */
void vdsp_smmu_unregister(struct vdsp_smmu *smmu)
{
	iommu_device_unregister(&smmu->iommu);
	iommu_device_sysfs_remove(&smmu->iommu);
	of_platform_device_destroy(&smmu->pdev->dev, NULL);
	smmu->pdev = NULL;
}

/**
 * vdsp_smmu_bank() - Find a context bank
 * @smmu: the SMMU
 * @sid: stream id
 *
 * Return: the bank, which lives as long as the SMMU, or NULL
 */
struct vdsp_bank *vdsp_smmu_bank(struct vdsp_smmu *smmu, u32 sid)
{
	return sid <= VDSP_BANKS_MAX ? smmu->bank[sid] : NULL;
}
