// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The line that makes a DSP: "<domain> [banks=N] [soc=..] [firmware=..] ...".
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "config.h"

/* The index is the domain's number. */
static const char * const vdsp_domains[] = {
	"adsp", "mdsp", "sdsp", "cdsp", "cdsp1", "gdsp0", "gdsp1",
};

/* The index is enum vdsp_firmware_kind. */
static const char * const vdsp_firmwares[] = {
	[VDSP_FIRMWARE_USER] = "user",
	[VDSP_FIRMWARE_LOOPBACK] = "loopback",
	[VDSP_FIRMWARE_NULL] = "null",
};

/* The index is 1 for the SoC that has the stream id higher up. */
static const char * const vdsp_socs[] = { "default", "kaanapali" };

/* The index is enum vdsp_heap_kind. */
static const char * const vdsp_heaps[] = {
	[VDSP_HEAP_NONE] = "none",
	[VDSP_HEAP_REGION] = "region",
	[VDSP_HEAP_POOL] = "pool",
};

static int vdsp_config_domain(struct vdsp_config *cfg, const char *name)
{
	int domain = match_string(vdsp_domains, ARRAY_SIZE(vdsp_domains), name);

	if (domain < 0)
		return -EINVAL;

	cfg->domain = domain;
	strscpy(cfg->name, vdsp_domains[domain]);
	return 0;
}

static int vdsp_config_bank(const char *value, u32 *bank)
{
	int ret = kstrtou32(value, 10, bank);

	if (ret)
		return ret;

	return *bank >= 1 && *bank <= VDSP_BANKS_MAX ? 0 : -EINVAL;
}

static int vdsp_config_direct(struct vdsp_config *cfg, const char *value)
{
	u32 bank;
	int ret = vdsp_config_bank(value, &bank);

	if (!ret)
		cfg->direct |= BIT(bank);

	return ret;
}

static int vdsp_config_soc(struct vdsp_config *cfg, const char *value)
{
	int soc = match_string(vdsp_socs, ARRAY_SIZE(vdsp_socs), value);

	if (soc < 0)
		return -EINVAL;

	cfg->kaanapali = soc == 1;
	cfg->sid_pos = cfg->kaanapali ? 56 : 32;
	return 0;
}

static int vdsp_config_firmware(struct vdsp_config *cfg, const char *value)
{
	int kind = match_string(vdsp_firmwares, ARRAY_SIZE(vdsp_firmwares), value);

	if (kind < 0)
		return -EINVAL;

	cfg->firmware = kind;
	return 0;
}

static int vdsp_config_heap(struct vdsp_config *cfg, const char *value)
{
	int kind = match_string(vdsp_heaps, ARRAY_SIZE(vdsp_heaps), value);

	if (kind < 0)
		return -EINVAL;

	cfg->heap = kind;
	return 0;
}

static int vdsp_config_vmids(struct vdsp_config *cfg, const char *value)
{
	int ret = kstrtou32(value, 10, &cfg->vmids);

	if (ret)
		return ret;

	return cfg->vmids <= VDSP_VMIDS_MAX ? 0 : -EINVAL;
}

static int vdsp_config_option(struct vdsp_config *cfg, char *word)
{
	const char *key = strsep(&word, "=");

	if (!word)
		return -EINVAL;
	if (!strcmp(key, "banks"))
		return vdsp_config_bank(word, &cfg->banks);
	if (!strcmp(key, "direct"))
		return vdsp_config_direct(cfg, word);
	if (!strcmp(key, "nsessions"))
		return kstrtou32(word, 10, &cfg->nsessions);
	if (!strcmp(key, "soc"))
		return vdsp_config_soc(cfg, word);
	if (!strcmp(key, "firmware"))
		return vdsp_config_firmware(cfg, word);
	if (!strcmp(key, "nonsecure"))
		return kstrtobool(word, &cfg->nonsecure);
	if (!strcmp(key, "heap"))
		return vdsp_config_heap(cfg, word);
	if (!strcmp(key, "vmids"))
		return vdsp_config_vmids(cfg, word);

	return -EINVAL;
}

static int vdsp_config_words(struct vdsp_config *cfg, char *line)
{
	char *word;
	int ret;

	word = strsep(&line, " ");
	ret = vdsp_config_domain(cfg, word);
	while (!ret && line) {
		word = strsep(&line, " ");
		if (*word)
			ret = vdsp_config_option(cfg, word);
	}

	return ret;
}

/**
 * vdsp_config_parse() - Read the description of a DSP
 * @cfg: result
 * @text: domain name, then key=value words
 *
 * Return: 0, -EINVAL or -ERANGE for a word that is not understood, -ENOMEM
 */
int vdsp_config_parse(struct vdsp_config *cfg, const char *text)
{
	char *line __free(kfree) = kstrdup(text, GFP_KERNEL);
	int ret;

	if (!line)
		return -ENOMEM;

	*cfg = (struct vdsp_config){ .banks = VDSP_BANKS_DEFAULT, .sid_pos = 32 };
	ret = vdsp_config_words(cfg, strim(line));
	if (ret)
		return ret;

	return cfg->direct >> (cfg->banks + 1) ? -EINVAL : 0;
}
