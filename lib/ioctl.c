// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The one place where the library enters the kernel.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/ioctl.h>

#include "internal.h"

/*
 * -EAGAIN of an asynchronous call means that there is no room for its event. Only the
 * caller can make some, by reading events: trying again would never end.
 */
static bool must_restart(unsigned long request, const void *arg)
{
	const struct drm_qda_invoke *invoke = arg;

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN)
		return false;
	if (request == DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH)
		return false;
	return request != DRM_IOCTL_QDA_REMOTE_INVOKE || !(invoke->flags & QDA_INVOKE_ASYNC);
}

int qda_ioctl(int fd, unsigned long request, void *arg)
{
	while (ioctl(fd, request, arg)) {
		if (!must_restart(request, arg))
			return -errno;
	}
	return 0;
}
