// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Code of one session cannot reach memory of another: the (virtual) SMMU has a
 * context bank for each, and a wrong address is a fault that ends the PD.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "real.h"

#define SHELL "qda_shell.elf"
#define MAGIC 0x51da0001u
/* Bytes below the end of the IOVA window, where addresses are given out from. */
#define NEAR	(2 * MIB)
#define FAR_END (48 * MIB)

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(dsp_remove_all);
	ktap_seconds(240);
}

struct probe {
	int fd;
	uint32_t handle;
};

static struct probe probe_new(struct dsp *dsp, struct image image)
{
	struct probe p = { .fd = real_session(dsp, image) };

	p.handle = module_open(p.fd, "probe");
	return p;
}

static int probe_write(struct probe *p, uint32_t address, uint32_t value)
{
	uint32_t words[2] = { address, value }, status;
	int ret = real_call(p->fd, p->handle, PROBE_WRITE, words, sizeof(words), NULL, 0, &status);

	if (!ret)
		CHECK_EQ(0, status);
	return ret;
}

static void restart(struct probe *p, struct image image)
{
	struct drm_qda_init_create create;

	CHECK_OK(real_create(p->fd, image, &create));
	p->handle = module_open(p->fd, "probe");
}

/*
 * An address below @from that the session can read. The driver does not tell
 * where its memory is, so the session tries, and is made again when it dies of it.
 */
static uint32_t find_mapped(struct probe *p, struct image image, uint32_t from, uint32_t step)
{
	uint32_t end = VDSP_IOVA_START + VDSP_IOVA_SIZE, value;

	for (uint32_t below = from; below < FAR_END; below += step) {
		if (!probe_read(p->fd, p->handle, end - below, &value))
			return end - below;
		restart(p, image);
	}
	FAIL("nothing is mapped in the last %u MiB of the IOVA window", FAR_END / MIB);
}

static void read_faults(struct dsp *dsp, long long faults[DSP_MAX_BANKS + 1])
{
	char name[32];

	for (unsigned int sid = 1; sid <= 4; sid++) {
		snprintf(name, sizeof(name), "bank%u/faults", sid);
		faults[sid] = vdsp_get(dsp, name);
	}
}

/* Exactly one bank had faults in between. */
static void check_one_bank_faulted(const long long *before, const long long *after)
{
	int grown = 0;

	for (int sid = 1; sid <= 4; sid++)
		grown += after[sid] > before[sid];
	CHECK_EQ(1, grown);
}

TEST(reading_another_sessions_address_is_a_fault)
{
	struct image small = image_load(SHELL), big = small;
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe reader, owner;
	long long before[DSP_MAX_BANKS + 1], after[DSP_MAX_BANKS + 1];
	uint32_t address, value;

	/* A bigger file (zeros at its end) gets more memory: some of it is where the
	 * small one has nothing.
	 */
	big.size = 4 * MIB;
	owner = probe_new(dsp, big);
	reader = probe_new(dsp, small);
	address = find_mapped(&owner, big, 12 * MIB, 4 * MIB);
	CHECK_OK(probe_write(&owner, address, MAGIC));
	read_faults(dsp, before);
	CHECK_ERR(-EPIPE, probe_read(reader.fd, reader.handle, address, &value));
	read_faults(dsp, after);
	check_one_bank_faulted(before, after);
	CHECK_ERR(-EPIPE, probe_read(reader.fd, reader.handle, address, &value));
	/* The owner does not notice. */
	CHECK_OK(probe_read(owner.fd, owner.handle, address, &value));
	CHECK_EQ(MAGIC, value);
	dsp_finish(dsp);
}

TEST(writing_another_sessions_address_is_a_fault)
{
	struct image small = image_load(SHELL), big = small;
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe writer, owner;
	long long before[DSP_MAX_BANKS + 1], after[DSP_MAX_BANKS + 1];
	uint32_t address, value;

	big.size = 4 * MIB;
	owner = probe_new(dsp, big);
	writer = probe_new(dsp, small);
	address = find_mapped(&owner, big, 12 * MIB, 4 * MIB);
	CHECK_OK(probe_write(&owner, address, MAGIC));
	read_faults(dsp, before);
	CHECK_ERR(-EPIPE, probe_write(&writer, address, ~MAGIC));
	read_faults(dsp, after);
	check_one_bank_faulted(before, after);
	CHECK_OK(probe_read(owner.fd, owner.handle, address, &value));
	CHECK_EQ(MAGIC, value);
	dsp_finish(dsp);
}

TEST(the_same_address_is_other_memory_in_each_session)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe a = probe_new(dsp, shell), b = probe_new(dsp, shell);
	uint32_t address = find_mapped(&a, shell, NEAR, NEAR), seen_a, seen_b;

	CHECK_OK(probe_write(&a, address, MAGIC));
	CHECK_OK(probe_write(&b, address, MAGIC + 1));
	CHECK_OK(probe_read(a.fd, a.handle, address, &seen_a));
	CHECK_OK(probe_read(b.fd, b.handle, address, &seen_b));
	CHECK_EQ(MAGIC, seen_a);
	CHECK_EQ(MAGIC + 1, seen_b);
	dsp_finish(dsp);
}

TEST(outside_every_mapping_is_a_fault)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp banks=4");
	struct probe p = probe_new(dsp, shell), other = probe_new(dsp, shell);
	long long faults = vdsp_get(dsp, "faults");
	uint32_t value;

	CHECK_ERR(-EPIPE, probe_read(p.fd, p.handle, VDSP_IOVA_START, &value));
	CHECK(vdsp_get(dsp, "faults") > faults);
	module_open(other.fd, "calc");
	dsp_finish(dsp);
}

/* What the documentation says is lost, and what QDA_LIMIT_BANKS warns of. */
TEST(sessions_that_share_a_bank_reach_each_others_memory)
{
	struct image shell = image_load(SHELL);
	struct dsp *dsp = real_new("cdsp banks=1 nsessions=2");
	struct probe owner = probe_new(dsp, shell), reader;
	uint32_t address = find_mapped(&owner, shell, NEAR, NEAR), value;

	CHECK_OK(probe_write(&owner, address, MAGIC));
	reader = probe_new(dsp, shell);
	CHECK_OK(probe_read(reader.fd, reader.handle, address, &value));
	CHECK_EQ(MAGIC, value);
	dsp_finish(dsp);
}
