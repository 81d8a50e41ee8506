// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * A context bank: the memory that a stream id can reach. The virtual SMMU changes
 * it, windows and the loopback look at it.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "bank.h"
#include "pagetable.h"
#include "window.h"

/**
 * struct vdsp_bank - One context bank
 * @window: what shows its pages to the DSP, told when a page goes
 * @sid: its stream id
 * @direct: it has no IOMMU, addresses are physical
 * @lock: protects @table, the entries of every table of this bank, and the
 *	counters; taken with interrupts off, nothing nests in it
 * @table: of the domain that is attached, or NULL
 * @mapped: pages mapped now, in all tables of this bank
 * @lost: pages that were still mapped when their table was given up
 * @faults: accesses by the DSP that were refused
 * @map_fail: which of the following mappings fails, 0 for none
 */
struct vdsp_bank {
	struct vdsp_window *window;
	u32 sid;
	bool direct;
	spinlock_t lock; /* tables and counters */
	struct vdsp_pagetable *table;
	u64 mapped;
	u64 lost;
	u64 faults;
	atomic_t map_fail;
};

/**
 * vdsp_bank_create() - Make a bank
 * @sid: its stream id
 * @direct: it has no IOMMU
 * @window: what shows its pages to the DSP; must outlive the bank
 *
 * Return: the bank, in which nothing is mapped, or NULL
 */
struct vdsp_bank *vdsp_bank_create(u32 sid, bool direct, struct vdsp_window *window)
{
	struct vdsp_bank *bank = kzalloc_obj(*bank);

	if (!bank)
		return NULL;

	bank->window = window;
	bank->sid = sid;
	bank->direct = direct;
	spin_lock_init(&bank->lock);
	return bank;
}

/**
 * vdsp_bank_destroy() - Free a bank
 * @bank: a bank that no table and no window refers to, or NULL
 */
void vdsp_bank_destroy(struct vdsp_bank *bank)
{
	kfree(bank);
}

/**
 * vdsp_bank_map_fail() - Give access to the fault knob
 * @bank: the bank
 *
 * Return: which of the following mappings fails, counted down by each; 0 for none
 */
atomic_t *vdsp_bank_map_fail(struct vdsp_bank *bank)
{
	return &bank->map_fail;
}

/**
 * vdsp_bank_may_map() - Count a mapping that is going to be made
 * @bank: the bank
 *
 * Return: false when it is the one that shall fail
 */
bool vdsp_bank_may_map(struct vdsp_bank *bank)
{
	return atomic_dec_if_positive(&bank->map_fail) != 0;
}

/* Ends at an entry that is not empty; the first one is. */
static size_t vdsp_bank_fill(u64 *entry, u64 pte, size_t pgsize, size_t count)
{
	size_t i;

	for (i = 0; i < count && !entry[i]; i++, pte += pgsize)
		entry[i] = pte;

	return i;
}

/**
 * vdsp_bank_map() - Fill entries
 * @bank: the bank
 * @table: one of its tables, prepared for the range
 * @iova: start
 * @paddr: physical address of the start
 * @pgsize: what an entry spans, PAGE_SIZE or VDSP_BLOCK_SIZE
 * @count: number of entries
 * @writable: the DSP may write
 *
 * Return: entries filled; fewer when something was mapped already
 */
size_t vdsp_bank_map(struct vdsp_bank *bank, struct vdsp_pagetable *table, u64 iova,
		     phys_addr_t paddr, size_t pgsize, size_t count, bool writable)
{
	u64 pte = paddr | VDSP_PTE_PRESENT | (writable ? VDSP_PTE_WRITE : 0);
	size_t i, n;

	guard(spinlock_irqsave)(&bank->lock);
	for (i = 0; i < count; i += n) {
		u64 start = iova + i * pgsize;
		u64 *entry = vdsp_pagetable_vacant(table, start, pgsize);

		if (!entry)
			break;
		n = min(count - i, vdsp_pagetable_room(start, pgsize));
		n = vdsp_bank_fill(entry, pte + i * pgsize, pgsize, n);
	}
	bank->mapped += i * pgsize / PAGE_SIZE;

	return i;
}

/* Ends at an entry that is empty; the first one is not. */
static size_t vdsp_bank_empty(u64 *entry, size_t count, bool *seen)
{
	size_t i;

	for (i = 0; i < count && entry[i]; i++) {
		*seen |= entry[i] & VDSP_PTE_SEEN;
		entry[i] = 0;
	}

	return i;
}

/* A block goes as a whole or not at all: the kernel unmaps what it mapped at once. */
static size_t vdsp_bank_clear(struct vdsp_bank *bank, struct vdsp_pagetable *table, u64 iova,
			      size_t bytes, bool *seen)
{
	size_t done, size, n;

	guard(spinlock_irqsave)(&bank->lock);
	for (done = 0; done < bytes; done += n * size) {
		u64 *entry = vdsp_pagetable_find(table, iova + done, &size);

		if (!entry || ((iova + done) & (size - 1)) || size > bytes - done)
			break;
		n = min((bytes - done) / size, vdsp_pagetable_room(iova + done, size));
		n = vdsp_bank_empty(entry, n, seen);
	}
	bank->mapped -= done / PAGE_SIZE;

	return done;
}

/**
 * vdsp_bank_unmap() - Clear entries and take the pages away from the DSP
 * @bank: the bank
 * @table: one of its tables
 * @iova: start
 * @bytes: whole pages
 *
 * Return: bytes unmapped; fewer when some were not mapped, or part of a block
 */
size_t vdsp_bank_unmap(struct vdsp_bank *bank, struct vdsp_pagetable *table, u64 iova,
		       size_t bytes)
{
	bool seen = false;

	bytes = vdsp_bank_clear(bank, table, iova, bytes, &seen);
	if (seen)
		vdsp_window_revoke(bank->window, bank->sid, iova, bytes);

	return bytes;
}

/* Return: entry of the page of an address, as if there were no blocks; 0 for none */
static u64 vdsp_bank_walk(struct vdsp_pagetable *table, u64 iova, u64 flags)
{
	size_t size;
	u64 *entry = vdsp_pagetable_find(table, iova, &size);

	if (!entry)
		return 0;
	*entry |= flags;

	return *entry + ((iova & PAGE_MASK) & (size - 1));
}

/**
 * vdsp_bank_translate() - Look an address up
 * @bank: the bank
 * @table: one of its tables
 * @iova: address
 *
 * Return: physical address or 0
 */
phys_addr_t vdsp_bank_translate(struct vdsp_bank *bank, struct vdsp_pagetable *table, u64 iova)
{
	u64 pte;

	guard(spinlock_irqsave)(&bank->lock);
	pte = vdsp_bank_walk(table, iova, 0);

	return pte ? (pte & ~VDSP_PTE_FLAGS) | offset_in_page(iova) : 0;
}

/**
 * vdsp_bank_switch() - Let the bank use another table
 * @bank: the bank
 * @table: the table, or NULL to block all accesses
 */
void vdsp_bank_switch(struct vdsp_bank *bank, struct vdsp_pagetable *table)
{
	scoped_guard(spinlock_irqsave, &bank->lock)
		bank->table = table;
	vdsp_window_revoke_all(bank->window, bank->sid);
}

/**
 * vdsp_bank_forget() - Use a table no more
 * @bank: the bank
 * @table: one of its tables, which is going to be freed
 *
 * The table's owner may have lost track of what it mapped: that is counted, not fatal.
 */
void vdsp_bank_forget(struct vdsp_bank *bank, struct vdsp_pagetable *table)
{
	size_t lost;

	scoped_guard(spinlock_irqsave, &bank->lock) {
		if (bank->table == table)
			bank->table = NULL;
		lost = bank->mapped ? vdsp_pagetable_count(table) : 0;
		bank->mapped -= lost;
		bank->lost += lost;
	}
	vdsp_window_revoke_all(bank->window, bank->sid);
}

/* Physical is what the driver says; only pages that the kernel manages are let through. */
static u64 vdsp_bank_lookup_direct(u64 iova)
{
	if (!pfn_valid(PHYS_PFN(iova)))
		return 0;

	return (iova & PAGE_MASK) | VDSP_PTE_PRESENT | VDSP_PTE_WRITE;
}

static u64 vdsp_bank_lookup(struct vdsp_bank *bank, u64 iova, u64 flags)
{
	u64 pte;

	lockdep_assert_held(&bank->lock);

	if (bank->direct)
		return vdsp_bank_lookup_direct(iova);
	if (!bank->table)
		return 0;

	pte = vdsp_bank_walk(bank->table, iova, flags);

	return pfn_valid(PHYS_PFN(pte)) ? pte : 0;
}

/**
 * vdsp_bank_is_direct() - Whether a bank has no IOMMU
 * @bank: the bank
 *
 * Return: true when it takes physical addresses
 */
bool vdsp_bank_is_direct(const struct vdsp_bank *bank)
{
	return bank->direct;
}

/**
 * vdsp_bank_get_page() - Look up a page in order to show it to the DSP
 * @bank: the bank
 * @iova: any address in the page
 * @writable: out, whether the DSP may write to it
 *
 * The look-up and the reference are one step against unmap_pages(), after which
 * the page's owner is free to give it away.
 *
 * Return: the page with a reference, or NULL
 */
struct page *vdsp_bank_get_page(struct vdsp_bank *bank, u64 iova, bool *writable)
{
	struct page *page;
	u64 pte;

	guard(spinlock_irqsave)(&bank->lock);
	pte = vdsp_bank_lookup(bank, iova, VDSP_PTE_SEEN);
	if (!pte)
		return NULL;

	*writable = pte & VDSP_PTE_WRITE;
	page = pfn_to_page(PHYS_PFN(pte));
	return folio_try_get(page_folio(page)) ? page : NULL;
}

/* The lock keeps the page mapped, and so its owner's, while we copy. */
static void *vdsp_bank_address(struct vdsp_bank *bank, u64 iova, bool write)
{
	u64 pte = vdsp_bank_lookup(bank, iova, 0);

	if (!pte || (write && !(pte & VDSP_PTE_WRITE))) {
		bank->faults++;
		return NULL;
	}

	return phys_to_virt(pte & ~VDSP_PTE_FLAGS) + offset_in_page(iova);
}

static size_t vdsp_bank_chunk(u64 iova, size_t len)
{
	return min_t(size_t, len, PAGE_SIZE - offset_in_page(iova));
}

/**
 * vdsp_bank_read() - Read memory as the DSP does
 * @bank: the bank
 * @iova: where from
 * @buf: where to
 * @len: bytes
 *
 * Return: 0 or -EFAULT, which is counted
 */
int vdsp_bank_read(struct vdsp_bank *bank, u64 iova, void *buf, size_t len)
{
	void *from;
	size_t n;

	for (; len; iova += n, buf += n, len -= n) {
		guard(spinlock_irqsave)(&bank->lock);
		from = vdsp_bank_address(bank, iova, false);
		if (!from)
			return -EFAULT;
		n = vdsp_bank_chunk(iova, len);
		memcpy(buf, from, n);
	}

	return 0;
}

/**
 * vdsp_bank_write() - Write memory as the DSP does
 * @bank: the bank
 * @iova: where to
 * @buf: where from
 * @len: bytes
 *
 * Return: 0 or -EFAULT, which is counted
 */
int vdsp_bank_write(struct vdsp_bank *bank, u64 iova, const void *buf, size_t len)
{
	void *to;
	size_t n;

	for (; len; iova += n, buf += n, len -= n) {
		guard(spinlock_irqsave)(&bank->lock);
		to = vdsp_bank_address(bank, iova, true);
		if (!to)
			return -EFAULT;
		n = vdsp_bank_chunk(iova, len);
		memcpy(to, buf, n);
	}

	return 0;
}

/**
 * vdsp_bank_move() - Copy memory as the DSP does
 * @bank: bank of both ranges
 * @to: where to
 * @from: where from
 * @len: bytes
 *
 * Return: 0 or -EFAULT, which is counted
 */
int vdsp_bank_move(struct vdsp_bank *bank, u64 to, u64 from, size_t len)
{
	void *source, *target;
	size_t n;

	for (; len; to += n, from += n, len -= n) {
		guard(spinlock_irqsave)(&bank->lock);
		source = vdsp_bank_address(bank, from, false);
		target = source ? vdsp_bank_address(bank, to, true) : NULL;
		if (!target)
			return -EFAULT;
		n = vdsp_bank_chunk(to, vdsp_bank_chunk(from, len));
		memmove(target, source, n);
	}

	return 0;
}

/**
 * vdsp_bank_zero() - Clear memory as the DSP does
 * @bank: the bank
 * @iova: start
 * @len: bytes
 *
 * Return: 0 or -EFAULT, which is counted
 */
int vdsp_bank_zero(struct vdsp_bank *bank, u64 iova, size_t len)
{
	void *to;
	size_t n;

	for (; len; iova += n, len -= n) {
		guard(spinlock_irqsave)(&bank->lock);
		to = vdsp_bank_address(bank, iova, true);
		if (!to)
			return -EFAULT;
		n = vdsp_bank_chunk(iova, len);
		memset(to, 0, n);
	}

	return 0;
}

/**
 * vdsp_bank_fault() - Count an access that was refused
 * @bank: the bank
 */
void vdsp_bank_fault(struct vdsp_bank *bank)
{
	guard(spinlock_irqsave)(&bank->lock);
	bank->faults++;
}

/**
 * vdsp_bank_faults() - Read the fault counter
 * @bank: the bank
 *
 * Return: accesses refused so far
 */
u64 vdsp_bank_faults(struct vdsp_bank *bank)
{
	guard(spinlock_irqsave)(&bank->lock);
	return bank->faults;
}

/**
 * vdsp_bank_pages_mapped() - Count the pages that are mapped
 * @bank: the bank
 *
 * Return: pages mapped now
 */
u64 vdsp_bank_pages_mapped(struct vdsp_bank *bank)
{
	guard(spinlock_irqsave)(&bank->lock);
	return bank->mapped;
}

/**
 * vdsp_bank_pages_lost() - Count the pages that nobody unmapped
 * @bank: the bank
 *
 * Return: pages that were still mapped when their table was given up
 */
u64 vdsp_bank_pages_lost(struct vdsp_bank *bank)
{
	guard(spinlock_irqsave)(&bank->lock);
	return bank->lost;
}
