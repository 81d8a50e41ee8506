/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_PAGETABLE_H__
#define __VDSP_PAGETABLE_H__

#include <linux/bits.h>
#include <linux/gfp_types.h>
#include <linux/types.h>

#define VDSP_PTE_PRESENT	BIT_ULL(0)
#define VDSP_PTE_WRITE		BIT_ULL(1)
#define VDSP_PTE_SEEN		BIT_ULL(2) /* a window of the DSP may show this page */
#define VDSP_PTE_FLAGS		GENMASK_ULL(11, 0)

/* An entry of the upper level can be a block instead of a leaf. */
#define VDSP_BLOCK_SIZE		(PAGE_SIZE / sizeof(u64) * PAGE_SIZE)

struct vdsp_pagetable;

struct vdsp_pagetable *vdsp_pagetable_create(void);
void vdsp_pagetable_destroy(struct vdsp_pagetable *table);
int vdsp_pagetable_prepare(struct vdsp_pagetable *table, u64 iova, size_t size, gfp_t gfp);
size_t vdsp_pagetable_count(const struct vdsp_pagetable *table);
u64 *vdsp_pagetable_vacant(struct vdsp_pagetable *table, u64 iova, size_t size);
u64 *vdsp_pagetable_find(struct vdsp_pagetable *table, u64 iova, size_t *size);

/* How many entries for that size follow each other from the one of @iova on */
static inline size_t vdsp_pagetable_room(u64 iova, size_t size)
{
	return (VDSP_BLOCK_SIZE - (iova & (VDSP_BLOCK_SIZE - 1))) / size;
}

#endif /* __VDSP_PAGETABLE_H__ */
