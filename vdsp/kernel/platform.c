// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What an SoC has around its DSPs and this machine does not: a region of memory that was
 * reserved at boot, and firmware that assigns memory to virtual machines. A kernel can be
 * given neither at run time, so probes in the kernel's functions answer in their place:
 *
 *	of_reserved_mem_region_to_resource(), of_reserved_mem_device_init_by_idx(),
 *	of_reserved_mem_device_release(), qcom_scm_is_available(), qcom_scm_assign_mem()
 *
 * Regions only for virtual DSPs that have one (heap=region or heap=pool). The parameters are in
 * /sys/module/vdsp_platform/parameters. Needs a kernel with kprobes.
 */
#include <linux/bits.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/firmware/qcom/qcom_scm.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/sizes.h>

#define VDSP_REGION_SIZE	SZ_1M

static bool on = true;

static bool scm = true;
module_param(scm, bool, 0600);
MODULE_PARM_DESC(scm, "the firmware can assign memory");

static uint refuse;
module_param(refuse, uint, 0600);
MODULE_PARM_DESC(refuse, "how many of the next assignments the firmware refuses");

static uint refuse_after;
module_param(refuse_after, uint, 0600);
MODULE_PARM_DESC(refuse_after, "how many assignments come before those that are refused");

/* What is assigned to a DSP. It stands still while nobody assigns anything. */
#define VDSP_RANGES	64

struct vdsp_range {
	ulong addr;
	ulong size;
	u64 to;
};

static struct vdsp_range vdsp_ranges[VDSP_RANGES];

static ulong assigned_at;
module_param(assigned_at, ulong, 0400);
MODULE_PARM_DESC(assigned_at, "address of the first range assigned to a DSP, 0 if none is");

static ulong assigned_size;
module_param(assigned_size, ulong, 0400);
MODULE_PARM_DESC(assigned_size, "bytes of it");

static ulong assigned_to;
module_param(assigned_to, ulong, 0400);
MODULE_PARM_DESC(assigned_to, "which virtual machines have it, one bit each");

static uint assigned;
module_param(assigned, uint, 0400);
MODULE_PARM_DESC(assigned, "how many ranges are assigned to a DSP");

static uint assignments;
module_param(assignments, uint, 0400);
MODULE_PARM_DESC(assignments, "how many have been assigned to a DSP so far");

static uint mistakes;
module_param(mistakes, uint, 0400);
MODULE_PARM_DESC(mistakes, "assignments that do not fit what is assigned");

static void *vdsp_region;

/* A probe may interrupt anything, so no locks: the nodes of a DSP do not change. */
static bool vdsp_platform_has_region(const struct device_node *np)
{
	const struct property *prop;

	for (prop = np->properties; prop; prop = prop->next)
		if (!strcmp(prop->name, "memory-region"))
			return true;

	return false;
}

static bool vdsp_platform_has_heap(const struct device_node *np)
{
	return np && np->parent && strstarts(kbasename(np->parent->full_name), "vdsp-") &&
	       vdsp_platform_has_region(np);
}

/* Where a probed function goes on when it is not to be run. */
static noinline notrace void vdsp_platform_nothing(void)
{
	barrier();
}
NOKPROBE_SYMBOL(vdsp_platform_nothing);

static int vdsp_platform_return(struct pt_regs *regs, unsigned long value)
{
	regs_set_return_value(regs, value);
	instruction_pointer_set(regs, (unsigned long)vdsp_platform_nothing);
	return 1;
}

static int vdsp_platform_region(struct kprobe *probe, struct pt_regs *regs)
{
	const struct device_node *np = (void *)regs_get_kernel_argument(regs, 0);
	struct resource *res = (void *)regs_get_kernel_argument(regs, 2);

	if (!on || !vdsp_platform_has_heap(np))
		return 0;

	*res = DEFINE_RES_MEM(virt_to_phys(vdsp_region), VDSP_REGION_SIZE);
	return vdsp_platform_return(regs, 0);
}

/* The kernel's own pool stands for that of a region. */
static int vdsp_platform_device_init(struct kprobe *probe, struct pt_regs *regs)
{
	struct device *dev = (void *)regs_get_kernel_argument(regs, 0);
	const struct device_node *np = (void *)regs_get_kernel_argument(regs, 1);

	if (!on || !vdsp_platform_has_heap(np))
		return 0;

	dev->cma_area = dev_get_cma_area(NULL);
	return vdsp_platform_return(regs, 0);
}

static int vdsp_platform_device_release(struct kprobe *probe, struct pt_regs *regs)
{
	struct device *dev = (void *)regs_get_kernel_argument(regs, 0);

	if (on && vdsp_platform_has_heap(dev->of_node))
		dev->cma_area = NULL;
	return 0;
}

static int vdsp_platform_is_available(struct kprobe *probe, struct pt_regs *regs)
{
	return on && scm ? vdsp_platform_return(regs, true) : 0;
}

static int vdsp_platform_get_ranges(char *buffer, const struct kernel_param *param)
{
	int len = 0;

	for (uint i = 0; i < assigned; i++)
		len += scnprintf(buffer + len, PAGE_SIZE - len, "%#lx %#lx %#llx\n",
				 vdsp_ranges[i].addr, vdsp_ranges[i].size, vdsp_ranges[i].to);
	return len;
}

static const struct kernel_param_ops vdsp_platform_ranges_ops = {
	.get = vdsp_platform_get_ranges,
};
module_param_cb(ranges, &vdsp_platform_ranges_ops, NULL, 0400);
MODULE_PARM_DESC(ranges, "address, bytes and virtual machines of each range assigned to a DSP");

static struct vdsp_range *vdsp_platform_find(ulong addr, ulong size)
{
	for (uint i = 0; i < assigned; i++)
		if (vdsp_ranges[i].addr < addr + size &&
		    addr < vdsp_ranges[i].addr + vdsp_ranges[i].size)
			return &vdsp_ranges[i];

	return NULL;
}

/* Nothing is assigned twice, and what comes back is what was assigned. */
static bool vdsp_platform_fits(const struct vdsp_range *range, ulong addr, ulong size, u64 from,
			       bool back)
{
	if (!PAGE_ALIGNED(addr | size) || !size)
		return false;
	if (from == BIT_ULL(QCOM_SCM_VMID_HLOS))
		return !range && !back && assigned < VDSP_RANGES;

	return range && back && range->addr == addr && range->size == size && range->to == from;
}

static void vdsp_platform_show_first(void)
{
	const struct vdsp_range none = {};
	const struct vdsp_range *first = assigned ? &vdsp_ranges[0] : &none;

	assigned_at = first->addr;
	assigned_size = first->size;
	assigned_to = first->to;
}

/* Switching it on is a start from the beginning. */
static int vdsp_platform_set_on(const char *value, const struct kernel_param *param)
{
	int ret = param_set_bool(value, param);

	if (!ret && on) {
		refuse = 0;
		refuse_after = 0;
		assigned = 0;
		assignments = 0;
		mistakes = 0;
		vdsp_platform_show_first();
	}
	return ret;
}

static const struct kernel_param_ops vdsp_platform_on_ops = {
	.set = vdsp_platform_set_on,
	.get = param_get_bool,
};
module_param_cb(on, &vdsp_platform_on_ops, &on, 0600);
MODULE_PARM_DESC(on, "whether anything is answered; becoming so, nothing is assigned");

static bool vdsp_platform_assign(ulong addr, ulong size, u64 from, u64 to)
{
	struct vdsp_range *range = vdsp_platform_find(addr, size);
	bool back = to == BIT_ULL(QCOM_SCM_VMID_HLOS);

	if (!vdsp_platform_fits(range, addr, size, from, back))
		return false;

	if (back) {
		*range = vdsp_ranges[--assigned];
	} else {
		vdsp_ranges[assigned++] = (struct vdsp_range){ addr, size, to };
		assignments++;
	}
	vdsp_platform_show_first();
	return true;
}

static bool vdsp_platform_refuses(void)
{
	if (!refuse)
		return false;
	if (refuse_after) {
		refuse_after--;
		return false;
	}
	refuse--;
	return true;
}

static int vdsp_platform_assign_mem(struct kprobe *probe, struct pt_regs *regs)
{
	ulong addr = regs_get_kernel_argument(regs, 0);
	ulong size = regs_get_kernel_argument(regs, 1);
	u64 *from = (void *)regs_get_kernel_argument(regs, 2);
	const struct qcom_scm_vmperm *vms = (void *)regs_get_kernel_argument(regs, 3);
	u32 count = regs_get_kernel_argument(regs, 4);
	u64 to = 0;

	if (!on || !scm)
		return 0;

	for (u32 i = 0; i < count; i++)
		to |= BIT_ULL(vms[i].vmid);
	if (vdsp_platform_refuses())
		return vdsp_platform_return(regs, -EINVAL);
	/* Firmware would refuse that, too; here it is counted, as nobody should ask for it. */
	if (!vdsp_platform_assign(addr, size, *from, to)) {
		mistakes++;
		return vdsp_platform_return(regs, -EINVAL);
	}
	*from = to;
	return vdsp_platform_return(regs, 0);
}

/* With a handler for afterwards a probe is not optimised, so that the first one can decide. */
static void vdsp_platform_after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

#define VDSP_PROBE(function, handler) \
	{ .symbol_name = function, .pre_handler = handler, .post_handler = vdsp_platform_after }

static struct kprobe vdsp_platform_probes[] = {
	VDSP_PROBE("of_reserved_mem_region_to_resource", vdsp_platform_region),
	VDSP_PROBE("of_reserved_mem_device_init_by_idx", vdsp_platform_device_init),
	VDSP_PROBE("of_reserved_mem_device_release", vdsp_platform_device_release),
	VDSP_PROBE("qcom_scm_is_available", vdsp_platform_is_available),
	VDSP_PROBE("qcom_scm_assign_mem", vdsp_platform_assign_mem),
};

static struct kprobe *vdsp_platform_list[ARRAY_SIZE(vdsp_platform_probes)];

static int __init vdsp_platform_init(void)
{
	int ret;

	vdsp_region = alloc_pages_exact(VDSP_REGION_SIZE, GFP_KERNEL | GFP_DMA32);
	if (!vdsp_region)
		return -ENOMEM;

	for (uint i = 0; i < ARRAY_SIZE(vdsp_platform_list); i++)
		vdsp_platform_list[i] = &vdsp_platform_probes[i];
	ret = register_kprobes(vdsp_platform_list, ARRAY_SIZE(vdsp_platform_list));
	if (ret)
		free_pages_exact(vdsp_region, VDSP_REGION_SIZE);
	return ret;
}
module_init(vdsp_platform_init);

static void __exit vdsp_platform_exit(void)
{
	unregister_kprobes(vdsp_platform_list, ARRAY_SIZE(vdsp_platform_list));
	free_pages_exact(vdsp_region, VDSP_REGION_SIZE);
}
module_exit(vdsp_platform_exit);

MODULE_DESCRIPTION("Reserved memory and memory assignment for virtual DSPs");
MODULE_AUTHOR("The QDA authors");
MODULE_LICENSE("GPL");
