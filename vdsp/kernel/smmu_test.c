// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The virtual SMMU as the IOMMU core uses it: when it has blocks of 2 MiB, and what becomes of
 * them. The code under test is a part of this module, so that its tables can be looked into.
 */
#include <kunit/test.h>

#include <linux/device.h>
#include <linux/sizes.h>

#include "bank.c"
#include "pagetable.c"
#include "smmu.c"

#define IOVA	VDSP_IOVA_START
#define PHYS	((phys_addr_t)SZ_1G)
#define PROT	(IOMMU_READ | IOMMU_WRITE)

static_assert(VDSP_BLOCK_SIZE == SZ_2M);

/**
 * struct vdsp_smmu_test - What a test works on
 * @dev: in place of a context bank's device
 * @iommu: its part that the IOMMU core would have made
 * @bank: its bank
 * @domain: the domain under test
 * @table: the tables in it
 */
struct vdsp_smmu_test {
	struct device dev;
	struct dev_iommu iommu;
	struct vdsp_bank *bank;
	struct iommu_domain *domain;
	struct vdsp_pagetable *table;
};

/* In place of the DSP's windows: what was taken away last. */
static u64 vdsp_smmu_test_revoked;
static size_t vdsp_smmu_test_revoked_size;

void vdsp_window_revoke(struct vdsp_window *window, u32 sid, u64 iova, size_t size)
{
	vdsp_smmu_test_revoked = iova;
	vdsp_smmu_test_revoked_size = size;
}

void vdsp_window_revoke_all(struct vdsp_window *window, u32 sid)
{
}

void vdsp_window_connect(struct vdsp_window *window, u32 sid, struct vdsp_bank *bank)
{
}

static int vdsp_smmu_test_init(struct kunit *test)
{
	struct vdsp_smmu_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	t->bank = vdsp_bank_create(1, false, NULL);
	KUNIT_ASSERT_NOT_NULL(test, t->bank);
	t->dev.iommu = &t->iommu;
	t->iommu.priv = t->bank;
	t->domain = vdsp_iommu_domain_alloc(&t->dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->domain);
	t->domain->type = IOMMU_DOMAIN_UNMANAGED;
	t->domain->ops = vdsp_iommu_ops.default_domain_ops;
	t->table = to_vdsp_domain(t->domain)->table;
	vdsp_smmu_test_revoked_size = 0;

	return 0;
}

static void vdsp_smmu_test_exit(struct kunit *test)
{
	struct vdsp_smmu_test *t = test->priv;

	if (t && !IS_ERR_OR_NULL(t->domain))
		t->domain->ops->free(t->domain);
	if (t)
		vdsp_bank_destroy(t->bank);
}

static unsigned int vdsp_smmu_test_blocks(const struct vdsp_pagetable *table)
{
	unsigned int i, count = 0;

	for (i = 0; i < VDSP_LEAVES; i++)
		count += !!table->block[i];

	return count;
}

static unsigned int vdsp_smmu_test_leaves(const struct vdsp_pagetable *table)
{
	unsigned int i, count = 0;

	for (i = 0; i < VDSP_LEAVES; i++)
		count += !!table->leaf[i];

	return count;
}

static void vdsp_smmu_test_map(struct kunit *test, u64 iova, phys_addr_t paddr, size_t size)
{
	struct vdsp_smmu_test *t = test->priv;
	size_t offset;

	KUNIT_ASSERT_EQ(test, iommu_map(t->domain, iova, paddr, size, PROT, GFP_KERNEL), 0);
	for (offset = 0; offset < size; offset += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, iommu_iova_to_phys(t->domain, iova + offset),
				paddr + offset);
}

static void vdsp_smmu_test_expect(struct kunit *test, unsigned int blocks, unsigned int leaves,
				  size_t bytes)
{
	struct vdsp_smmu_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, vdsp_smmu_test_blocks(t->table), blocks);
	KUNIT_EXPECT_EQ(test, vdsp_smmu_test_leaves(t->table), leaves);
	KUNIT_EXPECT_EQ(test, vdsp_bank_pages_mapped(t->bank), bytes / PAGE_SIZE);
}

/* Two entries, and no page for a table. */
static void vdsp_smmu_test_aligned(struct kunit *test)
{
	struct vdsp_smmu_test *t = test->priv;

	vdsp_smmu_test_map(test, IOVA, PHYS, SZ_4M);
	vdsp_smmu_test_expect(test, 2, 0, SZ_4M);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(t->domain, IOVA + SZ_4M), 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, IOVA, SZ_4M), SZ_4M);
	vdsp_smmu_test_expect(test, 0, 0, 0);
}

/* An entry has no room for an offset in a block. */
static void vdsp_smmu_test_shifted(struct kunit *test)
{
	struct vdsp_smmu_test *t = test->priv;

	vdsp_smmu_test_map(test, IOVA, PHYS + PAGE_SIZE, SZ_4M);
	vdsp_smmu_test_expect(test, 0, 2, SZ_4M);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, IOVA, SZ_4M), SZ_4M);
	vdsp_smmu_test_expect(test, 0, 2, 0);
}

static void vdsp_smmu_test_pages_around(struct kunit *test)
{
	struct vdsp_smmu_test *t = test->priv;
	const u64 iova = IOVA + SZ_2M - PAGE_SIZE;
	const size_t size = PAGE_SIZE + SZ_2M + PAGE_SIZE;

	vdsp_smmu_test_map(test, iova, PHYS - PAGE_SIZE, size);
	vdsp_smmu_test_expect(test, 1, 2, size);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, iova, size), size);
	vdsp_smmu_test_expect(test, 0, 2, 0);
}

/*
 * iommu_unmap() is for what was mapped at once, and says where it stopped. What it
 * did not take is there as before, and nothing beside it goes.
 */
static void vdsp_smmu_test_part(struct kunit *test)
{
	struct vdsp_smmu_test *t = test->priv;

	vdsp_smmu_test_map(test, IOVA, PHYS, SZ_4M);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, IOVA, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, IOVA + SZ_1M, SZ_1M), 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, IOVA + SZ_1M, SZ_2M), 0);
	vdsp_smmu_test_expect(test, 2, 0, SZ_4M);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(t->domain, IOVA + SZ_1M), PHYS + SZ_1M);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, IOVA, SZ_2M + PAGE_SIZE), SZ_2M);
	vdsp_smmu_test_expect(test, 1, 0, SZ_2M);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(t->domain, IOVA), 0);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(t->domain, IOVA + SZ_2M), PHYS + SZ_2M);
}

/* Neither in the way of the other, unless both are there. */
static void vdsp_smmu_test_block_or_pages(struct kunit *test)
{
	struct vdsp_smmu_test *t = test->priv;

	vdsp_smmu_test_map(test, IOVA + SZ_1M, PHYS, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, iommu_map(t->domain, IOVA, PHYS, SZ_2M, PROT, GFP_KERNEL), -EEXIST);
	vdsp_smmu_test_expect(test, 0, 1, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, IOVA + SZ_1M, PAGE_SIZE), PAGE_SIZE);
	vdsp_smmu_test_map(test, IOVA, PHYS, SZ_2M);
	vdsp_smmu_test_expect(test, 1, 1, SZ_2M);
	KUNIT_EXPECT_EQ(test, iommu_map(t->domain, IOVA + SZ_1M, PHYS, PAGE_SIZE, PROT, GFP_KERNEL),
			-EEXIST);
	vdsp_smmu_test_expect(test, 1, 1, SZ_2M);
}

/* One page of it was shown to the DSP, and nobody remembers which. */
static void vdsp_smmu_test_seen(struct kunit *test)
{
	struct vdsp_smmu_test *t = test->priv;

	vdsp_smmu_test_map(test, IOVA, PHYS, SZ_4M);
	scoped_guard(spinlock_irqsave, &t->bank->lock)
		vdsp_bank_walk(t->table, IOVA + SZ_2M + SZ_1M, VDSP_PTE_SEEN);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, IOVA, SZ_2M), SZ_2M);
	KUNIT_EXPECT_EQ(test, vdsp_smmu_test_revoked_size, 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(t->domain, IOVA + SZ_2M, SZ_2M), SZ_2M);
	KUNIT_EXPECT_EQ(test, vdsp_smmu_test_revoked, IOVA + SZ_2M);
	KUNIT_EXPECT_EQ(test, vdsp_smmu_test_revoked_size, SZ_2M);
}

static struct kunit_case vdsp_smmu_test_cases[] = {
	KUNIT_CASE(vdsp_smmu_test_aligned),
	KUNIT_CASE(vdsp_smmu_test_shifted),
	KUNIT_CASE(vdsp_smmu_test_pages_around),
	KUNIT_CASE(vdsp_smmu_test_part),
	KUNIT_CASE(vdsp_smmu_test_block_or_pages),
	KUNIT_CASE(vdsp_smmu_test_seen),
	{}
};

static struct kunit_suite vdsp_smmu_test_suite = {
	.name = "vdsp_smmu",
	.init = vdsp_smmu_test_init,
	.exit = vdsp_smmu_test_exit,
	.test_cases = vdsp_smmu_test_cases,
};

kunit_test_suite(vdsp_smmu_test_suite);

MODULE_DESCRIPTION("Unit tests of the virtual SMMU");
MODULE_AUTHOR("The QDA authors");
MODULE_LICENSE("GPL");
