/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 The QDA authors */
#ifndef __VDSP_BANK_H__
#define __VDSP_BANK_H__

#include <linux/types.h>

struct page;
struct vdsp_bank;
struct vdsp_pagetable;
struct vdsp_window;

struct vdsp_bank *vdsp_bank_create(u32 sid, bool direct, struct vdsp_window *window);
void vdsp_bank_destroy(struct vdsp_bank *bank);

atomic_t *vdsp_bank_map_fail(struct vdsp_bank *bank);
bool vdsp_bank_may_map(struct vdsp_bank *bank);
size_t vdsp_bank_map(struct vdsp_bank *bank, struct vdsp_pagetable *table, u64 iova,
		     phys_addr_t paddr, size_t pgsize, size_t count, bool writable);
size_t vdsp_bank_unmap(struct vdsp_bank *bank, struct vdsp_pagetable *table, u64 iova,
		       size_t bytes);
phys_addr_t vdsp_bank_translate(struct vdsp_bank *bank, struct vdsp_pagetable *table, u64 iova);
void vdsp_bank_switch(struct vdsp_bank *bank, struct vdsp_pagetable *table);
void vdsp_bank_forget(struct vdsp_bank *bank, struct vdsp_pagetable *table);

bool vdsp_bank_is_direct(const struct vdsp_bank *bank);
struct page *vdsp_bank_get_page(struct vdsp_bank *bank, u64 iova, bool *writable);
int vdsp_bank_read(struct vdsp_bank *bank, u64 iova, void *buf, size_t len);
int vdsp_bank_write(struct vdsp_bank *bank, u64 iova, const void *buf, size_t len);
int vdsp_bank_move(struct vdsp_bank *bank, u64 to, u64 from, size_t len);
int vdsp_bank_zero(struct vdsp_bank *bank, u64 iova, size_t len);
void vdsp_bank_fault(struct vdsp_bank *bank);

u64 vdsp_bank_faults(struct vdsp_bank *bank);
u64 vdsp_bank_pages_mapped(struct vdsp_bank *bank);
u64 vdsp_bank_pages_lost(struct vdsp_bank *bank);

#endif /* __VDSP_BANK_H__ */
