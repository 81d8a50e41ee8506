// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Debugfs names a DSP by the device that its accel node stands for.
 */
#include "counters.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "step.h"

static FILE *open_stats(int fd)
{
	char device[64], link[PATH_MAX], path[PATH_MAX + 64];
	const char *name;
	struct stat st;
	ssize_t length;

	if (fstat(fd, &st))
		return NULL;
	snprintf(device, sizeof(device), "/sys/dev/char/%u:%u/device", major(st.st_rdev),
		 minor(st.st_rdev));
	length = readlink(device, link, sizeof(link) - 1);
	if (length < 0)
		return NULL;
	link[length] = '\0';
	name = strrchr(link, '/');
	snprintf(path, sizeof(path), "/sys/kernel/debug/accel/%s/qda_stats",
		 name ? name + 1 : link);
	return fopen(path, "re");
}

/* One "name value" pair per line. */
static void read_line(const char *line, struct counters *counters)
{
	long long value;
	char name[40];

	if (sscanf(line, "%39s %lld", name, &value) != 2)
		return;
	if (!strcmp(name, "copied_bytes"))
		counters->copied = value;
	else if (!strcmp(name, "mappings"))
		counters->mappings = value;
	else if (!strcmp(name, "attachments"))
		counters->attachments = value;
}

bool counters_read(const struct qda_device *dev, struct counters *counters)
{
	FILE *file = open_stats(qda_device_fd(dev));
	char line[128];

	*counters = (struct counters){ -1, -1, -1 };
	if (!file)
		return step_fail("the driver's counters cannot be read", -errno, 0,
				 "They need debugfs (mount -t debugfs none /sys/kernel/debug), "
				 "and root may read them.");
	while (fgets(line, sizeof(line), file))
		read_line(line, counters);
	fclose(file);
	if (counters->copied < 0 || counters->mappings < 0 || counters->attachments < 0)
		return step_fail(
			"the driver does not count what this program expects", 0, 0,
			"The driver and this program do not fit together: build both again.");
	return true;
}

bool counters_judge(const struct counters *before, const struct counters *after, long long copied)
{
	long long seen = after->copied - before->copied;
	char what[96];

	step_say("%-32s %10s %10s", "The driver's counters", "before", "after");
	step_say("%-32s %10lld %10lld", "  bytes copied by the kernel", before->copied,
		 after->copied);
	step_say("%-32s %10lld %10lld", "  buffers mapped for the DSP", before->mappings,
		 after->mappings);
	step_say("%-32s %10lld %10lld", "  of them from other drivers", before->attachments,
		 after->attachments);
	if (seen == copied)
		return true;
	snprintf(what, sizeof(what), "the kernel copied %lld bytes, and not %lld", seen, copied);
	return step_fail(what, 0, 0,
			 "Does another program use the DSP? Else the driver has a fault.");
}
