// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The public header alone is enough for a C program, which links with the shared
 * library.
 */
#include <qda.h>

#include <errno.h>
#include <stdio.h>

int main(void)
{
	struct qda_device *dev = NULL;

	if (qda_device_open(NULL, &dev) != -EINVAL || dev) {
		fprintf(stderr, "qda_device_open(NULL) did not refuse\n");
		return 1;
	}
	return 0;
}
