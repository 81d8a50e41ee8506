// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Physically contiguous pages, for DSPs that have no IOMMU. They are not allocated for a
 * device, by dma_alloc_coherent() or the like, because such memory must be given back
 * while the device exists: a buffer lives longer than the DSP.
 *
 * They cannot be swapped out, and no memory cgroup is charged for those of CMA. So they
 * count for the limit of the user who made them, like mapped pages.
 */
#include <linux/cma.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/kconfig.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#ifdef CONFIG_X86
#include <asm/set_memory.h>
#endif

#include <drm/drm_print.h>

#include "qda_contig.h"
#include "qda_region.h"
#include "qda_user.h"

/**
 * struct qda_contig - Contiguous pages
 * @ref: held by a buffer object, and by the quarantine
 * @page: the first page; all are below 4 GiB, as not every DSP has longer addresses
 * @size: bytes, whole pages
 * @cma: the area that they are from, or NULL when the page allocator had them
 * @write_combined: the CPU's accesses bypass its caches
 * @user: who is charged for them, with a reference, or NULL
 * @vmids: virtual machines of the DSP that have been let in
 */
struct qda_contig {
	struct kref ref;
	struct page *page;
	size_t size;
	struct cma *cma;
	bool write_combined;
	struct qda_user *user;
	struct qda_scm_vmids vmids;
};

static unsigned long qda_contig_count(const struct qda_contig *contig)
{
	return contig->size >> PAGE_SHIFT;
}

static bool qda_contig_alloc_cma(struct qda_contig *contig, struct cma *cma)
{
	unsigned long count = qda_contig_count(contig);
	struct page *page = cma_alloc(cma, count, 0, true);

	if (!page)
		return false;

	if (page_to_phys(page) + contig->size - 1 > U32_MAX) {
		cma_release(cma, page, count);
		return false;
	}
	for (unsigned long i = 0; i < count; i++)
		clear_highpage(page + i);
	contig->page = page;
	contig->cma = cma;

	return true;
}

/* The page allocator has no more than a few MiB in one piece, if at all. */
static bool qda_contig_alloc_exact(struct qda_contig *contig)
{
	void *cpu = alloc_pages_exact(contig->size, GFP_KERNEL_ACCOUNT | GFP_DMA32 | __GFP_ZERO |
				      __GFP_RETRY_MAYFAIL | __GFP_NOWARN);

	if (!cpu)
		return false;
	contig->page = virt_to_page(cpu);

	return true;
}

static bool qda_contig_alloc(struct qda_contig *contig, struct cma *pool)
{
	struct cma *cma = pool ?: dev_get_cma_area(NULL);

	if (IS_ENABLED(CONFIG_DMA_CMA) && cma && qda_contig_alloc_cma(contig, cma))
		return true;

	return !pool && qda_contig_alloc_exact(contig);
}

static int qda_contig_charge(struct qda_contig *contig)
{
	struct qda_user *user = qda_user_get_current();
	int ret;

	if (IS_ERR(user))
		return PTR_ERR(user);

	ret = qda_user_charge(user, qda_contig_count(contig));
	if (ret) {
		qda_user_put(user);
		return ret;
	}
	contig->user = user;

	return 0;
}

static void qda_contig_uncharge(struct qda_contig *contig)
{
	if (!contig->user)
		return;
	qda_user_uncharge(contig->user, qda_contig_count(contig));
	qda_user_put(contig->user);
}

static void qda_contig_release(const struct qda_contig *contig)
{
	if (IS_ENABLED(CONFIG_DMA_CMA) && contig->cma)
		cma_release(contig->cma, contig->page, qda_contig_count(contig));
	else
		free_pages_exact(page_address(contig->page), contig->size);
}

static bool qda_contig_share(struct qda_contig *contig, const struct qda_scm_vmids *vmids)
{
	if (!vmids->count)
		return true;
	if (qda_scm_share(vmids, page_to_phys(contig->page), contig->size))
		return false;
	contig->vmids = *vmids;

	return true;
}

static bool qda_contig_unshare(const struct qda_contig *contig)
{
	phys_addr_t addr = page_to_phys(contig->page);

	if (!contig->vmids.count || !qda_scm_unshare(&contig->vmids, addr, contig->size))
		return true;
	/* Its device may be gone. */
	drm_err((struct drm_device *)NULL, "%zu bytes at %#llx stay the DSP's, and are lost\n",
		contig->size, (u64)addr);

	return false;
}

static struct qda_contig *qda_contig_new(size_t size)
{
	struct qda_contig *contig = kzalloc_obj(*contig, GFP_KERNEL_ACCOUNT);

	if (!contig)
		return NULL;
	kref_init(&contig->ref);
	contig->size = size;

	return contig;
}

/**
 * qda_contig_create - Allocate zeroed contiguous pages for a DSP
 * @size: bytes, whole pages
 * @region: where they have to be, and who has to be let in
 *
 * The caller's user is charged for them.
 *
 * Return: the pages with a reference, or an error pointer; -EDQUOT when the user has
 * too many.
 */
struct qda_contig *qda_contig_create(size_t size, const struct qda_region *region)
{
	struct qda_contig *contig = qda_contig_new(size);
	int ret;

	if (!contig)
		return ERR_PTR(-ENOMEM);

	ret = qda_contig_charge(contig);
	if (ret)
		goto err_free_contig;

	ret = -ENOMEM;
	if (!qda_contig_alloc(contig, region->pool))
		goto err_uncharge;

	/* Memory that the DSP cannot be let in is none. */
	if (!qda_contig_share(contig, &region->vmids))
		goto err_release;

	return contig;

err_release:
	qda_contig_release(contig);
err_uncharge:
	qda_contig_uncharge(contig);
err_free_contig:
	kfree(contig);
	return ERR_PTR(ret);
}

/**
 * qda_contig_create_in_pool - Allocate zeroed contiguous pages that are no user's
 * @size: bytes, whole pages
 * @pool: area to take them from
 *
 * Return: the pages with a reference, or an error pointer.
 */
struct qda_contig *qda_contig_create_in_pool(size_t size, struct cma *pool)
{
	struct qda_contig *contig = qda_contig_new(size);

	if (!contig)
		return ERR_PTR(-ENOMEM);

	if (!qda_contig_alloc(contig, pool)) {
		kfree(contig);
		return ERR_PTR(-ENOMEM);
	}

	return contig;
}

#ifdef CONFIG_X86
/* One page must not be accessed with different types of caching at once. */
static int qda_contig_set_direct_map(struct qda_contig *contig, bool write_combined)
{
	unsigned long cpu = (unsigned long)page_address(contig->page);
	int count = qda_contig_count(contig);

	return write_combined ? set_memory_wc(cpu, count) : set_memory_wb(cpu, count);
}
#else
static int qda_contig_set_direct_map(struct qda_contig *contig, bool write_combined)
{
	return 0;
}
#endif

static void qda_contig_free(struct kref *ref)
{
	struct qda_contig *contig = container_of(ref, struct qda_contig, ref);

	if (contig->write_combined)
		qda_contig_set_direct_map(contig, false);
	if (qda_contig_unshare(contig))
		qda_contig_release(contig);
	qda_contig_uncharge(contig);
	kfree(contig);
}

/**
 * qda_contig_get - Take a reference
 * @contig: the pages
 */
void qda_contig_get(struct qda_contig *contig)
{
	kref_get(&contig->ref);
}

/**
 * qda_contig_put - Drop a reference
 * @contig: the pages
 *
 * Context: may sleep.
 */
void qda_contig_put(struct qda_contig *contig)
{
	kref_put(&contig->ref, qda_contig_free);
}

/**
 * qda_contig_set_write_combined - Let the CPU's accesses bypass its caches
 * @contig: new pages
 *
 * Return: 0 or a negative error code.
 */
int qda_contig_set_write_combined(struct qda_contig *contig)
{
	int ret = qda_contig_set_direct_map(contig, true);

	contig->write_combined = !ret;

	return ret;
}

/**
 * qda_contig_is_write_combined - Whether the CPU's accesses bypass its caches
 * @contig: the pages
 *
 * Return: what it is.
 */
bool qda_contig_is_write_combined(const struct qda_contig *contig)
{
	return contig->write_combined;
}

static pgprot_t qda_contig_prot(const struct qda_contig *contig, pgprot_t prot)
{
	return contig->write_combined ? pgprot_writecombine(prot) : prot;
}

/**
 * qda_contig_page - The first of the pages
 * @contig: the pages
 *
 * Return: the page.
 */
struct page *qda_contig_page(struct qda_contig *contig)
{
	return contig->page;
}

/**
 * qda_contig_sg_table - Describe the pages to the DMA API
 * @contig: the pages
 *
 * Return: a new table of one entry, or an error pointer.
 */
struct sg_table *qda_contig_sg_table(struct qda_contig *contig)
{
	struct sg_table *sgt = kmalloc_obj(*sgt);
	int ret;

	if (!sgt)
		return ERR_PTR(-ENOMEM);

	ret = sg_alloc_table(sgt, 1, GFP_KERNEL);
	if (ret) {
		kfree(sgt);
		return ERR_PTR(ret);
	}
	sg_set_page(sgt->sgl, contig->page, contig->size, 0);

	return sgt;
}

/**
 * qda_contig_vmap - Make the pages accessible for the kernel
 * @contig: the pages
 *
 * Return: the address, to be given back by vunmap(), or NULL.
 */
void *qda_contig_vmap(struct qda_contig *contig)
{
	unsigned long count = qda_contig_count(contig);
	struct page **pages = kvmalloc_objs(*pages, count);
	void *cpu;

	if (!pages)
		return NULL;

	for (unsigned long i = 0; i < count; i++)
		pages[i] = contig->page + i;
	cpu = vmap(pages, count, VM_MAP, qda_contig_prot(contig, PAGE_KERNEL));
	kvfree(pages);

	return cpu;
}

/**
 * qda_contig_mmap - Prepare a mapping of a process
 * @contig: the pages
 * @vma: the mapping, whose page faults come to qda_contig_fault()
 */
void qda_contig_mmap(struct qda_contig *contig, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = qda_contig_prot(contig, vma_get_page_prot(vma));
}

/**
 * qda_contig_fault - Handle a page fault
 * @contig: the pages
 * @vmf: the fault
 * @index: which page it is for
 *
 * The handler is what makes a mapping survive drm_dev_unplug(), which takes all pages
 * out of it.
 *
 * Return: as &vm_operations_struct.fault.
 */
vm_fault_t qda_contig_fault(struct qda_contig *contig, struct vm_fault *vmf, pgoff_t index)
{
	if (index >= qda_contig_count(contig))
		return VM_FAULT_SIGBUS;

	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(contig->page) + index);
}
