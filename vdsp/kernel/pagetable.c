// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The table behind one IOMMU domain: two levels over the window of IOVAs that a
 * bank has, one 64-bit entry per page, or per block of 2 MiB as in SMMUs with pages of
 * 4 KiB: physical address and flags. Entries belong to the owner's lock; leaves are only
 * added, and go when the whole table goes.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vdsp.h>

#include "pagetable.h"

#define VDSP_LEAF_ENTRIES	(PAGE_SIZE / sizeof(u64))
#define VDSP_LEAF_SPAN		VDSP_BLOCK_SIZE
#define VDSP_LEAVES		(VDSP_IOVA_SIZE / VDSP_LEAF_SPAN)

static_assert(VDSP_IOVA_SIZE % VDSP_LEAF_SPAN == 0);
static_assert(VDSP_IOVA_START % VDSP_BLOCK_SIZE == 0);

/**
 * struct vdsp_pagetable - Translations of one IOMMU domain
 * @block: entries of blocks; where one is, the leaf is empty
 * @leaf: arrays of VDSP_LEAF_ENTRIES entries, each made when first needed
 */
struct vdsp_pagetable {
	u64 block[VDSP_LEAVES];
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

	for (i = 0; i < VDSP_LEAVES; i++) {
		if (table->block[i])
			count += VDSP_LEAF_ENTRIES;
		for (k = 0; table->leaf[i] && k < VDSP_LEAF_ENTRIES; k++)
			count += !!table->leaf[i][k];
	}

	return count;
}

static u64 *vdsp_pagetable_page(struct vdsp_pagetable *table, unsigned long index, u64 iova)
{
	u64 *leaf = READ_ONCE(table->leaf[index]);

	return leaf ? &leaf[iova % VDSP_LEAF_SPAN / PAGE_SIZE] : NULL;
}

/**
 * vdsp_pagetable_vacant() - Find the entry for a new mapping
 * @table: the table, under its owner's lock
 * @iova: start of a page or a block
 * @size: PAGE_SIZE, for which the table is prepared, or VDSP_BLOCK_SIZE
 *
 * Return: the entry, which is empty, or NULL when something is mapped there already or
 * nothing can be
 */
u64 *vdsp_pagetable_vacant(struct vdsp_pagetable *table, u64 iova, size_t size)
{
	unsigned long index = (iova - VDSP_IOVA_START) / VDSP_LEAF_SPAN;
	u64 *leaf, *entry;

	if (!vdsp_pagetable_covers(iova, size) || table->block[index])
		return NULL;

	if (size == PAGE_SIZE) {
		entry = vdsp_pagetable_page(table, index, iova);
		return entry && !*entry ? entry : NULL;
	}
	leaf = READ_ONCE(table->leaf[index]);

	return leaf && memchr_inv(leaf, 0, PAGE_SIZE) ? NULL : &table->block[index];
}

/**
 * vdsp_pagetable_find() - Find the entry that translates an address
 * @table: the table, under its owner's lock
 * @iova: any address
 * @size: out, what the entry spans, PAGE_SIZE or VDSP_BLOCK_SIZE
 *
 * Return: the entry, or NULL when nothing is mapped
 */
u64 *vdsp_pagetable_find(struct vdsp_pagetable *table, u64 iova, size_t *size)
{
	unsigned long index = (iova - VDSP_IOVA_START) / VDSP_LEAF_SPAN;
	u64 *entry;

	if (!vdsp_pagetable_covers(iova, 1))
		return NULL;

	if (table->block[index]) {
		*size = VDSP_BLOCK_SIZE;
		return &table->block[index];
	}
	*size = PAGE_SIZE;
	entry = vdsp_pagetable_page(table, index, iova);

	return entry && *entry ? entry : NULL;
}
