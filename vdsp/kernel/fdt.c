// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Writes the flattened device tree overlay that describes one virtual DSP. The
 * format is that of the Devicetree Specification, version 17 of the header;
 * the kernel's own writer, libfdt, is not there for modules.
 *
 * The nodes hang under one container node of the root: the kernel makes platform
 * devices for new children of the root by itself, and leaves alone what is deeper.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "config.h"
#include "fdt.h"

#define FDT_MAGIC_WORD		0xd00dfeed
#define FDT_TOKEN_BEGIN_NODE	1
#define FDT_TOKEN_END_NODE	2
#define FDT_TOKEN_PROP		3
#define FDT_TOKEN_END		9
#define FDT_VERSION		17
#define FDT_COMPATIBLE_VERSION	16

#define VDSP_FDT_STRUCT_MAX	SZ_16K
#define VDSP_FDT_STRINGS_MAX	512
#define VDSP_FDT_SMMU_PHANDLE	1
#define VDSP_FDT_HEAP_PHANDLE	2

/**
 * struct vdsp_fdt_head - What a blob starts with, all big endian
 * @magic: FDT_MAGIC_WORD
 * @size: of the whole blob
 * @struct_offset: where the tokens are
 * @strings_offset: where the property names are
 * @reserve_offset: where @reserve is
 * @version: of this format
 * @compatible: oldest format that a reader must know
 * @boot_cpu: not used
 * @strings_size: bytes of property names
 * @struct_size: bytes of tokens
 * @reserve: empty memory reservation list
 */
struct vdsp_fdt_head {
	__be32 magic;
	__be32 size;
	__be32 struct_offset;
	__be32 strings_offset;
	__be32 reserve_offset;
	__be32 version;
	__be32 compatible;
	__be32 boot_cpu;
	__be32 strings_size;
	__be32 struct_size;
	__be64 reserve[2];
};

static_assert(sizeof(struct vdsp_fdt_head) == 56);

/**
 * struct vdsp_fdt - A blob in the making
 * @tokens: structure block
 * @used: bytes of @tokens
 * @strings: property names
 * @strings_used: bytes of @strings
 * @overflow: something did not fit
 */
struct vdsp_fdt {
	u8 tokens[VDSP_FDT_STRUCT_MAX];
	size_t used;
	char strings[VDSP_FDT_STRINGS_MAX];
	size_t strings_used;
	bool overflow;
};

static void vdsp_fdt_bytes(struct vdsp_fdt *fdt, const void *data, size_t len)
{
	size_t padded = ALIGN(len, sizeof(__be32));

	if (padded > sizeof(fdt->tokens) - fdt->used) {
		fdt->overflow = true;
		return;
	}

	memcpy(fdt->tokens + fdt->used, data, len);
	memset(fdt->tokens + fdt->used + len, 0, padded - len);
	fdt->used += padded;
}

static void vdsp_fdt_word(struct vdsp_fdt *fdt, u32 value)
{
	__be32 word = cpu_to_be32(value);

	vdsp_fdt_bytes(fdt, &word, sizeof(word));
}

static u32 vdsp_fdt_string(struct vdsp_fdt *fdt, const char *name)
{
	size_t len = strlen(name) + 1;
	size_t at = 0;

	while (at < fdt->strings_used) {
		if (!strcmp(fdt->strings + at, name))
			return at;
		at += strlen(fdt->strings + at) + 1;
	}

	if (len > sizeof(fdt->strings) - at) {
		fdt->overflow = true;
		return 0;
	}

	memcpy(fdt->strings + at, name, len);
	fdt->strings_used += len;
	return at;
}

static void vdsp_fdt_begin(struct vdsp_fdt *fdt, const char *name)
{
	vdsp_fdt_word(fdt, FDT_TOKEN_BEGIN_NODE);
	vdsp_fdt_bytes(fdt, name, strlen(name) + 1);
}

static void vdsp_fdt_end(struct vdsp_fdt *fdt)
{
	vdsp_fdt_word(fdt, FDT_TOKEN_END_NODE);
}

static void vdsp_fdt_prop(struct vdsp_fdt *fdt, const char *name, const void *data, size_t len)
{
	vdsp_fdt_word(fdt, FDT_TOKEN_PROP);
	vdsp_fdt_word(fdt, len);
	vdsp_fdt_word(fdt, vdsp_fdt_string(fdt, name));
	vdsp_fdt_bytes(fdt, data, len);
}

static void vdsp_fdt_prop_text(struct vdsp_fdt *fdt, const char *name, const char *text)
{
	vdsp_fdt_prop(fdt, name, text, strlen(text) + 1);
}

static void vdsp_fdt_prop_u32(struct vdsp_fdt *fdt, const char *name, u32 value)
{
	__be32 word = cpu_to_be32(value);

	vdsp_fdt_prop(fdt, name, &word, sizeof(word));
}

static void vdsp_fdt_prop_flag(struct vdsp_fdt *fdt, const char *name)
{
	vdsp_fdt_prop(fdt, name, "", 0);
}

static void vdsp_fdt_begin_bank(struct vdsp_fdt *fdt, u32 bank)
{
	char name[24];

	snprintf(name, sizeof(name), "compute-cb@%u", bank);
	vdsp_fdt_begin(fdt, name);
}

static void vdsp_fdt_bank(struct vdsp_fdt *fdt, const struct vdsp_config *cfg, u32 bank)
{
	__be32 iommus[2] = { cpu_to_be32(VDSP_FDT_SMMU_PHANDLE), cpu_to_be32(bank) };

	vdsp_fdt_begin_bank(fdt, bank);
	vdsp_fdt_prop_text(fdt, "compatible", "qcom,fastrpc-compute-cb");
	vdsp_fdt_prop_u32(fdt, "reg", bank);
	vdsp_fdt_prop_flag(fdt, "dma-coherent");
	if (cfg->nsessions && bank == cfg->banks)
		vdsp_fdt_prop_u32(fdt, "qcom,nsessions", cfg->nsessions);
	if (!(cfg->direct & BIT(bank)))
		vdsp_fdt_prop(fdt, "iommus", iommus, sizeof(iommus));
	vdsp_fdt_end(fdt);
}

/* The first of these are the application DSP's two on most SoCs. */
static void vdsp_fdt_heap(struct vdsp_fdt *fdt, const struct vdsp_config *cfg)
{
	static const __be32 vmids[VDSP_VMIDS_MAX] = { cpu_to_be32(22), cpu_to_be32(37) };

	if (cfg->heap)
		vdsp_fdt_prop_u32(fdt, "memory-region", VDSP_FDT_HEAP_PHANDLE);
	if (cfg->vmids)
		vdsp_fdt_prop(fdt, "qcom,vmids", vmids, cfg->vmids * sizeof(*vmids));
}

/*
 * What is reserved, and where, the kernel reads once, at boot. So this node has no address;
 * vdsp_platform gives it one.
 */
static void vdsp_fdt_heap_node(struct vdsp_fdt *fdt, const struct vdsp_config *cfg)
{
	if (!cfg->heap)
		return;

	vdsp_fdt_begin(fdt, "heap");
	if (cfg->heap == VDSP_HEAP_POOL)
		vdsp_fdt_prop_flag(fdt, "reusable");
	vdsp_fdt_prop_u32(fdt, "phandle", VDSP_FDT_HEAP_PHANDLE);
	vdsp_fdt_end(fdt);
}

static void vdsp_fdt_fastrpc(struct vdsp_fdt *fdt, const struct vdsp_config *cfg)
{
	u32 bank;

	vdsp_fdt_begin(fdt, "fastrpc");
	vdsp_fdt_prop_text(fdt, "compatible",
			   cfg->kaanapali ? "qcom,kaanapali-fastrpc" : "qcom,fastrpc");
	vdsp_fdt_prop_text(fdt, "qcom,glink-channels", "fastrpcglink-apps-dsp");
	vdsp_fdt_prop_text(fdt, "label", cfg->name);
	if (cfg->nonsecure)
		vdsp_fdt_prop_flag(fdt, "qcom,non-secure-domain");
	vdsp_fdt_heap(fdt, cfg);
	vdsp_fdt_prop_u32(fdt, "#address-cells", 1);
	vdsp_fdt_prop_u32(fdt, "#size-cells", 0);
	for (bank = 1; bank <= cfg->banks; bank++)
		vdsp_fdt_bank(fdt, cfg, bank);
	vdsp_fdt_end(fdt);
}

static void vdsp_fdt_smmu(struct vdsp_fdt *fdt)
{
	vdsp_fdt_begin(fdt, "smmu");
	vdsp_fdt_prop_text(fdt, "compatible", "vdsp,smmu");
	vdsp_fdt_prop_u32(fdt, "#iommu-cells", 1);
	vdsp_fdt_prop_u32(fdt, "phandle", VDSP_FDT_SMMU_PHANDLE);
	vdsp_fdt_end(fdt);
}

static void vdsp_fdt_fragment(struct vdsp_fdt *fdt, const struct vdsp_config *cfg)
{
	vdsp_fdt_begin(fdt, "fragment@0");
	vdsp_fdt_prop_text(fdt, "target-path", "/");
	vdsp_fdt_begin(fdt, "__overlay__");
	vdsp_fdt_begin(fdt, cfg->node);
	vdsp_fdt_smmu(fdt);
	vdsp_fdt_heap_node(fdt, cfg);
	vdsp_fdt_fastrpc(fdt, cfg);
	vdsp_fdt_end(fdt);
	vdsp_fdt_end(fdt);
	vdsp_fdt_end(fdt);
}

/* Where the phandles are that the kernel has to renumber: byte 0 of each property. */
static void vdsp_fdt_fixups(struct vdsp_fdt *fdt, const struct vdsp_config *cfg)
{
	u32 bank;

	vdsp_fdt_begin(fdt, "__local_fixups__");
	vdsp_fdt_begin(fdt, "fragment@0");
	vdsp_fdt_begin(fdt, "__overlay__");
	vdsp_fdt_begin(fdt, cfg->node);
	vdsp_fdt_begin(fdt, "fastrpc");
	if (cfg->heap)
		vdsp_fdt_prop_u32(fdt, "memory-region", 0);
	for (bank = 1; bank <= cfg->banks; bank++) {
		if (cfg->direct & BIT(bank))
			continue;
		vdsp_fdt_begin_bank(fdt, bank);
		vdsp_fdt_prop_u32(fdt, "iommus", 0);
		vdsp_fdt_end(fdt);
	}
	vdsp_fdt_end(fdt);
	vdsp_fdt_end(fdt);
	vdsp_fdt_end(fdt);
	vdsp_fdt_end(fdt);
	vdsp_fdt_end(fdt);
}

static void *vdsp_fdt_pack(const struct vdsp_fdt *fdt, size_t *size)
{
	size_t strings_offset = sizeof(struct vdsp_fdt_head) + fdt->used;
	struct vdsp_fdt_head *head;

	*size = strings_offset + fdt->strings_used;
	head = kzalloc(*size, GFP_KERNEL);
	if (!head)
		return ERR_PTR(-ENOMEM);

	head->magic = cpu_to_be32(FDT_MAGIC_WORD);
	head->size = cpu_to_be32(*size);
	head->struct_offset = cpu_to_be32(sizeof(*head));
	head->strings_offset = cpu_to_be32(strings_offset);
	head->reserve_offset = cpu_to_be32(offsetof(struct vdsp_fdt_head, reserve));
	head->version = cpu_to_be32(FDT_VERSION);
	head->compatible = cpu_to_be32(FDT_COMPATIBLE_VERSION);
	head->strings_size = cpu_to_be32(fdt->strings_used);
	head->struct_size = cpu_to_be32(fdt->used);
	memcpy(head + 1, fdt->tokens, fdt->used);
	memcpy((u8 *)head + strings_offset, fdt->strings, fdt->strings_used);
	return head;
}

/**
 * vdsp_fdt_build() - Write the overlay of a DSP
 * @cfg: the DSP
 * @size: bytes of the result
 *
 * Return: blob for of_overlay_fdt_apply(), to be freed by kfree(), or an error pointer
 */
void *vdsp_fdt_build(const struct vdsp_config *cfg, size_t *size)
{
	struct vdsp_fdt *fdt __free(kfree) = kzalloc_obj(*fdt);

	if (!fdt)
		return ERR_PTR(-ENOMEM);

	vdsp_fdt_begin(fdt, "");
	vdsp_fdt_fragment(fdt, cfg);
	vdsp_fdt_fixups(fdt, cfg);
	vdsp_fdt_end(fdt);
	vdsp_fdt_word(fdt, FDT_TOKEN_END);
	if (fdt->overflow)
		return ERR_PTR(-ENOSPC);

	return vdsp_fdt_pack(fdt, size);
}
