// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Memory of a buffer object that a virtual machine of the DSP can access, too. The SoC's
 * firmware gives it to that machine by physical address, and to an object as a whole: it
 * knows nothing of sessions. So an object has it once, as long as one of its mappings wants it.
 *
 * Linux keeps its access. All that must not happen is that the pages become somebody else's
 * while the DSP has them, hence they are taken back before they are unmapped from the last
 * context bank.
 */
#include <linux/cleanup.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <drm/drm_print.h>

#include "qda_assignment.h"
#include "qda_bo.h"
#include "qda_contig.h"
#include "qda_device.h"
#include "qda_scm.h"

/**
 * struct qda_piece - Contiguous physical memory
 * @addr: start
 * @size: bytes, whole pages
 */
struct qda_piece {
	u64 addr;
	u64 size;
};

/**
 * struct qda_assignment - A buffer object's memory that a virtual machine has
 * @uses: how many mappings want that
 * @vm: the virtual machine
 * @count: how many pieces there are
 * @pieces: the memory, so that taking it back depends on no mapping and on no allocation
 */
struct qda_assignment {
	u32 uses;
	struct qda_scm_vmids vm;
	u32 count;
	struct qda_piece pieces[] __counted_by(count);
};

/*
 * Protects each object's assignment. It is taken with context banks locked, and is one for
 * all of them, as the firmware does one thing at a time.
 */
static DEFINE_MUTEX(qda_assignment_lock);

/* Without an IOMMU what the DSP is told is physical. */
static u64 qda_assignment_phys(struct device *dev, dma_addr_t addr)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain ? iommu_iova_to_phys(domain, addr) : addr;
}

/*
 * The piece that begins at an address of the bank. A table of an import would not tell it:
 * its pages are the exporter's business, only what is mapped for the device is ours.
 */
static struct qda_piece qda_assignment_piece(struct device *dev, dma_addr_t addr, dma_addr_t end)
{
	struct qda_piece piece = { .addr = qda_assignment_phys(dev, addr), .size = PAGE_SIZE };

	while (addr + piece.size < end &&
	       qda_assignment_phys(dev, addr + piece.size) == piece.addr + piece.size)
		piece.size += PAGE_SIZE;

	return piece;
}

static u32 qda_assignment_count(struct device *dev, dma_addr_t addr, dma_addr_t end)
{
	u32 count = 0;

	while (addr < end) {
		addr += qda_assignment_piece(dev, addr, end).size;
		count++;
	}

	return count;
}

static struct qda_assignment *qda_assignment_alloc(struct device *dev, dma_addr_t addr,
						   dma_addr_t end)
{
	u32 count = qda_assignment_count(dev, addr, end);
	struct qda_assignment *assignment;

	assignment = kvzalloc_flex(*assignment, pieces, count, GFP_KERNEL_ACCOUNT);
	if (!assignment)
		return NULL;

	assignment->uses = 1;
	assignment->count = count;
	for (u32 i = 0; i < count; i++) {
		assignment->pieces[i] = qda_assignment_piece(dev, addr, end);
		addr += assignment->pieces[i].size;
	}

	return assignment;
}

/* A large buffer can have very many pieces, and each takes the firmware a while. */
static int qda_assignment_share(const struct qda_assignment *assignment, u32 *done)
{
	for (*done = 0; *done < assignment->count; (*done)++) {
		const struct qda_piece *piece = &assignment->pieces[*done];
		int ret = fatal_signal_pending(current) ? -EINTR : 0;

		if (!ret)
			ret = qda_scm_share(&assignment->vm, piece->addr, piece->size);
		if (ret)
			return ret;
	}

	return 0;
}

static void qda_assignment_keep_pages(const struct qda_piece *piece)
{
	for (u64 offset = 0; offset < piece->size; offset += PAGE_SIZE)
		get_page(pfn_to_page(PHYS_PFN(piece->addr + offset)));
}

/* Nobody must get memory that the DSP has still. What there is has a reference for ever. */
static void qda_assignment_lose(struct qda_bo *bo, const struct qda_assignment *assignment)
{
	struct qda_device *qdev = qda_bo_device(bo);

	if (qda_bo_dmabuf(bo)) {
		get_dma_buf(qda_bo_dmabuf(bo));
	} else if (qda_bo_contig(bo)) {
		qda_contig_get(qda_bo_contig(bo));
		kmemleak_not_leak(qda_bo_contig(bo));
	} else {
		for (u32 i = 0; i < assignment->count; i++)
			qda_assignment_keep_pages(&assignment->pieces[i]);
	}
	atomic_long_add(qda_bo_size(bo) >> PAGE_SHIFT, &qdev->stats.lost_pages);
	drm_err(&qdev->drm, "a buffer of %zu bytes stays the DSP's, and is lost\n",
		qda_bo_size(bo));
}

/* Takes the first @count pieces back, as many of them as the firmware lets go. */
static void qda_assignment_unshare(struct qda_bo *bo, const struct qda_assignment *assignment,
				   u32 count)
{
	bool lost = false;

	for (u32 i = 0; i < count; i++) {
		const struct qda_piece *piece = &assignment->pieces[i];

		if (qda_scm_unshare(&assignment->vm, piece->addr, piece->size))
			lost = true;
	}
	if (lost)
		qda_assignment_lose(bo, assignment);
}

static struct qda_assignment *qda_assignment_make(struct qda_bo *bo, struct device *dev,
						  dma_addr_t addr)
{
	struct qda_device *qdev = qda_bo_device(bo);
	struct qda_assignment *assignment;
	struct qda_scm_vmids vm;
	u32 done;
	int ret;

	ret = qda_scm_read_first_vmid(qdev->drm.dev->of_node, &vm);
	if (ret)
		return ERR_PTR(ret);

	assignment = qda_assignment_alloc(dev, addr, addr + qda_bo_size(bo));
	if (!assignment)
		return ERR_PTR(-ENOMEM);

	assignment->vm = vm;
	ret = qda_assignment_share(assignment, &done);
	if (ret) {
		qda_assignment_unshare(bo, assignment, done);
		kvfree(assignment);
		return ERR_PTR(ret);
	}
	atomic_long_add(qda_bo_size(bo) >> PAGE_SHIFT, &qdev->stats.assigned_pages);

	return assignment;
}

/**
 * qda_assignment_get - Let a virtual machine of the DSP access an object's memory
 * @bo: the object
 * @dev: device of a context bank in which the whole object is mapped
 * @addr: where it is there
 *
 * The memory must stay mapped there until qda_assignment_put().
 *
 * Return: 0, -EOPNOTSUPP when the device tree names no such virtual machine or the SoC has
 * no firmware that does it, -EIO when the firmware refused, -ENOMEM, or -EINTR when the
 * caller is being killed.
 */
int qda_assignment_get(struct qda_bo *bo, struct device *dev, dma_addr_t addr)
{
	struct qda_bo_maps *maps = qda_bo_maps(bo);
	struct qda_assignment *assignment;

	guard(mutex)(&qda_assignment_lock);

	if (maps->assignment) {
		maps->assignment->uses++;
		return 0;
	}

	assignment = qda_assignment_make(bo, dev, addr);
	if (IS_ERR(assignment))
		return PTR_ERR(assignment);
	maps->assignment = assignment;

	return 0;
}

/**
 * qda_assignment_put - Undo qda_assignment_get()
 * @bo: the object
 */
void qda_assignment_put(struct qda_bo *bo)
{
	struct qda_bo_maps *maps = qda_bo_maps(bo);
	struct qda_assignment *assignment;

	guard(mutex)(&qda_assignment_lock);

	assignment = maps->assignment;
	if (--assignment->uses)
		return;

	maps->assignment = NULL;
	qda_assignment_unshare(bo, assignment, assignment->count);
	atomic_long_sub(qda_bo_size(bo) >> PAGE_SHIFT, &qda_bo_device(bo)->stats.assigned_pages);
	kvfree(assignment);
}

/**
 * qda_assignment_address - Where an assigned object is in physical memory
 * @bo: the object, which the caller has a use of
 * @addr: where to store the address
 *
 * Return: true when it is in one piece, and the bits by which the DSP names a context bank
 * are zero in its address: else that would be one of a bank for the DSP.
 */
bool qda_assignment_address(struct qda_bo *bo, u64 *addr)
{
	const struct qda_soc_data *soc = qda_bo_device(bo)->soc;
	const struct qda_assignment *assignment;

	guard(mutex)(&qda_assignment_lock);

	assignment = qda_bo_maps(bo)->assignment;
	*addr = assignment->pieces[0].addr;

	return assignment->count == 1 && !((*addr + qda_bo_size(bo) - 1) >> soc->sid_pos);
}
