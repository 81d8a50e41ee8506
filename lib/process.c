// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Processes on the DSP.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

_Static_assert(QDA_PROCESS_DEBUG == QDA_ATTR_DEBUG, "number of the kernel");
_Static_assert(QDA_PROCESS_PTRACE == QDA_ATTR_PTRACE, "number of the kernel");
_Static_assert(QDA_PROCESS_CRC == QDA_ATTR_CRC, "number of the kernel");
_Static_assert(QDA_PROCESS_UNSIGNED == QDA_ATTR_UNSIGNED_MODULE, "number of the kernel");
_Static_assert(QDA_PROCESS_ADAPTIVE_QOS == QDA_ATTR_ADAPTIVE_QOS, "number of the kernel");
_Static_assert(QDA_PROCESS_SYSTEM == QDA_ATTR_SYSTEM_PROCESS, "number of the kernel");
_Static_assert(QDA_PROCESS_PRIVILEGED == QDA_ATTR_PRIVILEGED, "number of the kernel");
_Static_assert((int)QDA_ATTACH_ROOT == (int)QDA_PD_ROOT, "number of the kernel");
_Static_assert((int)QDA_ATTACH_SENSORS == (int)QDA_PD_SENSORS, "number of the kernel");
_Static_assert((int)QDA_ATTACH_NAMED == (int)QDA_PD_STATIC, "number of the kernel");

/* The process itself as a module, and its method of poll mode */
#define CURRENT_PROCESS 4
#define POLL_MODE	9

/* As for the kernel, 0 and -1 are the numbers for no descriptor. */
static bool has_image_fd(const struct qda_process_params *params)
{
	return params->image_fd != 0 && params->image_fd != -1;
}

/*
 * What the kernel cannot see: fields that do not fit into its structure, and buffers of other
 * devices. A descriptor below -1 is left for the kernel to refuse.
 */
static bool params_are_sane(const struct qda_device *dev, const struct qda_process_params *params)
{
	int images = !!params->image + !!params->image_buffer + has_image_fd(params);

	for (size_t i = 0; i < sizeof(params->reserved) / sizeof(params->reserved[0]); i++) {
		if (params->reserved[i])
			return false;
	}
	if (params->image_buffer && params->image_buffer->dev != dev)
		return false;
	return params->image_size <= UINT32_MAX && !params->reserved32 &&
	       images == (params->image_size ? 1 : 0);
}

static int send_create(struct qda_device *dev, const struct qda_process_params *params,
		       uint32_t *dsp_status)
{
	struct drm_qda_init_create create = {
		.filelen = (uint32_t)params->image_size,
		.filefd = has_image_fd(params) ? params->image_fd : -1,
		.attrs = params->attrs,
		.siglen = params->signature_size,
		.file = (uintptr_t)params->image,
		.handle = params->image_buffer ? params->image_buffer->handle : 0,
	};
	int ret;

	ret = qda_ioctl(dev->fd, DRM_IOCTL_QDA_REMOTE_SESSION_CREATE, &create);
	return qda_result(ret, create.dsp_status, dsp_status);
}

int qda_process_create(struct qda_device *dev, const struct qda_process_params *params,
		       struct qda_process **process, uint32_t *dsp_status)
{
	static const struct qda_process_params no_params;
	struct qda_process *p;
	int ret;

	qda_result(0, 0, dsp_status);
	if (!params)
		params = &no_params;
	if (!process)
		return -EINVAL;
	*process = NULL;
	if (!dev || !params_are_sane(dev, params))
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->dev = dev;
	ret = send_create(dev, params, dsp_status);
	if (ret) {
		free(p);
		return ret;
	}
	*process = p;
	return 0;
}

static int send_attach(struct qda_device *dev, enum qda_attach which, const char *name,
		       uint32_t *dsp_status)
{
	struct drm_qda_remote_attach attach = { .pd = which, .name = (uintptr_t)name };
	int ret;

	/* The kernel judges what is longer, or not wanted. */
	if (name)
		attach.namelen = (uint32_t)strnlen(name, QDA_PD_NAME_MAX) + 1;
	ret = qda_ioctl(dev->fd, DRM_IOCTL_QDA_REMOTE_ATTACH, &attach);
	return qda_result(ret, attach.dsp_status, dsp_status);
}

int qda_process_attach(struct qda_device *dev, enum qda_attach which, const char *name,
		       struct qda_process **process, uint32_t *dsp_status)
{
	struct qda_process *p;
	int ret;

	qda_result(0, 0, dsp_status);
	if (!process)
		return -EINVAL;
	*process = NULL;
	if (!dev)
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->dev = dev;
	ret = send_attach(dev, which, name, dsp_status);
	if (ret) {
		free(p);
		return ret;
	}
	*process = p;
	return 0;
}

/* The pages are only read by the kernel, which copes with a file that shrinks. */
static int map_file(const char *path, struct qda_process_params *params)
{
	struct stat st;
	void *image;
	int fd, ret = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		ret = -errno;
	} else if (!S_ISREG(st.st_mode) || !st.st_size) {
		ret = -EINVAL;
	} else {
		image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (image == MAP_FAILED)
			ret = -errno;
		params->image = image;
		params->image_size = (uint64_t)st.st_size;
	}
	close(fd);
	return ret;
}

int qda_process_create_file(struct qda_device *dev, const char *path, uint32_t attrs,
			    struct qda_process **process, uint32_t *dsp_status)
{
	struct qda_process_params params = { .attrs = attrs };
	int ret;

	qda_result(0, 0, dsp_status);
	if (!process)
		return -EINVAL;
	*process = NULL;
	if (!dev || !path)
		return -EINVAL;
	ret = map_file(path, &params);
	if (ret)
		return ret;
	ret = qda_process_create(dev, &params, process, dsp_status);
	munmap((void *)params.image, (size_t)params.image_size);
	return ret;
}

static int spin_for_answers(struct qda_process *process, bool on)
{
	struct drm_qda_set_option option = { .option = QDA_OPTION_POLL_MODE, .value = on };
	int ret = qda_ioctl(process->dev->fd, DRM_IOCTL_QDA_SET_OPTION, &option);

	if (!ret)
		atomic_store(&process->polls, on);
	return ret;
}

int qda_process_set_poll(struct qda_process *process, uint32_t microseconds, uint32_t *dsp_status)
{
	const uint32_t in[2] = { microseconds != 0, microseconds };
	const struct drm_qda_arg arg = {
		.addr = (uintptr_t)in,
		.length = sizeof(in),
		.kind = QDA_ARG_INLINE,
	};
	int ret;

	qda_result(0, 0, dsp_status);
	if (!process || microseconds > QDA_POLL_MAX_US)
		return -EINVAL;
	ret = spin_for_answers(process, microseconds);
	if (ret)
		return ret;
	ret = qda_process_invoke(process, CURRENT_PROCESS, QDA_SCALARS(POLL_MODE, 1, 0), &arg,
				 dsp_status);
	/* Nobody writes what the kernel would look for. */
	if (ret && microseconds)
		spin_for_answers(process, false);
	return ret;
}

int qda_process_release(struct qda_process *process, uint32_t *dsp_status)
{
	struct drm_qda_session_release release = { 0 };
	int ret;

	qda_result(0, 0, dsp_status);
	if (!process)
		return 0;
	if (atomic_load(&process->polls))
		spin_for_answers(process, false);
	ret = qda_ioctl(process->dev->fd, DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE, &release);
	free(process);
	return qda_result(ret, release.dsp_status, dsp_status);
}

struct qda_device *qda_process_device(const struct qda_process *process)
{
	return process->dev;
}

int qda_process_map(struct qda_process *process, const struct qda_buffer *buffer, uint64_t offset,
		    uint64_t size, int32_t key, uint32_t *dsp_status)
{
	struct drm_qda_remote_map map = {
		.flags = QDA_MAP_BO,
		.offset = offset,
		.size = size,
		.key = key,
	};
	int ret;

	qda_result(0, 0, dsp_status);
	if (!process || !buffer || buffer->dev != process->dev)
		return -EINVAL;
	map.handle = buffer->handle;
	/* The DSP's software may keep the caller's own address along with the key. */
	if (buffer->data)
		map.vaddrin = (uintptr_t)buffer->data + offset;
	ret = qda_ioctl(process->dev->fd, DRM_IOCTL_QDA_REMOTE_MAP, &map);
	return qda_result(ret, map.dsp_status, dsp_status);
}

int qda_process_unmap(struct qda_process *process, int32_t key, uint32_t *dsp_status)
{
	struct drm_qda_remote_munmap unmap = { .flags = QDA_MAP_BO, .key = key };
	int ret;

	qda_result(0, 0, dsp_status);
	if (!process)
		return -EINVAL;
	ret = qda_ioctl(process->dev->fd, DRM_IOCTL_QDA_REMOTE_MUNMAP, &unmap);
	return qda_result(ret, unmap.dsp_status, dsp_status);
}

int qda_process_invoke(struct qda_process *process, uint32_t handle, uint32_t scalars,
		       const struct drm_qda_arg *args, uint32_t *dsp_status)
{
	struct drm_qda_invoke invoke = {
		.handle = handle,
		.sc = scalars,
		.args = (uintptr_t)args,
	};
	int ret;

	qda_result(0, 0, dsp_status);
	if (!process)
		return -EINVAL;
	ret = qda_ioctl(process->dev->fd, DRM_IOCTL_QDA_REMOTE_INVOKE, &invoke);
	return qda_result(ret, invoke.dsp_status, dsp_status);
}
