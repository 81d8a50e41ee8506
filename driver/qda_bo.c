// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Buffer objects: a set of pages that belongs to no session. Where the pages are
 * for a DSP is the matter of a mapping.
 */
#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_vma_manager.h>

#include "qda_bo.h"
#include "qda_cb.h"
#include "qda_contig.h"
#include "qda_device.h"
#include "qda_mapping.h"

/**
 * struct qda_bo - Buffer object
 * @base: pages that are charged to the process that made them; of an imported or a
 *	contiguous object only the GEM object in it is used
 * @dmabuf: what an imported object was made from, with a reference; else NULL
 * @contig: pages of a contiguous object, with a reference; else NULL
 * @maps: its mappings in sessions
 * @calls: how many calls have it as an argument
 */
struct qda_bo {
	struct drm_gem_shmem_object base;
	struct dma_buf *dmabuf;
	struct qda_contig *contig;
	struct qda_bo_maps maps;
	atomic_t calls;
};

static struct qda_bo *to_qda_bo(struct drm_gem_object *obj)
{
	return container_of(to_drm_gem_shmem_obj(obj), struct qda_bo, base);
}

static struct qda_bo *qda_bo_alloc(const struct drm_gem_object_funcs *funcs)
{
	struct qda_bo *bo = kzalloc_obj(*bo, GFP_KERNEL_ACCOUNT);

	if (!bo)
		return NULL;
	mutex_init(&bo->maps.lock);
	INIT_LIST_HEAD(&bo->maps.list);
	bo->base.base.funcs = funcs;

	return bo;
}

/* A mapping has a reference, so when this is called there is none. */
static void qda_bo_free(struct drm_gem_object *obj)
{
	struct qda_device *qdev = to_qda_device(obj->dev);
	struct qda_bo *bo = to_qda_bo(obj);

	mutex_destroy(&bo->maps.lock);
	drm_gem_shmem_free(&bo->base);
	atomic_dec(&qdev->stats.buffers);
}

static void qda_bo_free_imported(struct drm_gem_object *obj)
{
	struct qda_device *qdev = to_qda_device(obj->dev);
	struct qda_bo *bo = to_qda_bo(obj);

	/* Unless it was never there, or a newer one of the same dma-buf is. */
	xa_cmpxchg(&qdev->imports, (unsigned long)bo->dmabuf, bo, NULL, GFP_KERNEL);
	mutex_destroy(&bo->maps.lock);
	drm_gem_object_release(obj);
	dma_buf_put(bo->dmabuf);
	kfree(bo);
	atomic_dec(&qdev->stats.buffers);
}

static void qda_bo_free_contig(struct drm_gem_object *obj)
{
	struct qda_device *qdev = to_qda_device(obj->dev);
	struct qda_bo *bo = to_qda_bo(obj);

	mutex_destroy(&bo->maps.lock);
	drm_gem_object_release(obj);
	qda_contig_put(bo->contig);
	kfree(bo);
	atomic_dec(&qdev->stats.buffers);
}

/* A handle of the object is being closed. */
static void qda_bo_close(struct drm_gem_object *obj, struct drm_file *file)
{
	qda_mapping_unkeep(file->driver_priv, to_qda_bo(obj));
}

/*
 * Called under a spinlock, for fdinfo. Objects have pages while somebody has mapped
 * them, on the CPU or on the DSP; contiguous ones always, and those of others have what
 * their exporter has.
 */
static enum drm_gem_object_status qda_bo_status(struct drm_gem_object *obj)
{
	struct qda_bo *bo = to_qda_bo(obj);
	enum drm_gem_object_status status = 0;

	if (bo->dmabuf || bo->contig || refcount_read(&bo->base.pages_use_count))
		status |= DRM_GEM_OBJECT_RESIDENT;
	if (atomic_read(&bo->calls))
		status |= DRM_GEM_OBJECT_ACTIVE;

	return status;
}

/* No mmap: who wants to access an imported buffer asks its exporter. */
static const struct drm_gem_object_funcs qda_bo_imported_funcs = {
	.free = qda_bo_free_imported,
	.close = qda_bo_close,
	.status = qda_bo_status,
};

static struct sg_table *qda_bo_contig_get_sg_table(struct drm_gem_object *obj)
{
	return qda_contig_sg_table(to_qda_bo(obj)->contig);
}

static int qda_bo_contig_vmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	void *cpu = qda_contig_vmap(to_qda_bo(obj)->contig);

	if (!cpu)
		return -ENOMEM;
	iosys_map_set_vaddr(map, cpu);

	return 0;
}

static void qda_bo_contig_vunmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	vunmap(map->vaddr);
}

static int qda_bo_contig_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	if (vma_is_cow_mapping(vma))
		return -EINVAL;
	qda_contig_mmap(to_qda_bo(obj)->contig, vma);

	return 0;
}

static pgoff_t qda_bo_vma_start(const struct vm_area_struct *vma)
{
	struct drm_gem_object *obj = vma->vm_private_data;

	return vma->vm_pgoff - drm_vma_node_start(&obj->vma_node);
}

static pgoff_t qda_bo_fault_index(const struct vm_fault *vmf)
{
	return qda_bo_vma_start(vmf->vma) + vmf->pgoff - vmf->vma->vm_pgoff;
}

static vm_fault_t qda_bo_contig_fault(struct vm_fault *vmf)
{
	struct drm_gem_object *obj = vmf->vma->vm_private_data;

	return qda_contig_fault(to_qda_bo(obj)->contig, vmf, qda_bo_fault_index(vmf));
}

static const struct vm_operations_struct qda_bo_contig_vm_ops = {
	.fault = qda_bo_contig_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

/* The pages never move, so there is nothing to pin. */
static const struct drm_gem_object_funcs qda_bo_contig_funcs = {
	.free = qda_bo_free_contig,
	.close = qda_bo_close,
	.status = qda_bo_status,
	.get_sg_table = qda_bo_contig_get_sg_table,
	.vmap = qda_bo_contig_vmap,
	.vunmap = qda_bo_contig_vunmap,
	.mmap = qda_bo_contig_mmap,
	.vm_ops = &qda_bo_contig_vm_ops,
};

/* A mapping uses the pages as long as it exists, so they are there. */
static struct page *qda_bo_fault_page(const struct vm_fault *vmf)
{
	struct drm_gem_object *obj = vmf->vma->vm_private_data;
	pgoff_t index = qda_bo_fault_index(vmf);

	return index < obj->size >> PAGE_SHIFT ? to_qda_bo(obj)->base.pages[index] : NULL;
}

/*
 * The helper's handlers take the start of a mapping for the start of the object. That
 * is not so for what is left of a mapping after its first part was unmapped, nor for
 * a mapping of a part of a dma-buf: they would show other pages than they should.
 */
static vm_fault_t qda_bo_fault(struct vm_fault *vmf)
{
	struct page *page;

	if (!qda_bo_vma_start(vmf->vma))
		return drm_gem_shmem_vm_ops.fault(vmf);

	page = qda_bo_fault_page(vmf);

	return page ? vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(page)) :
		      VM_FAULT_SIGBUS;
}

static vm_fault_t qda_bo_pfn_mkwrite(struct vm_fault *vmf)
{
	struct page *page;

	if (!qda_bo_vma_start(vmf->vma))
		return drm_gem_shmem_vm_ops.pfn_mkwrite(vmf);

	page = qda_bo_fault_page(vmf);
	if (page)
		folio_mark_dirty(page_folio(page));

	return page ? 0 : VM_FAULT_SIGBUS;
}

static vm_fault_t qda_bo_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	if (!drm_gem_shmem_vm_ops.huge_fault || qda_bo_vma_start(vmf->vma))
		return VM_FAULT_FALLBACK;

	return drm_gem_shmem_vm_ops.huge_fault(vmf, order);
}

static void qda_bo_vm_open(struct vm_area_struct *vma)
{
	drm_gem_shmem_vm_ops.open(vma);
}

static void qda_bo_vm_close(struct vm_area_struct *vma)
{
	drm_gem_shmem_vm_ops.close(vma);
}

static const struct vm_operations_struct qda_bo_vm_ops = {
	.fault = qda_bo_fault,
	.huge_fault = qda_bo_huge_fault,
	.open = qda_bo_vm_open,
	.close = qda_bo_vm_close,
	.pfn_mkwrite = qda_bo_pfn_mkwrite,
};

static const struct drm_gem_object_funcs qda_bo_funcs = {
	.free = qda_bo_free,
	.close = qda_bo_close,
	.status = qda_bo_status,
	.print_info = drm_gem_shmem_object_print_info,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = drm_gem_shmem_object_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = drm_gem_shmem_object_mmap,
	.vm_ops = &qda_bo_vm_ops,
};

/**
 * qda_bo_create_object - Implements &drm_driver.gem_create_object
 * @drm: the DRM device
 * @size: not used
 *
 * Return: zeroed memory of a buffer object, or an error pointer.
 */
struct drm_gem_object *qda_bo_create_object(struct drm_device *drm, size_t size)
{
	struct qda_bo *bo = qda_bo_alloc(&qda_bo_funcs);

	return bo ? &bo->base.base : ERR_PTR(-ENOMEM);
}

static struct qda_bo *qda_bo_create_scattered(struct qda_device *qdev, size_t size)
{
	struct drm_gem_shmem_object *shmem = drm_gem_shmem_create(&qdev->drm, size);

	/* That is how shmem reports that it got no memory for an inode. */
	if (shmem == ERR_PTR(-ENOSPC))
		return ERR_PTR(-ENOMEM);
	if (IS_ERR(shmem))
		return ERR_CAST(shmem);
	atomic_inc(&qdev->stats.buffers);

	return to_qda_bo(&shmem->base);
}

static struct qda_bo *qda_bo_create_contiguous(struct qda_device *qdev, size_t size)
{
	struct qda_bo *bo = qda_bo_alloc(&qda_bo_contig_funcs);
	struct drm_gem_object *obj;
	int ret;

	if (!bo)
		return ERR_PTR(-ENOMEM);

	size = PAGE_ALIGN(size);
	bo->contig = qda_contig_create(size, &qdev->region);
	if (IS_ERR(bo->contig)) {
		ret = PTR_ERR(bo->contig);
		goto err_free_bo;
	}

	obj = &bo->base.base;
	drm_gem_private_object_init(&qdev->drm, obj, size);
	ret = drm_gem_create_mmap_offset(obj);
	if (ret)
		goto err_release_object;
	atomic_inc(&qdev->stats.buffers);

	return bo;

err_release_object:
	drm_gem_object_release(obj);
	qda_contig_put(bo->contig);
err_free_bo:
	mutex_destroy(&bo->maps.lock);
	kfree(bo);
	return ERR_PTR(ret);
}

/**
 * qda_bo_create - Make a buffer object of zeroed pages
 * @qdev: the DSP
 * @size: bytes, rounded up to pages
 *
 * It is not known yet which context bank will have it, so when there is one without an
 * IOMMU the pages are contiguous.
 *
 * Return: the object with a reference, or an error pointer; -EDQUOT when the caller's user
 * has too much contiguous memory.
 */
struct qda_bo *qda_bo_create(struct qda_device *qdev, size_t size)
{
	if (qda_cb_any_is_direct(qdev))
		return qda_bo_create_contiguous(qdev, size);

	return qda_bo_create_scattered(qdev, size);
}

/**
 * qda_bo_create_for - Make a buffer object for one context bank
 * @cb: the bank
 * @size: bytes, rounded up to pages
 *
 * Return: as qda_bo_create().
 */
struct qda_bo *qda_bo_create_for(const struct qda_cb *cb, size_t size)
{
	if (qda_cb_is_direct(cb))
		return qda_bo_create_contiguous(qda_cb_device(cb), size);

	return qda_bo_create_scattered(qda_cb_device(cb), size);
}

/**
 * qda_bo_import - Make a buffer object of a dma-buf
 * @qdev: the DSP
 * @dmabuf: the dma-buf
 *
 * Return: the object with a reference, or an error pointer; -EINVAL when the dma-buf has
 * a size that no object can have.
 */
struct qda_bo *qda_bo_import(struct qda_device *qdev, struct dma_buf *dmabuf)
{
	struct drm_gem_object *obj;
	struct qda_bo *bo;

	if (!dmabuf->size || dmabuf->size > QDA_BO_SIZE_MAX || !PAGE_ALIGNED(dmabuf->size))
		return ERR_PTR(-EINVAL);

	bo = qda_bo_alloc(&qda_bo_imported_funcs);
	if (!bo)
		return ERR_PTR(-ENOMEM);

	obj = &bo->base.base;
	drm_gem_private_object_init(&qdev->drm, obj, dmabuf->size);
	obj->resv = dmabuf->resv;
	get_dma_buf(dmabuf);
	bo->dmabuf = dmabuf;
	atomic_inc(&qdev->stats.buffers);

	return bo;
}

/* The lock of the imports is held. */
static struct qda_bo *qda_bo_get_shared(struct qda_device *qdev, struct dma_buf *dmabuf)
{
	struct qda_bo *bo = xa_load(&qdev->imports, (unsigned long)dmabuf);

	/* One that is being freed waits for the lock in order to go from here. */
	if (bo && !kref_get_unless_zero(&bo->base.base.refcount))
		bo = NULL;

	return bo;
}

static struct qda_bo *qda_bo_find_shared(struct qda_device *qdev, struct dma_buf *dmabuf)
{
	struct qda_bo *bo;

	xa_lock(&qdev->imports);
	bo = qda_bo_get_shared(qdev, dmabuf);
	xa_unlock(&qdev->imports);

	return bo;
}

/* Of two that are made at once the first one stays; the other may be gone before this returns. */
static struct qda_bo *qda_bo_share(struct qda_device *qdev, struct dma_buf *dmabuf,
				   struct qda_bo *bo)
{
	struct qda_bo *other;

	xa_lock(&qdev->imports);
	other = qda_bo_get_shared(qdev, dmabuf);
	/* If there is no memory, one more object does little harm. */
	if (!other)
		__xa_store(&qdev->imports, (unsigned long)dmabuf, bo, GFP_NOWAIT);
	xa_unlock(&qdev->imports);
	if (!other)
		return bo;
	qda_bo_put(bo);

	return other;
}

/**
 * qda_bo_import_shared - Find the buffer object of a dma-buf, or make it
 * @qdev: the DSP
 * @dmabuf: the dma-buf
 *
 * While somebody has a reference to the object, all who ask for it get the same, hence
 * also the same mapping in a session.
 *
 * Return: as qda_bo_import().
 */
struct qda_bo *qda_bo_import_shared(struct qda_device *qdev, struct dma_buf *dmabuf)
{
	struct qda_bo *bo = qda_bo_find_shared(qdev, dmabuf);

	if (bo)
		return bo;

	bo = qda_bo_import(qdev, dmabuf);

	return IS_ERR(bo) ? bo : qda_bo_share(qdev, dmabuf, bo);
}

/**
 * qda_bo_set_write_combined - Let the CPU's accesses bypass its caches
 * @bo: a new object
 *
 * Return: 0 or a negative error code.
 */
int qda_bo_set_write_combined(struct qda_bo *bo)
{
	if (bo->contig)
		return qda_contig_set_write_combined(bo->contig);
	bo->base.map_wc = true;

	return 0;
}

/**
 * qda_bo_object - The GEM object
 * @bo: the object
 *
 * Return: the same for the GEM core.
 */
struct drm_gem_object *qda_bo_object(struct qda_bo *bo)
{
	return &bo->base.base;
}

/**
 * qda_bo_from_object - Reverse of qda_bo_object()
 * @obj: a GEM object of this driver
 *
 * Return: the object.
 */
struct qda_bo *qda_bo_from_object(struct drm_gem_object *obj)
{
	return to_qda_bo(obj);
}

/**
 * qda_bo_device - Which DSP an object belongs to
 * @bo: the object
 *
 * Return: the DSP.
 */
struct qda_device *qda_bo_device(const struct qda_bo *bo)
{
	return to_qda_device(bo->base.base.dev);
}

/**
 * qda_bo_dmabuf - What an imported object was made from
 * @bo: the object
 *
 * Return: the dma-buf, or NULL when the object is not imported.
 */
struct dma_buf *qda_bo_dmabuf(const struct qda_bo *bo)
{
	return bo->dmabuf;
}

/**
 * qda_bo_contig - The pages of a contiguous object
 * @bo: the object
 *
 * Return: the pages, or NULL when the object is not of that kind.
 */
struct qda_contig *qda_bo_contig(const struct qda_bo *bo)
{
	return bo->contig;
}

/**
 * qda_bo_is_cached - Whether it is up to this driver to keep the CPU's caches right
 * @bo: the object
 *
 * Return: true when the object's pages are its own and accessed through caches.
 */
bool qda_bo_is_cached(const struct qda_bo *bo)
{
	if (bo->contig)
		return !qda_contig_is_write_combined(bo->contig);

	return !bo->dmabuf && !bo->base.map_wc;
}

/**
 * qda_bo_maps - An object's mappings in sessions
 * @bo: the object
 *
 * Return: the list and its lock.
 */
struct qda_bo_maps *qda_bo_maps(struct qda_bo *bo)
{
	return &bo->maps;
}

/**
 * qda_bo_get - Take a reference
 * @bo: the object
 */
void qda_bo_get(struct qda_bo *bo)
{
	drm_gem_object_get(&bo->base.base);
}

/**
 * qda_bo_put - Drop a reference
 * @bo: the object
 */
void qda_bo_put(struct qda_bo *bo)
{
	drm_gem_object_put(&bo->base.base);
}
EXPORT_SYMBOL_FOR_MODULES(qda_bo_put, "qda_fastrpc_shim");

/**
 * qda_bo_begin_call - A call has the object as an argument
 * @bo: the object
 */
void qda_bo_begin_call(struct qda_bo *bo)
{
	atomic_inc(&bo->calls);
}

/**
 * qda_bo_end_call - Undo qda_bo_begin_call()
 * @bo: the object
 */
void qda_bo_end_call(struct qda_bo *bo)
{
	atomic_dec(&bo->calls);
}

/**
 * qda_bo_size - Size of an object
 * @bo: the object
 *
 * Return: bytes, whole pages.
 */
size_t qda_bo_size(const struct qda_bo *bo)
{
	return bo->base.base.size;
}

/**
 * qda_bo_vmap - Make an object accessible for the kernel
 * @bo: the object
 *
 * Return: its address, or an error pointer.
 */
void *qda_bo_vmap(struct qda_bo *bo)
{
	struct iosys_map map;
	int ret = drm_gem_vmap(&bo->base.base, &map);

	return ret ? ERR_PTR(ret) : map.vaddr;
}

/**
 * qda_bo_vunmap - Undo qda_bo_vmap()
 * @bo: the object
 * @cpu: its address
 */
void qda_bo_vunmap(struct qda_bo *bo, void *cpu)
{
	struct iosys_map map = IOSYS_MAP_INIT_VADDR(cpu);

	drm_gem_vunmap(&bo->base.base, &map);
}

/**
 * qda_bo_pin - Pin an object's pages for a mapping
 * @bo: the object
 *
 * Return: a new table of the pages, or an error pointer.
 */
struct sg_table *qda_bo_pin(struct qda_bo *bo)
{
	struct dma_resv *resv = bo->base.base.resv;
	struct sg_table *sgt;
	int ret;

	if (bo->contig)
		return qda_contig_sg_table(bo->contig);

	/* drm_gem_shmem_pin() would let any signal end a call. */
	dma_resv_lock(resv, NULL);
	ret = drm_gem_shmem_pin_locked(&bo->base);
	dma_resv_unlock(resv);
	if (ret)
		return ERR_PTR(ret);

	sgt = drm_gem_shmem_get_sg_table(&bo->base);
	if (IS_ERR(sgt))
		drm_gem_shmem_unpin(&bo->base);

	return sgt;
}

/**
 * qda_bo_unpin - Undo qda_bo_pin()
 * @bo: the object
 * @sgt: the table
 */
void qda_bo_unpin(struct qda_bo *bo, struct sg_table *sgt)
{
	sg_free_table(sgt);
	kfree(sgt);
	if (!bo->contig)
		drm_gem_shmem_unpin(&bo->base);
}
