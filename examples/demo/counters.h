/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What the driver counts: the file qda_stats in debugfs.
 */
#ifndef DEMO_COUNTERS_H
#define DEMO_COUNTERS_H

#include <stdbool.h>

#include <qda.h>

struct counters {
	long long copied;      /* bytes of arguments that the kernel copied, since the start */
	long long mappings;    /* buffers that are mapped for the DSP now */
	long long attachments; /* those of them that are of other drivers */
};

/* Says why, and returns false, if the counters cannot be read. */
bool counters_read(const struct qda_device *dev, struct counters *counters);

/* Shows both, and says how many bytes the kernel may have copied; false if it is another number. */
bool counters_judge(const struct counters *before, const struct counters *after, long long copied);

#endif /* DEMO_COUNTERS_H */
