// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The DSP, a process on it, modules in the process.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"

#ifndef EM_QDSP6
#define EM_QDSP6 164
#endif

static bool tell_limits(const struct qda_device *dev)
{
	uint64_t image, call, processes;
	int err;

	err = qda_device_max(dev, QDA_MAX_IMAGE, &image);
	if (!err)
		err = qda_device_max(dev, QDA_MAX_CALL, &call);
	if (!err)
		err = qda_device_max(dev, QDA_MAX_PROCESSES, &processes);
	if (err)
		return step_fail(
			"the driver does not tell its limits", err, 0,
			"The driver and this program do not fit together: build both again.");
	step_say("It can run %" PRIu64 " processes at a time, programs of up to %" PRIu64
		 " KiB, calls of up to %" PRIu64 " KiB.",
		 processes, image / 1024, call / 1024);
	return true;
}

/* The name of the node that a file is open on. */
static void tell_node(const struct qda_device *dev)
{
	char link[40], path[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", qda_device_fd(dev));
	length = readlink(link, path, sizeof(path));
	if (length < 0)
		length = 0;
	step_say("%.*s is the DSP \"%s\", domain %u.", (int)length, path, qda_device_domain(dev),
		 qda_device_domain_id(dev));
}

bool open_dsp(struct steps *steps, const char *domain, struct qda_device **dev)
{
	int err;

	step_begin(steps, "Find and open the DSP's accel node");
	err = qda_device_open(domain, dev);
	if (err)
		return step_fail("cannot open the DSP", err, 0,
				 err == -EACCES ?
					 "Run this as root or as a member of the group render." :
					 "Is it up? In the VM: vdsp/bringup up");
	tell_node(*dev);
	if (!tell_limits(*dev)) {
		qda_device_close(*dev);
		return false;
	}
	step_end(steps);
	return true;
}

/* The DSP checks the same; here it is for the reader. */
static bool look_at_image(const char *image)
{
	Elf32_Ehdr header = { 0 };
	struct stat st = { 0 };
	int fd;

	fd = open(image, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return step_fail(image, -errno, 0, "Build the DSP side: make user");
	if (fstat(fd, &st) || read(fd, &header, sizeof(header)) != (ssize_t)sizeof(header))
		header.e_machine = EM_NONE;
	close(fd);
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_machine != EM_QDSP6)
		return step_fail(image, 0, 0, "This is no Hexagon ELF file. Build it: make user");
	step_say("%s: %lld bytes, machine code for Hexagon (ELF machine %d)",
		 strrchr(image, '/') ? strrchr(image, '/') + 1 : image, (long long)st.st_size,
		 header.e_machine);
	return true;
}

bool create_process(struct steps *steps, struct qda_device *dev, const char *image,
		    struct qda_process **process)
{
	uint32_t status;
	int err;

	step_begin(steps, "Create a process on the DSP from a Hexagon ELF file");
	if (!look_at_image(image))
		return false;
	err = qda_process_create_file(dev, image, QDA_PROCESS_UNSIGNED, process, &status);
	if (err)
		return step_fail("cannot create a process", err, status,
				 "The log of the DSP's firmware may say why: vdsp/bringup log");
	step_say("The process runs.");
	step_end(steps);
	return true;
}

bool release_process(struct steps *steps, struct qda_process *process)
{
	uint32_t status;
	int err;

	step_begin(steps, "Release the process");
	err = qda_process_release(process, &status);
	if (err)
		return step_fail("the process was not released", err, status,
				 "The log of the DSP's firmware may say why: vdsp/bringup log");
	step_say("It is gone from the DSP.");
	step_end(steps);
	return true;
}

bool open_module(struct qda_process *process, const char *name, struct qda_module **module)
{
	char text[256], what[320];
	uint32_t status;
	int err;

	err = qda_module_open(process, name, module, text, sizeof(text), &status);
	if (err) {
		snprintf(what, sizeof(what), "cannot open the module \"%s\" (%s)", name, text);
		return step_fail(what, err, status,
				 "The program on the DSP must have it: see dsp/.");
	}
	step_say("The module \"%s\" is open, its handle is 0x%x.", name,
		 qda_module_handle(*module));
	return true;
}

bool close_module(struct qda_module *module)
{
	uint32_t status;
	int err;

	err = qda_module_close(module, &status);
	if (err)
		return step_fail("cannot close a module", err, status,
				 "Was the process on the DSP still alive? See: vdsp/bringup log");
	return true;
}
