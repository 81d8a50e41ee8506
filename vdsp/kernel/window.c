// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the DSP sees: mmap of a bank's memory as the virtual SMMU maps it. All
 * windows of a DSP are in one address space, at (sid << 32) | iova, so that one call
 * takes a page away from all of them.
 *
 * Three things keep a window in step with the tables. The look-up takes its page
 * reference under the bank's lock. The fault handler looks up again after it has
 * put the page in place, and takes it out if the translation changed meanwhile:
 * unmap clears the table first and the windows then, so one of the two sees
 * the other. And the page references of the windows keep a page that was given
 * back too early from being used by somebody else. A bank without an IOMMU has none
 * of this: its windows show physical memory, whosever it is.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "bank.h"
#include "config.h"
#include "window.h"

#define VDSP_SID_SHIFT		32
#define VDSP_BANK_PAGES		BIT(VDSP_SID_SHIFT - PAGE_SHIFT)

/**
 * struct vdsp_window_bank - Windows on one bank
 * @window: all windows of the DSP
 * @sid: stream id of the bank
 * @bank: the bank, or NULL when the DSP has none of that id
 * @lock: serializes fault handlers, so that no page table entry changes between the
 *	look-up and the insertion unless it is taken out
 * @stale: pages were unmapped in a context that cannot sleep, and windows may
 *	still show them
 * @work: takes them out
 */
struct vdsp_window_bank {
	struct vdsp_window *window;
	u32 sid;
	struct vdsp_bank *bank;
	struct mutex lock; /* fault handlers */
	atomic_t stale;
	struct work_struct work;
};

/**
 * struct vdsp_window - All windows of a DSP
 * @inode: its mapping is the address space
 * @bank: windows by bank
 */
struct vdsp_window {
	struct inode *inode;
	struct vdsp_window_bank bank[VDSP_BANKS_MAX + 1];
};

/**
 * struct vdsp_view - A page as a fault handler sees it
 * @page: with a reference, or NULL
 * @writable: the IOMMU mapping has write permission
 * @direct: there is no IOMMU
 */
struct vdsp_view {
	struct page *page;
	bool writable;
	bool direct;
};

static void vdsp_window_zap(struct vdsp_window *window, u32 sid, u64 iova, u64 size)
{
	unmap_mapping_range(window->inode->i_mapping, ((loff_t)sid << VDSP_SID_SHIFT) | iova,
			    size, 1);
}

static void vdsp_window_bank_refresh(struct vdsp_window_bank *bank)
{
	if (atomic_xchg(&bank->stale, 0))
		vdsp_window_zap(bank->window, bank->sid, 0, BIT_ULL(VDSP_SID_SHIFT));
}

static void vdsp_window_work(struct work_struct *work)
{
	vdsp_window_bank_refresh(container_of(work, struct vdsp_window_bank, work));
}

static void vdsp_view_get(struct vdsp_view *view, struct vdsp_window_bank *bank, u64 iova)
{
	view->writable = false;
	view->direct = vdsp_bank_is_direct(bank->bank);
	view->page = vdsp_bank_get_page(bank->bank, iova, &view->writable);
}

static void vdsp_view_put(struct vdsp_view *view)
{
	if (view->page)
		put_page(view->page);
}

static bool vdsp_view_equal(const struct vdsp_view *a, const struct vdsp_view *b)
{
	return a->page == b->page && a->writable == b->writable;
}

/*
 * Whoever maps a page at an address that had another one before has marked the
 * bank as stale by then, or no window shows that other page.
 */
static void vdsp_view_get_fresh(struct vdsp_view *view, struct vdsp_window_bank *bank, u64 iova)
{
	lockdep_assert_held(&bank->lock);

	vdsp_view_get(view, bank, iova);
	while (atomic_read(&bank->stale)) {
		vdsp_view_put(view);
		vdsp_window_bank_refresh(bank);
		vdsp_view_get(view, bank, iova);
	}
}

static void vdsp_view_recheck(const struct vdsp_view *view, struct vdsp_window_bank *bank,
			      u64 iova)
{
	struct vdsp_view now;

	vdsp_view_get(&now, bank, iova);
	if (!vdsp_view_equal(view, &now))
		vdsp_window_zap(bank->window, bank->sid, iova, PAGE_SIZE);
	vdsp_view_put(&now);
}

static vm_fault_t vdsp_view_insert(const struct vdsp_view *view, struct vm_fault *vmf)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;

	if (!view->page || (write && !view->writable))
		return VM_FAULT_SIGBUS;

	/*
	 * Without an IOMMU nobody says when a page goes. A reference would be kept for
	 * ever, which allocators of contiguous memory do not forgive.
	 */
	if (view->direct)
		return vmf_insert_mixed(vmf->vma, vmf->address, page_to_pfn(view->page));

	return vmf_insert_page_mkwrite(vmf, view->page, view->writable);
}

static vm_fault_t vdsp_window_bank_fault(struct vdsp_window_bank *bank, struct vm_fault *vmf,
					 struct page *shown)
{
	u64 iova = (u64)(vmf->pgoff % VDSP_BANK_PAGES) << PAGE_SHIFT;
	struct vdsp_view view;
	vm_fault_t ret;

	guard(mutex)(&bank->lock);
	vdsp_view_get_fresh(&view, bank, iova);
	if (shown && view.page && shown != view.page)
		vdsp_window_zap(bank->window, bank->sid, iova, PAGE_SIZE);
	ret = vdsp_view_insert(&view, vmf);
	if (ret == VM_FAULT_NOPAGE)
		vdsp_view_recheck(&view, bank, iova);
	vdsp_view_put(&view);
	if (ret == VM_FAULT_SIGBUS)
		vdsp_bank_fault(bank->bank);

	return ret;
}

static vm_fault_t vdsp_window_fault_at(struct vm_fault *vmf, struct page *shown)
{
	struct vdsp_window *window = vmf->vma->vm_private_data;

	return vdsp_window_bank_fault(&window->bank[vmf->pgoff / VDSP_BANK_PAGES], vmf, shown);
}

static vm_fault_t vdsp_window_fault(struct vm_fault *vmf)
{
	return vdsp_window_fault_at(vmf, NULL);
}

/*
 * A write to a page that was put in place without write permission. That this
 * handler exists also makes the kernel's default for a new page read-only.
 */
static vm_fault_t vdsp_window_page_mkwrite(struct vm_fault *vmf)
{
	return vdsp_window_fault_at(vmf, vmf->page);
}

static const struct vm_operations_struct vdsp_window_vm_ops = {
	.fault = vdsp_window_fault,
	.page_mkwrite = vdsp_window_page_mkwrite,
};

/* The file only has to give us an inode of our own. */
static const struct file_operations vdsp_window_fops = {
	.owner = THIS_MODULE,
};

static struct inode *vdsp_window_new_inode(void)
{
	struct inode *inode;
	struct file *file;

	file = anon_inode_create_getfile("[vdsp]", &vdsp_window_fops, NULL, O_RDWR, NULL);
	if (IS_ERR(file))
		return ERR_CAST(file);

	inode = igrab(file_inode(file));
	fput(file);
	return inode ?: ERR_PTR(-ENOENT);
}

static void vdsp_window_bank_init(struct vdsp_window_bank *bank, struct vdsp_window *window,
				  u32 sid)
{
	bank->window = window;
	bank->sid = sid;
	mutex_init(&bank->lock);
	INIT_WORK(&bank->work, vdsp_window_work);
}

/**
 * vdsp_window_create() - Make the address space of a DSP
 *
 * Return: the windows, none open yet, or an error pointer
 */
struct vdsp_window *vdsp_window_create(void)
{
	struct vdsp_window *window = kzalloc_obj(*window);
	u32 sid;

	if (!window)
		return ERR_PTR(-ENOMEM);

	window->inode = vdsp_window_new_inode();
	if (IS_ERR(window->inode)) {
		struct inode *error = window->inode;

		kfree(window);
		return ERR_CAST(error);
	}

	for (sid = 0; sid <= VDSP_BANKS_MAX; sid++)
		vdsp_window_bank_init(&window->bank[sid], window, sid);
	return window;
}

/**
 * vdsp_window_destroy() - Free the address space
 * @window: no file or mapping of it is left
 */
void vdsp_window_destroy(struct vdsp_window *window)
{
	u32 sid;

	for (sid = 0; sid <= VDSP_BANKS_MAX; sid++) {
		cancel_work_sync(&window->bank[sid].work);
		mutex_destroy(&window->bank[sid].lock);
	}
	iput(window->inode);
	kfree(window);
}

/**
 * vdsp_window_connect() - Say what a bank's windows show
 * @window: the windows
 * @sid: stream id of the bank
 * @bank: the bank; must live until the last window is gone
 */
void vdsp_window_connect(struct vdsp_window *window, u32 sid, struct vdsp_bank *bank)
{
	window->bank[sid].bank = bank;
}

/**
 * vdsp_window_adopt() - Let a file's mappings be windows
 * @window: the windows; the file's owner keeps them alive
 * @file: a file that is being opened
 */
void vdsp_window_adopt(struct vdsp_window *window, struct file *file)
{
	file->f_mapping = window->inode->i_mapping;
}

/**
 * vdsp_window_mmap() - mmap with the bank in the offset
 * @window: the windows
 * @vma: from the file's mmap
 *
 * Return: 0, or -EINVAL when it is not a shared mapping of one bank
 */
int vdsp_window_mmap(struct vdsp_window *window, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff % VDSP_BANK_PAGES;
	unsigned long sid = vma->vm_pgoff / VDSP_BANK_PAGES;

	/* VM_SHARED itself is missing when the file is open for reading only. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (sid > VDSP_BANKS_MAX || !window->bank[sid].bank)
		return -EINVAL;
	if (vma_pages(vma) > VDSP_BANK_PAGES - first)
		return -EINVAL;

	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = window;
	vma->vm_ops = &vdsp_window_vm_ops;
	return 0;
}

/**
 * vdsp_window_mmap_bank() - mmap with the iova as offset
 * @window: the windows
 * @vma: from the file's mmap
 * @sid: bank
 *
 * Return: 0, or -EINVAL when it is not a shared mapping of iovas
 */
int vdsp_window_mmap_bank(struct vdsp_window *window, struct vm_area_struct *vma, u32 sid)
{
	if (vma->vm_pgoff >= VDSP_BANK_PAGES)
		return -EINVAL;

	vma->vm_pgoff += sid * VDSP_BANK_PAGES;
	return vdsp_window_mmap(window, vma);
}

/**
 * vdsp_window_revoke() - Take pages away from the DSP
 * @window: the windows
 * @sid: bank
 * @iova: start; already cleared in the bank's table
 * @size: bytes
 *
 * Where the caller may sleep, no window shows the pages any more on return. Else
 * they go a little later; until then the windows' references keep them.
 */
void vdsp_window_revoke(struct vdsp_window *window, u32 sid, u64 iova, size_t size)
{
	struct vdsp_window_bank *bank = &window->bank[sid];

	if (preemptible()) {
		vdsp_window_zap(window, sid, iova, size);
		return;
	}

	atomic_set(&bank->stale, 1);
	schedule_work(&bank->work);
}

/**
 * vdsp_window_revoke_all() - Take all memory of a bank away from the DSP
 * @window: the windows
 * @sid: bank
 */
void vdsp_window_revoke_all(struct vdsp_window *window, u32 sid)
{
	vdsp_window_zap(window, sid, 0, BIT_ULL(VDSP_SID_SHIFT));
}
