// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The table behind one IOMMU domain: two levels over the window of IOVAs that a
 * bank has, one 64-bit entry per page: physical address and flags. Entries belong to the
 * owner's lock; leaves are only added, and go when the whole table goes.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <vdsp.h>

#include "pagetable.h"

#define VDSP_LEAF_ENTRIES	(PAGE_SIZE / sizeof(u64))
#define VDSP_LEAF_SPAN		(VDSP_LEAF_ENTRIES * PAGE_SIZE)
#define VDSP_LEAVES		(VDSP_IOVA_SIZE / VDSP_LEAF_SPAN)

static_assert(VDSP_IOVA_SIZE % VDSP_LEAF_SPAN == 0);
static_assert(VDSP_IOVA_START % PAGE_SIZE == 0);

/**
 * struct vdsp_pagetable - Translations of one IOMMU domain
 * @leaf: arrays of VDSP_LEAF_ENTRIES entries, each made when first needed
 */
struct vdsp_pagetable {
	u64 *leaf[VDSP_LEAVES];
};

static bool vdsp_pagetable_covers(u64 iova, size_t size)
{
	return iova >= VDSP_IOVA_START && size <= VDSP_IOVA_SIZE &&
	       iova - VDSP_IOVA_START <= VDSP_IOVA_SIZE - size;
}

/**
 * vdsp_pagetable_create() - Make an empty table
 *
 * Return: the table or NULL
 */
struct vdsp_pagetable *vdsp_pagetable_create(void)
{
	return kvzalloc_obj(struct vdsp_pagetable);
}

/**
 * vdsp_pagetable_destroy() - Free a table, whatever is in it
 * @table: the table
 */
void vdsp_pagetable_destroy(struct vdsp_pagetable *table)
{
	unsigned int i;

	for (i = 0; i < VDSP_LEAVES; i++)
		kfree(table->leaf[i]);
	kvfree(table);
}

static int vdsp_pagetable_grow(struct vdsp_pagetable *table, unsigned long index, gfp_t gfp)
{
	u64 *leaf;

	if (READ_ONCE(table->leaf[index]))
		return 0;

	leaf = kzalloc(PAGE_SIZE, gfp);
	if (!leaf)
		return -ENOMEM;
	/* Two mappings in one leaf's span may get here at the same time. */
	if (cmpxchg(&table->leaf[index], NULL, leaf))
		kfree(leaf);

	return 0;
}

/**
 * vdsp_pagetable_prepare() - Make sure that a range has entries
 * @table: the table; the owner's lock is not needed
 * @iova: start of the range
 * @size: bytes
 * @gfp: how memory may be allocated
 *
 * Return: 0, -ERANGE when the range is not in the window, -ENOMEM
 */
int vdsp_pagetable_prepare(struct vdsp_pagetable *table, u64 iova, size_t size, gfp_t gfp)
{
	unsigned long first, last;
	int ret = 0;

	if (!size || !vdsp_pagetable_covers(iova, size))
		return -ERANGE;

	first = (iova - VDSP_IOVA_START) / VDSP_LEAF_SPAN;
	last = (iova - VDSP_IOVA_START + size - 1) / VDSP_LEAF_SPAN;
	for (; first <= last && !ret; first++)
		ret = vdsp_pagetable_grow(table, first, gfp);

	return ret;
}

/**
 * vdsp_pagetable_count() - Count the pages that are mapped
 * @table: the table, under its owner's lock
 *
 * Return: number of entries that are not empty
 */
size_t vdsp_pagetable_count(const struct vdsp_pagetable *table)
{
	size_t i, k, count = 0;

	for (i = 0; i < VDSP_LEAVES; i++)
		for (k = 0; table->leaf[i] && k < VDSP_LEAF_ENTRIES; k++)
			count += !!table->leaf[i][k];

	return count;
}

/**
 * vdsp_pagetable_entry() - Find the entry of a page
 * @table: the table, under its owner's lock
 * @iova: any address in the page
 *
 * Return: the entry, or NULL when there cannot be a mapping
 */
u64 *vdsp_pagetable_entry(struct vdsp_pagetable *table, u64 iova)
{
	u64 *leaf;

	if (!vdsp_pagetable_covers(iova, 1))
		return NULL;

	iova -= VDSP_IOVA_START;
	leaf = READ_ONCE(table->leaf[iova / VDSP_LEAF_SPAN]);
	return leaf ? &leaf[iova % VDSP_LEAF_SPAN / PAGE_SIZE] : NULL;
}
